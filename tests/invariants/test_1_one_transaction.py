"""Invariant 1: no row of a record changes without an event appended in the same transaction, nor the reverse.

PostgreSQL itself says which transaction wrote a row: the row's `xmin`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import rule_caller
from app.kernel.ledger import Ledger
from app.log.writer import ConcurrencyConflict, ConstraintViolation, LogPosition
from app.platform.db import Connection, connect
from app.ticketing.comments import CommentTicket
from tests.conftest import DatabaseUrls
from tests.extent import examples
from tests.kernel.incidents import report
from tests.log.commands import a_team
from tests.people import act
from tests.random_histories import RandomWorld, random_actions

# By table, the stream that its row stands on.
STREAMS = {
    "person": "'person/' || t.id",
    "team": "'team/' || t.id",
    "key": "'key/' || t.id",
    "incident": "'incident/' || t.id",
    "membership": "'person/' || t.person_id",
    "comment": "t.record",
    "external_reference": "t.record",
}
# Rows that were not written by the transaction that appended the event of their version.
STRANGERS = """
select t.id from fold.{table} t
left join log.event e on e.stream = {stream} and e.version = t.version
where e.xmin is distinct from t.xmin
"""
# Events that were the last to set something on a row, which another transaction has written since.
UNDONE = """
select e.position from log.told e join log.event w on w.position = e.position, jsonb_each(e.data->'set') as s
join fold.{table} t on s.key = '{table}/' || t.id
where t.version = e.version and t.xmin is distinct from w.xmin
"""
KEYS_WITHOUT_EVENT = """
select id from vault.personal_key k where not exists (select 1 from log.event e where e.xmin = k.xmin)
"""
HEADS_WITHOUT_EVENT = """
select h.stream from log.stream_head h
left join log.event e on e.stream = h.stream and e.version = h.version where e.xmin is distinct from h.xmin
"""


async def strangers(eyes: Connection) -> dict[str, list[Any]]:
    """What was written apart from its event, by table."""
    queries = {"keys": KEYS_WITHOUT_EVENT, "heads": HEADS_WITHOUT_EVENT}
    for table, name in STREAMS.items():
        queries[table] = STRANGERS.format(table=table, stream=name)
        queries[f"events of {table}"] = UNDONE.format(table=table)
    foreign_rows = {}
    for name, query in queries.items():
        rows = await (await eyes.execute(query.encode())).fetchall()
        if rows:
            foreign_rows[name] = rows
    return foreign_rows


@settings(
    max_examples=examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(random_actions(), min_size=10, max_size=30))
async def test_every_row_was_written_by_the_transaction_that_appended_its_event(
    world: RandomWorld, eyes: Connection, history: list[Any]
) -> None:
    await world.play(history)
    assert await strangers(eyes) == {}


async def test_so_it_is_for_people_who_act_at_once_and_for_those_who_are_erased(
    world: RandomWorld, eyes: Connection
) -> None:
    ledger, agent = world.ledger, world.callers["agent"]
    incident = await report(ledger, agent)
    comments = (CommentTicket(text=str(n)) for n in range(20))
    await asyncio.gather(*(act(ledger, agent, "incident", "comment", incident.id, body) for body in comments))
    await act(ledger, rule_caller("tests"), "person", "erase", agent.person_id)
    assert await strangers(eyes) == {}


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    keys=st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=12), stale=st.sets(st.integers(0, 11))
)
async def test_a_command_that_is_refused_leaves_neither_row_nor_event_nor_head(
    ledger: Ledger, eyes: Connection, keys: list[str], stale: set[int]
) -> None:
    """Some take a name that is taken, which the database refuses after the events were inserted."""
    commands = [a_team(key, expected=7 if n in stale else 0) for n, key in enumerate(keys)]
    outcomes = await asyncio.gather(*map(ledger.writer.write, commands), return_exceptions=True)
    for command, outcome in zip(commands, outcomes, strict=True):
        assert isinstance(outcome, LogPosition | ConcurrencyConflict | ConstraintViolation)
        name = command.events[0].stream
        cursor = await eyes.execute(
            "select (select count(*) from log.event where stream = %(s)s), "
            "(select count(*) from log.stream_head where stream = %(s)s), "
            "(select count(*) from fold.team where 'team/' || id = %(s)s)",
            {"s": name},
        )
        assert await cursor.fetchone() == ((1, 1, 1) if isinstance(outcome, LogPosition) else (0, 0, 0))
    assert await strangers(eyes) == {}


async def test_the_check_itself_finds_what_was_written_apart(
    world: RandomWorld, eyes: Connection, place: DatabaseUrls
) -> None:
    owner = await connect(place.owner_url)
    await owner.execute("update fold.team set name = name where key = 'mail'")
    assert set(await strangers(eyes)) == {"team", "events of team"}
    await owner.execute("update log.stream_head set version = version where stream like 'team/%'")
    await owner.execute("update vault.personal_key set wrapped = wrapped")
    assert set(await strangers(eyes)) == {"team", "events of team", "heads", "keys"}
    await owner.close()
