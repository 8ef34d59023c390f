"""Secrets that a client brings back, such as a cookie: the id of what it opens, a secret, and a MAC.

A secret without our MAC is refused before the database is read, so guesses need no limit, and a limit can
never lock out the owner of a valid secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from app.common.keys import new_secret
from app.log.ids import uuid7

LONGEST_VALUE = 200
#: A keyed fingerprint of texts, in hex.
Sign = Callable[..., str]


@dataclass(frozen=True, slots=True)
class SignedSecret:
    """A secret of ours. `purpose` keeps one for something else from being taken for it."""

    purpose: str
    id: UUID
    secret: str

    def value(self, sign: Sign) -> str:
        """Return the text that the client gets; `sign` returns the keyed fingerprint of texts."""
        return f"{self.id.hex}.{self.secret}.{sign(self.purpose, self.id.hex, self.secret)}"


def new_signed_secret(purpose: str) -> SignedSecret:
    """Return a new secret for that purpose."""
    return SignedSecret(purpose, uuid7(), new_secret())


def parse_signed_secret(value: str, purpose: str, sign: Sign) -> SignedSecret | None:
    """Return the content of the text; None if it was not signed here for that purpose."""
    name, _, rest = value.partition(".")
    if not value.isascii() or len(value) > LONGEST_VALUE:
        return None
    try:
        parsed = SignedSecret(purpose, UUID(hex=name), rest.partition(".")[0])
    except ValueError:
        return None
    return parsed if hmac.compare_digest(parsed.value(sign), value) else None
