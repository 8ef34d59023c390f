"""Effects of a mail: a new ticket, or a comment on the one that it answers.

A mail is no proof of its sender. It joins a ticket only if it answers one of our own mails or one that came
to that ticket, and comes from the address of a person who sees the ticket. It can open, comment and attach,
and nothing else. Two things follow from settings of the source or from people's own rights: a monitoring tool
that the source names ends its incidents, and recipients who see the ticket follow it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from app.api.requests.limits import Quota
from app.common.people import rule_caller
from app.common.priorities.priority import Impact, Urgency
from app.common.tickets import Channel
from app.i18n import translate
from app.kernel.access.reads import load
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.made_fit import Alteration, cut_text, fit_line
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
from app.webhooks.effects.addresses import person_with_address
from app.webhooks.effects.identities import Identities, Identity, speaker, tool_caller
from app.webhooks.effects.mail_recipients import (
    FOLLOW,
    may_act,
    new_followers,
    recipients_note,
)
from app.webhooks.effects.mail_tickets import notes
from app.webhooks.effects.mail_tickets.alerts import (
    alert_of_mail,
    alert_of_storm,
    clear,
    count_comments,
    incident_of_alert,
    is_among,
)
from app.webhooks.effects.mail_tickets.threads import first_copy, mails_of_thread, thread_of, tickets_of_mails
from app.webhooks.intake.deliveries import DeliveryEffect, StoredDelivery
from app.webhooks.mail.automatic_marks import NULL_SENDER
from app.webhooks.mail.content import MailAttachment
from app.webhooks.mail.message import IncomingMail
from app.webhooks.mail.reader import read_bounded
from app.webhooks.mail.refusals import MailRefused
from app.webhooks.mapping.updates import NamedPerson
from app.webhooks.sources.records import AutomaticMails, UnknownSenders, WebhookSource

#: Mails of one sender that open tickets, and replies to one ticket, in an hour: more may be a loop. They join
#: one incident that sends no mail.
MOST_AN_HOUR = 60
#: More of one storm are not taken.
MOST_OF_STORM = 1_000
HOUR_SECONDS = 3_600
#: So many notices that a mail answers are read again.
MOST_NOTICES = 3
NO_SUBJECT = "(no subject)"
NO_TEXT = "(no text)"
#: The name of the file with the whole text of a mail that is longer than a field.
WHOLE_TEXT = "mail.txt"
_NOTICE = re.compile(r"<(notice)\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>\s]+>")
NOTICE = "select about from fold.notice where id = %s"
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
    copied = await first_copy(ledger, delivery, mail, lambda first: _as_form(source, first))
    if copied is not None:
        return copied
    is_storm = not _mail_quota.consume(mail.sender)
    sender = await _sender(ledger, source, people, mail)
    incoming = _Incoming(ledger, source, account, sender, mail, delivery, now=now)
    ticket = await incoming.answered_ticket() or await incoming.alerted_ticket()
    if ticket is None and mail.calendar_answer:
        raise MailRefused("calendar_answer")
    if ticket is None and notes.may_be_answer(mail):
        # Nothing is mailed to the source's account, so that two programs do not answer each other for ever.
        incoming = _Incoming(ledger, source, account, account, mail, delivery, now=now)
        ticket = await incoming.answered_ticket()
    # A reply counts for its ticket, so that a recovery still ends its incident in a storm.
    if ticket is not None:
        is_storm = not _mail_quota.consume(ticket)
    if is_storm:
        # Nothing is mailed to the account, so a loop ends here, and its mails are kept.
        incoming = _Incoming(ledger, source, account, account, mail, delivery, now=now)
        return await incoming.join_storm(ticket)
    return await (incoming.open() if ticket is None else incoming.comment(ticket))


def _as_form(source: WebhookSource, mail: IncomingMail) -> IncomingMail:
    """Return the mail of a web form as one of the person in `Reply-To`; any other mail unchanged."""
    if mail.reply_to is None or not is_among(mail, source.forms):
        return mail
    # The form wrote the mail itself, on behalf of a person who expects an answer. The mail does not count as
    # that person's answer.
    automatic = replace(mail.automatic, program=None)
    sender, name = mail.reply_to.address, mail.reply_to.name
    return replace(mail, sender=sender, sender_name=name, automatic=automatic, references=())


def _refuse_automatic(ledger: Ledger, source: WebhookSource, mail: IncomingMail) -> None:
    """Refuse proved answers of programs, bounces and our own mails, which would never end; and mails of lists
    or programs, if the source refuses them.
    """
    marks = mail.automatic
    is_programs = marks.program is not None or (mail.monitoring is not None and mail.monitoring.by_program)
    if marks.answer is not None:
        raise MailRefused("automatic_mail")
    is_unwanted = source.automatic_mails is AutomaticMails.ignore and not is_among(mail, source.monitors)
    if is_unwanted and (is_programs or marks.passed_on):
        raise MailRefused("automatic_mail")
    is_notice = notes.OUR_MAIL.fullmatch(mail.message_id) is not None and marks.program is not None
    if is_notice or mail.sender == (ledger.settings.mail_from or "").lower():
        raise MailRefused("own_mail")


async def _sender(ledger: Ledger, source: WebhookSource, people: Identities, mail: IncomingMail) -> Identity:
    wants_no_mail = mail.automatic.program == NULL_SENDER and not notes.may_be_answer(mail)
    if wants_no_mail or not notes.can_be_mailed(mail) or is_among(mail, source.monitors):
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
        #: Records that the mail refers to, and its sender may not write to.
        self._related: list[str] = []
        #: Note about a sender who has sent too many mails; None for other senders.
        self._storm_words: dict[str, str] | None = None
        is_tools = sender.id == account.id
        self._alert = alert_of_mail(ledger, source, account.id, mail) if is_tools else None

    async def answered_ticket(self) -> str | None:
        """Return the ticket that the mail answers, if its sender sees it, and does not only look on; None: it
        opens another.
        """
        mail, db = self._mail, self._ledger.db
        tickets = await tickets_of_mails(db, mail.references)
        for reference in self._mail.references:
            ours = notes.OUR_MAIL.fullmatch(reference)
            if ours is None:
                name = tickets.get(reference)
            else:
                name = await self._stream_of(ours[1], UUID(ours[2]))
            if name is None:
                continue
            # Nobody is known to use a program that is only the source's account.
            is_known = ours is None or self._sender.id != self._account.id
            if is_known and await may_act(self._ledger, self._sender.id, name, "comment"):
                return name
            self._related.append(name)
        if self._sender.id == self._account.id:
            return None  # tools refer all their mails to one that never was
        for related in await mails_of_thread(db, self._source.id, mail, self._now):
            name = related.ticket
            # Another subject is another request.
            if related.is_same_subject and await may_act(self._ledger, self._sender.id, name, "comment"):
                return name
            self._related.append(name)
        return None

    async def alerted_ticket(self) -> str | None:
        """Return the incident of the alert that a monitoring tool reports; None: it opens another."""
        return None if self._alert is None else await incident_of_alert(self._ledger, self._alert)

    async def join_storm(self, answered: str | None) -> DeliveryEffect:
        """Add the mail to the incident of a sender who has sent too many, or open that one. `answered` is the
        ticket that the mail would have joined.
        """
        self._related += [] if answered is None else [answered]
        self._alert = alert_of_storm(self._ledger, self._source, self._account.id, self._mail)
        ticket = await self.alerted_ticket()
        number = 1 if ticket is None else await count_comments(self._ledger, ticket) + 2
        if number > MOST_OF_STORM:
            raise MailRefused("too_many_mails")
        self._storm_words = {"sender": self._mail.sender, "number": str(number), "most": str(MOST_AN_HOUR)}
        if ticket is None:
            return await self.open()
        effect = await self.comment(ticket)
        await self._link_related(ticket)
        return effect

    async def _stream_of(self, kind: str, record_id: UUID) -> str | None:
        if kind == "notice":
            about: str | None = await self._ledger.db.value(NOTICE, (record_id,))
            return about
        return stream(kind, record_id) if kind in self._ledger.lifecycles else None

    async def comment(self, ticket: str) -> DeliveryEffect:
        """Add the content of the mail to the ticket that it answers."""
        mail = await self._reread()
        words = mail.own_text or mail.subject or NO_TEXT
        if self._alert is not None:
            parts = (self._storm_note(), mail.long_subject or mail.subject, mail.text)
            words = "\n\n".join(part for part in parts if part) or NO_TEXT
        elif mail.own_text:
            words = "\n\n".join(filter(None, (await self._new_subject(ticket), mail.own_text)))
        reply_address = notes.reply_address(mail, self._language)
        folded = "\n\n".join(part for part in (mail.folded, self._sent_to(), reply_address) if part)
        body = CommentTicket(
            text=self._with_notes(
                words, *notes.of_headers(self._mail, self._delivery.received_at, self._language)
            ),
            folded=self._fit(folded, LONGEST_PARAGRAPH) or None,
        )
        number = await self._perform(ticket, "comment", body, 0, self._altered("text"))
        await self._attach(ticket)
        await self._add_followers(ticket)
        await self._clear_alert()
        return DeliveryEffect("commented", ticket, number, self._altered("text"), thread_of(mail))

    async def _reread(self) -> IncomingMail:
        """Return the mail, read with the notices to its sender that it answers: it may repeat them without
        marks, and only the sent text shows which words are the sender's own.
        """
        notices = [UUID(ours[2]) for ref in self._mail.references if (ours := _NOTICE.fullmatch(ref))]
        sent = await mailed_lines(self._ledger, notices[:MOST_NOTICES], self._sender.id)
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

    async def open(self) -> DeliveryEffect:
        """Open a ticket for the sender."""
        mail, source = self._mail, self._source
        title = mail.subject or NO_SUBJECT
        if self._storm_words is not None:
            title = fit_line(self._note("mail_storm", self._storm_words)).text
        # An alert that is already over is not an open alert: the next problem is another one.
        alert = None if self._alert is None or self._alert.is_over else self._alert
        body = ReportIncident(
            title=title,
            description=self._with_notes(
                self._words(),
                self._sent_to(),
                notes.reply_address(mail, self._language),
                *notes.of_headers(self._mail, self._delivery.received_at, self._language),
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
        metadata = replace(self._metadata(spoken=False), altered=self._altered("description"))
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
        return DeliveryEffect("opened", name, number, self._altered("description"), thread_of(mail))

    def _words(self) -> str:
        """Return the text of the mail, below its subject if the title cannot hold all of that."""
        subject = self._mail.long_subject if self._storm_words is None else self._mail.subject
        words = (self._storm_note(), subject, self._mail.text or NO_TEXT)
        return "\n\n".join(part for part in words if part)

    async def _new_subject(self, ticket: str) -> str:
        """Return the line with the subject of a reply; empty: it is the title of its ticket, or names it."""
        lifecycle = self._ledger.lifecycles[kind_of(ticket)]
        loaded = await load(self._ledger.db, lifecycle, str(id_of(ticket)))
        if loaded is None:
            return ""
        title = getattr(loaded.record, "title", None) or ""
        return notes.new_subject(self._mail, loaded.record.number, title, self._language)

    @property
    def _language(self) -> str:
        return self._metadata(spoken=False).language

    def _storm_note(self) -> str:
        return "" if self._storm_words is None else self._note("mail_of_storm", self._storm_words)

    def _note(self, code: str, words: dict[str, str]) -> str:
        return translate(self._language, "note", code, words)

    def _sent_to(self) -> str:
        return recipients_note(self._recipients, self._language)

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
                body = AttachTicket(upload=upload_id, name=file.name)
                await self._perform(ticket, "attach", body, n, file.marks)
            except Refusal as refusal:
                refused = refused or refusal
        if refused is not None:
            raise refused

    async def _perform(
        self,
        ticket: str,
        action: str,
        body: Payload,
        n: int | UUID,
        altered: Mapping[str, list[str]] | None = None,
    ) -> str | None:
        """Perform an action on the ticket once, and return the ticket's number; None: it was done before."""
        assert not isinstance(body, EmptyPayload)
        lifecycle = self._ledger.lifecycles[kind_of(ticket)]
        metadata = self._metadata(spoken=True)
        metadata = replace(metadata, altered=altered or {})
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
    files = list(mail.attachments[: notes.MOST_ATTACHMENTS])
    if not with_text:
        return files
    return [*files, MailAttachment(WHOLE_TEXT, "text/plain", mail.whole_text.encode(), inline=False)]


async def _one_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content
