"""Each delivery has its effect once: also if the worker fails between any two steps, or two work at once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from app.kernel.ledger import Ledger
from app.webhooks.effects import processing
from app.webhooks.intake import deliveries
from tests.client import Api
from tests.extent import first_of
from tests.webhooks.orders import an_issue, store, ticket_of
from tests.webhooks.test_receiving import a_tool
from tests.webhooks.tools import Tool, clock, process_all

ISSUES = first_of(range(60_000, 60_005), 3)


class Died(Exception):
    """The worker was killed here."""


def killed_at(ledger: Ledger, call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the worker die before that append to the log, or before the outcomes are written."""
    calls, append = [0], ledger.writer.write

    async def write(request: object) -> object:
        calls[0] += 1
        if calls[0] == call:
            raise Died
        return await append(request)  # type: ignore[arg-type]  # passed on

    async def finish(*_: object) -> None:
        raise Died

    monkeypatch.setattr(ledger.writer, "write", write)
    monkeypatch.setattr(deliveries, "finish", finish)


async def some_deliveries(tool: Tool) -> None:
    """An opening and two changes of each issue, none of them processed."""
    for number in ISSUES:
        for place, title in enumerate(("Basket", "Basket empty", "Cart")):
            body = an_issue(number, place * 10, "edited", title=title)
            await store(tool.api.ledger, tool.source["id"], f"{number}-{place}", body)


async def each_had_its_effect_once(tool: Tool) -> None:
    """Asserts that each issue has one ticket, with one opening and one event for each delivery of it."""
    ledger = tool.api.ledger
    for number in ISSUES:
        stream = await ticket_of(ledger, tool.source["key"], number)
        keys = await ledger.db.rows(
            "select source_ref from log.event where stream = %s order by version", (stream,)
        )
        assert [row["source_ref"] for row in keys] == [f"id:{number}-{place}:0" for place in range(3)]
    assert await ledger.db.value("select count(*) from fold.incident") == len(ISSUES)
    states = await ledger.db.rows("select distinct state from plumbing.webhook_delivery")
    assert [row["state"] for row in states] == ["processed"]


async def test_a_worker_that_dies_between_any_two_steps_does_nothing_twice(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = await a_tool(api)
    await some_deliveries(tool)
    for call in range(1, 3 * len(ISSUES) + 1):
        with monkeypatch.context() as dying:
            killed_at(api.ledger, call, dying)
            with pytest.raises((Died, BaseExceptionGroup)):
                await processing.process_source(api.ledger, UUID(tool.source["id"]), clock)
    await process_all(api.ledger)
    await each_had_its_effect_once(tool)


async def test_two_workers_at_one_source_do_nothing_twice(api: Api) -> None:
    tool = await a_tool(api)
    await some_deliveries(tool)
    source = UUID(tool.source["id"])
    await asyncio.gather(*(processing.process_source(api.ledger, source, clock) for _ in range(2)))
    await process_all(api.ledger)
    await each_had_its_effect_once(tool)


async def test_what_a_person_does_meanwhile_stays(api: Api) -> None:
    tool = await a_tool(api)
    await store(api.ledger, tool.source["id"], "first", an_issue(60_000, 0, "opened"))
    await process_all(api.ledger)
    await some_deliveries(tool)
    stream = await ticket_of(api.ledger, tool.source["key"], 60_000)
    path = f"/v1/incidents/{stream.partition('/')[2]}"
    actions = [("comment", {"text": "We are at it."}), ("assign", {"person": "me"})]
    await asyncio.gather(
        process_all(api.ledger),
        *(tool.admin.post_ok(f"{path}/{action}", body) for action, body in actions),
    )
    answer = await tool.admin.read(path)
    assert answer["title"] == "Cart"
    assert answer["assignee"]["id"] == tool.admin.id
    events = await tool.admin.read(f"{path}/events")
    assert [event["type"] for event in events["items"]].count("incident.commented") == 1
