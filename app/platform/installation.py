"""The installation's database and secrets: located by the settings, or an embedded database that is started
and prepared here.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import structlog

from app.platform import schema
from app.platform.embedded import (
    CLUSTER,
    PATIENCE_SECONDS,
    EmbeddedError,
    EmbeddedPostgres,
    embedded_server,
)
from app.platform.failures import WrongUse
from app.platform.files.directories import data_directory, secrets_directory
from app.platform.settings import Settings
from app.platform.startup import retry_step

logger = structlog.get_logger()

DATABASE = "ledgerdesk"
OWNER_ROLE = "ledgerdesk_owner"
SERVICE_ROLE = "ledgerdesk"
SUPERUSER = "postgres"
# The seconds between two checks that the embedded server is alive.
WATCH_SECONDS = 1.0


class InstallationError(WrongUse):
    """The installation cannot be used as it is set up; the message has the remedy."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The addresses of an installation's database, and its folder of secrets.

    `owner_url` is None if only the service's role is known. `data_dir` is the folder of an embedded database;
    None: it is not embedded. `migrated_from` is the revision that an embedded database was at before it was
    opened; None if it was empty.
    """

    url: str
    owner_url: str | None
    secrets_dir: Path
    data_dir: Path | None
    migrated_from: str | None = None

    @property
    def embedded(self) -> bool:
        """Whether the database runs here, as a part of the installation."""
        return self.data_dir is not None


@contextlib.contextmanager
def open_installation(settings: Settings, *, watched: bool = False) -> Iterator[Installation]:
    """Open the installation for the block.

    An embedded database is started if it does not run, joined if it does, and migrated. `watched`: it is
    restarted if it dies during the block. Raises EmbeddedError, InstallationError, SchemaError,
    psycopg.Error.
    """
    data_dir = data_directory(settings)
    secrets_dir = secrets_directory(settings)
    if settings.database_url is not None:
        yield Installation(settings.database_url, settings.owner_url, secrets_dir, data_dir=None)
        return
    seconds = settings.database_wait_seconds if watched else 0
    opening = embedded_server(data_dir, patience=max(PATIENCE_SECONDS, seconds))
    with opening as server, _watched(server) if watched else contextlib.nullcontext():
        # The server may die at this point; the watching thread restarts it.
        yield retry_step(
            lambda: _prepared_installation(server, secrets_dir), server.url("postgres", SUPERUSER), seconds
        )


@contextlib.contextmanager
def open_unchanged(settings: Settings) -> Iterator[Installation]:
    """Open the installation for the block as it is: an embedded database is started if it does not run, and
    is not migrated. Raises EmbeddedError, InstallationError if it does not exist yet.
    """
    data_dir = data_directory(settings)
    secrets_dir = secrets_directory(settings)
    if settings.database_url is not None:
        yield Installation(settings.database_url, settings.owner_url, secrets_dir, data_dir=None)
        return
    if not (data_dir / CLUSTER / "PG_VERSION").exists():
        raise InstallationError(
            f"There is no embedded database in {data_dir} yet. `ledgerdesk serve` creates one."
        )
    with embedded_server(data_dir) as server:
        url, owner_url = server.url(DATABASE, SERVICE_ROLE), server.url(DATABASE, OWNER_ROLE)
        yield Installation(url, owner_url, secrets_dir, data_dir=server.data_dir)


@contextlib.contextmanager
def _watched(server: EmbeddedPostgres) -> Iterator[None]:
    """Restart the server whenever it dies, from a thread, so that the event loop is not blocked."""
    ended = threading.Event()

    def watch() -> None:
        reported = ""
        while not ended.wait(WATCH_SECONDS):
            # A failed restart is tried again; meanwhile clients get the answer that the database is
            # unavailable.
            try:
                why = server.revive()
            except (EmbeddedError, OSError) as error:
                reason = str(error).partition("\n")[0]
                # Report once, however often it is tried: other messages of PostgreSQL contain the time.
                if reason != reported:
                    logger.warning("PostgreSQL does not start; trying again", why=str(error))
                reported = reason
            else:
                if why is not None:
                    logger.warning("PostgreSQL had stopped and was started again", why=why)
                    reported = ""

    thread = threading.Thread(target=watch, name="watch PostgreSQL", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _prepared_installation(server: EmbeddedPostgres, secrets_dir: Path) -> Installation:
    """Create the embedded database's roles, database and schema as needed, and return the installation."""
    with psycopg.connect(
        server.url("postgres", SUPERUSER), autocommit=True, connect_timeout=schema.CONNECT_SECONDS
    ) as administrator:
        for role in (OWNER_ROLE, SERVICE_ROLE):
            with contextlib.suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                administrator.execute(f"create role {role} login".encode())
        with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            administrator.execute(f"create database {DATABASE} owner {OWNER_ROLE}".encode())
    url, owner_url = server.url(DATABASE, SERVICE_ROLE), server.url(DATABASE, OWNER_ROLE)
    before = schema.current(owner_url)
    is_ahead = before is not None and before > schema.newest() and schema.only_adds_since(owner_url)
    if before != schema.newest() and not is_ahead:
        try:
            schema.migrate(owner_url, SERVICE_ROLE)
        except schema.SchemaTooOldError as error:
            remedy = f"Move the folder {server.data_dir} away and start again: a new one is made."
            raise schema.SchemaTooOldError(error.revision, remedy) from error
    return Installation(url, owner_url, secrets_dir, data_dir=server.data_dir, migrated_from=before)


def check(installation: Installation, settings: Settings, *, patient: bool = False) -> None:
    """Check that the schema fits and that the service does not run as the log's owner. Raises SchemaError,
    InstallationError. `patient`: wait for a database that is not up yet, as long as the settings allow.
    """
    seconds = settings.database_wait_seconds if patient else 0
    retry_step(lambda: _check(installation, settings), installation.url, seconds)


def _check(installation: Installation, settings: Settings) -> None:
    schema.check(installation.url)
    if not installation.embedded and not settings.allow_owner and schema.owns_the_log(installation.url):
        raise InstallationError(
            "The role in LEDGERDESK_DATABASE_URL owns the log and could disable its guards. Use the "
            "service's role there and the owner in LEDGERDESK_OWNER_URL, or accept the risk with "
            "LEDGERDESK_ALLOW_OWNER=1."
        )


def owner_address(installation: Installation, settings: Settings) -> str:
    """Return the address of the database as its owner. Raises InstallationError if it is not known."""
    address = installation.owner_url or (installation.url if settings.allow_owner else None)
    if address is None:
        raise InstallationError("Set LEDGERDESK_OWNER_URL to the database as the role that owns the tables.")
    return address


def role_of(url: str) -> str | None:
    """Return the role that the database address logs in as; None without one."""
    return urlsplit(url).username
