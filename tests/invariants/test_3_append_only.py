"""Invariant 3: the database refuses to update or delete an event, whoever asks, in whatever words."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import DatabaseUrls
from tests.random_histories import RandomAction, RandomWorld

COLUMNS = {
    "position": "position + 100000",
    "recorded_at": "now()",
    "occurred_at": "now()",
    "id": "gen_random_uuid()",
    "causation_id": "gen_random_uuid()",
    "version": "version + 1",
    "schema_version": "schema_version",
    "staff_only": "not staff_only",
    "stream": "stream",
    "type": "'incident.closed'",
    "actor": "'rule:x'",
    "credential": "'key:x'",
    "on_behalf_of": "null",
    "correlation_id": "''",
    "source": "'cli'",
    "source_ref": "'x'",
    "data": "data",
}
CONDITIONS = st.one_of(
    st.just("true"),
    st.just("false"),
    st.integers(0, 20).map("position = {}".format),
    st.integers(0, 20).map("position > {}".format),
    st.sampled_from(["stream like 'incident/%'", "actor is null", "staff_only"]),
)
TABLES = st.sampled_from(["log.event", "only log.event", "log.event_0000", "log.event_0009", "log.told"])


@st.composite
def tampering(draw: st.DrawFn) -> str:
    """A statement that would change what happened, if it could."""
    table, condition = draw(TABLES), draw(CONDITIONS)
    name = table.removeprefix("only ").replace("log.told", "log.event")
    kind = draw(st.sampled_from(["update", "delete", "truncate", "put over"]))
    if kind == "update":
        fields = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=3, unique=True))
        changes = ", ".join(f"{field} = {COLUMNS[field]}" for field in fields)
        return f"update {name if table == 'log.told' else table} set {changes} where {condition}"
    if kind == "delete":
        return f"delete from {table} where {condition}"
    if kind == "truncate":
        return f"truncate {name} {draw(st.sampled_from(['', 'cascade', 'restart identity']))}"
    put = f"insert into {name} select * from log.event where {condition}"
    return f"{put} on conflict (position) do update set actor = 'rule:x'"


PRINT = b"select count(*), md5(string_agg(e::text, '|' order by position)) from log.event e"


@pytest.mark.parametrize("as_replica", [False, True], ids=["the owner", "a superuser as a replica"])
async def test_nothing_that_is_said_to_the_database_changes_what_happened(
    world: RandomWorld, place: DatabaseUrls, administrator_url: str, as_replica: bool
) -> None:
    await world.play(RandomAction("agent", "report", n, n, None, "") for n in range(5))
    with psycopg.connect(administrator_url if as_replica else place.owner_url, autocommit=True) as connection:
        if as_replica:
            connection.execute("set session_replication_role = replica")
        before: Any = connection.execute(PRINT).fetchone()
        assert before[0] > 5

        @settings(
            max_examples=80,
            deadline=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        )
        @given(statement=tampering())
        def refuses(statement: str) -> None:
            with pytest.raises(psycopg.Error) as refusal:
                connection.execute(statement.encode())
            assert refusal.value.sqlstate == "LD001", refusal.value
            assert connection.execute(PRINT).fetchone() == before

        refuses()
