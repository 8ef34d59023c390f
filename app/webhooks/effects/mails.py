"""Effects of a mail: a new ticket, or a comment on the one that it answers.

A mail proves nobody. It joins a ticket only if it answers one of our own mails or one that came to that
ticket, and comes from the address of somebody who sees the ticket. It can open, comment and attach, and
nothing else. Two things follow from settings of the source or from what persons may do anyway: a monitoring
tool that the source names ends its incidents, and recipients who see the ticket follow it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from app.api.requests.limits import Quota
from app.common.people import rule_caller
from app.common.priorities.priority import Impact, Urgency
from app.common.tickets import Channel
from app.i18n import translate
from app.kernel.access.reads import load
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.made_fit import Alteration, cut_text
from app.kernel.actions.payloads import LONGEST_PARAGRAPH, EmptyPayload, Payload
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.histories.history import record_at_version
from app.kernel.ledger import Ledger
from app.kernel.uploads import IncomingUpload, store_upload
from app.log.events import id_of, kind_of, stream
from app.log.ids import uuid7
from app.log.writer import DuplicateCommand
from app.notifications.mail import mailed_lines
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.payloads import ReportIncident
from app.processes.incidents.records import Effect as IncidentEffect
from app.ticketing.attachments import AttachTicket
from app.ticketing.comments import CommentTicket
from app.ticketing.followers import FollowTicket
from app.ticketing.links import LinkTicket
from app.ticketing.records import LinkKind
from app.webhooks.adapters import MAIL
from app.webhooks.effects.addresses import person_with_address
from app.webhooks.effects.identities import Identities, Identity, speaker, tool_caller
from app.webhooks.effects.mail_alerts import alert_of_mail, clear, incident_of_alert
from app.webhooks.effects.mail_recipients import (
    FOLLOW,
    addresses_as_text,
    may_act,
    new_followers,
    recipients_note,
)
from app.webhooks.intake.deliveries import (
    DeliveryEffect,
    DeliveryState,
    StoredDelivery,
    content_of,
    find_by_key,
)
from app.webhooks.mail.automatic_marks import NULL_SENDER
from app.webhooks.mail.content import MailAttachment
from app.webhooks.mail.delivery import key_of_message_id, key_of_same_id
from app.webhooks.mail.message import IncomingMail
from app.webhooks.mail.reader import read_bounded
from app.webhooks.mail.refusals import MailRefused
from app.webhooks.mapping.updates import NamedPerson
from app.webhooks.sources.records import AutomaticMails, UnknownSenders, WebhookSource

#: Mails of one sender, and replies to one ticket, that are taken in an hour: more are a loop.
MOST_AN_HOUR = 60
HOUR_SECONDS = 3_600
MOST_ATTACHMENTS = 20
#: So many notices that a mail answers are read again.
MOST_NOTICES = 3
#: A date farther from the receipt than that is one of a device whose clock is not set.
LONGEST_WAY = timedelta(days=30)
#: A mail that comes later than that was held up on its way.
SOON = timedelta(hours=1)
#: What mail programs put before the subject of an answer.
_ANSWERING = re.compile(
    r"^(?:\s*(?:re|aw|antw(?:ort)?|fwd?|wg|sv|vs|rif|odp|res|回复|答复|回覆|转发|返信|отв(?:ет)?)\s*"
    r"(?:[\[(]\d+[\])])?\s*[:：])+",
    re.IGNORECASE,
)
NO_SUBJECT = "(no subject)"
NO_TEXT = "(no text)"
#: The name of the file with the whole text of a mail that is longer than a field.
WHOLE_TEXT = "mail.txt"
_OURS = re.compile(r"<([a-z_]+)\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>\s]+>")
_NOTICE = re.compile(r"<(notice)\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>\s]+>")
NOTICE = "select about from fold.notice where id = %s"
EARLIER_MAILS = """
select d.delivery_key, d.effects->0->>'record' as record from plumbing.webhook_delivery d
where d.delivery_key = any(%s) and d.state = 'processed' and d.effects->0->>'record' is not null
  and d.source_id in (select id from fold.webhook_source where adapter = %s)"""
#: The rule that links a ticket to those that its mail refers to.
LINKING = "link_mails_of_one_thread"
LINK = "link"
#: The part of a mail by which the key of ending its alert is made.
CLEARING = "cleared"
_mail_quota = Quota("mail", MOST_AN_HOUR, HOUR_SECONDS)


async def take_mail(
    ledger: Ledger,
    source: WebhookSource,
    account: Identity,
    people: Identities,
    delivery: StoredDelivery,
    now: datetime,
) -> DeliveryEffect:
    """Carry out what the mail asks for, once. Raises MailRefused, a Refusal, DatabaseGone."""
    assert delivery.raw is not None
    mail = _as_form(source, await read_bounded(delivery.raw.body))
    _refuse_automatic(ledger, source, mail)
    if (copy_effect := await _copied(ledger, source, delivery, mail)) is not None:
        return copy_effect
    if not _mail_quota.consume(mail.sender):
        raise MailRefused("too_many_mails")
    sender = await _sender(ledger, source, people, mail)
    incoming = _Incoming(ledger, source, account, sender, mail, delivery, now=now)
    ticket = await incoming.answered_ticket() or await incoming.alerted_ticket()
    if ticket is None and mail.calendar_answer and not mail.text:
        raise MailRefused("calendar_answer")
    return await (incoming.open() if ticket is None else incoming.comment(ticket))


def _as_form(source: WebhookSource, mail: IncomingMail) -> IncomingMail:
    """Return the mail of a web form as one of the person in `Reply-To`; any other mail unchanged."""
    if mail.reply_to is None or not is_among(mail, source.forms):
        return mail
    # The form wrote it by itself, but for a person who is to be answered. It is no answer in their name.
    automatic = replace(mail.automatic, program=None)
    sender, name = mail.reply_to.address, mail.reply_to.name
    return replace(mail, sender=sender, sender_name=name, automatic=automatic, references=())


def is_among(mail: IncomingMail, senders: Sequence[str] | None) -> bool:
    """Return whether these senders, addresses or `@` and a domain, have that of the mail among them."""
    return not {mail.sender, f"@{mail.sender.rpartition('@')[2]}"}.isdisjoint(senders or ())


def _refuse_automatic(ledger: Ledger, source: WebhookSource, mail: IncomingMail) -> None:
    """Refuse answers of programs, bounces and our own mails: these would never end; and whatever a list
    passes on or a program writes, if the source says so.
    """
    marks, ours = mail.automatic, [ref for ref in mail.references if _OURS.fullmatch(ref)]
    is_programs = marks.program is not None or (mail.monitoring is not None and mail.monitoring.by_program)
    if marks.answer is not None or (marks.answers_by_itself and ours):
        raise MailRefused("automatic_mail")
    is_unwanted = source.automatic_mails is AutomaticMails.ignore and not is_among(mail, source.monitors)
    if is_unwanted and (is_programs or marks.passed_on):
        raise MailRefused("automatic_mail")
    is_notice = _OURS.fullmatch(mail.message_id) is not None and marks.program is not None
    if is_notice or mail.sender == (ledger.settings.mail_from or "").lower():
        raise MailRefused("own_mail")


async def _copied(
    ledger: Ledger, source: WebhookSource, delivery: StoredDelivery, mail: IncomingMail
) -> DeliveryEffect | None:
    """Return what another copy of the mail has led to: a list and a mailbox may bring the same one with other
    headers, or with a line more. None: it is no copy. A program that gives all its mails one Message-ID still
    dates them; where a device has no clock, only a copy says the same.
    """
    key = key_of_same_id(delivery.delivery_key)
    row = None if key is None else await find_by_key(ledger.db, delivery.source_id, key)
    raw = None if row is None else content_of(ledger, row["sealed"])
    if row is None or raw is None or row["state"] != DeliveryState.processed:
        return None
    first = _as_form(source, await read_bounded(raw.body))
    if (first.sender, first.sent_at) != (mail.sender, mail.sent_at):
        return None
    is_dated = mail.sent_at is not None and abs(delivery.received_at - mail.sent_at) < LONGEST_WAY
    if not is_dated and not _says_the_same(first, mail):
        return None
    led_to = row["effects"][0]
    return DeliveryEffect("known_already", led_to["record"], led_to["number"])


def _says_the_same(first: IncomingMail, second: IncomingMail) -> bool:
    return (first.subject, first.whole_text, first.attachments) == (
        second.subject,
        second.whole_text,
        second.attachments,
    )


async def _sender(ledger: Ledger, source: WebhookSource, people: Identities, mail: IncomingMail) -> Identity:
    if mail.automatic.program == NULL_SENDER or is_among(mail, source.monitors):
        # It wants no mail at all, also where a person has its address.
        return await people.account()
    holder = await person_with_address(ledger, mail.sender)
    if holder is not None and not holder.is_active:
        raise MailRefused("deactivated_sender")
    if holder is None and source.unknown_senders is UnknownSenders.refuse:
        raise MailRefused("unknown_sender")
    report = mail.monitoring
    if (holder is None and mail.automatic.program is not None) or (
        report is not None and (holder is None or report.by_program)
    ):
        # A program is no person: its ticket is the source's own, and nothing is mailed to it.
        return await people.account()
    person = await people.person(NamedPerson(name=mail.sender_name or None, email=mail.sender))
    if person is None or person.key is None:
        raise MailRefused("unknown_sender")
    return person


class _Incoming:
    """A mail whose sender is known."""

    def __init__(
        self,
        ledger: Ledger,
        source: WebhookSource,
        account: Identity,
        sender: Identity,
        mail: IncomingMail,
        delivery: StoredDelivery,
        *,
        now: datetime,
    ) -> None:
        self._ledger = ledger
        self._source = source
        self._account = account
        self._sender = sender
        self._mail = mail
        self._delivery = delivery
        self._now = now
        self._channel = f"webhook:{source.key}"
        self._cut = mail.cut
        ours = (ledger.settings.mail_from or "").lower()
        self._recipients = tuple(each for each in mail.further_recipients if each.address != ours)
        #: What the mail refers to, and its sender may not write into.
        self._related: list[str] = []
        is_tools = sender.id == account.id
        self._alert = alert_of_mail(ledger, source, account.id, mail) if is_tools else None

    async def answered_ticket(self) -> str | None:
        """Return the ticket that the mail answers, if its sender sees it, and does not only look on; None: it
        opens another.
        """
        tickets = await self._tickets_of_mails()
        for reference in self._mail.references:
            ours = _OURS.fullmatch(reference)
            if ours is None:
                name = tickets.get(reference)
            elif self._sender.id == self._account.id:  # a program that nobody is known to use
                continue
            else:
                name = await self._stream_of(ours[1], UUID(ours[2]))
            if name is None:
                continue
            if await may_act(self._ledger, self._sender.id, name, "comment"):
                return name
            self._related.append(name)
        return None

    async def alerted_ticket(self) -> str | None:
        """Return the incident of the alert that a monitoring tool reports; None: it opens another."""
        return None if self._alert is None else await incident_of_alert(self._ledger, self._alert)

    async def _tickets_of_mails(self) -> dict[str, str]:
        """Return the tickets that earlier mails opened or joined, by the ids that this one names."""
        ids = {key_of_message_id(each): each for each in self._mail.references}
        rows = await self._ledger.db.rows(EARLIER_MAILS, (list(ids), MAIL)) if ids else ()
        return {ids[row["delivery_key"]]: row["record"] for row in rows}

    async def _stream_of(self, kind: str, record_id: UUID) -> str | None:
        if kind == "notice":
            about: str | None = await self._ledger.db.value(NOTICE, (record_id,))
            return about
        return stream(kind, record_id) if kind in self._ledger.lifecycles else None

    async def comment(self, ticket: str) -> DeliveryEffect:
        """Add what the mail says to the ticket that it answers."""
        if not _mail_quota.consume(ticket):
            raise MailRefused("too_many_mails")
        mail = await self._reread()
        words = mail.own_text or mail.subject or NO_TEXT
        if self._alert is not None:
            words = f"{mail.subject}\n\n{mail.text}".strip()
        elif mail.own_text:
            words = "\n\n".join(filter(None, (await self._new_subject(ticket), mail.own_text)))
        folded = "\n\n".join(part for part in (mail.folded, self._sent_to(), self._reply_address()) if part)
        body = CommentTicket(
            text=self._with_notes(words, self._left_out(), self._sent_earlier(), self._importance()),
            folded=self._fit(folded, LONGEST_PARAGRAPH) or None,
        )
        number = await self._perform(ticket, "comment", body, 0)
        await self._attach(ticket)
        await self._add_followers(ticket)
        await self._clear_alert()
        return DeliveryEffect("commented", ticket, number, self._altered("text"))

    async def _reread(self) -> IncomingMail:
        """Return the mail, read with the notices to its sender that it answers: it may repeat them without
        marks, and what they quote is told from the sender's own words only by what was sent.
        """
        notices = [UUID(ours[2]) for ref in self._mail.references if (ours := _NOTICE.fullmatch(ref))]
        person = self._sender.id
        sent = await mailed_lines(self._ledger, notices[:MOST_NOTICES], person) if self._mail.folded else []
        if not sent:
            return self._mail
        assert self._delivery.raw is not None
        reread = await read_bounded(self._delivery.raw.body, sent)
        return replace(self._mail, own_text=reread.own_text, folded=reread.folded)

    async def _clear_alert(self) -> None:
        """End the incident of an alert that is over, if the source trusts the tool with that."""
        alert, mail = self._alert, self._mail
        if alert is not None and alert.is_over and is_among(mail, self._source.monitors):
            title = mail.subject or NO_SUBJECT
            await clear(self._ledger, alert, title, self._metadata(spoken=False), self._key(CLEARING))

    def _altered(self, field: str) -> dict[str, list[str]]:
        """Return the marks of what was altered of the mail; those of its text are of that field."""
        marks = {
            field if name == "description" else name: codes for name, codes in self._mail.altered.items()
        }
        if self._cut:
            marks[field] = [*marks.get(field, ()), Alteration.cut.value]
        names = (field, "attachments") if field == "text" else tuple(marks)
        return {name: codes for name, codes in marks.items() if name in names}

    def _altered_fields(self, field: str) -> dict[str, list[str]]:
        """Return the marks of the ticket's own fields: files are none."""
        return {name: codes for name, codes in self._altered(field).items() if name != "attachments"}

    async def open(self) -> DeliveryEffect:
        """Open a ticket for the sender."""
        mail, source = self._mail, self._source
        # What is over already is no open alert: the next problem is another one.
        alert = None if self._alert is None or self._alert.is_over else self._alert
        body = ReportIncident(
            title=mail.subject or NO_SUBJECT,
            description=self._with_notes(
                self._words(),
                self._left_out(),
                self._sent_to(),
                self._reply_address(),
                self._sent_earlier(),
                self._importance(),
            ),
            channel=Channel.email,
            impact=source.impact or Impact.person,
            urgency=source.urgency or Urgency.hindered,
            effect=source.effect or IncidentEffect.none,
            service=source.service,
            category=source.category,
            requester=str(self._sender.id),
            alert_source=None if alert is None else alert.source,
            dedup_key=None if alert is None else alert.dedup_key,
        )
        key = self._key(0)
        # The id is that of the delivery, so that a mail that is processed again finds its ticket.
        metadata = replace(self._metadata(spoken=False), altered=self._altered_fields("description"))
        command = Command(LIFECYCLE, LIFECYCLE["report"], None, body, metadata, None, key)
        try:
            done = await perform(self._ledger, command)
            name, number = done.record.row_key, done.record.number
        except DuplicateCommand as repeated:
            earlier = repeated.earlier
            name = earlier.stream
            record = await record_at_version(self._ledger.db, LIFECYCLE, name, earlier.version)
            number = record.number
        await self._attach(name)
        await self._add_followers(name)
        await self._link_related(name)
        return DeliveryEffect("opened", name, number, self._altered("description"))

    def _words(self) -> str:
        """Return the text of the mail, below its subject if the title cannot hold all of that."""
        words = (self._mail.long_subject, self._mail.text or NO_TEXT)
        return "\n\n".join(part for part in words if part)

    def _left_out(self) -> str:
        """Return how many attachments are not taken, and their names; empty: all are."""
        left_out = [file.name for file in self._mail.attachments[MOST_ATTACHMENTS:]]
        if not left_out:
            return ""
        number = str(len(left_out))
        names = ", ".join(left_out)
        return self._note("attachments_left_out", number=number, most=str(MOST_ATTACHMENTS), names=names)

    def _reply_address(self) -> str:
        """Return the line with the addresses at which the mail wants to be answered; empty: at its sender's."""
        # The sender of a form's mail is the person in its Reply-To.
        others = [each for each in self._mail.reply_addresses if each.address != self._mail.sender]
        named = addresses_as_text(others)
        return self._note("reply_address", addresses=named) if named else ""

    def _sent_earlier(self) -> str:
        """Return the line with the time at which the mail was sent; empty: it came soon afterwards."""
        sent_at = self._mail.sent_at
        if sent_at is None or self._delivery.received_at - sent_at < SOON:
            return ""
        return self._note("sent_earlier", time=f"{sent_at:%Y-%m-%d %H:%M} UTC")

    def _importance(self) -> str:
        return self._note("marked_important") if self._mail.important else ""

    async def _new_subject(self, ticket: str) -> str:
        """Return the line with the subject of a reply; empty: it is the title of its ticket, or names it."""
        lifecycle = self._ledger.lifecycles[kind_of(ticket)]
        loaded = await load(self._ledger.db, lifecycle, str(id_of(ticket)))
        subject = self._mail.long_subject or self._mail.subject
        own = _ANSWERING.sub("", subject).strip()
        if loaded is None or not own or loaded.record.number in own:
            return ""
        title = _ANSWERING.sub("", getattr(loaded.record, "title", None) or "").strip()
        is_same = title.removesuffix("…").casefold() in own.casefold() or own.casefold() in title.casefold()
        return "" if title and is_same else self._note("subject", subject=subject)

    def _note(self, name: str, **words: str) -> str:
        return translate(self._metadata(spoken=False).language, "note", name, words)

    def _sent_to(self) -> str:
        return recipients_note(self._recipients, self._metadata(spoken=False).language)

    def _with_notes(self, text: str, *notes: str) -> str:
        """Return the text with these notes below it; if it is too long for that, it is cut and marked."""
        below = self._fit("\n\n".join(note for note in notes if note), LONGEST_PARAGRAPH // 2)
        if not below:
            return self._fit(text, LONGEST_PARAGRAPH)
        return f"{self._fit(text, LONGEST_PARAGRAPH - len(below) - 2)}\n\n{below}"

    def _fit(self, text: str, longest: int) -> str:
        self._cut = self._cut or len(text) > longest
        return cut_text(text, longest)

    async def _add_followers(self, ticket: str) -> None:
        """Let the further recipients who see the ticket follow it."""
        if self._mail.automatic.program is not None:
            return
        followers = new_followers(self._ledger, ticket, self._recipients, self._sender.id)
        async for person in followers:
            with contextlib.suppress(Refusal):  # somebody else has added them, or made them inactive
                await self._perform(ticket, FOLLOW, FollowTicket(person=str(person)), person)

    async def _link_related(self, ticket: str) -> None:
        """Link the ticket to those that the mail refers to: only staff who see both see the link."""
        by_rule = CommandMetadata(
            caller=rule_caller(LINKING),
            now=self._now,
            correlation_id=str(uuid7()),
            source=f"rule:{LINKING}",
        )
        for other in dict.fromkeys(self._related):
            if LINK not in self._ledger.lifecycles[kind_of(other)].by_name:
                continue
            body = LinkTicket(kind=LinkKind.relates_to, other=str(id_of(other)))
            with contextlib.suppress(Refusal):  # they are linked already
                await perform(
                    self._ledger, Command(LIFECYCLE, LIFECYCLE[LINK], str(id_of(ticket)), body, by_rule)
                )

    async def _attach(self, ticket: str) -> None:
        """Attach the files. Raises the refusal of the first that is refused, when all others are there."""
        refused: Refusal | None = None
        for n, file in enumerate(_worth_keeping(self._mail, with_text=self._cut), 1):
            upload_id = uuid5(self._delivery.id, str(n))
            by = speaker(self._account.id, self._sender.id)
            sending = IncomingUpload(upload_id, by, len(file.content), _one_piece(file.content), self._now)
            try:
                await store_upload(self._ledger, sending)
                await self._perform(ticket, "attach", AttachTicket(upload=upload_id, name=file.name), n)
            except Refusal as refusal:
                refused = refused or refusal
        if refused is not None:
            raise refused

    async def _perform(self, ticket: str, action: str, body: Payload, n: int | UUID) -> str | None:
        """Perform an action on the ticket once, and return the ticket's number; None: it was done before."""
        assert not isinstance(body, EmptyPayload)
        lifecycle = self._ledger.lifecycles[kind_of(ticket)]
        metadata = self._metadata(spoken=True)
        if action == "comment":
            metadata = replace(metadata, altered=self._altered_fields("text"))
        command = Command(
            lifecycle, lifecycle[action], str(id_of(ticket)), body, metadata, None, self._key(n)
        )
        try:
            done = await perform(self._ledger, command)
        except DuplicateCommand:
            return None
        number: str | None = done.record.number
        return number

    def _key(self, n: int | str | UUID) -> IdempotencyKey:
        name = f"{self._delivery.delivery_key}:{n}"
        fingerprint = self._ledger.vault.fingerprint("mail", self._channel, name)
        return IdempotencyKey(self._channel, fingerprint, fingerprint)

    def _metadata(self, *, spoken: bool) -> CommandMetadata:
        account = self._account.id
        return CommandMetadata(
            caller=speaker(account, self._sender.id) if spoken else tool_caller(account),
            now=self._now,
            correlation_id=str(uuid7()),
            source=self._channel,
            source_ref=self._delivery.delivery_key,
            on_behalf_of=self._sender.id if spoken else None,
        )


def _worth_keeping(mail: IncomingMail, *, with_text: bool) -> list[MailAttachment]:
    """Return as many attachments as are taken, empty ones too; and, if asked for, the whole text."""
    files = list(mail.attachments[:MOST_ATTACHMENTS])
    if not with_text:
        return files
    return [*files, MailAttachment(WHOLE_TEXT, "text/plain", mail.whole_text.encode(), inline=False)]


async def _one_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content
