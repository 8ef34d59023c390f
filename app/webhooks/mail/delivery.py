"""A mail as a delivery: known by its Message-ID, as replies name it."""

from __future__ import annotations

from email.parser import BytesHeaderParser
from hashlib import sha256

from app.webhooks.mail.headers import message_ids
from app.webhooks.mail.mime import with_plain_head
from app.webhooks.mail.refusals import MailRefused

KEY = "mail:"
#: Key of a mail that has the Message-ID of another mail but other bytes: `mail+hash:<hash of the bytes>:<of
#: the id>`.
KEY_OF_OTHER_BYTES = "mail+hash:"
#: A header block longer than this is no mail's.
LARGEST_HEADER = 262_144


def mail_key(raw: bytes) -> str:
    """Return the key of the mail as a delivery: its Message-ID, else its content; as a hash, since either may
    name a person.
    """
    try:
        head = with_plain_head(raw[:LARGEST_HEADER])
    except MailRefused:  # it is refused when it is read
        head = raw[:LARGEST_HEADER]
    field = str(BytesHeaderParser().parsebytes(head).get("message-id", "")).strip()
    if ids := message_ids(field):
        return key_of_message_id(ids[0])
    known_by = field.encode("utf-8", "surrogateescape") if field else raw
    return f"{KEY}{sha256(known_by).hexdigest()}"


def key_of_message_id(message_id: str) -> str:
    """Return the key of the first mail with that Message-ID, which has its angle brackets."""
    return f"{KEY}{sha256(message_id.encode('utf-8', 'surrogateescape')).hexdigest()}"


def key_of_same_id(key: str) -> str | None:
    """Return the key of the first mail with the Message-ID of that one; None: it is the first itself."""
    return f"{KEY}{key.rpartition(':')[2]}" if key.startswith(KEY_OF_OTHER_BYTES) else None
