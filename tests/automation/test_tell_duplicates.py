"""When the original is resolved, its duplicates hear of it, each once."""

from __future__ import annotations

import pytest

from app.automation.incidents_and_problems import tell_duplicates
from app.processes.incidents.records import Incident, IncidentState
from tests.automation.conftest import Desk
from tests.automation.worker import by_rules
from tests.extent import first_of, in_test_all
from tests.mirrors import Mirror


async def told(desk: Desk, incident: Incident) -> int:
    """How often those of the incident have been told."""
    types = [
        event.type
        for event in await by_rules(desk.ledger, incident.row_key)
        if event.actor == "rule:tell_duplicates"
    ]
    assert set(types) <= {"incident.original_resolved"}
    return len(types)


async def test_each_duplicate_hears_once_that_its_original_is_resolved(desk: Desk) -> None:
    original = await desk.perform("acknowledge", await desk.report())
    duplicates = [await desk.mark_duplicate(await desk.report(), original) for _ in range(3)]
    other = await desk.mark_duplicate(await desk.report(), await desk.report())
    await desk.pass_time(minutes=1)
    assert [await told(desk, duplicate) for duplicate in duplicates] == [0, 0, 0]
    await desk.resolve(original)
    await desk.pass_time(minutes=1)
    await desk.pass_time(minutes=1)
    assert [await told(desk, duplicate) for duplicate in duplicates] == [1, 1, 1]
    assert await told(desk, other) == await told(desk, original) == 0


@in_test_all
async def test_it_is_told_as_what_followed_from_the_resolution(desk: Desk) -> None:
    original = await desk.perform("acknowledge", await desk.report())
    duplicate = await desk.mark_duplicate(await desk.report(), original)
    await desk.resolve(original)
    await desk.pass_time(minutes=1)
    (event,) = await by_rules(desk.ledger, duplicate.row_key)
    cause = await desk.ledger.db.row(
        "select type, stream from log.event where id = %s", (event.causation_id,)
    )
    assert cause == {"type": "incident.resolved", "stream": original.row_key}


@in_test_all
async def test_duplicates_of_a_duplicate_hear_of_it_in_turn(desk: Desk) -> None:
    original = await desk.perform("acknowledge", await desk.report())
    between = await desk.report()
    last = await desk.mark_duplicate(await desk.report(), between)
    await desk.mark_duplicate(between, original)
    await desk.resolve(original)
    await desk.pass_time(minutes=1)
    assert (await told(desk, between), await told(desk, last)) == (1, 1)


async def test_what_is_marked_after_the_resolution_hears_of_it_at_once(desk: Desk) -> None:
    original = await desk.resolved()
    await desk.pass_time(minutes=1)
    late = await desk.mark_duplicate(await desk.report(), original)
    await desk.pass_time(minutes=1)
    assert await told(desk, late) == 1


async def test_what_was_marked_and_resolved_while_no_worker_was_there_is_told_once(desk: Desk) -> None:
    original = await desk.perform("acknowledge", await desk.report())
    duplicate = await desk.mark_duplicate(await desk.report(), original)
    await desk.resolve(original)
    await desk.pass_time(days=1)
    assert await told(desk, duplicate) == 1


@in_test_all
async def test_what_was_resolved_and_then_marked_while_no_worker_was_there_is_told_once(desk: Desk) -> None:
    duplicate = await desk.mark_duplicate(await desk.report(), await desk.resolved())
    await desk.pass_time(days=1)
    assert await told(desk, duplicate) == 1


async def test_a_duplicate_that_was_reopened_is_none_any_more(desk: Desk) -> None:
    original = await desk.perform("acknowledge", await desk.report())
    duplicate = await desk.mark_duplicate(await desk.report(), original)
    await desk.reopen(duplicate)
    await desk.resolve(original)
    await desk.pass_time(minutes=1)
    assert await told(desk, duplicate) == 0


@in_test_all
async def test_resolved_a_second_time_it_is_told_again(desk: Desk) -> None:
    original = await desk.perform("acknowledge", await desk.report())
    duplicate = await desk.mark_duplicate(await desk.report(), original)
    await desk.resolve(original)
    await desk.pass_time(minutes=1)
    await desk.reopen(original)
    await desk.resolve(original)
    await desk.pass_time(minutes=1)
    assert await told(desk, duplicate) == 2


@in_test_all
async def test_more_duplicates_than_are_fetched_at_once_are_all_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tell_duplicates, "PAGE_SIZE", 2)
    original = await desk.perform("acknowledge", await desk.report())
    duplicates = [await desk.mark_duplicate(await desk.report(), original) for _ in range(5)]
    await desk.resolve(original)
    await desk.pass_time(minutes=1)
    assert [await told(desk, duplicate) for duplicate in duplicates] == [1] * 5


@pytest.mark.parametrize(
    "reported",
    first_of([("resolved", "closed"), ("closed",), ("in_progress", "closed", "closed")], 1),
    ids="-".join,
)
async def test_duplicates_of_what_a_tool_mirrors_hear_once_that_it_has_ended_there(
    desk: Desk, reported: tuple[str, ...]
) -> None:
    assert desk.agent.person_id is not None
    mirror = Mirror(desk.ledger, desk.agent.person_id, desk.now)
    original = await mirror.report(IncidentState.new, desk.now, title="Mail")
    early = await desk.mark_duplicate(await desk.report(), original)
    for state in reported:
        await desk.pass_time(minutes=1)
        await mirror.report(IncidentState(state), desk.now)
    late = await desk.mark_duplicate(await desk.report(), original)
    await desk.pass_time(minutes=1)
    assert [await told(desk, duplicate) for duplicate in (early, late)] == [1, 1]
