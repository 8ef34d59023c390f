"""A test's database is used again by the next test, if nothing but rows was changed in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import Server
from tests.databases import Databases
from tests.extent import first_of


@pytest.fixture
def databases(server: Server) -> Iterator[Databases]:
    """Databases that no other test uses."""
    usual = server.databases
    separate = Databases(usual.administrator, usual.template, f"test_again_{os.getpid()}", usual.strategy)
    yield separate
    separate.end()


def next_after(databases: Databases, statement: bytes) -> tuple[str, str]:
    """The database in which that was carried out, and the one that the next test is given."""
    with databases.lease() as name:
        address = psycopg.conninfo.make_conninfo(databases.administrator, dbname=name)
        with psycopg.connect(address) as connection:
            connection.execute(statement)
    with databases.lease() as following:
        address = psycopg.conninfo.make_conninfo(databases.administrator, dbname=following)
        with psycopg.connect(address) as connection:
            assert connection.execute("select from fold.team where key = 'x'").fetchone() is None
    return name, following


@pytest.mark.parametrize(
    "statement", first_of([b"truncate fold.team, fold.person", b"select 1", b"delete from fold.team"], 1)
)
def test_a_database_in_which_only_rows_have_changed_is_used_again(
    databases: Databases, statement: bytes
) -> None:
    name, following = next_after(databases, statement)
    assert following == name


@pytest.mark.parametrize(
    "statement",
    first_of(
        [
            b"truncate fold.team; create index on fold.team (id, key)",
            b"grant select on fold.team to public",
            b"create table more (a int)",
            b"alter table fold.team add column more int",
            b"alter table fold.team set (fillfactor = 50)",
        ],
        2,
    ),
)
def test_one_in_which_something_was_defined_is_not(databases: Databases, statement: bytes) -> None:
    name, following = next_after(databases, statement)
    assert following != name
