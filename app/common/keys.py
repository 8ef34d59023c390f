"""The text of an API key, `ldk_<id>_<secret>`, and its scope (pure). The secret is shown once; only its hash
is stored.
"""

from __future__ import annotations

import base64
import os
from hashlib import sha256
from uuid import UUID

from app.common.records import CodeEnum

PREFIX = "ldk_"
SECRET_BYTES = 32


class KeyScope(CodeEnum):
    """The scope that limits an API key to one purpose, whatever the roles of its person permit."""

    calendar = "calendar", "Read the change calendar", "只读变更日历"
    scim = "scim", "Provision people and groups by SCIM", "仅通过 SCIM 同步人员和组"


def new_secret() -> str:
    """Return a new random secret."""
    return base64.urlsafe_b64encode(os.urandom(SECRET_BYTES)).decode("ascii").rstrip("=")


def hash_of(secret: str) -> str:
    """Return the hash of a secret, in hex, to be stored. It has 256 random bits, so a plain hash is
    enough.
    """
    return sha256(secret.encode("utf-8")).hexdigest()


def token(key_id: UUID, secret: str) -> str:
    """Return the token that a client sends: `Authorization: Bearer ldk_…`."""
    return f"{PREFIX}{key_id.hex}_{secret}"


def parse(text: str) -> tuple[UUID, str] | None:
    """Return the id and the secret of a token; None if the text is not one."""
    if not text.startswith(PREFIX):
        return None
    key_id, _, secret = text.removeprefix(PREFIX).partition("_")
    try:
        return UUID(key_id), secret
    except ValueError:
        return None
