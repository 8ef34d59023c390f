"""Deliveries of a ticket in whatever order, with what a person does here in between.

The person comments on the ticket, takes it and puts it on hold, when some of what happened over there before
is known; what happened over there afterwards cannot be known yet.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from app.common.children import Visibility
from app.common.people import Caller, Role
from app.common.tickets import HoldReason
from app.processes.incidents.payloads import HoldIncident
from app.ticketing.comments import CommentTicket
from app.ticketing.work.assignment import AssignTicket
from tests.client import Api, Json
from tests.extent import first_of
from tests.people import act, add_caller
from tests.webhooks import issues_of_jira, orders
from tests.webhooks.orders import FIRST, ORDERS, Found, Order, at, deliver, found, named, same
from tests.webhooks.test_receiving import an_admin
from tests.webhooks.tools import Tool, a_source

#: When the person acts: after this many deliveries of a story have happened over there.
PERSON_AT, BEFORE = 60, 3
STORIES: dict[str, Callable[[int], list[Json]]] = {
    "github": orders.the_story,
    "jira": issues_of_jira.the_story,
}
ADAPTERS = first_of(list(STORIES), 1)
#: Deliveries before the person acts, and after that.
Course = tuple[tuple[int, ...], tuple[int, ...]]


def courses(length: int) -> Iterator[Course]:
    """Every order of so many deliveries, with the person after each of them that can have come by then."""
    for order in permutations(range(length)):
        for cut in range(1, BEFORE + 1):
            if all(n < BEFORE for n in order[:cut]):
                yield order[:cut], order[cut:]


async def person_acts(tool: Tool, person: Caller, numbers: Sequence[int]) -> None:
    """A comment, an assignment and a hold of each issue's ticket."""
    ledger, now = tool.api.ledger, datetime.fromisoformat(at(PERSON_AT))
    for number in numbers:
        ticket = (await orders.ticket_of(ledger, tool.source["key"], number)).partition("/")[2]
        for action, body in (
            ("comment", CommentTicket(text="We are at it.", visibility=Visibility.internal)),
            ("assign", AssignTicket(person="me")),
            ("hold", HoldIncident(reason=HoldReason.awaiting_evidence)),
        ):
            await act(ledger, person, "incident", action, ticket, body, now=now)


async def go(
    tool: Tool, person: Caller, story: Callable[[int], list[Json]], tried: Sequence[Course]
) -> list[Found]:
    """Deliver each course of the story on an issue of its own, and return what is here of each."""
    numbers = range(FIRST, FIRST + len(tried))

    def deliveries(part: int) -> list[Order]:
        histories = [named(number, story(number)) for number in numbers]
        return [[item[n] for n in course[part]] for item, course in zip(histories, tried, strict=True)]

    await deliver(tool.api.ledger, tool.source["id"], deliveries(0))
    await person_acts(tool, person, numbers)
    if any(after for _, after in tried):
        await deliver(tool.api.ledger, tool.source["id"], deliveries(1))
    return await found(tool.api.ledger, tool.source["key"], numbers)


async def a_tool(api: Api, adapter: str) -> tuple[Tool, Caller]:
    """The tool, and an agent who works here."""
    return await a_source(api, await an_admin(api), adapter), await add_caller(api.ledger, "Bo", Role.agent)


def chosen(length: int) -> list[Course]:
    """The courses to try: first the one in which all comes as it happens, then some, and some doubled."""
    chance, every = random.Random(11), list(courses(length))
    first = (tuple(range(BEFORE)), tuple(range(BEFORE, length)))
    some = chance.sample(every, min(ORDERS, len(every)))
    twice: list[Course] = []
    for before, after in chance.sample(every, min(ORDERS, len(every))):
        again = [*after, *before, *after]
        twice.append((before * 2, tuple(chance.sample(again, len(again)))))
    return [first, *first_of(some, 3), *first_of(twice, 3)]


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_any_order_around_what_a_person_does_is_the_same_ticket(api: Api, adapter: str) -> None:
    tool, person = await a_tool(api, adapter)
    tried = chosen(len(STORIES[adapter](0)))
    results = await go(tool, person, STORIES[adapter], tried)
    same(results, results[0], [f"{course}" for course in tried])


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_what_a_person_sets_later_than_the_tool_stays(api: Api, adapter: str) -> None:
    tool, person = await a_tool(api, adapter)
    tried: list[Course] = [
        ((0, 1, 2), ()),
        ((0,), (1, 2)),
        ((2,), (1, 0)),
        ((1, 0), (2, 2, 1)),
        ((1,), (2, 0, 0)),
    ]
    results = await go(tool, person, STORIES[adapter], tried)
    same(results, results[0], [f"{course}" for course in tried])
    state: dict[str, Any] = results[0][0]
    assert (state["state"], state["hold_reason"]) == ("on_hold", "awaiting_evidence")
    assert (state["assignee_id"], state["title"]) == (str(person.person_id), titles(adapter)[2])
    comments = [event for event in results[0][1] if event[0] == "incident.commented"]
    assert len(comments) == 1


def titles(adapter: str) -> list[str]:
    """The titles in the order of the story."""
    issues: list[Json] = [delivered["issue"] for delivered in STORIES[adapter](0)]
    return [issue["title"] if adapter == "github" else issue["fields"]["summary"] for issue in issues]
