"""Deliveries of a ticket in whatever order, once or twice: its state, events and figures are the same.

The ones of a story are tried in every order; longer ones in some made at random. `make soak` sets
LEDGERDESK_TEST_ORDERS to try more.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from itertools import count, permutations
from typing import Any

from app.kernel.ledger import Ledger
from tests.cases import Failures
from tests.client import Api, Json
from tests.webhooks import orders
from tests.webhooks.orders import an_issue, deliver, the_story
from tests.webhooks.test_receiving import a_tool
from tests.webhooks.tools import Tool

ORDERS = int(os.environ.get("LEDGERDESK_TEST_ORDERS", "6"))
#: Numbers of issues begin here, far from those that samples have.
FIRST = 50_000

Order = Sequence[tuple[str, Json]]


def named(number: int, story: Sequence[Json]) -> list[tuple[str, Json]]:
    """The deliveries of a story, each with the id that the tool gives it."""
    return [(f"{number}-{n}", body) for n, body in enumerate(story)]


def a_long_story(chance: random.Random, number: int) -> list[Json]:
    """An issue that goes through a random history of six to ten deliveries, all at other times."""
    told: dict[str, object] = {}
    story = [an_issue(number, 0, "opened")]
    minute = 0
    for _ in range(chance.randint(5, 9)):
        minute += chance.choice((1, 7, 60))
        told |= chance.choice(
            (
                {"title": chance.choice(("Basket", "Basket empty", "Cart"))},
                {"assignee": chance.choice(({"login": "kim", "id": 4}, {"login": "lin", "id": 3}, None))},
                {"state": "closed", "state_reason": "completed"},
                {"state": "open", "state_reason": None},
            )
        )
        story.append(an_issue(number, minute, "edited", **told))
    return story


async def found(tool: Tool, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
    """What each issue's ticket is here: its state, its events, and its figures."""
    ledger: Ledger = tool.api.ledger
    streams = [await orders.ticket_of(ledger, str(tool.source["key"]), number) for number in numbers]
    figures = await orders.figures_of(ledger, streams)
    return [
        (
            await orders.state_of(ledger, stream),
            await orders.events_of(ledger, stream),
            sorted(figures[stream], key=str),
        )
        for stream in streams
    ]


def same(results: Sequence[tuple[Any, ...]], expected: tuple[Any, ...], names: Sequence[str]) -> None:
    """Asserts that each result is the expected one."""
    failures = Failures()
    for name, result in zip(names, results, strict=True):

        def compare(result: tuple[Any, ...] = result) -> None:
            assert difference(result, expected) == {}

        failures.run(name, compare)
    failures.report()


def difference(result: tuple[Any, ...], expected: tuple[Any, ...]) -> dict[str, Any]:
    """What differs: fields of the ticket with both values, its events, its figures."""
    (row, *rest), (expected_row, *others) = result, expected
    fields = {n: (row[n], expected_row[n]) for n in row if row[n] != expected_row[n]}
    pairs = zip(("events", "figures"), rest, others, strict=True)
    return fields | {name: (one, other) for name, one, other in pairs if one != other}


async def test_a_story_in_any_order_is_the_same_ticket_with_the_same_events_and_figures(api: Api) -> None:
    tool = await a_tool(api)
    numbers = count(FIRST)
    for length in range(2, len(the_story(0)) + 1):
        many: dict[int, Order] = {}
        names = []
        for order in permutations(range(length)):
            number = next(numbers)
            story = named(number, the_story(number)[:length])
            many[number] = [story[n] for n in order]
            names.append(f"{order}")
        await deliver(tool.api.ledger, tool.source["id"], list(many.values()))
        results = await found(tool, list(many))
        same(results, results[0], names)


async def test_a_story_in_any_order_with_each_delivery_twice_is_the_same(api: Api) -> None:
    tool, chance = await a_tool(api), random.Random(7)
    many: dict[int, Order] = {}
    for number in range(FIRST, FIRST + ORDERS + 1):
        story = named(number, the_story(number))
        many[number] = story if number == FIRST else chance.sample(story * 2, 2 * len(story))
    await deliver(tool.api.ledger, tool.source["id"], list(many.values()))
    results = await found(tool, list(many))
    same(results, results[0], [str(number) for number in many])


async def test_a_longer_story_in_orders_made_at_random_is_the_same(api: Api) -> None:
    tool = await a_tool(api)
    for seed in range(ORDERS):
        chance = random.Random(seed)
        many: dict[int, Order] = {}
        for number in range(FIRST + seed * 10, FIRST + seed * 10 + 4):
            story = named(number, a_long_story(random.Random(seed), number))
            shuffled = chance.sample(story, len(story))
            many[number] = story if not many else shuffled
        await deliver(tool.api.ledger, tool.source["id"], list(many.values()))
        results = await found(tool, list(many))
        names = [f"seed {seed}: {[key for key, _ in order]}" for order in many.values()]
        same(results, results[0], names)
