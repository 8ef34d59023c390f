"""Notes below the text of a mail: what its headers say that people would miss (pure). Empty where a mail
needs none.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from app.i18n import translate
from app.webhooks.effects.mail_recipients import addresses_as_text
from app.webhooks.mail.message import IncomingMail

MOST_ATTACHMENTS = 20
#: The Message-ID of a mail of ours about a record.
OUR_MAIL = re.compile(r"<([a-z_]+)\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>\s]+>")
#: A mail that comes later than that was held up on its way.
USUAL_DELAY = timedelta(hours=1)
#: Prefixes that mail programs put before the subject of an answer.
_ANSWERING = re.compile(
    r"^(?:\s*(?:re|aw|antw(?:ort)?|fwd?|wg|sv|vs|rif|odp|res|回复|答复|回覆|转发|返信|отв(?:ет)?)\s*"
    r"(?:[\[(]\d+[\])])?\s*[:：])+",
    re.IGNORECASE,
)


def attachments_left_out(mail: IncomingMail, language: str) -> str:
    """Return how many attachments are not taken, and their names."""
    left_out = [file.name for file in mail.attachments[MOST_ATTACHMENTS:]]
    words = {"number": str(len(left_out)), "most": str(MOST_ATTACHMENTS), "names": ", ".join(left_out)}
    return translate(language, "note", "attachments_left_out", words) if left_out else ""


def reply_address(mail: IncomingMail, language: str) -> str:
    """Return the line with the addresses at which the mail wants to be answered, if these are not its
    sender's.
    """
    # The sender of a form's mail is the person in its Reply-To.
    addresses = addresses_as_text([each for each in mail.reply_addresses if each.address != mail.sender])
    return translate(language, "note", "reply_address", {"addresses": addresses}) if addresses else ""


def sent_earlier(mail: IncomingMail, received_at: datetime, language: str) -> str:
    """Return the line with the time at which a delayed mail was sent."""
    sent_at = mail.sent_at
    if sent_at is None or received_at - sent_at < USUAL_DELAY:
        return ""
    return translate(language, "note", "sent_earlier", {"time": f"{sent_at:%Y-%m-%d %H:%M} UTC"})


def importance(mail: IncomingMail, language: str) -> str:
    """Return the note on a mail that its sender marked as important."""
    return translate(language, "note", "marked_important", {}) if mail.important else ""


def new_subject(mail: IncomingMail, number: str | None, title: str, language: str) -> str:
    """Return the line with the subject of a reply to the ticket of that number and title, if the subject says
    something else.
    """
    subject = mail.long_subject or mail.subject
    own = _ANSWERING.sub("", subject).strip()
    if not own or (number and number in own):
        return ""
    title = _ANSWERING.sub("", title).strip()
    is_cut = title.endswith("…") and own.casefold().startswith(title.removesuffix("…").casefold())
    return (
        ""
        if is_cut or (title and own.casefold() in title.casefold())
        else translate(language, "note", "subject", {"subject": subject})
    )


def may_be_answer(mail: IncomingMail) -> bool:
    """Return whether a program may have answered by itself, and nothing proves it."""
    answers_us = any(OUR_MAIL.fullmatch(each) for each in mail.references)
    return mail.monitoring is None and mail.automatic.may_answer(answers_us=answers_us)


def perhaps_automatic(mail: IncomingMail, language: str) -> str:
    """Return the note on a mail that a program may have answered by."""
    words = {"sender": mail.sender}
    return translate(language, "note", "perhaps_automatic", words) if may_be_answer(mail) else ""


def can_be_mailed(mail: IncomingMail) -> bool:
    """Return whether the sender has an address that people can have: not an account of a machine alone."""
    return "@" in mail.sender and " " not in mail.sender


def account_sender(mail: IncomingMail, language: str) -> str:
    """Return the line with a sender that cannot be answered."""
    named = f"{mail.sender_name} <{mail.sender}>" if mail.sender_name else mail.sender
    return "" if can_be_mailed(mail) else translate(language, "note", "account_sender", {"sender": named})


def of_headers(mail: IncomingMail, received_at: datetime, language: str) -> tuple[str, ...]:
    """Return the notes that any mail may need."""
    return (
        attachments_left_out(mail, language),
        perhaps_automatic(mail, language),
        account_sender(mail, language),
        sent_earlier(mail, received_at, language),
        importance(mail, language),
    )
