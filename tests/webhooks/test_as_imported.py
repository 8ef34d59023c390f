"""Deliveries of a ticket come to what an import of the same history comes to."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from app.exchange.load import load
from app.exchange.readers.ndjson import MAPPING, Ndjson
from app.kernel.ledger import Ledger
from app.webhooks.adapters import adapter as adapter_of
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.updates import NamedPerson, TicketUpdate
from tests.client import Api, Json
from tests.extent import first_of, in_test_all
from tests.webhooks import issues_of_jira, orders
from tests.webhooks.orders import FIRST, NOW, ORDERS, Found, Order, deliver, difference, found, named
from tests.webhooks.test_orders import a_long_story
from tests.webhooks.test_receiving import an_admin
from tests.webhooks.tools import Tool, a_source

#: What the history is imported as: another source, so that it makes tickets of its own.
IMPORTED = "desk"
STORIES: dict[str, Callable[[int], list[Json]]] = {
    "github": orders.the_story,
    "jira": issues_of_jira.the_story,
}
HEADERS = {"x-github-event": "issues"}
NAMES = "select id, name from fold.person"


class Looks(Ndjson):
    """A history whose rows are looks at a case: only a change counts, as in what a tool tells of a ticket."""

    format = MAPPING.model_copy(update={"repeats": False}).format("ndjson")


def row_of(adapter: str, body: Json) -> dict[str, str]:
    """What a delivery tells, as a row of a history."""
    delivery = Delivery(HEADERS, json.dumps(body).encode(), NOW, zone=None, usual_zone="UTC")
    (news,) = adapter_of(adapter).evaluate(delivery).news
    assert isinstance(news, TicketUpdate)
    assert news.opened_at is not None
    cells: dict[str, Any] = news.fields | {
        "case": news.case,
        "at": news.occurred_at.isoformat(),
        "opened_at": news.opened_at.isoformat(),
        "state": news.state,
        "actor": news.actor,
    }
    return {name: text(value) for name, value in cells.items() if value is not None}


def text(value: object) -> str:
    """The value as a cell."""
    if isinstance(value, NamedPerson):
        return value.name or value.id or ""
    return str(value.value if isinstance(value, Enum) else value)


async def import_history(ledger: Ledger, folder: Path, rows: Sequence[dict[str, str]]) -> None:
    """Import the rows as one history, each case in the order of its rows."""
    path = folder / "history.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    report = await load(ledger, path, Looks(NOW), source=IMPORTED, now=datetime.now(UTC))
    assert report.applied == len(rows), report.first_refused


async def readable(ledger: Ledger, result: Found) -> Found:
    """The same with names of persons in place of their ids, as each source has its own persons; and with
    events that do not say for whom: those of an import are by whom the history names.
    """
    rows = await ledger.db.rows(NAMES)
    texts = await ledger.vault.texts(row["name"] for row in rows)
    names = {str(row["id"]): texts[row["name"]] for row in rows}
    state, events, figures = result
    named_state = {n: names.get(v, v) if isinstance(v, str) else v for n, v in state.items()}
    return named_state, [(kind, *when, irregular) for kind, *when, _, irregular in events], figures


async def compare(
    tool: Tool, folder: Path, adapter: str, stories: Sequence[list[Json]], tried: Sequence[Order]
) -> None:
    """Deliver the stories in these orders, import them in theirs, and assert that both come to the same."""
    ledger = tool.api.ledger
    numbers = range(FIRST, FIRST + len(stories))
    await deliver(ledger, tool.source["id"], tried)
    await import_history(ledger, folder, [row_of(adapter, body) for story in stories for body in story])
    here = await found(ledger, tool.source["key"], numbers)
    imported = await found(ledger, IMPORTED, numbers)
    for number, mirrored, other in zip(numbers, here, imported, strict=True):
        assert difference(await readable(ledger, mirrored), await readable(ledger, other)) == {}, number


@pytest.mark.parametrize("adapter", first_of(list(STORIES), 1))
async def test_deliveries_come_to_what_an_import_of_the_same_history_does(
    api: Api, adapter: str, tmp_path: Path
) -> None:
    tool, chance = await a_source(api, await an_admin(api), adapter), random.Random(5)
    all_stories = [STORIES[adapter](number) for number in range(FIRST, FIRST + ORDERS)]
    stories = [story[: len(story) - n % 3] for n, story in enumerate(all_stories)]
    histories = [named(FIRST + n, story) for n, story in enumerate(stories)]
    tried = [histories[0], *(chance.sample(item * 2, 2 * len(item)) for item in histories[1:])]
    await compare(tool, tmp_path, adapter, stories, tried)


@in_test_all
async def test_longer_deliveries_come_to_what_an_import_does(api: Api, tmp_path: Path) -> None:
    tool = await a_source(api, await an_admin(api), "github")
    stories = [a_long_story(random.Random(seed), FIRST + seed) for seed in range(ORDERS)]
    tried = [random.Random(n).sample(t := named(FIRST + n, story), len(t)) for n, story in enumerate(stories)]
    await compare(tool, tmp_path, "github", stories, tried)
