"""Tokens of the links by which people answer surveys (pure). Nobody can guess one, or compute it once the
survey's key is destroyed; only its hash is stored.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

TOKEN_BYTES = 24
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)
_PURPOSE = b"survey token"


def token_of(key: bytes, person_id: UUID) -> str:
    """Return the token of a participant. `key` is the survey's key, drawn at random: without it the token is
    as good as a random one.
    """
    mac = hmac.digest(key, _PURPOSE + person_id.bytes, "sha256")
    return urlsafe_b64encode(mac[:TOKEN_BYTES]).decode("ascii")


def hash_of_token(token: str) -> bytes | None:
    """Return the hash by which the token is found; None: no text like this is a token."""
    return sha256(token.encode("ascii")).digest() if _TOKEN.fullmatch(token) else None
