"""Mail messages of notices and summaries (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from app.log.events import id_of, kind_of
from app.notifications.invitations import CalendarInvitation


class InvalidAddress(Exception):
    """Raised if a text is no valid mail address."""


@dataclass(frozen=True, slots=True)
class Mail:
    """The content of a mail: `name` distinguishes it from all others, `about` is the stream of the ticket, or
    another subject of its thread. `language` is that of the text, `invitation` the attachment for a calendar,
    `settings_url` where the person chooses their notices, `html` the same as the text. `answers` is the
    Message-ID of the recipient's own mail that it answers.
    """

    name: str
    about: str
    subject: str
    text: str
    language: str
    sent_at: datetime
    invitation: CalendarInvitation | None = None
    settings_url: str | None = None
    html: str | None = None
    answers: str | None = None


def message(mail: Mail, *, sender: str, to: str, sender_name: str = "") -> EmailMessage:
    """Return the mail message; sent again, it has the same id. `sender_name` is the name next to the sender's
    address. Raises InvalidAddress.

    Mails about one ticket form a thread: all refer to the id of a message that was never sent.
    """
    domain = sender.rpartition("@")[2]
    thread = f"<{kind_of(mail.about)}.{id_of(mail.about)}@{domain}>"
    email = EmailMessage(policy=SMTP)
    try:
        email["To"] = Address(addr_spec=to)
    except (ValueError, IndexError, MessageError) as error:
        raise InvalidAddress from error
    email["From"] = Address(sender_name, addr_spec=sender)
    email["Subject"] = single_line(mail.subject)
    email["Date"] = format_datetime(mail.sent_at)
    email["Message-ID"] = f"<{mail.name}@{domain}>"
    # Answers refer to all of these, so that they are known by our id; their own mail shows the thread to
    # them.
    email["In-Reply-To"] = mail.answers or thread
    email["References"] = thread if mail.answers is None else f"{mail.answers} {thread}"
    # Keeps automatic responders from replying (RFC 3834).
    email["Auto-Submitted"] = "auto-generated"
    if mail.settings_url is not None:  # RFC 2369
        email["List-Unsubscribe"] = f"<{mail.settings_url}>"
    email.set_content(mail.text)
    email["Content-Language"] = mail.language
    if mail.html is not None:
        email.add_alternative(mail.html, subtype="html")
    if mail.invitation is not None:  # as RFC 6047 (iMIP) requires
        email.add_attachment(
            mail.invitation.text,
            maintype="text",
            subtype="calendar",
            filename="invitation.ics",
            params={"charset": "utf-8", "method": mail.invitation.method},
        )
    return email


def single_line(text: str) -> str:
    """Return the text without characters that could end a header and begin another one."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
