"""Reading of a mail (RFC 5322, MIME): who wrote what to which thread, and whether a program did (pure)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from app.kernel.actions.made_fit import Alteration, cut_text, fit_line, fit_paragraph
from app.kernel.actions.payloads import LONGEST_PARAGRAPH
from app.webhooks.mail.addresses import Address, local_account, read_addresses
from app.webhooks.mail.automatic_marks import MAIL_SERVERS, AutomaticMarks, automatic_marks
from app.webhooks.mail.content import (
    AS_SENT,
    CALENDARS,
    LONGEST_READ,
    MailAttachment,
    MailContent,
    mail_content,
)
from app.webhooks.mail.headers import decode_words, message_ids, sent_time, single_line
from app.webhooks.mail.mime import MailPart, parse_mail
from app.webhooks.mail.monitoring import MonitoringReport, monitoring_report
from app.webhooks.mail.quotations.replies import reply_text
from app.webhooks.mail.refusals import MailRefused

LARGEST_MAIL = 26_214_400
#: Largest part of a subject that is read.
LONGEST_SUBJECT = 5_000
_FORWARDED = re.compile(r"\s*(?:fwd?|wg|weitergeleitet|转发|轉寄|轉發)\s*[:：]", re.IGNORECASE)
_CALENDAR_ANSWERS = frozenset({"reply", "counter", "refresh"})
#: Where servers on its way name the mailbox that a mail was sent to.
_OWN_ADDRESS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
#: A mail has one of them, whatever else it lacks.
_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Received")


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A mail. Ids have their angle brackets; `references` are those of the thread, the nearest first.

    `sender` is in lower case, its domain as DNS has it; without one for an account of a machine.
    `long_subject` is the whole subject if a title cannot hold it. `whole_text` is the whole text of the mail,
    and `text` the part of it that a field can hold. `own_text` is the new text of a reply, and `folded` its
    repeated text (for a forwarded mail nothing). `cut` marks that one of them was longer than a field may be,
    `altered` by field what else was changed. `calendar_answer`: it accepts or declines an invitation,
    without a word or a file. `guessed` that a character set is unknown or wrong. `automatic` are the
    headers, or other marks, that show that no person wrote it to us. `monitoring` is what a monitoring tool
    reports by it. `sent_at` is in UTC; None: its date cannot be read. `further_recipients` are those besides
    this mailbox and the sender. `reply_addresses` are where it wants to be answered besides its sender, and
    `important` is the sender's own mark; neither is proved.
    """

    message_id: str
    references: tuple[str, ...]
    sender: str
    sender_name: str
    recipients: tuple[Address, ...]
    further_recipients: tuple[Address, ...]
    subject: str
    long_subject: str | None
    sent_at: datetime | None
    text: str
    own_text: str
    folded: str
    whole_text: str
    cut: bool
    altered: dict[str, list[str]]
    calendar_answer: bool
    reply_to: Address | None
    reply_addresses: tuple[Address, ...]
    important: bool
    guessed: bool
    attachments: tuple[MailAttachment, ...]
    automatic: AutomaticMarks
    monitoring: MonitoringReport | None


def read_mail(raw: bytes, sent: Collection[str] = ()) -> IncomingMail:
    """Read a mail. Raises MailRefused if it is too large, has no single sender, or is no mail at all. `sent`
    are the lines of our own mails that it may repeat, as far as they are known.
    """
    if len(raw) > LARGEST_MAIL:
        raise MailRefused("mail_too_large")
    mail = parse_mail(raw)
    if not any(name in mail for name in _HEADERS):
        raise MailRefused("no_mail")
    sender = _sender(mail)
    whole_subject = single_line(decode_words(mail.header("Subject")), LONGEST_READ)
    title = fit_line(whole_subject)
    subject, is_cut = title.text, Alteration.cut in title.altered
    content = mail_content(mail)
    fit_whole = fit_paragraph(content.text, LARGEST_MAIL)
    # Recognising quotations takes time, so only the beginning of a long text is searched.
    fit_text = fit_whole._replace(text=fit_whole.text[:LONGEST_READ])
    is_forwarded = _FORWARDED.match(subject) is not None
    own, folded = (fit_text.text, "") if is_forwarded else reply_text(fit_text.text, sent, whole_subject)
    automatic = automatic_marks(mail, sender.address, subject)
    report = _monitoring_report(mail, sender, subject, fit_text.text, automatic)
    if report is not None:
        # Some tools send as the mail server, or thread their mails: a recovery answers that of its problem.
        answer = None if automatic.answer == MAIL_SERVERS else automatic.answer
        automatic = replace(automatic, answer=answer, is_doubtful=False)
    return IncomingMail(
        message_id=next(iter(message_ids(mail.header("Message-ID"))), _content_id(mail, raw)),
        references=message_ids(mail.header("In-Reply-To"), *_reversed_ids(mail.header("References"))),
        sender=sender.address,
        sender_name=sender.name,
        recipients=read_addresses(", ".join(mail.headers("To") + mail.headers("Cc"))),
        further_recipients=_further_recipients(mail, sender),
        subject=subject,
        long_subject=fit_line(whole_subject, LONGEST_SUBJECT).text if is_cut else None,
        sent_at=sent_time(mail.header("Date")),
        reply_to=next(iter(read_addresses(mail.header("Reply-To"))), None),
        reply_addresses=_reply_addresses(mail, sender),
        important=_is_important(mail),
        text=cut_text(fit_text.text, LONGEST_PARAGRAPH),
        own_text=cut_text(own, LONGEST_PARAGRAPH),
        folded=cut_text(folded, LONGEST_PARAGRAPH),
        cut=content.cut or max(map(len, (fit_text.text, own, folded))) > LONGEST_PARAGRAPH,
        whole_text=fit_whole.text,
        altered=_altered(
            title=title.altered,
            description=(
                *fit_text.altered,
                *content.altered,
                *([Alteration.guessed] if content.guessed else ()),
            ),
            attachments=[
                Alteration(code) for file in content.files for codes in file.marks.values() for code in codes
            ],
        ),
        calendar_answer=_is_calendar_answer(mail) and not _says_more(content),
        guessed=content.guessed,
        attachments=content.files,
        automatic=automatic,
        monitoring=report,
    )


def _monitoring_report(
    mail: MailPart, sender: Address, subject: str, text: str, automatic: AutomaticMarks
) -> MonitoringReport | None:
    """Return the report of a monitoring tool; None for other mails, and for forms with a reply address."""
    if {each.address for each in read_addresses(mail.header("Reply-To"))} - {sender.address}:
        return None
    by_program = automatic.program is not None or automatic.answer == MAIL_SERVERS
    return monitoring_report(sender.address, subject, text, by_program=by_program)


def _further_recipients(mail: MailPart, sender: Address) -> tuple[Address, ...]:
    """Return the recipients besides this mailbox and the sender. The mailbox is the one that a server on the
    way names, else the only one in To.
    """
    to, copied = (read_addresses(", ".join(mail.headers(name))) for name in ("To", "Cc"))
    listed = {each.address: each for each in (*to, *copied)}
    named = {each.address for name in _OWN_ADDRESS for each in read_addresses(", ".join(mail.headers(name)))}
    own = named & listed.keys() or {each.address for each in to if len(to) == 1}
    return tuple(each for each in listed.values() if each.address not in {*own, sender.address})


def _reply_addresses(mail: MailPart, sender: Address) -> tuple[Address, ...]:
    listed = read_addresses(", ".join(mail.headers("Reply-To")))
    return tuple(each for each in listed if each.address != sender.address)


def _is_important(mail: MailPart) -> bool:
    """Return whether the sender marked the mail as important, in one of the ways of mail programs."""
    marks = [
        (mail.header(name).split() or [""])[0].lower() for name in ("Importance", "Priority", "X-Priority")
    ]
    return "high" in marks[:1] or "urgent" in marks[:2] or marks[2] in ("1", "2")


def _altered(**codes: Sequence[Alteration]) -> dict[str, list[str]]:
    return {field: list(dict.fromkeys(code.value for code in each)) for field, each in codes.items() if each}


def _is_calendar_answer(mail: MailPart) -> bool:
    """Return whether the mail answers an invitation (RFC 6047)."""
    methods = (
        part.parameter("method") for part in mail.walk() if getattr(part, "media_type", "") == "text/calendar"
    )
    return any((method or "").lower() in _CALENDAR_ANSWERS for method in methods)


def _says_more(content: MailContent) -> bool:
    files = (file for file in content.files if not file.inline and not file.name.startswith(AS_SENT))
    return bool(content.text) or any(file.media_type not in CALENDARS for file in files)


def _sender(mail: MailPart) -> Address:
    """Return the one address in From, or the account of a machine there. Among several it is the one in the
    Sender header, as RFC 5322 demands; without that, and where two From differ, programs choose different
    ones. Some programs encode the address with the name.
    """
    senders = mail.headers("From")
    read = [read_addresses(each) or read_addresses(decode_words(each)) for each in senders]
    addresses = read[0] if len({tuple(each.address for each in listed) for listed in read}) == 1 else ()
    if len(addresses) > 1:
        by = {each.address for each in read_addresses(mail.header("Sender"))}
        addresses = tuple(each for each in addresses if each.address in by)
    account = local_account(senders[0]) if len(senders) == 1 and not read[0] else None
    if account is not None:
        return account
    if len(addresses) != 1:
        raise MailRefused("no_sender")
    return addresses[0]


def _reversed_ids(value: str) -> list[str]:
    return list(reversed(message_ids(value)))


def _content_id(mail: MailPart, raw: bytes) -> str:
    """Return an id for a mail without one: the same however it came, since servers on its way add headers."""
    head = "\n".join(mail.header(name) for name in ("From", "To", "Date", "Subject"))
    body = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1]
    digest = sha256(head.encode("utf-8", "replace") + b"\n\n" + body).hexdigest()
    return f"<{digest}@no-message-id.invalid>"
