"""A mail as a delivery: known by its Message-ID."""

from __future__ import annotations

from email.parser import BytesHeaderParser
from hashlib import sha256

#: A header block longer than this is no mail's.
LARGEST_HEADER = 262_144


def mail_key(raw: bytes) -> str:
    """Return by what a repetition of the mail is known: its Message-ID, else its content; as a hash, since
    either may name a person.
    """
    head = raw[:LARGEST_HEADER]
    message_id = str(BytesHeaderParser().parsebytes(head).get("message-id", "")).strip()
    return f"mail:{sha256(message_id.encode('utf-8', 'surrogateescape') if message_id else raw).hexdigest()}"
