"""The cache of keys of personal fields in a process: fetched, unwrapped, and dropped when they are
destroyed.
"""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from app.common.personal import KEY_BYTES, Ciphertext, Fingerprints, MasterKey, PersonalKey
from app.kernel.access.lru_cache import LruCache
from app.log.events import stream
from app.platform.db import Database, Row
from app.platform.failures import WrongUse

MASTER_KEY_FILE = "master.key"
LARGEST_CACHE = 50_000
AUTHOR = """
select k.id, k.wrapped, h.version
from vault.personal_key k join log.stream_head h on h.stream = 'person/' || k.person_id
where k.person_id = %s and k.under is null
"""
KEYS = """
select k.id, k.wrapped, k.under, u.wrapped as under_wrapped
from vault.personal_key k left join vault.personal_key u on u.id = k.under
where k.id = any(%s)
"""
_FINGERPRINTS = b"ledgerdesk key of fingerprints"
_REFUSED_ROW = b"ledgerdesk refused row"
_DELIVERY = b"ledgerdesk webhook delivery"
_SURVEY_KEY = b"ledgerdesk key of a survey"
_SIGN_IN = b"ledgerdesk sign-in at the provider"


class VaultError(WrongUse):
    """The master key is missing, unreadable, or another installation's."""


@dataclass(frozen=True, slots=True)
class AuthorKey:
    """A person whose texts can be stored: their key, and the version at which their stream was read."""

    key: PersonalKey
    stream: str
    version: int


class Vault:
    """The cache of personal keys and decrypted texts of one process."""

    def __init__(self, db: Database, master: MasterKey, fingerprints: Fingerprints) -> None:
        self._db = db
        self.master = master
        #: Compares names, or commands, for equality without storing either.
        self.fingerprint = fingerprints.digest
        self._authors: LruCache[UUID, AuthorKey] = LruCache(LARGEST_CACHE)
        self._texts: LruCache[str, str] = LruCache(LARGEST_CACHE)
        self._opened: LruCache[UUID, PersonalKey] = LruCache(LARGEST_CACHE)
        #: Incremented by `forget`, so that keys read before one was destroyed are not cached afterwards.
        self.epoch = 0

    def forget(self) -> None:
        """Drop all cached keys and texts; called when persons have changed."""
        self.epoch += 1
        self._authors.clear()
        self._texts.clear()
        self._opened.clear()

    async def author(self, person_id: UUID) -> AuthorKey | None:
        """Return the key of a person, for texts of theirs; None if the person was erased."""
        author = self._authors.get(person_id)
        if author is not None:
            return author
        epoch = self.epoch
        for row in await self._db.rows(AUTHOR, (person_id,)):
            author = AuthorKey(
                self.master.unwrap(row["id"], row["wrapped"]), stream("person", person_id), row["version"]
            )
            if epoch == self.epoch:
                self._authors.put(person_id, author)
        return author

    def encrypting(self, key: PersonalKey) -> Callable[[str], Ciphertext]:
        """Return a function that encrypts texts with that key, and caches them to spare their decryption."""

        def encrypt(text: str) -> Ciphertext:
            encrypted = key.encrypt(text)
            self._texts.put(encrypted, text)
            return encrypted

        return encrypt

    async def texts(self, encrypted: Iterable[str]) -> dict[str, str | None]:
        """Return by ciphertext the text; None if its key was destroyed. Runs one statement at most."""
        ciphertexts = set(encrypted)
        texts: dict[str, str | None] = {s: self._texts.get(s) for s in ciphertexts}
        missing = [s for s, text in texts.items() if text is None]
        if missing:
            epoch = self.epoch
            keys = await self._keys({Ciphertext(s).key_id for s in missing})
            for s in missing:
                key = keys.get(Ciphertext(s).key_id)
                texts[s] = text = None if key is None else key.decrypt(s)
                if text is not None and epoch == self.epoch:
                    self._texts.put(s, text)
        return texts

    async def text_key(self, key_id: UUID) -> PersonalKey | None:
        """Return the key of a single text; None if that key, or the one that wraps it, was destroyed."""
        return (await self._keys({key_id})).get(key_id)

    async def _keys(self, ids: Iterable[UUID]) -> dict[UUID, PersonalKey]:
        """Return the keys with these ids that still exist and whose wrapping key still exists."""
        key_ids = set(ids)
        keys = {key_id: key for key_id in key_ids if (key := self._opened.get(key_id)) is not None}
        if len(keys) == len(key_ids):
            return keys
        epoch = self.epoch
        for row in (await self._db.by_ids(KEYS, list(key_ids - keys.keys()))).values():
            key = unwrapped(self.master.unwrap, row)
            if key is None:
                continue
            keys[key.id] = key
            if epoch == self.epoch:
                self._opened.put(key.id, key)
        return keys

    def encrypt_refused(self, row: bytes) -> bytes:
        """Encrypt a refused row of an import, which may hold anybody's data."""
        return self.master.encrypt(_REFUSED_ROW, row)

    def decrypt_refused(self, encrypted: bytes) -> bytes:
        """Decrypt a refused row of an import."""
        return self.master.decrypt(_REFUSED_ROW, encrypted)

    def encrypt_delivery(self, content: bytes) -> bytes:
        """Encrypt what a tool has delivered, which may hold anybody's data."""
        return self.master.encrypt(_DELIVERY, content)

    def decrypt_delivery(self, encrypted: bytes) -> bytes:
        """Decrypt what a tool has delivered."""
        return self.master.decrypt(_DELIVERY, encrypted)

    def encrypt_survey_key(self, key: bytes) -> bytes:
        """Encrypt the key of a survey, whose answers wait encrypted next to the log."""
        return self.master.encrypt(_SURVEY_KEY, key)

    def decrypt_survey_key(self, encrypted: bytes) -> bytes:
        """Decrypt the key of a survey."""
        return self.master.decrypt(_SURVEY_KEY, encrypted)

    def encrypt_sign_in(self, content: bytes) -> bytes:
        """Encrypt what a browser keeps of a sign-in that it has begun."""
        return self.master.encrypt(_SIGN_IN, content)

    def decrypt_sign_in(self, encrypted: bytes) -> bytes:
        """Decrypt what a browser kept of a sign-in. Raises InvalidTag."""
        return self.master.decrypt(_SIGN_IN, encrypted)


def unwrapped(unwrap: Callable[[UUID, bytes], PersonalKey], row: Row) -> PersonalKey | None:
    """Return the key in a row of KEYS; None if its wrapping key was destroyed. `unwrap` is the master key's
    method.
    """
    if row["under"] is None:
        return unwrap(row["id"], row["wrapped"])
    if row["under_wrapped"] is None:
        return None
    return unwrap(row["under"], row["under_wrapped"]).unwrap(row["id"], row["wrapped"])


def master_key(secrets_dir: Path) -> MasterKey:
    """Return the installation's master key; created at the first start. Raises VaultError."""
    path = secrets_dir / MASTER_KEY_FILE
    try:
        secrets_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _create_key_file(path)
        return _read_key_file(path)
    except OSError as error:
        raise VaultError(f"The master key {path} cannot be read or created: {error.strerror}.") from error


def existing_master_key(secrets_dir: Path) -> MasterKey | None:
    """Return the master key in that folder, or None. Raises VaultError."""
    path = secrets_dir / MASTER_KEY_FILE
    try:
        return _read_key_file(path) if path.exists() else None
    except OSError as error:
        raise VaultError(f"The master key {path} cannot be read: {error.strerror}.") from error


def _create_key_file(path: Path) -> None:
    """Create the key file, named only when it is complete and on the disk. Among several processes the first
    wins.
    """
    descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # has mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
    finally:
        os.unlink(new)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_key_file(path: Path) -> MasterKey:
    try:
        return MasterKey(base64.b64decode(path.read_bytes().strip(), validate=True))
    except ValueError as error:
        raise VaultError(
            f"{path} is not a master key ({error}). It must contain {KEY_BYTES} bytes in base64. Restore "
            "the file that belongs to this database."
        ) from error


async def belongs_to(db: Database, master: MasterKey) -> bool:
    """Return whether this is the master key of that database, or of one without a key."""
    name: bytes | None = await db.value("select name from vault.master")
    return name is None or bytes(name) == master.name


async def open_vault(db: Database, master: MasterKey) -> Vault:
    """Return the vault of this database, bound to its master key at the first start.

    Raises VaultError if the master key is another installation's.
    """
    fresh = master.encrypt(_FINGERPRINTS, os.urandom(KEY_BYTES))
    await db.rows(
        "insert into vault.master (name, fingerprints) values (%s, %s) on conflict do nothing returning one",
        (master.name, fresh),
    )
    row = await db.row("select name, fingerprints from vault.master")
    assert row is not None
    if bytes(row["name"]) != master.name:
        raise VaultError(
            "The master key in the secrets directory does not belong to this database: names and texts "
            f"could not be read, and new ones would be lost. Restore the {MASTER_KEY_FILE} that was in use "
            "before."
        )
    return Vault(db, master, Fingerprints(master.decrypt(_FINGERPRINTS, bytes(row["fingerprints"]))))
