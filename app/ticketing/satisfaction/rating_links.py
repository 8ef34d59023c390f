"""Links by which a requester rates a ticket without an account (pure). The token is a MAC over the ticket,
the person and the end of its validity; nothing is stored, and it grants nothing else.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.log.events import stream

LONGEST_TOKEN = 200
_PURPOSE = "rating link"
#: Bytes of the MAC, of an id, and of the end in seconds since 1970.
_MAC, _ID, _END = 16, 16, 6
_FIXED = _MAC + 2 * _ID + _END

#: A keyed fingerprint of texts, in hex.
Sign = Callable[..., str]


class InvalidRatingToken(Exception):
    """Raised for a text that is no token of ours, or one that was changed."""


@dataclass(frozen=True, slots=True)
class RatingLink:
    """The ticket of a link, by its kind and id; its recipient; and its end."""

    kind: str
    ticket_id: UUID
    person_id: UUID
    until: datetime

    @property
    def stream(self) -> str:
        """Return the name of the ticket's stream."""
        return stream(self.kind, self.ticket_id)

    def token(self, sign: Sign) -> str:
        """Return the link's token; `sign` returns the keyed fingerprint of texts. `until` counts in whole
        seconds.
        """
        message = (
            self.ticket_id.bytes
            + self.person_id.bytes
            + int(self.until.timestamp()).to_bytes(_END, "big")
            + self.kind.encode("ascii")
        )
        return base64.urlsafe_b64encode(_mac(message, sign) + message).decode("ascii").rstrip("=")

    def has_expired(self, now: datetime) -> bool:
        """Return whether the link is no longer valid."""
        return now >= self.until


def parse(token: str, sign: Sign) -> RatingLink:
    """Return the link of a token. Raises InvalidRatingToken."""
    if not token.isascii() or len(token) > LONGEST_TOKEN:
        raise InvalidRatingToken
    try:
        plain = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise InvalidRatingToken from error
    # Text that decodes to the same bytes in another way is no token of ours, either.
    if len(plain) <= _FIXED or base64.urlsafe_b64encode(plain).decode().rstrip("=") != token:
        raise InvalidRatingToken
    mac, message = plain[:_MAC], plain[_MAC:]
    if not hmac.compare_digest(mac, _mac(message, sign)):
        raise InvalidRatingToken
    until = int.from_bytes(message[2 * _ID : 2 * _ID + _END], "big")
    return RatingLink(
        kind=message[2 * _ID + _END :].decode("ascii"),
        ticket_id=UUID(bytes=message[:_ID]),
        person_id=UUID(bytes=message[_ID : 2 * _ID]),
        until=datetime.fromtimestamp(until, UTC),
    )


def _mac(message: bytes, sign: Sign) -> bytes:
    return bytes.fromhex(sign(_PURPOSE, message.hex()))[:_MAC]
