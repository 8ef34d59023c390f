"""Heads of the tree: their content, signature, and exported file. Pure.

A head file is what an auditor keeps:

    {"head": {…}, "public_key": "…", "signature": "…"}

Signed (Ed25519, RFC 8032) are the canonical bytes (RFC 8785) of `head`:

    blinding      SHA-256 of the secret that hides what is withheld of events
    installation  which log it is of
    key           the key that signs: SHA-256 of its public part
    next_key      the key that signs from now on, if that is another one; else null
    number        of the head, from 1, without gaps
    previous      SHA-256 of the signed bytes of the head before; null for the first
    root          root of the tree over positions 1 to size
    sealed_at     when it was sealed
    size          the last position that it covers
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.log.canonical import canonical, from_instant, instant

#: A file of a head is smaller than this many bytes.
LARGEST_FILE = 4_096
_MEMBERS = frozenset(
    ("blinding", "installation", "key", "next_key", "number", "previous", "root", "sealed_at", "size")
)


class UnreadableHead(ValueError):
    """The bytes are not a head of a log; the message has the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """Content of a head; hashes in hexadecimal digits."""

    number: int
    size: int
    root: str
    sealed_at: datetime
    previous: str | None
    installation: str
    blinding: str
    key: str
    next_key: str | None = None

    def signed_bytes(self) -> bytes:
        """Return the bytes that are signed."""
        members = {name: getattr(self, name) for name in _MEMBERS}
        return canonical(members | {"sealed_at": instant(self.sealed_at)})

    @classmethod
    def from_bytes(cls, document: bytes) -> TreeHead:
        """Return the head whose signed bytes these are. Raises UnreadableHead."""
        try:
            members = orjson.loads(document)
            head = cls(**(members | {"sealed_at": from_instant(members["sealed_at"])}))
            is_canonical = head.signed_bytes() == document
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UnreadableHead("it lacks fields of a head") from error
        if not is_canonical or not isinstance(head.size, int) or not isinstance(head.number, int):
            raise UnreadableHead("it is not in canonical form")
        return head


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head as it was signed."""

    document: bytes
    signature: bytes
    public_key: bytes

    @property
    def head(self) -> TreeHead:
        """Return its content. Raises UnreadableHead."""
        return TreeHead.from_bytes(self.document)

    @property
    def hash(self) -> str:
        """Return the hash by which the next head names this one, in hexadecimal digits."""
        return sha256(self.document).hexdigest()

    def is_signed(self) -> bool:
        """Return whether the signature is that of the key which the head names. Raises UnreadableHead."""
        if key_name(self.public_key) != self.head.key:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(self.signature, self.document)
        except (InvalidSignature, ValueError):
            return False
        return True

    def members(self) -> dict[str, Any]:
        """Return it as JSON data, as in its file."""
        return {
            "head": orjson.loads(self.document),
            "public_key": base64.b64encode(self.public_key).decode(),
            "signature": base64.b64encode(self.signature).decode(),
        }

    def file_bytes(self) -> bytes:
        """Return the content of its file, the same each time."""
        return orjson.dumps(self.members(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    @property
    def file_name(self) -> str:
        """Return the name of its file, which sorts by number."""
        return f"head-{self.head.number:012d}.json"


def read_head_file(content: bytes) -> SignedHead:
    """Return the head of a file. Raises UnreadableHead."""
    if len(content) > LARGEST_FILE:
        raise UnreadableHead(f"it is larger than {LARGEST_FILE} bytes")
    try:
        members = orjson.loads(content)
        document = canonical(members["head"])
        signed = SignedHead(document, *(_decoded(members[name]) for name in ("signature", "public_key")))
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableHead("it is not an exported head") from error
    _ = signed.head
    return signed


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def key_name(public_key: bytes) -> str:
    """Return the name of a key: the hash of its public part, in hexadecimal digits."""
    return sha256(public_key).hexdigest()


def sign(head: TreeHead, key: Ed25519PrivateKey) -> SignedHead:
    """Return the head, signed."""
    document = head.signed_bytes()
    return SignedHead(document, key.sign(document), key.public_key().public_bytes_raw())
