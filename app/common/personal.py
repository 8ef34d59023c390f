"""Personal fields: encrypted before they are stored, readable only as long as their key exists.

A value is stored as `enc1:<key id>:<nonce and ciphertext>` (AES-256-GCM) in the log and in the row's column
alike. Each person has a key of their own, wrapped by the master key. A text that can be withdrawn by itself
has a key of its own, wrapped by its author's key, and so has a file. Erasure means that the key is destroyed.
"""

from __future__ import annotations

import base64
import os
import re
from hashlib import blake2b
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "enc1:"
KEY_BYTES = 32
NONCE_BYTES = 12
_ENCRYPTED = re.compile(
    rf"{PREFIX}[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}:[A-Za-z0-9_-]+={{0,2}}"
)


class Personal:
    """Marks a field whose text can be erased: `Annotated[str, Personal()]`."""


class ExternalId:
    """Marks a personal field by which a person is found: their unique name in `source`."""

    __slots__ = ("source",)

    def __init__(self, source: str) -> None:
        self.source = source


#: The source of names at the identity provider. No imported history has a source of that name.
LOGIN = "(login)"


#: That of `userName` in SCIM, which is the same in any case of its letters (RFC 7643, 4.1.1).
SCIM_USER_NAME = "(scim user name)"
#: That of `externalId` in SCIM.
SCIM_EXTERNAL_ID = "(scim external id)"
#: The sources of names that are no public names of persons, and go with the person.
ACCOUNT_SOURCES = (LOGIN, SCIM_USER_NAME, SCIM_EXTERNAL_ID)


class Ciphertext(str):
    """The ciphertext of a personal field, as a row or an event holds it."""

    __slots__ = ()

    @property
    def key_id(self) -> UUID:
        """Return the id of the key that decrypts the text."""
        return UUID(self.split(":", 2)[1])


class PlainText(str):
    """A plain text among other values that must be encrypted before it is stored."""

    __slots__ = ()


def is_encrypted(text: str) -> bool:
    """Return whether the text has the form of a ciphertext."""
    return _ENCRYPTED.fullmatch(text) is not None


class PersonalKey:
    """A key of personal fields, unwrapped."""

    __slots__ = ("_cipher", "id")

    def __init__(self, key_id: UUID, secret: bytes) -> None:
        self.id = key_id
        self._cipher = AESGCM(secret)

    def encrypt(self, text: str) -> Ciphertext:
        """Encrypt a text; two calls return different ciphertexts."""
        body = _encrypt(self._cipher, text.encode("utf-8"), _associated_data(self.id))
        return Ciphertext(f"{PREFIX}{self.id}:{base64.urlsafe_b64encode(body).decode('ascii')}")

    def decrypt(self, encrypted: str) -> str | None:
        """Return the decrypted text; None if it was not encrypted with this key, or was altered."""
        try:
            body = base64.urlsafe_b64decode(encrypted.split(":", 2)[2])
            return _decrypt(self._cipher, body, _associated_data(self.id)).decode("utf-8")
        except (InvalidTag, ValueError):
            return None

    def encrypt_chunk(self, number: int, chunk: bytes) -> bytes:
        """Encrypt a chunk of a file. It can be decrypted only as the chunk of that number."""
        return _encrypt(self._cipher, chunk, _chunk_associated_data(self.id, number))

    def decrypt_chunk(self, number: int, encrypted: bytes) -> bytes:
        """Decrypt the chunk of that number. Raises InvalidTag if it is another chunk, or was altered."""
        return _decrypt(self._cipher, encrypted, _chunk_associated_data(self.id, number))

    def wrap_new_key(self, key_id: UUID) -> tuple[PersonalKey, bytes]:
        """Return a new key for one text or file, and its stored form: wrapped by this key."""
        return _new_wrapped_key(self._cipher, key_id)

    def unwrap(self, key_id: UUID, wrapped: bytes) -> PersonalKey:
        """Return a key that `wrap_new_key` has wrapped."""
        return PersonalKey(key_id, _decrypt(self._cipher, wrapped, _associated_data(key_id)))


class MasterKey:
    """The key that wraps personal keys: a secret of the installation, which is never in the database."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, but this one has {len(secret)}")
        self._wrapping = AESGCM(self._derive(secret, b"ledgerdesk wrap personal keys"))
        #: Identifies the master key without revealing it.
        self.name = self._derive(secret, b"ledgerdesk name of the master key")[:16]

    @staticmethod
    def _derive(secret: bytes, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)

    def wrap_new_key(self, key_id: UUID) -> tuple[PersonalKey, bytes]:
        """Return a new personal key, and its stored form: wrapped by the master key."""
        return _new_wrapped_key(self._wrapping, key_id)

    def unwrap(self, key_id: UUID, wrapped: bytes) -> PersonalKey:
        """Return a stored personal key. Raises InvalidTag if another master key wrapped it."""
        return PersonalKey(key_id, _decrypt(self._wrapping, wrapped, _associated_data(key_id)))

    def encrypt(self, purpose: bytes, body: bytes) -> bytes:
        """Encrypt bytes that belong to no single person: a refused row of an import, the key of
        fingerprints.
        """
        return _encrypt(self._wrapping, body, purpose)

    def decrypt(self, purpose: bytes, encrypted: bytes) -> bytes:
        """Decrypt bytes that `encrypt` encrypted for that purpose. Raises InvalidTag."""
        return _decrypt(self._wrapping, encrypted, purpose)


class Fingerprints:
    """Keyed hashes of texts: equal for equal texts, and useless to anybody without the key."""

    def __init__(self, secret: bytes) -> None:
        self._hasher = blake2b(key=secret, digest_size=16)

    def digest(self, *parts: str) -> str:
        """Return the fingerprint of these texts, in their order: 32 hex digits."""
        hasher = self._hasher.copy()
        hasher.update("\x00".join(parts).encode("utf-8", "surrogatepass"))
        return hasher.hexdigest()


def _new_wrapped_key(wrapping: AESGCM, key_id: UUID) -> tuple[PersonalKey, bytes]:
    secret = os.urandom(KEY_BYTES)
    return PersonalKey(key_id, secret), _encrypt(wrapping, secret, _associated_data(key_id))


def _encrypt(cipher: AESGCM, body: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, body, bound_to)


def _decrypt(cipher: AESGCM, body: bytes, bound_to: bytes) -> bytes:
    return cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], bound_to)


def _associated_data(key_id: UUID) -> bytes:
    return PREFIX.encode() + key_id.bytes


def _chunk_associated_data(key_id: UUID, number: int) -> bytes:
    return b"chunk1:" + key_id.bytes + number.to_bytes(4, "big")
