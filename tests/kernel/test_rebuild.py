"""Comparing the fold of the log with the live rows: nothing is found where nothing is, all else is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import rule_caller
from app.foundation.people import keys
from app.kernel.commands.command import CommandResult
from app.kernel.histories.rebuild import MOST_DIFFERENCES, FoldComparison, compare, record_classes
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant
from app.log.events import stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest
from app.platform.db import Connection, connect
from app.registry import LIFECYCLES
from tests.conftest import DatabaseUrls
from tests.extent import WHOLE, examples, first_of
from tests.kernel.incidents import COMPARED
from tests.log.commands import a_row, an_event
from tests.people import act, add_person, add_team
from tests.random_histories import RandomAction, RandomWorld, random_actions


@pytest.fixture
async def world(ledger: Ledger) -> RandomWorld:
    """People, and incidents with a life behind them."""
    random_world = await RandomWorld.create(ledger)
    beginnings = (
        RandomAction("requester", "report", 0, 0, None, ""),
        RandomAction("agent", "report", 0, 0, None, ""),
        RandomAction("agent", "assign", 0, 0, None, ""),
        RandomAction("agent", "comment", 1, 0, None, ""),
        RandomAction("requester", "cancel", 0, 0, None, ""),
    )
    for step in beginnings:
        assert isinstance(await random_world.perform(step), CommandResult)
    return random_world


@pytest.fixture
async def eyes(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """The service's role: what compares needs no more."""
    connection = await connect(place.url)
    yield connection
    await connection.close()


@pytest.fixture
async def hands(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """The owner, who can change rows behind the log's back."""
    connection = await connect(place.owner_url)
    yield connection
    await connection.close()


async def differences(eyes: Connection) -> FoldComparison:
    return await compare(eyes, COMPARED)


@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(random_actions(), min_size=10, max_size=30))
async def test_random_histories_fold_into_exactly_the_rows_that_are_there(
    world: RandomWorld, eyes: Connection, history: list[RandomAction]
) -> None:
    await world.play(history)
    result = await differences(eyes)
    assert (result.differing, result.examples) == ({}, [])
    assert result.events == await world.ledger.db.value("select count(*) from log.event")


async def test_erased_people_and_revoked_keys_fold_as_well(world: RandomWorld, eyes: Connection) -> None:
    ledger, person = world.ledger, world.callers["agent"].person_id
    body = keys.MakeKey(name="a key", person=str(person), roles=("agent",), secret_hash="0" * 64)
    key = await act(ledger, rule_caller("tests"), "key", "make", body=body)
    await act(ledger, rule_caller("tests"), "key", "revoke", key.record.id)
    await act(ledger, rule_caller("tests"), "person", "erase", person)
    assert (await differences(eyes)).differing == {}


async def test_an_empty_log_is_nothing_to_compare(ledger: Ledger, eyes: Connection) -> None:
    assert await compare(eyes, LIFECYCLES) == FoldComparison(0, {}, [])


async def test_rows_that_are_removed_and_made_again_fold_as_well(ledger: Ledger, eyes: Connection) -> None:
    team = uuid7()
    name = stream("team", team)
    for n, key in enumerate(["first", None, "second", None, "third", None]):
        table, row = a_row(team, key or "", n + 1, name="x")
        fields = {field: row[field] for field in ("state", "key", "name", "kind", "added_at")}
        event = an_event(
            name,
            n + 1,
            occurred_at=from_instant(row["changed_at"]),
            data={"given": {}, "set": {name: fields if key else None}},
        )
        rows = ((table, row),) if key else ()
        removals = () if key else ((table, str(team)),)
        await ledger.writer.write(
            AppendRequest(reads={name: n}, events=(event,), rows=rows, removals=removals)
        )
        assert (await differences(eyes)).differing == {}


PLANTED = {
    "a text": ("update fold.incident set title = title || '!'", "incident", ["title"], 3),
    "a text that was there": (
        "update fold.incident set title = null where state <> 'new'",
        "incident",
        ["title"],
        1,
    ),
    "a value that was not there": (
        "update fold.incident set cause = 'x' where state = 'new'",
        "incident",
        ["cause"],
        2,
    ),
    "a version": ("update fold.incident set version = version + 1", "incident", ["version"], 3),
    "when it changed": (
        "update fold.team set changed_at = changed_at + interval '1 microsecond' where key = 'mail'",
        "team",
        ["changed_at"],
        1,
    ),
    "a time": ("update fold.person set added_at = added_at - interval '1 us'", "person", ["added_at"], None),
    "a state": ("update fold.incident set state = 'closed' where state = 'new'", "incident", ["state"], 2),
    "an id of another record": (
        "update fold.incident set assignee_id = gen_random_uuid() where state = 'new'",
        "incident",
        ["assignee_id"],
        2,
    ),
    "a child": ("update fold.comment set visibility = 'public'", "comment", ["visibility"], 1),
    "a missing row": ("delete from fold.comment", "comment", None, 1),
    "a missing record": ("delete from fold.incident where state = 'new'", "incident", None, 2),
    "an additional row": (
        "insert into fold.team select gen_random_uuid(), version, changed_at, state, 'more', name, kind, "
        "added_at from fold.team where key = 'mail'",
        "team",
        None,
        1,
    ),
}


@pytest.mark.parametrize("what", first_of([*PLANTED], 2))
async def test_a_planted_difference_is_found_and_named(
    world: RandomWorld, eyes: Connection, hands: Connection, what: str
) -> None:
    statement, table, fields, count = PLANTED[what]
    await hands.execute(statement.encode())
    result = await differences(eyes)
    assert set(result.differing) == {table}
    assert result.differing[table] == len(result.examples)
    assert count is None or result.differing == {table: count}
    for difference in result.examples:
        assert difference.table == table
        if fields is not None:
            assert difference.fields() == fields
        else:
            assert (difference.folded is None) == ("additional" in what)
            assert (difference.live is None) == ("missing" in what)


async def test_a_row_of_an_array_that_was_changed_is_found(
    ledger: Ledger, eyes: Connection, hands: Connection
) -> None:
    person = await add_person(ledger, "Wang Wei", roles=("agent", "engineer"))
    body = keys.MakeKey(
        name="a key", person=str(person.id), roles=("agent", "engineer"), secret_hash="0" * 64
    )
    await act(ledger, rule_caller("tests"), "key", "make", body=body)
    await hands.execute("update fold.key set roles = '{engineer,agent}'")
    (difference,) = (await differences(eyes)).examples
    assert difference.fields() == ["roles"]


async def test_all_are_counted_and_the_first_are_shown(
    ledger: Ledger, eyes: Connection, hands: Connection
) -> None:
    await asyncio.gather(*(add_team(ledger, f"t{n:03d}") for n in range(MOST_DIFFERENCES + 7)))
    await hands.execute("update fold.team set name = 'x'")
    result = await differences(eyes)
    assert result.differing == {"team": MOST_DIFFERENCES + 7}
    assert len(result.examples) == MOST_DIFFERENCES
    assert [difference.id for difference in result.examples] == sorted(
        difference.id for difference in result.examples
    )


async def test_whoever_compares_is_told_how_far_it_is(ledger: Ledger, eyes: Connection) -> None:
    messages: list[str] = []
    await compare(eyes, COMPARED, messages.append)
    assert messages == ["log", *(record.KIND for record in record_classes(COMPARED))]
    assert len(set(messages)) == len(messages)
    assert {"incident", "comment", "external_reference", "person", "membership", "team", "key"} <= set(
        messages
    )


async def test_what_is_written_meanwhile_is_no_difference(world: RandomWorld, eyes: Connection) -> None:
    async def writes() -> None:
        for n in range(60 if WHOLE else 20):
            await world.perform(RandomAction("agent", "comment", n, n, None, ""))

    writing = asyncio.create_task(writes())
    while not writing.done():
        assert (await differences(eyes)).differing == {}
    await writing
