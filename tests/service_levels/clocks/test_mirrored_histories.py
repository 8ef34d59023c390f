"""Clocks of tickets that tools report, in whatever order deliveries come, around what a person does here: at
each step rows and streams are what the engine says, and in the end all orders come to the same clocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from app.automation.agreements import watch_clocks
from app.common.people import Caller
from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up
from app.platform.db import Connection
from tests.client import Api
from tests.extent import first_of, in_test_all
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target
from tests.service_levels.clocks.checks import rows_are_what_the_engine_says, streams_say_what_they_ought_to
from tests.service_levels.clocks.test_reading import EVERY_DAY
from tests.webhooks import orders
from tests.webhooks.orders import FIRST, named
from tests.webhooks.test_orders_with_people import STORIES, Course, a_tool, chosen, person_acts
from tests.webhooks.tools import Tool, process_all

MINUTES = 60
CLOCKS = """
select metric, round, state, elapsed_seconds, due_at, breached_at, stopped_at, target_id
from sla.clock where case_id = %s order by metric, round"""
WITHDRAWN = "select count(*) from log.event where type = 'clock.breach_withdrawn'"


async def agree(api: Api) -> None:
    """Whatever is decided, some order decides it otherwise for a while."""
    await add_calendar(api.ledger, "always", weekly=hours("00:00", "24:00", EVERY_DAY))
    await sign(
        api.ledger,
        target("answer", "response", 15 * MINUTES),
        target("mend", "resolution", 75 * MINUTES, pause_reasons=["awaiting_evidence"]),
        target("back", "restore", 100 * MINUTES),
        calendar="always",
    )


async def work(api: Api, connection: Connection) -> None:
    """What the worker does, and what must hold whenever it has done it."""
    failures: list[tuple[str, Exception]] = []
    now = datetime.now(UTC)
    while True:
        await catch_up(connection, FACTS)
        if not await watch_clocks.fire_due(
            connection, api.ledger, now, failed=lambda name, error: failures.append((name, error))
        ):
            break
    assert failures == []
    assert await rows_are_what_the_engine_says(connection) > 0
    assert await streams_say_what_they_ought_to(connection, api.ledger, now) > 0


async def deliver(
    api: Api, connection: Connection, tool: Tool, courses: Sequence[Sequence[tuple[str, Any]]]
) -> None:
    """One delivery of each issue at a time; the worker works after each."""
    for step in range(max((len(course) for course in courses), default=0)):
        for course in courses:
            if step < len(course):
                await orders.store(api.ledger, tool.source["id"], *course[step])
        await process_all(api.ledger)
        await work(api, connection)


async def live(
    api: Api, connection: Connection, tool: Tool, person: Caller, tried: Sequence[Course], adapter: str
) -> list[list[dict[str, Any]]]:
    """Each course of the story on an issue of its own. Returns the clocks of each in the end."""
    numbers = range(FIRST, FIRST + len(tried))
    stories = [named(number, STORIES[adapter](number)) for number in numbers]
    for part in (0, 1):
        courses = [[item[n] for n in course[part]] for item, course in zip(stories, tried, strict=True)]
        await deliver(api, connection, tool, courses)
        if part == 0:
            await person_acts(tool, person, numbers)
            await work(api, connection)
    results = []
    for number in numbers:
        ticket = await orders.ticket_of(api.ledger, tool.source["key"], number)
        results.append(await api.ledger.db.rows(CLOCKS, (ticket.partition("/")[2],)))
    return results


@in_test_all
@pytest.mark.parametrize("adapter", STORIES)
async def test_clocks_are_the_same_in_any_order_and_say_at_each_step_what_they_ought_to(
    api: Api, follower: Connection, adapter: str
) -> None:
    await agree(api)
    tool, person = await a_tool(api, adapter)
    first, *remaining = chosen(len(STORIES[adapter](0)))
    tried = [first, *first_of(remaining, 6)]
    results = await live(api, follower, tool, person, tried, adapter)
    assert [row["metric"] for row in results[0]] == ["resolution", "response", "restore"]
    differing = [course for course, result in zip(tried, results, strict=True) if result != results[0]]
    assert differing == []
    assert await api.ledger.db.value(WITHDRAWN) > 0, "what was said too early is taken back"
