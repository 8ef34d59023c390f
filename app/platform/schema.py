"""The database's schema: migrated by its owner, checked by every other process."""

from __future__ import annotations

import contextlib
from functools import cache
from pathlib import Path

import psycopg
import sqlalchemy
from psycopg import sql
from sqlalchemy import create_engine, pool, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from app.platform.failures import WrongUse

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
CONNECT_SECONDS = 10
NO_ADDRESS = "LEDGERDESK_OWNER_URL is not the address of a database."

#: The first revision of the migrations. No migration leads on from the older revisions of early databases.
BASELINE = "1001"


class SchemaError(WrongUse):
    """The database does not have the schema that this version of the program needs."""


class SchemaTooOldError(SchemaError):
    """The database was made before the baseline, so that no migration brings it up to date.

    `remedy` is a sentence with the remedy.
    """

    def __init__(
        self, revision: str, remedy: str = "Name an empty database, and leave this one as it is."
    ) -> None:
        super().__init__(
            f"The database has the schema {revision}, of a version before the first release. This version "
            f"cannot read it and does not change it. {remedy}"
        )
        self.revision = revision


@cache
def newest() -> str:
    """Return the revision that this version of the program needs: the last one, since the files of migrations
    are named by their revisions, and a new one never gets a number before another.
    """
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrate(owner_url: str, service_role: str | None, revision: str = "head") -> str | None:
    """Migrate the schema as its owner, and grant `service_role` its use (None: the owner serves too). To an
    earlier revision than the newest only tests go, which make databases as a release had them.

    Return the revision that the database was at before, None if it was empty.

    Raises SchemaTooOldError if the database was made before the baseline, SchemaError if by a later version
    than this one or if the service's role does not exist, psycopg.Error if the database cannot be reached.
    """
    from alembic import command  # noqa: PLC0415  # only migrating needs it, which takes a while to load
    from alembic.config import Config  # noqa: PLC0415  # the same

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        engine = create_engine(sqlalchemy_url(owner_url), poolclass=pool.NullPool)
        with engine.connect() as connection:
            before = _revision(connection)
            _refuse_unknown(before)
            config.attributes["connection"] = connection
            # In one transaction with the migrations, so that the newest schema always comes with its grants.
            if service_role is not None:
                config.attributes["grants"] = _grants(connection, service_role)
            command.upgrade(config, revision)
        return before
    except DBAPIError as error:
        raise psycopg.Error(str(error.orig)) from error
    except (ArgumentError, ValueError) as error:  # ValueError for a port that is no number
        raise SchemaError(NO_ADDRESS) from error


def _grants(connection: sqlalchemy.Connection, service_role: str) -> str:
    """Return the statements that grant the service's role access. Raises SchemaError if there is no such
    role.
    """
    rows = connection.execute(text("select 1 from pg_roles where rolname = :role"), {"role": service_role})
    if rows.first() is None:
        raise SchemaError(
            f"The service's role {service_role} does not exist. Create it once, as an administrator of the "
            f"database: create role {service_role} login password '…';"
        )
    statements = (MIGRATIONS / "grants.sql").read_text(encoding="utf-8")
    return sql.SQL(statements).format(role=sql.Identifier(service_role)).as_string()


def _revision(connection: sqlalchemy.Connection) -> str | None:
    """Return the revision that the database is at, None if it has never been migrated."""
    if connection.scalar(text("select to_regclass('plumbing.migration')")) is None:
        return None
    revision: str | None = connection.scalar(text(CURRENT))
    return revision


def _refuse_unknown(revision: str | None) -> None:
    """Raise SchemaError if no migration leads on from that revision."""
    if revision is not None and revision < BASELINE:
        raise SchemaTooOldError(revision)
    if revision is not None and revision > newest():
        raise SchemaError(
            f"The database has the schema {revision}, newer than {newest()} of this version, and the "
            "migrations in between change existing tables. Use the newer version, or restore the backup "
            "from before the upgrade."
        )


#: Selects the revision of a migrated database.
CURRENT = "select version_num from plumbing.migration"


#: Says whether a program that needs the revision `needed` can work with the schema: it is its own, or a later
#: one to which every migration since has only added.
FITS = """
select m.version_num = %(needed)s or (m.version_num > %(needed)s and coalesce(
  (select bool_and(c.adds_only) from plumbing.schema_change c where c.revision > %(needed)s), false))
from plumbing.migration m"""


def only_adds_since(url: str) -> bool:
    """Say whether every migration of the database since this program's schema only adds to it."""
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        row = connection.execute(FITS.encode(), {"needed": newest()}).fetchone()
    return row is not None and bool(row[0])


def current(url: str) -> str | None:
    """Return the revision that the database is at; None if it has never been migrated."""
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        if connection.execute("select to_regclass('plumbing.migration')").fetchone() == (None,):
            return None
        row = connection.execute(CURRENT).fetchone()
    return None if row is None else str(row[0])


def current_if_available(url: str) -> str | None:
    """Return the revision as `current` does, for the server's log; None, too, if the database is gone."""
    with contextlib.suppress(psycopg.Error):
        return current(url)
    return None


def check(url: str) -> None:
    """Check that the schema fits this program: it is its own, or a later one to which was only added. Raises
    SchemaError, with the command that mends it.
    """
    present, needed = current(url), newest()
    if present is not None and present > needed and only_adds_since(url):
        return
    _refuse_unknown(present)
    if present != needed:
        raise SchemaError(
            f"The database's schema is {present or 'empty'}, but this program needs {needed}. Run "
            "`ledgerdesk migrate` with LEDGERDESK_OWNER_URL set, then start again."
        )


def owns_the_log(url: str) -> bool:
    """Say whether this role could disable the guards of the log: its owner, a member of that role, or a
    superuser.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        row = connection.execute(
            "select pg_has_role(relowner, 'usage') "
            "or (select rolsuper from pg_roles where rolname = current_user) "
            "from pg_class where oid = to_regclass('log.event')"
        ).fetchone()
    return row is not None and bool(row[0])


def sqlalchemy_url(url: str) -> str:
    """Return the address for SQLAlchemy, which needs the driver's name in it. Raises SchemaError."""
    _, separator, place = url.partition("://")
    if not separator:
        raise SchemaError(NO_ADDRESS)
    return f"postgresql+psycopg://{place}"
