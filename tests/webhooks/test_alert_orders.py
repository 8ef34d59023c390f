"""Deliveries of Alertmanager in whatever order, once or twice: the same incidents, with the same figures.

An alert fires, is told of again, clears, and fires anew, beside another one in the same delivery. Each
outage is an incident. Only where a later clearing comes before an earlier one, outages that had become one
incident by then may stay one: an incident that has ended is not changed. That is what Alertmanager itself
tells of an alert that clears and fires anew between two deliveries.

The words are no part of the order: that of firings told at one time which comes first opens the incident.
Nor is when it counts as opened where a later firing of an outage comes before an earlier one: the first that
comes opens it, and an incident is not opened twice.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise, permutations
from typing import Any

import pytest

from tests.cases import Failures
from tests.client import Api, Json
from tests.extent import WHOLE, in_test_all
from tests.webhooks.orders import ORDERS, figures_of, state_of
from tests.webhooks.test_receiving import an_admin
from tests.webhooks.tools import Tool, a_source, process_all

NOW = datetime.now(UTC).replace(microsecond=0)
#: When the story begins.
BEGIN = NOW - timedelta(hours=12)
#: Stories in one database. Figures of raw events take their time.
TOGETHER = 20
OPEN_END = "0001-01-01T00:00:00Z"
WORDS = frozenset({"description", "resolution"})
#: An alert that joined an incident before its clearing was known is counted there, too.
COUNTS = frozenset({"alert_count", "last_alert_at"})
INCIDENTS = """
select 'incident/' || id as stream, dedup_key from fold.incident order by dedup_key, began_at, id"""
#: Times of an incident that are those of the firing which came first.
OF_OPENING = frozenset({"opened_at", "state_since", "resolved_at"})
#: The state of an incident, and its figures.
Incident = tuple[dict[str, Any], list[Any]]


@dataclass(frozen=True)
class Told:
    """What a delivery tells of an alert: since when it fires, and when it has cleared."""

    alert: str
    since: int
    until: int | None = None
    words: str = "4 % are left."

    def body(self, name: str) -> Json:
        """As Alertmanager writes it. `name` makes another alert of it."""
        return {
            "status": "firing" if self.until is None else "resolved",
            "fingerprint": f"{name}-{self.alert}",
            "labels": {"alertname": "DiskAlmostFull", "severity": "critical", "instance": self.alert},
            "annotations": {"summary": f"Disk of {self.alert} is almost full", "description": self.words},
            "startsAt": minute(self.since),
            "endsAt": OPEN_END if self.until is None else minute(self.until),
        }


Story = Sequence[Sequence[Told]]
#: A story in its order, and in others.
Tried = tuple[Story, dict[str, Story]]
STORY: Story = (
    (Told("a", 0),),
    (Told("a", 0, words="3 % are left."),),
    (Told("a", 0, 30, words="3 % are left."),),
    (Told("a", 60), Told("b", 60)),
    (Told("a", 60, 90), Told("b", 60)),
)


def minute(number: int) -> str:
    """So many minutes after the story's begin, as Alertmanager writes it."""
    return (BEGIN + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")


def a_long_story(chance: random.Random) -> Story:
    """Some outages of two alerts, told one by one or together, and some of them twice."""
    firings: list[Told] = []
    for alert in "ab":
        since = 0
        for outage in range(chance.choice((2, 3))):
            since += chance.choice((5, 40))
            until = since + chance.choice((5, 30))
            firing = Told(alert, since, words=f"{outage}")
            firings += [firing] * chance.choice((1, 2)) + [Told(alert, since, until)]
            since = until
        firings += [Told(alert, since + 7)] * chance.choice((0, 1))
    together = chance.choice((1, 2))
    # Two equal deliveries are one: what is told again has other words.
    firings = [Told(t.alert, t.since, t.until, f"{t.words} {n}") for n, t in enumerate(firings)]
    return [firings[n : n + together] for n in range(0, len(firings), together)]


async def an_alertmanager(api: Api) -> Tool:
    return await a_source(api, await an_admin(api), "alertmanager")


async def deliver(tool: Tool, orders: dict[str, Story]) -> None:
    """Post the deliveries of each order, one at a time, and have them processed."""
    for step in range(max(map(len, orders.values()))):
        for name, story in orders.items():
            if step < len(story):
                answer = await tool.post(
                    {"version": "4", "alerts": [firing.body(name) for firing in story[step]]}
                )
                assert answer.status_code == 202, answer.text
        await process_all(tool.api.ledger, lambda: NOW)
    failed = await tool.api.ledger.db.rows(
        "select code from plumbing.webhook_delivery where state <> 'processed'"
    )
    assert failed == []


async def incidents(tool: Tool) -> dict[str, list[Incident]]:
    """The incidents of each alert, the first that began first."""
    ledger = tool.api.ledger
    streams = {row["stream"]: row["dedup_key"] for row in await ledger.db.rows(INCIDENTS)}
    figures = await figures_of(ledger, list(streams))
    result: dict[str, list[Incident]] = defaultdict(list)
    for stream, alert in streams.items():
        state = await state_of(ledger, stream)
        del state["dedup_key"]
        result[alert].append((state, sorted(figures[stream], key=str)))
    return result


def outages(incidents: Iterable[Incident]) -> list[tuple[str, str | None]]:
    """From when to when each was, to the second."""
    return [(state["began_at"], state["service_restored_at"]) for state, _ in incidents]


def check(result: Sequence[Incident], expected: Sequence[Incident], story: Story, alert: str) -> None:
    """Asserts that these incidents are what the deliveries in this order must come to."""
    firings = [each for delivery in story for each in delivery if each.alert == alert]
    if outages(result) != outages(expected):
        assert not all(a <= b for a, b in pairwise(t.until for t in firings if t.until is not None)), (
            outages(result),
            outages(expected),
        )
        assert merged(outages(result), outages(expected)), (outages(result), outages(expected))
        return
    fired = [each.since for each in firings]
    of_opening: frozenset[str] = frozenset() if fired == sorted(fired) else OF_OPENING
    for item, other in zip(result, expected, strict=True):
        assert compared(item, of_opening) == compared(other, of_opening)
        assert item[0]["description"] in {each.words for each in firings}
        assert (item[0]["resolution"] or "").partition("\n")[0] == (other[0]["resolution"] or "").partition(
            "\n"
        )[0]


def merged(result: Sequence[tuple[Any, Any]], expected: Sequence[tuple[Any, Any]]) -> bool:
    """Whether each is one of the expected outages, or several of them that follow one another."""
    rest = list(expected)
    for began, restored in result:
        if not rest or rest[0][0] != began:
            return False
        while rest and rest[0][1] != restored:
            rest.pop(0)
        if not rest:
            return False
        rest.pop(0)
    return not rest


def compared(incident: Incident, without: frozenset[str]) -> tuple[Any, ...]:
    state, figures = incident
    fields = {n: v for n, v in state.items() if n not in WORDS | COUNTS | without}
    return fields, [] if without else figures


async def check_orders(tool: Tool, tried: Sequence[Tried]) -> None:
    """Deliver these orders of each story, and assert that each comes to what the story in its order does."""
    all_orders = {f"expected {n}": story for n, (story, _) in enumerate(tried)}
    for _, orders in tried:
        all_orders |= orders
    await deliver(tool, all_orders)
    result, failures = await incidents(tool), Failures()
    for n, (story, orders) in enumerate(tried):
        for alert in sorted({firing.alert for delivery in story for firing in delivery}):
            expected = result[f"expected {n}-{alert}"]
            assert expected
            for name, order in orders.items():
                case = partial(check, result[f"{name}-{alert}"], expected, order, alert)
                failures.run(f"{name} {alert}", case)
    failures.report()


async def test_a_story_of_alerts_in_its_order_is_an_incident_for_each_outage(api: Api) -> None:
    tool = await an_alertmanager(api)
    await deliver(tool, {"x": STORY})
    result = await incidents(tool)
    first, second = [state for state, _ in result["x-a"]]
    (other,) = [state for state, _ in result["x-b"]]
    assert [item["state"] for item in (first, second, other)] == ["resolved", "resolved", "new"]
    assert [item["alert_count"] for item in (first, second, other)] == [2, 1, 2]
    lasted = [
        datetime.fromisoformat(item["service_restored_at"]) - datetime.fromisoformat(item["began_at"])
        for item in (first, second)
    ]
    assert lasted == [timedelta(minutes=30)] * 2


async def test_alerts_in_any_order_are_the_same_incidents(api: Api) -> None:
    tool = await an_alertmanager(api)
    tried: list[Tried] = []
    for length in range(2 if WHOLE else len(STORY), len(STORY) + 1):
        every = list(permutations(range(length)))
        # Each eleventh: the first in order, the others in all kinds of disorder.
        orders = every if WHOLE else every[::11]
        named: dict[str, Story] = {
            f"{length}-{''.join(map(str, order))}": [STORY[n] for n in order] for order in orders
        }
        tried.append((STORY[:length], named))
    await check_orders(tool, tried)


@in_test_all
async def test_alerts_in_any_order_with_each_delivery_twice_are_the_same_incidents(api: Api) -> None:
    tool, chance = await an_alertmanager(api), random.Random(7)
    twice = [*STORY, *STORY]
    await check_orders(tool, [(STORY, {f"{n}": chance.sample(twice, len(twice)) for n in range(ORDERS)})])


@in_test_all
@pytest.mark.parametrize("first", range(0, ORDERS, TOGETHER))
async def test_longer_stories_of_alerts_in_orders_made_at_random_are_the_same_incidents(
    api: Api, first: int
) -> None:
    tool = await an_alertmanager(api)
    tried: list[Tried] = []
    for seed in range(first, min(first + TOGETHER, ORDERS)):
        chance = random.Random(seed)
        story = a_long_story(chance)
        tried.append((story, {f"seed {seed}, {n}": chance.sample(story, len(story)) for n in range(3)}))
    await check_orders(tool, tried)
