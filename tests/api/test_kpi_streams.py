"""KPIs as tables of any length: sent as they are made, whole or broken off, and as of one position."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from starlette.responses import Response

from app.api.requests import csv_output
from app.api.requests.csv_output import Table, TableParts, csv_stream
from app.api.requests.middleware import ErrorMiddleware
from app.common.people import Role
from app.kpis.answers import answer as answers
from app.kpis.answers import series_stream
from app.kpis.answers.answer import answer
from app.kpis.answers.series_stream import series_pieces
from app.kpis.cases import stream as case_stream
from app.kpis.cases.drill_down import described_cases
from app.kpis.cases.stream import MOST_CASE_STREAMS, all_cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.tables import TABLES
from app.kpis.questions.access import question_of
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters
from app.platform.db import DatabaseGone
from tests.api.desk import MTTR, Desk
from tests.api.test_kpi_tables import CSV, OF_INCIDENTS, as_cell, rows
from tests.client import Client, Json
from tests.conftest import DatabaseUrls
from tests.extent import first_of, in_test_all
from tests.kpis.kinds import kind_of
from tests.people import ago
from tests.selection import selected
from tests.served import behind_a_socket
from tests.waiting import PATIENCE_SECONDS

KEY = "incident_resolution_seconds"


class Parts:
    """A table of numbers whose parts are made when the test says so."""

    def __init__(self, *results: Exception | Sequence[Sequence[int]]) -> None:
        self._results = results
        self.turns = [asyncio.Event() for _ in results]
        self.closed = asyncio.Event()

    async def parts(self) -> TableParts:
        try:
            for result, turn in zip(self._results, self.turns, strict=True):
                await turn.wait()
                if isinstance(result, Exception):
                    raise result
                yield ["n"], result
        finally:
            self.closed.set()


@contextlib.asynccontextmanager
async def served(parts: TableParts) -> AsyncIterator[httpx.Response]:
    """The answer that begins with the table."""
    app = FastAPI()
    app.add_middleware(ErrorMiddleware)

    @app.get("/table")
    async def table() -> Response:
        return await csv_stream(parts, {})

    async with (
        behind_a_socket(app) as (host, port),
        httpx.AsyncClient() as client,
        client.stream("GET", f"http://{host}:{port}/table") as answer,
    ):
        yield answer


async def test_a_part_is_sent_before_the_next_one_is_made() -> None:
    parts = Parts([[1]], [[2], [3]])
    parts.turns[0].set()
    async with served(parts.parts()) as answer:
        assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
        text = answer.aiter_text()
        assert await anext(text) == "n\r\n1\r\n"
        parts.turns[1].set()
        assert [piece async for piece in text] == ["2\r\n3\r\n"]
    assert parts.closed.is_set()


async def test_a_table_that_breaks_off_does_not_look_whole() -> None:
    parts = Parts([[1]], DatabaseGone("It has not answered in time."))
    parts.turns[0].set()
    async with served(parts.parts()) as answer:
        text = answer.aiter_text()
        assert await anext(text) == "n\r\n1\r\n"
        parts.turns[1].set()
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            await anext(text)
    assert parts.closed.is_set()


async def test_nothing_is_read_for_a_client_that_has_gone() -> None:
    parts = Parts([[1]], [[2]])
    parts.turns[0].set()
    async with served(parts.parts()) as answer:
        assert await anext(answer.aiter_text()) == "n\r\n1\r\n"
        await answer.aclose()
        await asyncio.wait_for(parts.closed.wait(), PATIENCE_SECONDS)


async def test_nothing_is_read_for_a_client_that_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_output, "STALLED_SECONDS", 0.1)
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[Table, None]:
        try:
            while True:
                yield ["n"], [["x" * 100_000]]
        finally:
            closed.set()

    async with served(endless()):
        await asyncio.wait_for(closed.wait(), PATIENCE_SECONDS)


def whole_time(key: str, now: datetime, desk: Desk, **more: Any) -> KpiQuestion:
    """The question about that KPI in the days around now."""
    body = {"grain": "all", "begin": ago(days=9).isoformat(), "end": ago(days=-2).isoformat(), **more}
    return question_of(desk.api.ledger.settings, KPIS[key], QuestionParameters(**body), now)


async def three_resolved(desk: Desk) -> None:
    for n in range(3):
        await desk.resolve(await desk.report(n + 1))
    await desk.follow()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_stream, "PAGE", 2)


async def page_and_table(client: Client, path: str, time: dict[str, str]) -> tuple[Json, httpx.Response]:
    """The answer as JSON and as a table, both of the same second: an open case gets older by the second."""
    while True:
        page = await client.read(path, **time)
        table = await client.get(path, params=time, headers=CSV)
        if await client.read(path, **time) == page:
            return page, table


async def test_without_a_page_the_table_has_all_cases_that_are_counted(desk: Desk, small_pages: None) -> None:
    auditor = await desk.api.client("Olga", Role.auditor)
    for n in range(5):
        await desk.resolve(await desk.report(n + 1))
    await desk.report(7)
    await desk.follow()
    time = {"from": ago(days=1).isoformat(), "to": ago(days=-1).isoformat()}
    for key in first_of(selected("all cases as a table", OF_INCIDENTS, kind_of), 5):
        page, response = await page_and_table(auditor, f"/v1/kpis/{key}/cases", time)
        assert "link" not in response.headers
        items, _ = page.pop("items"), page.pop("next_cursor")
        table = rows(response.text)
        assert len(table) == len(items)
        for row, case in zip(table, items, strict=True):
            case["events"] = " ".join(event["id"] for event in case["events"])
            assert row == {name: as_cell(value) for name, value in {**case, **page}.items()}, key
        paged = await auditor.get(f"/v1/kpis/{key}/cases", params=time | {"limit": 50}, headers=CSV)
        assert [row["id"] for row in rows(paged.text)] == [row["id"] for row in table]
    none = await desk.manager.get(f"{MTTR}/cases", params={"to": "2020-01-01"}, headers=CSV)
    assert none.text.startswith("id,kind,number,")
    assert rows(none.text) == []


async def test_all_cases_are_those_of_one_position(
    desk: Desk, small_pages: None, place: DatabaseUrls
) -> None:
    await three_resolved(desk)
    now = datetime.now(UTC)
    async with contextlib.aclosing(all_cases(desk.api.ledger.db, whole_time(KEY, now, desk), now)) as pages:
        first = await anext(pages)
        with psycopg.connect(place.owner_url) as owner:  # while a client reads, no table is locked
            owner.execute(f"lock table {TABLES} in access exclusive mode nowait".encode())
        await desk.resolve(await desk.report(0.5))
        await desk.follow()
        rest = [page async for page in pages]
    assert [len(page.cases) for page in [first, *rest]] == [2, 1]
    assert {page.position for page in rest} == {first.position} != {await desk.api.head()}


async def test_only_so_many_are_read_at_a_time(desk: Desk, small_pages: None) -> None:
    await three_resolved(desk)
    now, db = datetime.now(UTC), desk.api.ledger.db
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(MOST_CASE_STREAMS):
            pages = all_cases(db, whole_time(KEY, now, desk), now)
            await stack.enter_async_context(contextlib.aclosing(pages))
            await anext(pages)
        refused = await desk.manager.get(f"{MTTR}/cases", headers=CSV)
        assert (refused.status_code, refused.json()["code"]) == (503, "database_gone")
        assert int(refused.headers["retry-after"]) > 0
    assert (await desk.manager.get(f"{MTTR}/cases", headers=CSV)).status_code == 200


@in_test_all
async def test_when_the_database_goes_the_table_breaks_off(
    desk: Desk, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await three_resolved(desk)
    called = list[int]()

    async def once(*arguments: Any) -> Any:
        called.append(1)
        if len(called) > 1:
            raise psycopg.errors.AdminShutdown
        return await described_cases(*arguments)

    monkeypatch.setattr(case_stream, "described_cases", once)
    async with behind_a_socket(desk.api.app) as (host, port), httpx.AsyncClient() as client:
        headers = CSV | {"Authorization": f"Bearer {desk.manager.token}"}
        address = f"http://{host}:{port}{MTTR}/cases"
        async with client.stream("GET", address, headers=headers) as answer:
            assert answer.status_code == 200
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                await answer.aread()


@in_test_all
async def test_a_series_in_pieces_says_what_it_says_in_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (8, 6, 5, 1, 0.5):
        await desk.resolve(await desk.report(days * 24))
    await desk.report(60)
    await desk.follow()
    now, db = datetime.now(UTC), desk.api.ledger.db
    monkeypatch.setattr(series_stream, "PIECE", 5)
    for key in selected("series in pieces", OF_INCIDENTS, kind_of):
        for by in ((), KPIS[key].dimensions[:2]):
            question = whole_time(key, now, desk, grain="day", by=[dimension.value for dimension in by])
            expected = await answer(db, question, now)
            pieces = [piece async for piece in series_pieces(db, question, now)]
            assert len(pieces) > 1
            assert [point for piece in pieces for point in piece.points] == expected.points, key
            assert {piece.position for piece in pieces} == {expected.position}


@in_test_all
async def test_a_series_has_more_periods_as_a_table_than_as_an_answer(desk: Desk) -> None:
    await three_resolved(desk)
    time = {"grain": "day", "from": "2020-01-01", "to": "2024-01-01"}
    refused = await desk.manager.get(MTTR, params=time)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "too_many_periods")
    table = rows((await desk.manager.get(MTTR, params=time, headers=CSV)).text)
    days = [row["from"] for row in table]
    assert len(days) == len(set(days)) == 3 * 365 + 366
    assert days == sorted(days)
    assert {row["no_value"] for row in table} == {"no_cases"}


async def test_a_piece_with_too_many_points_is_made_smaller(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, service in enumerate(("mail", "web", "vpn", "phone")):
        await desk.resolve(await desk.report(24 * n + 1, service=service))
    await desk.follow()
    now, db = datetime.now(UTC), desk.api.ledger.db
    question = whole_time("incidents_opened", now, desk, grain="day", by=["service"])
    expected = await answer(db, question, now)
    monkeypatch.setattr(answers, "LARGEST_ANSWER", 2)
    with pytest.raises(CannotAnswer, match="too_many_points"):
        await answer(db, question, now)
    pieces = [piece async for piece in series_pieces(db, question, now)]
    assert [point for piece in pieces for point in piece.points] == expected.points
    monkeypatch.setattr(answers, "LARGEST_ANSWER", 0)
    with pytest.raises(CannotAnswer, match="too_many_points"):
        _ = [piece async for piece in series_pieces(db, question, now)]
