"""The database refuses to change what was written, whoever asks; the service's role may only append."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.log.writer import Writer
from tests.conftest import DatabaseUrls
from tests.log.commands import a_team

REFUSED = "LD001"
TABLES = ("log.event", "log.event_0000", "log.event_0009")
CHANGES = (
    "update {} set actor = 'rule:somebody_else'",
    "update {} set actor = actor where false",
    "delete from {}",
    "delete from {} where position = 1",
    "truncate {}",
    "truncate {} cascade",
)


@pytest.fixture
async def written(place: DatabaseUrls, log: Writer) -> DatabaseUrls:
    """A database whose log is not empty."""
    await log.write(a_team("one"))
    return place


@pytest.fixture
def as_owner(written: DatabaseUrls) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(written.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def as_service(written: DatabaseUrls) -> Iterator[psycopg.Connection[Any]]:
    if written.one_role:
        pytest.skip("needs a server where owner and service are two roles")
    with psycopg.connect(written.url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def as_administrator(written: DatabaseUrls, administrator_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(administrator_url, autocommit=True) as connection:
        yield connection


def ask(connection: psycopg.Connection[Any], statement: str) -> list[Any]:
    return connection.execute(statement.encode()).fetchall()


def refuses(connection: psycopg.Connection[Any], statement: str) -> bool:
    """Whether the guard of the log refuses it, and nothing has changed."""
    before = ask(connection, "select * from log.event")
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        is_refused = error.sqlstate == REFUSED and "append-only" in str(error)
        return is_refused and ask(connection, "select * from log.event") == before != []
    return False


def test_the_owner_cannot_change_an_event(as_owner: psycopg.Connection[Any]) -> None:
    statements = [change.format(table) for change in CHANGES for table in TABLES]
    assert [statement for statement in statements if not refuses(as_owner, statement)] == []


def test_the_owner_cannot_change_an_event_through_the_view(as_owner: psycopg.Connection[Any]) -> None:
    for change in CHANGES[:4]:
        assert refuses(as_owner, change.format("log.told"))


def test_a_superuser_cannot_even_as_a_replica(as_administrator: psycopg.Connection[Any]) -> None:
    as_administrator.execute("set session_replication_role = replica")
    statements = [change.format(table) for change in CHANGES for table in TABLES]
    assert [statement for statement in statements if not refuses(as_administrator, statement)] == []


@pytest.mark.parametrize(
    "change",
    [
        "insert into log.event select * from log.event on conflict (position) do update set actor = 'rule:x'",
        "merge into log.event e using log.event f on e.id = f.id when matched then delete",
        "with gone as (delete from log.event returning 1) select count(*) from gone",
    ],
)
def test_there_is_no_way_round_by_another_statement(as_owner: psycopg.Connection[Any], change: str) -> None:
    assert refuses(as_owner, change)


def test_every_partition_has_a_guard_that_is_always_on(as_owner: psycopg.Connection[Any]) -> None:
    guards = ask(
        as_owner,
        """
        select c.oid::regclass::text, t.tgenabled from pg_class c
        left join pg_trigger t on t.tgrelid = c.oid and t.tgfoid = 'log.refuse_change'::regproc
        where c.oid = 'log.event'::regclass
           or c.oid in (select inhrelid from pg_inherits where inhparent = 'log.event'::regclass)
        """,
    )
    assert len(guards) > 10
    assert {enabled for _, enabled in guards} == {"A"}


EVENT_COLUMNS = (
    "position, recorded_at, occurred_at, id, version, schema_version, staff_only, stream, type, actor, "
    "correlation_id, source, data"
)
NOT_ALLOWED = (
    *(change.format(table) for change in CHANGES for table in TABLES),
    f"insert into log.event ({EVENT_COLUMNS}) select 2, now(), now(), gen_random_uuid(), 1, 1, false, "
    "stream, type, actor, correlation_id, source, data from log.event",
    "copy log.event from stdin",
    "insert into log.head values (false, 7, now())",
    "update log.head set position = 0",
    "delete from log.head",
    "select * from log.head for update",
    "insert into log.stream_head values ('team/x', 'team', 1, '{}')",
    "update log.stream_head set audience = '{everybody}'",
    "delete from log.stream_head",
    "insert into log.idempotency values ('a', 'b', 'c', '', 'd', 1, 200)",
    "delete from log.idempotency",
    "delete from log.checkpoint",
    "update fold.team set name = 'another'",
    "insert into fold.team select gen_random_uuid(), version, changed_at, state, 'k', name, kind, added_at "
    "from fold.team",
    "delete from fold.team",
    "truncate fold.team",
    "delete from fold.incident",
    "update fold.person set state = 'active'",
    "insert into fold.comment select * from fold.comment",
    "insert into vault.personal_key values (gen_random_uuid(), gen_random_uuid(), null, '')",
    "update vault.personal_key set wrapped = ''",
    "delete from vault.personal_key",
    "update vault.master set name = ''",
    "delete from vault.master",
    "alter table log.event disable trigger append_only",
    "alter table log.event_0000 disable trigger all",
    "drop trigger append_only on log.event",
    "alter table log.event detach partition log.event_0000",
    "drop table log.event_0000",
    "drop schema log cascade",
    "create or replace function log.refuse_change() returns trigger language plpgsql "
    "as 'begin return new; end'",
    "alter table log.event drop constraint actor_is_somebody",
    "alter function log.append set search_path = public",
    "create table log.mine (a int)",
    "create function fold.mine() returns int language sql as 'select 1'",
    "set session_replication_role = replica",
    "select log.open_batch('{}', null)",
    "select log.close_batch('{}', null, null, null, 0, null)",
    "select log.upsert('fold.team', '[]', now())",
    "select log.without('[]', '{}')",
    "select log.takes_rows('fold.team')",
    """select log."fold.team"('[]', now())""",
    "select log.upsertion('fold.team', '{}', '$1', '$2')",
    "select log.writable('fold.team')",
    "update plumbing.migration set version_num = '0'",
)


def test_the_services_role_may_only_append(as_service: psycopg.Connection[Any]) -> None:
    allowed = []
    for statement in NOT_ALLOWED:
        try:
            as_service.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege:
            continue
        allowed.append(statement)
    assert allowed == []


def test_the_services_role_may_call_what_appends_reads_and_keeps_the_log_in_order_and_nothing_else(
    as_service: psycopg.Connection[Any],
) -> None:
    functions = ask(
        as_service,
        """
        select p.proname from pg_proc p
        where p.pronamespace in ('log'::regnamespace, 'fold'::regnamespace, 'vault'::regnamespace)
          and has_function_privilege(p.oid, 'execute')
        """,
    )
    assert {name for (name,) in functions} == {
        *("append", "append_history", "upcast", "move_fields", "merge", "analyse", "make_partitions"),
        "forget_relay",
    }


def test_the_services_role_owns_nothing(as_service: psycopg.Connection[Any]) -> None:
    assert ask(as_service, "select relname from pg_class where relowner = current_user::regrole") == []
    assert ask(as_service, "select proname from pg_proc where proowner = current_user::regrole") == []
    assert ask(
        as_service,
        "select rolsuper or rolcreaterole or rolbypassrls from pg_roles where rolname = current_user",
    ) == [(False,)]


def test_what_the_service_puts_into_its_search_path_is_not_what_append_calls(
    as_service: psycopg.Connection[Any],
) -> None:
    as_service.execute("create temp table pg_class (oid oid, relnamespace oid)")
    as_service.execute("create temp table event (position bigint)")
    as_service.execute("set search_path = pg_temp, log, pg_catalog")
    batch = {
        "events": [],
        "reads": [],
        "removals": [],
        "audiences": [],
        "once": [],
        "rows": {"pg_temp.event": []},
    }
    with pytest.raises(psycopg.errors.RaiseException, match="Only record tables"):
        as_service.execute("select log.append(%s, %s)", (psycopg.types.json.Jsonb(batch), [b""]))


async def test_the_services_role_reads_events_as_they_are_told(written: DatabaseUrls) -> None:
    with psycopg.connect(written.url, autocommit=True) as connection:
        ((position, changes),) = ask(connection, "select position, data->'set' from log.told")
    assert position == 1
    assert list(changes.values()) == [{"key": "one"}]
