"""A notice as a mail (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from app.log.events import id_of, kind_of
from app.notifications.invitations import Invitation


class InvalidAddress(Exception):
    """What is to be an address is none that mail could go to."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What is sent: `about` is the ticket's name in the log, `language` that of the text, `invitation` what a
    calendar is to take in.
    """

    notice_id: UUID
    about: str
    subject: str
    text: str
    language: str
    sent_at: datetime
    invitation: Invitation | None = None


def message(mail: Mail, *, sender: str, to: str) -> EmailMessage:
    """The mail from one address to another. Sent again, it is the same one. Raises NoAddress.

    Mails of one ticket are shown together, by a message that all of them refer to and that was never sent.
    """
    domain = sender.rpartition("@")[2]
    thread = f"<{kind_of(mail.about)}.{id_of(mail.about)}@{domain}>"
    made = EmailMessage(policy=SMTP)
    try:
        made["To"] = Address(addr_spec=to)
    except (ValueError, IndexError, MessageError) as error:
        raise InvalidAddress from error
    made["From"] = Address(addr_spec=sender)
    made["Subject"] = single_line(mail.subject)
    made["Date"] = format_datetime(mail.sent_at)
    made["Message-ID"] = f"<notice.{mail.notice_id}@{domain}>"
    made["In-Reply-To"] = thread
    made["References"] = thread
    # Who answers by itself does not answer this (RFC 3834).
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.text)
    made["Content-Language"] = mail.language
    if mail.invitation is not None:  # by mail as RFC 6047 has it
        made.add_attachment(
            mail.invitation.text,
            maintype="text",
            subtype="calendar",
            filename="invitation.ics",
            params={"charset": "utf-8", "method": mail.invitation.method},
        )
    return made


def single_line(text: str) -> str:
    """The text without anything that could end a header and begin another one."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
