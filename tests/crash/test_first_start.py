"""A first start that was killed in the middle: the next one makes the rest."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.platform import installation, schema
from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, OWNER_ROLE, SERVICE_ROLE, SUPERUSER
from app.platform.settings import Settings
from tests.extent import in_test_all

FAST = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A data directory that PostgreSQL's own user may reach, with a server that runs."""
    folder_made = Path(tempfile.mkdtemp(prefix="ledgerdesk-"))
    folder_made.chmod(0o711)
    with embedded_server(folder_made, FAST):
        yield folder_made
    shutil.rmtree(folder_made)


@pytest.fixture
def owner_url(folder: Path) -> str:
    """The database as it is just after it was made, without anything in it."""
    server = embedded_server(folder)
    with psycopg.connect(server.url("postgres", SUPERUSER), autocommit=True) as administrator:
        administrator.execute(f"drop database if exists {DATABASE} with (force)".encode())
        for role in (OWNER_ROLE, SERVICE_ROLE):
            administrator.execute(f"drop role if exists {role}".encode())
            administrator.execute(f"create role {role} login".encode())
        administrator.execute(f"create database {DATABASE} owner {OWNER_ROLE}".encode())
    return server.url(DATABASE, OWNER_ROLE)


def starts(folder: Path, settings: Settings) -> None:
    """Whether it starts now, and the service's role can do its work."""
    with installation.open_installation(settings.model_copy(update={"data_dir": folder})) as place:
        installation.check(place, settings)
        with psycopg.connect(place.url, autocommit=True) as service:
            assert service.execute("select position from log.head").fetchone() == (0,)
            assert service.execute("select count(*) from log.told").fetchone() == (0,)


@in_test_all
def test_after_the_database_was_made(folder: Path, owner_url: str, settings: Settings) -> None:
    starts(folder, settings)


@in_test_all
def test_when_the_first_schema_was_made_and_nothing_in_it(
    folder: Path, owner_url: str, settings: Settings
) -> None:
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("create schema plumbing")
    starts(folder, settings)


@in_test_all
def test_whoever_finds_the_newest_schema_is_let_in(folder: Path, owner_url: str, settings: Settings) -> None:
    """Who may do what is said in the transaction that makes the schema: nothing comes between the two."""
    schema.migrate(owner_url, SERVICE_ROLE)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        transactions = owner.execute(
            "select xmin::text from plumbing.migration union "
            "select xmin::text from pg_namespace where nspname in ('log', 'fold', 'vault') union "
            "select xmin::text from pg_class where oid in ('log.event'::regclass, 'fold.incident'::regclass)"
        ).fetchall()
    assert len(transactions) == 1, "one transaction"
    starts(folder, settings)


def test_when_the_role_that_is_to_be_let_in_is_not_there_nothing_is_made(owner_url: str) -> None:
    with pytest.raises(schema.SchemaError, match="create role nobody_here"):
        schema.migrate(owner_url, "nobody_here")
    assert schema.current(owner_url) is None


@in_test_all
def test_to_migrate_again_lets_in_whoever_was_left_out(
    folder: Path, owner_url: str, settings: Settings
) -> None:
    schema.migrate(owner_url, None)
    schema.migrate(owner_url, SERVICE_ROLE)
    starts(folder, settings)
