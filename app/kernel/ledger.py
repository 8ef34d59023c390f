"""The services of a process that performs commands: the log's writer, the read connections, the vault, the
directory, the numbers.

Opened once per process, by the API, the worker or a CLI command.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

import psycopg

from app.common.people import RoleLabels
from app.common.personal import LOGIN, SCIM_USER_NAME
from app.kernel.access.directory import CACHED_KINDS, Directory
from app.kernel.access.vault import Vault, master_key, open_vault
from app.kernel.actions.actor_policy import ActorPolicy
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import Forbidden
from app.kernel.new_events import NewEvents
from app.kernel.numbers import Numbers
from app.kernel.replicas import Replica
from app.log import follow, read
from app.log.writer import Writer
from app.platform.db import Database, DatabaseGone
from app.platform.settings import PREFIX, Settings, SettingsError, read_role_labels
from app.platform.startup import WaitBudget, retry_until_available

# How long a stale name, a revoked API key or a destroyed key may stay cached in this process if the
# notification is lost.
POLL_SECONDS = 1.0


class Ledger:
    """The services of one process. Use `open_ledger`."""

    def __init__(
        self,
        db: Database,
        writer: Writer,
        vault: Vault,
        lifecycles: dict[str, Lifecycle[Any]],
        settings: Settings,
    ) -> None:
        #: The database that is read: a replica's, in what `reading` returns.
        self.db = db
        #: The database that is written to, of which others are replicas.
        self.primary = db
        #: Replica from which lists, KPIs and the feed are read; None without a replica.
        self.replica: Replica | None = None
        self.lifecycles = lifecycles
        self.writer = writer
        self.vault = vault
        self.settings = settings
        self.directory = Directory(db)
        self.role_labels = _role_labels(settings)
        self.numbers = Numbers(db, ZoneInfo(settings.time_zone))
        #: Idempotency keys of commands that are being performed in this process.
        self.running: set[tuple[str, str, str]] = set()
        self.new_events = NewEvents()
        self._retry_locks: WeakValueDictionary[tuple[str, str | None], asyncio.Lock] = WeakValueDictionary()

    @property
    def known_position(self) -> int:
        """The newest position of the log that this process has written or heard of."""
        return max(self.writer.position, self.new_events.position, 0)

    def reading(self, db: Database) -> Ledger:
        """Return these services, reading records from that database. Authentication and permissions go on to
        read the primary: directory, vault, keys and numbers.
        """
        reader = copy.copy(self)
        reader.db = db
        return reader

    def retry_lock(self, kind: str, name: str | None) -> asyncio.Lock:
        """Return the lock for retries of commands on that record: commands of this process that met a
        conflict retry one after the other.
        """
        return self._retry_locks.setdefault((kind, name), asyncio.Lock())

    def external_id_fingerprint(self, source: str, name: str) -> str:
        """Return the fingerprint of a person's name in that source. A login is a claim of an identity
        provider, both named in the settings: the same name at another provider is another person's.
        """
        if source == SCIM_USER_NAME:
            name = name.casefold()
        if source != LOGIN:
            return self.vault.fingerprint("known as", source, name)
        issuer, claim = self.settings.oidc_issuer or "", self.settings.oidc_login_claim
        return self.vault.fingerprint("known as", source, issuer, claim, name)

    def address_fingerprint(self, address: str) -> str:
        """Return the fingerprint of an e-mail address; case makes no difference."""
        return self.vault.fingerprint("address", address.strip().casefold())

    def forbidden(self, policy: ActorPolicy, language: str) -> Forbidden:
        """Return the refusal for a caller that the actor policy `policy` does not allow to act."""
        return Forbidden({"who": policy.phrase(language, self.role_labels)})

    def forget(self) -> None:
        """Drop the cached persons, teams, API keys and configuration, and the keys of personal data."""
        self.directory.forget()
        self.vault.forget()

    def invalidate(self, kinds: set[str]) -> None:
        """Drop the caches that changes of these kinds of streams invalidate."""
        if kinds & CACHED_KINDS:
            self.forget()

    def on_notification(self, text: str) -> None:
        """Handle the text of a notification: the head's position, and the kinds of the changed streams."""
        position, _, kinds = text.partition(" ")
        self.invalidate(set(kinds.split(",")))
        self.new_events.announce(int(position))
        if self.replica is not None:
            self.replica.note_head(int(position))

    def on_position(self, position: int) -> None:
        """Handle the log's head position, when no further notification has arrived. NOTIFY is a hint: if the
        head has moved without one, all caches are dropped.
        """
        if position > self.new_events.position:
            self.forget()
            self.new_events.announce(position)
        if self.replica is not None:
            self.replica.note_head(position)


def _role_labels(settings: Settings) -> RoleLabels:
    """Return the organisation's labels of the roles. Raises SettingsError."""
    try:
        return RoleLabels.from_setting(read_role_labels(settings.role_labels))
    except ValueError as error:
        raise SettingsError(f"{PREFIX}ROLE_LABELS cannot be used: {error}.") from error


@contextlib.asynccontextmanager
async def open_ledger(
    url: str,
    secrets_dir: Path,
    lifecycles: dict[str, Lifecycle[Any]],
    settings: Settings,
    *,
    patient: bool = False,
    listens: bool = True,
) -> AsyncIterator[Ledger]:
    """Open a ledger, until the block ends. `lifecycles` by kind. `patient`: wait for an unavailable database,
    as long as the settings allow. Without `listens` the caller passes notifications on. Raises DatabaseGone,
    VaultError, SettingsError.
    """
    patience = WaitBudget(settings.database_wait_seconds if patient else 0)
    db = Database(url, settings.read_connections)
    await db.open()
    writer = Writer(url)
    listener: asyncio.Task[None] | None = None
    ledger: Ledger | None = None
    try:
        master = master_key(secrets_dir)
        vault = await retry_until_available(lambda: open_vault(db, master), patience)
        await retry_until_available(writer.open, patience)
        ledger = Ledger(db, writer, vault, lifecycles, settings)
        if listens and settings.read_url is not None:
            ledger.replica = Replica(
                settings.read_url, settings.read_connections, db, settings.read_staleness_seconds
            )
            ledger.replica.open()
        if listens:
            listener = asyncio.create_task(_listen(url, ledger), name="news of the log")
        yield ledger
    finally:
        if listener is not None:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
        if ledger is not None and ledger.replica is not None:
            await ledger.replica.close()
        await writer.close()
        await db.close()


async def _listen(url: str, ledger: Ledger) -> None:
    """Drop caches when the log announces changes."""
    while True:
        try:
            async with follow.log_listener(url) as news:
                ledger.forget()
                if ledger.replica is not None:
                    ledger.replica.doubt()
                    ledger.on_position(await read.head(ledger.db))
                while True:
                    texts = await news(POLL_SECONDS)
                    for text in texts:
                        ledger.on_notification(text)
                    if not texts:
                        ledger.on_position(await read.head(ledger.db))
        # ValueError: a foreign notification. After any failure all caches are dropped on reconnecting.
        except (DatabaseGone, psycopg.Error, OSError, ValueError):
            await asyncio.sleep(POLL_SECONDS)
