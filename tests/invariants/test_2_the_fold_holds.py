"""Invariant 2: folding a record's events gives its row, field for field; folding all events gives all tables.

Both folds, in Python and in SQL, after random histories. (The KPI facts have a test of their own.)
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import rule_caller
from app.common.records import Record, from_row, rows_with_parts
from app.common.times.clocks import ClockEventType
from app.foundation.people import keys
from app.kernel.commands.command import CommandResult
from app.kernel.histories.history import fold, record_at_version
from app.kernel.histories.rebuild import compare, record_classes
from app.log import read
from app.log.events import kind_of
from app.platform.db import Connection
from app.processes.incidents.lifecycle import LIFECYCLE
from app.registry import LIFECYCLES
from tests.clocks import append_clock_event
from tests.extent import examples
from tests.heads import differing_heads
from tests.kernel.incidents import a_report
from tests.people import act, add_caller, add_person, grant
from tests.random_histories import RandomAction, RandomWorld, random_actions

CLASSES = {record.KIND: record for record in record_classes(LIFECYCLES)}


async def folded(world: RandomWorld) -> dict[str, Record]:
    """Every row that the log says there is, by its key, folded event by event in Python."""
    events = await read.events_after(world.ledger.db, 0, 100_000)
    touched = {key for event in events for key in event.data["set"]}
    rows = {key: fold(CLASSES[kind_of(key)], key, events) for key in touched}
    return {key: row for key, row in rows.items() if row is not None}


async def live(world: RandomWorld) -> dict[str, Record]:
    """Every row that there is, by its key."""
    records: dict[str, Record] = {}
    for record in CLASSES.values():
        for row in await world.ledger.db.rows(f"select * from {rows_with_parts(record)} r"):
            record_row = from_row(record, row)
            records[record_row.row_key] = record_row
    return records


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(random_actions(), min_size=10, max_size=40))
async def test_both_folds_give_the_rows_that_are_there(
    world: RandomWorld, eyes: Connection, history: list[RandomAction]
) -> None:
    await world.play(history)
    assert await folded(world) == await live(world)
    assert (await compare(eyes, LIFECYCLES)).differing == {}
    assert await differing_heads(eyes) == [], "a head says who may see its record"


async def test_so_they_do_when_people_are_erased_keys_revoked_and_clocks_told_of(
    world: RandomWorld, eyes: Connection
) -> None:
    ledger, person = world.ledger, await add_person(world.ledger, "Wang Wei", "mail", "net")
    await grant(ledger, person.id, "agent", "engineer@service/mail")
    body = keys.MakeKey(name="a key", person=str(person.id), roles=("agent",), secret_hash="0" * 64)
    key: Any = (await act(ledger, rule_caller("tests"), "key", "make", body=body)).record
    await act(ledger, rule_caller("tests"), "key", "revoke", key.id)
    await act(ledger, rule_caller("tests"), "person", "deactivate", person.id)
    await act(ledger, rule_caller("tests"), "person", "erase", person.id)
    # A clock is a stream without a record, and folds into nothing.
    reporter = await add_caller(ledger, "Reporter")
    reported = await act(ledger, reporter, "incident", "report", body=a_report())
    for event in ClockEventType:
        await append_clock_event(ledger, reported.event.stream, event)
    rows = await live(world)
    assert await folded(world) == rows
    assert sum(kind_of(name) == "membership" for name in rows) > 2
    assert (await compare(eyes, LIFECYCLES)).differing == {}


@settings(
    max_examples=examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(random_actions(), min_size=10, max_size=30))
async def test_a_record_as_of_each_of_its_versions_is_what_was_answered_then(
    world: RandomWorld, history: list[RandomAction]
) -> None:
    for outcome in await world.play(history):
        if isinstance(outcome, CommandResult):
            name, version = outcome.event.stream, outcome.event.version
            assert await record_at_version(world.ledger.db, LIFECYCLE, name, version) == outcome.record
