"""The lists within a record and its events, read from their newest entry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.common.people import Role
from app.common.times.clocks import AgreementType, ClockEventType
from app.log import read
from app.platform.db import Database
from tests.api.statements import counted
from tests.api.test_plans import nodes
from tests.client import Api, Client, an_incident
from tests.clocks import append_clock_event

PAGE_SIZES = (1, 2, 3, 5, 200)
NEWEST_FIRST = {"newest_first": "true"}


@pytest.fixture
async def readers(api: Api) -> dict[str, Client]:
    """An agent, and a requester who may see no events and comments that are for staff only."""
    await api.team("network")
    return {
        "agent": await api.client("Lin", Role.agent, Role.incident_manager),
        "requester": await api.client("Zhao Min", Role.requester),
    }


@pytest.fixture
async def path(api: Api, readers: dict[str, Client]) -> str:
    """An incident with comments for all and for staff only, and with events of two clocks between them."""
    incident = await readers["requester"].post_ok("/v1/incidents", an_incident())
    team = UUID(await api.team("vendor"))
    address = f"/v1/incidents/{incident['id']}"
    for n in range(3):
        for visibility in ("public", "internal"):
            body = {"text": f"Word {n}", "visibility": visibility}
            await readers["agent"].post_ok(f"{address}/comment", body)
        for event in (ClockEventType.started, ClockEventType.breached)[: 1 + n % 2]:
            await append_clock_event(api.ledger, f"incident/{incident['id']}", event)
            await append_clock_event(
                api.ledger,
                f"incident/{incident['id']}",
                event,
                agreement_type=AgreementType.ola,
                party=team,
                staff_only=True,
            )
    return address


@pytest.mark.parametrize("part", ["events", "comments"])
@pytest.mark.parametrize("name", ["agent", "requester"])
async def test_pages_from_the_newest_are_the_reverse_of_pages_from_the_oldest(
    readers: dict[str, Client], path: str, name: str, part: str
) -> None:
    reader = readers[name]
    (oldest_first,) = await reader.pages(f"{path}/{part}", limit="200")
    assert len(oldest_first) >= 3
    for limit in PAGE_SIZES:
        pages = await reader.pages(f"{path}/{part}", limit=str(limit), **NEWEST_FIRST)
        assert [item for page in pages for item in page] == oldest_first[::-1], limit
        forward = await reader.pages(f"{path}/{part}", limit=str(limit))
        assert [item for page in forward for item in page] == oldest_first, limit


async def test_both_kinds_of_readers_see_clocks_and_only_staff_see_everything(
    readers: dict[str, Client], path: str
) -> None:
    (of_agent,) = await readers["agent"].pages(f"{path}/events", **NEWEST_FIRST)
    (of_requester,) = await readers["requester"].pages(f"{path}/events", **NEWEST_FIRST)
    assert any(event["clock"] for event in of_requester)
    assert len(of_requester) < len(of_agent)


async def test_events_as_of_a_position_begin_with_the_newest_of_that_time(
    readers: dict[str, Client], path: str
) -> None:
    (oldest_first,) = await readers["agent"].pages(f"{path}/events")
    as_of = str(oldest_first[4]["position"])
    pages = await readers["agent"].pages(f"{path}/events", limit="2", as_of=as_of, **NEWEST_FIRST)
    assert [event for page in pages for event in page] == oldest_first[4::-1]


@pytest.mark.parametrize("part", ["events", "comments"])
@pytest.mark.parametrize("first", [{}, NEWEST_FIRST])
async def test_the_cursor_of_the_other_order_is_refused(
    readers: dict[str, Client], path: str, part: str, first: dict[str, str]
) -> None:
    page = await readers["agent"].read(f"{path}/{part}", limit="1", **first)
    other = {} if first else NEWEST_FIRST
    refused = await readers["agent"].get(
        f"{path}/{part}", params={"limit": "1", "cursor": page["next_cursor"], **other}
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_cursor")


async def test_the_link_to_the_next_page_keeps_the_order(readers: dict[str, Client], path: str) -> None:
    answer = await readers["agent"].get(f"{path}/comments", params={"limit": "1", **NEWEST_FIRST})
    assert "newest_first=true" in answer.headers["link"]


async def test_the_newest_events_come_from_an_index_and_are_not_sorted(
    api: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"incident/{path.rpartition('/')[2]}"
    with monkeypatch.context() as patch:
        statements = counted(patch)
        await read.newest_stream_events(api.ledger.db, name, before_version=5, limit=2)
        await read.events_about(api.ledger.db, name, after_position=99, newest_first=True, limit=2)
    sent: dict[str, Any] = {"stream": name, "before": 5, "after": 99, "limit": 2}
    of_record, of_clocks = [await _plan(api.ledger.db, query, sent) for query in statements.sent]
    assert "Seq Scan" not in of_record + of_clocks
    assert not {"Sort", "Incremental Sort"} & set(of_record), "the index has the order"


async def _plan(db: Database, query: str, parameters: dict[str, Any]) -> list[str]:
    """The steps of the plan for the query, as for a log that is too large to be read through."""
    async with db.connection() as connection, connection.transaction():
        await connection.execute(b"set local enable_seqscan = off")
        cursor = await connection.execute(f"explain (format json) {query}".encode(), parameters)
        (row,) = await cursor.fetchall()
    return [step["Node Type"] for step in nodes(next(iter(row))[0]["Plan"])]
