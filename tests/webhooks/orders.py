"""Stories that tools tell, delivered in many orders in one database: each order has its own ticket."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.common.personal import is_encrypted
from app.kernel.ledger import Ledger
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.raw import definitions
from app.kpis.reconcile import reconciliation_connection
from app.log import read
from app.webhooks.intake import receipt
from app.webhooks.intake.deliveries import RawDelivery
from tests.cases import Failures
from tests.client import Json
from tests.webhooks.tools import process_all

#: Orders that are made at random.
ORDERS = int(os.environ.get("LEDGERDESK_TEST_ORDERS", "6"))
#: Numbers of issues begin here, far from those that samples have.
FIRST = 50_000
#: Definitions of which the cases are compared: whether it counts as opened, and how long it took.
KPIS = (
    "incident/incidents_opened",
    "incident/incident_resolution_seconds",
    "incident/incident_restore_seconds",
)
DAY = "2026-03-02"
NOT_COMPARED = frozenset({"id", "number", "version", "changed_at", "appended_at"})
ROW = "select to_jsonb(i) as row from fold.incident i where id = %s"
NOW = datetime(2026, 3, 20, tzinfo=UTC)

#: Deliveries in the order in which they come, each with the id that the tool gives it.
Order = Sequence[tuple[str, Json]]
#: What is here of a ticket: its state, its events, and its figures.
Found = tuple[dict[str, Any], list[tuple[Any, ...]], list[Any]]


def at(minute: int) -> str:
    """So many minutes after the story's begin, as tools write it."""
    return f"{DAY}T{8 + minute // 60:02}:{minute % 60:02}:00Z"


def an_issue(number: int, minute: int, action: str, **more: object) -> Json:
    """A delivery of GitHub on the issue of that number."""
    issue = {
        "id": number,
        "number": number,
        "title": "Basket stays empty",
        "body": "Since the last release.",
        "state": "open",
        "html_url": f"https://git.example.org/shop/web/issues/{number}",
        "user": {"login": "lin", "id": 3},
        "assignee": None,
        "created_at": at(0),
        "updated_at": at(minute),
    }
    return {
        "action": action,
        "issue": issue | more,
        "repository": {"full_name": "shop/web", "html_url": "https://git.example.org/shop/web"},
        "sender": {"login": "lin", "id": 3},
    }


def the_story(number: int) -> list[Json]:
    """An issue that is opened, edited, assigned, closed and reopened."""
    kim = {"assignee": {"login": "kim", "id": 4}}
    edited = {"title": "Basket empty"}
    return [
        an_issue(number, 0, "opened"),
        an_issue(number, 10, "edited", **edited),
        an_issue(number, 20, "assigned", **edited, **kim),
        an_issue(number, 90, "closed", **edited, **kim, state="closed", state_reason="completed"),
        an_issue(number, 120, "reopened", **edited, **kim),
    ]


async def store(ledger: Ledger, source_id: str, key: str, body: Json) -> None:
    """The delivery has come. Its key is what the tool calls it."""
    raw_body = json.dumps(body).encode()
    headers = {"x-github-event": "issues", "x-github-delivery": key, "content-type": "application/json"}
    await receipt.store(ledger, UUID(source_id), f"id:{key}", RawDelivery(headers, raw_body))


async def deliver(
    ledger: Ledger,
    source_id: str,
    orders: Sequence[Order],
    then: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Deliver every order, one delivery of each at a time, and process them. `then` happens after each."""
    for step in range(max(map(len, orders))):
        for order in orders:
            if step < len(order):
                await store(ledger, source_id, *order[step])
        await process_all(ledger)
        if then is not None:
            await then()
    failed = await ledger.db.rows("select code from plumbing.webhook_delivery where state <> 'processed'")
    assert failed == []


async def ticket_of(ledger: Ledger, source: str, number: int) -> str:
    """The stream of the ticket that mirrors the issue."""
    stream: str = await ledger.db.value(
        "select record from fold.external_reference where key = %s and source = %s", (str(number), source)
    )
    return stream


async def state_of(ledger: Ledger, stream: str) -> dict[str, Any]:
    """How the ticket stands: its row, with readable texts, without what is made anew for each ticket."""
    result: dict[str, Any] = await ledger.db.value(ROW, (stream.partition("/")[2],))
    encrypted = [value for value in result.values() if isinstance(value, str) and is_encrypted(value)]
    texts = await ledger.vault.texts(encrypted)
    return {
        name: texts.get(value, value) if isinstance(value, str) else value
        for name, value in result.items()
        if name not in NOT_COMPARED
    }


async def events_of(ledger: Ledger, stream: str) -> list[tuple[Any, ...]]:
    """What the ticket's events report at each time, without those that others replaced."""
    events = await read.stream_events(ledger.db, stream)
    removed = {event.data.get("instead") for event in events}
    left = [event for event in events if event.version not in removed or event.version == 1]
    again = [event for event in left if event.data.get("instead") == 1]
    opening = again[-1] if again else left[0]
    summary: list[tuple[Any, ...]] = [
        ("opened", opening.on_behalf_of, tuple(opening.data.get("irregular", ())))
    ]
    rest = sorted((e.occurred_at, e.version) for e in left if e.version != 1 and e not in again)
    by_version = {event.version: event for event in left}
    for _, version in rest:
        event = by_version[version]
        irregular = tuple(event.data.get("irregular", ()))
        summary.append((event.type, event.occurred_at, event.on_behalf_of, irregular))
    return summary


async def figures_of(ledger: Ledger, streams: Sequence[str]) -> dict[str, list[Any]]:
    """What each ticket counts in the KPIs' raw definitions."""
    result: dict[str, list[Any]] = {stream: [] for stream in streams}
    position = await ledger.db.value("select position from log.head")
    parameters = {
        "position": position,
        "now": NOW,
        "currency": "EUR",
        "ids": [stream.partition("/")[2] for stream in streams],
    }
    async with reconciliation_connection(ledger.db.url) as connection:
        # As reconciliation does: nobody has counted the rows, and a nested loop over them may never end.
        await connection.execute("set local enable_nestloop = off")
        for name in KPIS:
            columns = "case_id, at, excluded, seconds, numerator"
            cases = definitions.definition(name)
            text = f"select {columns} from ({cases}) d where case_id = any(%(ids)s::uuid[])"
            for case_id, *counted in await fetch(connection, SqlStatement(text, parameters)):
                result[f"incident/{case_id}"].append((name, *counted))
    return result


async def found_of(ledger: Ledger, streams: Sequence[str]) -> list[Found]:
    """What is here of each ticket."""
    figures = await figures_of(ledger, streams)
    return [
        (await state_of(ledger, stream), await events_of(ledger, stream), sorted(figures[stream], key=str))
        for stream in streams
    ]


async def found(ledger: Ledger, source: str, numbers: Sequence[int]) -> list[Found]:
    """What is here of the ticket of each issue."""
    return await found_of(ledger, [await ticket_of(ledger, source, number) for number in numbers])


def same(results: Sequence[Found], expected: Found, names: Sequence[str]) -> None:
    """Asserts that each result is the expected one."""
    failures = Failures()
    for name, result in zip(names, results, strict=True):

        def compare(result: Found = result) -> None:
            assert difference(result, expected) == {}

        failures.run(name, compare)
    failures.report()


def difference(result: Found, expected: Found) -> dict[str, Any]:
    """What differs: fields of the ticket with both values, its events, its figures."""
    (row, *rest), (expected_row, *remaining) = result, expected
    fields = {n: (row[n], expected_row[n]) for n in row if row[n] != expected_row[n]}
    pairs = zip(("events", "figures"), rest, remaining, strict=True)
    return fields | {name: (item, other) for name, item, other in pairs if item != other}


def named(number: int, story: Sequence[Json]) -> list[tuple[str, Json]]:
    """The deliveries of a story, each with the id that the tool gives it."""
    return [(f"{number}-{n}", body) for n, body in enumerate(story)]
