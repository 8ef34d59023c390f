"""Deliveries of a ticket in whatever order, once or twice: its state, events and figures are the same.

The ones of a story are tried in every order; longer ones in some made at random. `make soak` sets
LEDGERDESK_TEST_ORDERS to try more.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import count, permutations

import pytest

from tests.automation.worker import Worker
from tests.client import Api, Json
from tests.extent import WHOLE, in_test_all
from tests.webhooks import issues_of_jira
from tests.webhooks.orders import FIRST, ORDERS, Order, an_issue, deliver, found, named, same, the_story
from tests.webhooks.test_receiving import a_tool, an_admin
from tests.webhooks.tools import a_source


def a_long_story(chance: random.Random, number: int) -> list[Json]:
    """An issue that goes through a random history of six to ten deliveries, all at other times."""
    fields: dict[str, object] = {}
    story = [an_issue(number, 0, "opened")]
    minute = 0
    for _ in range(chance.randint(5, 9)):
        minute += chance.choice((1, 7, 60))
        fields |= chance.choice(
            (
                {"title": chance.choice(("Basket", "Basket empty", "Cart"))},
                {"assignee": chance.choice(({"login": "kim", "id": 4}, {"login": "lin", "id": 3}, None))},
                {"state": "closed", "state_reason": "completed"},
                {"state": "open", "state_reason": None},
            )
        )
        story.append(an_issue(number, minute, "edited", **fields))
    return story


async def test_a_story_in_any_order_is_the_same_ticket_with_the_same_events_and_figures(api: Api) -> None:
    tool = await a_tool(api)
    numbers = count(FIRST)
    longest = len(the_story(0))
    for length in range(2 if WHOLE else longest, longest + 1):
        many: dict[int, Order] = {}
        names = []
        every = list(permutations(range(length)))
        # Each seventh: the first in order, the others in all kinds of disorder.
        for order in every if WHOLE else every[::7]:
            number = next(numbers)
            story = named(number, the_story(number)[:length])
            many[number] = [story[n] for n in order]
            names.append(f"{order}")
        await deliver(tool.api.ledger, tool.source["id"], list(many.values()))
        results = await found(tool.api.ledger, tool.source["key"], list(many))
        same(results, results[0], names)


@in_test_all
@pytest.mark.parametrize(("length", "state"), [(5, "resolved"), (6, "new")])
async def test_a_story_of_long_ago_in_any_order_is_the_same_while_rules_and_timers_run(
    api: Api, length: int, state: str
) -> None:
    tool = await a_source(api, await an_admin(api), "jira")
    worker = Worker(tool.api.ledger)
    every = list(permutations(range(length)))
    remaining = random.Random(1).sample(every, min(ORDERS, len(every)))
    orders = [tuple(range(length)), *remaining]
    many: dict[int, Order] = {}
    for number, order in enumerate(orders, FIRST):
        story = named(number, issues_of_jira.the_story(number))
        many[number] = [story[n] for n in order]

    async def all_follow() -> None:
        await worker.work(datetime.now(UTC))

    await deliver(tool.api.ledger, tool.source["id"], list(many.values()), all_follow)
    results = await found(tool.api.ledger, tool.source["key"], list(many))
    assert results[0][0]["state"] == state
    same(results, results[0], [str(order) for order in orders])


@in_test_all
async def test_a_story_in_any_order_with_each_delivery_twice_is_the_same(api: Api) -> None:
    tool, chance = await a_tool(api), random.Random(7)
    many: dict[int, Order] = {}
    for number in range(FIRST, FIRST + ORDERS + 1):
        story = named(number, the_story(number))
        many[number] = story if number == FIRST else chance.sample(story * 2, 2 * len(story))
    await deliver(tool.api.ledger, tool.source["id"], list(many.values()))
    results = await found(tool.api.ledger, tool.source["key"], list(many))
    same(results, results[0], [str(number) for number in many])


@in_test_all
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
        results = await found(tool.api.ledger, tool.source["key"], list(many))
        names = [f"seed {seed}: {[key for key, _ in order]}" for order in many.values()]
        same(results, results[0], names)
