"""The page of a record makes few calls of operations, in few rounds, and few at once: what does not depend on
each other is read together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.desk import operation_calls
from app.desk.contract import screen_contract
from app.desk.operation_calls import CONCURRENT_CALLS, CallAnswer, OperationCalls, Parameters
from app.desk.record_lists import LIMIT, MOST_ROWS, NEWEST_FIRST
from app.kernel.actions.lifecycle import Lifecycle
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.cases import each_case
from tests.client import an_incident
from tests.every_action.world import World, case_name
from tests.extent import WHOLE

MOST_CALLS, MOST_ROUNDS = 12, 3
#: The kinds whose pages `make test` opens: they call the most operations.
LARGEST = ("change", "meeting")


@dataclass
class CallCount:
    """The calls of a page: how many there were, in how many rounds, and how many ran at once at most. A call
    belongs to the round after the last one that had been answered when it was made. `short_reads` are those
    of lists within a record that take the first rows for all.
    """

    paths: list[str] = field(default_factory=list)
    short_reads: list[str] = field(default_factory=list)
    rounds: int = 0
    answered: int = 0
    running: int = 0
    at_once: int = 0


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> CallCount:
    counted, send, answer = CallCount(), OperationCalls.send, operation_calls._answered

    async def counting(calls: OperationCalls, method: str, path: str, **more: Any) -> CallAnswer:
        this_round = counted.answered + 1
        counted.paths.append(path)
        if _is_short_read(path, more.get("parameters", {})):
            counted.short_reads.append(path)
        counted.rounds = max(counted.rounds, this_round)
        answered = await send(calls, method, path, **more)
        counted.answered = max(counted.answered, this_round)
        return answered

    async def running(*arguments: Any) -> CallAnswer:
        counted.running += 1
        counted.at_once = max(counted.at_once, counted.running)
        try:
            return await answer(*arguments)
        finally:
            counted.running -= 1

    monkeypatch.setattr(OperationCalls, "send", counting)
    monkeypatch.setattr(operation_calls, "_answered", running)
    return counted


def _is_short_read(path: str, parameters: Parameters) -> bool:
    """Return whether the call reads a list within a record by itself (app/desk/record_lists.py)."""
    parts = re.fullmatch(r"/v1/(\w+)/[^/]+/(\w+)", path)
    template = f"/v1/{parts[1]}/{{id}}/{parts[2]}" if parts else path
    is_list = NEWEST_FIRST in screen_contract().query_parameters(template)
    return is_list and parameters.get(LIMIT) != str(MOST_ROWS)


@each_case(
    "lifecycle",
    LIFECYCLES if WHOLE else [LIFECYCLES_BY_KIND[kind] for kind in LARGEST],
    ids=case_name,
)
async def test_the_page_of_each_kind_makes_few_calls(
    world: World, lifecycle: Lifecycle[Any], count: CallCount
) -> None:
    states = list(lifecycle.states)
    for state in states if WHOLE else states[-1:]:
        record = await world.standing(lifecycle, state)
        await assert_few_calls(world, f"/desk/{lifecycle.kind}/{record['id']}", count)


async def test_the_page_of_an_incident_with_many_references_makes_few_calls(
    world: World, count: CallCount
) -> None:
    everybody = world.everybody
    incident = await everybody.post_ok("/v1/incidents", an_incident())
    copies = [await everybody.post_ok("/v1/incidents", an_incident()) for _ in range(6)]
    for copy in copies:
        duplicate = {"original": incident["id"]}
        await everybody.post_ok(f"/v1/incidents/{copy['id']}/mark_duplicate", duplicate)
    html = await assert_few_calls(world, f"/desk/incident/{copies[0]['number']}", count)
    assert incident["number"] in html
    await assert_few_calls(world, f"/desk/incident/{incident['number']}", count)


async def test_a_list_looks_up_the_names_of_all_its_records_together(world: World, count: CallCount) -> None:
    for _ in range(3):
        await world.standing(
            LIFECYCLES_BY_KIND["incident"], next(iter(LIFECYCLES_BY_KIND["incident"].states))
        )
    await assert_few_calls(world, "/desk/incident", count, rounds=5)


async def assert_few_calls(world: World, path: str, count: CallCount, *, rounds: int = MOST_ROUNDS) -> str:
    """Open the page; give its HTML."""
    vars(count).update(vars(CallCount()))
    page = await world.everybody.get(path)
    assert page.status_code == 200, page.text
    assert 0 < len(count.paths) <= MOST_CALLS, count
    assert count.rounds <= rounds, count
    assert count.at_once <= CONCURRENT_CALLS, count
    assert count.short_reads == []
    return page.text
