"""Business time in SQL is what it is in Python, is there with every version, and is made anew."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import rule_caller
from app.common.records import from_row
from app.foundation.calendars import spans
from app.foundation.calendars.lifecycle import AddCalendar
from app.foundation.calendars.records import CalendarVersion
from app.kernel.ledger import Ledger
from app.platform.db import Connection, connect, fetch_rows
from tests.extent import first_of, in_test_all
from tests.people import act

BETWEEN = """
select t.n, b.seconds
from unnest(%(first)s::timestamptz[], %(last)s::timestamptz[]) with ordinality t(first, last, n)
cross join lateral business_time.seconds_between(%(version)s, t.first, t.last) b order by t.n
"""
DUE = """
select t.n, d.due_at
from unnest(%(first)s::timestamptz[], %(seconds)s::bigint[]) with ordinality t(first, seconds, n)
cross join lateral business_time.due_at(%(version)s, t.first, t.seconds) d order by t.n
"""
ALL = "select * from business_time.calendar_span order by version, starts"
WEEKS = (
    [{"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "18:00"}],
    [{"weekdays": ["mon", "sat", "sun"], "starts": "22:00", "ends": "06:00"}],
    [{"weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "starts": "00:00", "ends": "24:00"}],
)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe")


@pytest.fixture
async def connection(ledger: Ledger) -> AsyncIterator[Connection]:
    """One of one's own."""
    opened = await connect(ledger.db.url)
    yield opened
    await opened.close()


async def published(ledger: Ledger, n: int, *, now: datetime | None = None) -> CalendarVersion:
    """The version of a new calendar."""
    fields: dict[str, Any] = {"key": f"c{n}", "name": "C", "time_zone": ZONES[n], "weekly": WEEKS[n]}
    body = AddCalendar.model_validate(
        {**fields, "public_holidays": [{"country": "CN", "years": [2025, 2026]}]}
    )
    calendar = (await act(ledger, rule_caller("tests"), "calendar", "add", body=body, now=now)).record
    row = await ledger.db.row("select * from fold.calendar_version where id = %s", (calendar.newest_id,))
    assert row is not None
    return from_row(CalendarVersion, row)


@pytest.mark.parametrize("n", first_of((1, 0, 2), 1))
async def test_sql_counts_as_python_does(ledger: Ledger, connection: Connection, n: int) -> None:
    version = await published(ledger, n)
    hours, chance = version.business_time(), random.Random(n)
    begin = datetime(2015, 1, 1, tzinfo=UTC)
    first = [begin + timedelta(seconds=chance.randint(0, 13 * 365 * 86400)) for _ in range(500)]
    edges = hours.spans(datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 4, 7, tzinfo=UTC))
    first += [edge for span in edges for edge in span]
    last = [begin + timedelta(seconds=chance.randint(0, 40 * 86400), milliseconds=500) for begin in first]
    rows = await fetch_rows(connection, BETWEEN, {"first": first, "last": last, "version": version.id})
    counted = [hours.between(a, b) for a, b in zip(first, last, strict=True)]
    assert [row["seconds"] for row in rows] == counted
    seconds = [chance.choice((1, 3600, 9 * 3600, 45 * 3600, chance.randint(1, 10**6))) for _ in first]
    rows = await fetch_rows(connection, DUE, {"first": first, "seconds": seconds, "version": version.id})
    assert [row["due_at"] for row in rows] == [hours.add(a, s) for a, s in zip(first, seconds, strict=True)]


@in_test_all
async def test_what_is_not_known_is_null_and_no_number(ledger: Ledger, connection: Connection) -> None:
    version = await published(ledger, 0)
    begins = [datetime(year, 6, 1, tzinfo=UTC) for year in (1999, 2026, 2090)]
    now = [datetime(2026, 6, 2, tzinfo=UTC)] * 3
    rows = await fetch_rows(connection, BETWEEN, {"first": begins, "last": now, "version": version.id})
    assert [row["seconds"] is None for row in rows] == [True, False, True]
    ten_years = [10 * 366 * 86400] * 3
    rows = await fetch_rows(connection, DUE, {"first": begins, "seconds": ten_years, "version": version.id})
    assert [row["due_at"] for row in rows] == [None] * 3


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans go back by a year, which takes a quarter of the time."""
    monkeypatch.setattr(spans, "YEARS_BACK", 1)


async def test_spans_are_taken_further_before_they_end_and_are_what_they_would_be_anew(
    ledger: Ledger, connection: Connection, short: None
) -> None:
    for n in range(3):
        await published(ledger, n)
    now = datetime.now(UTC)
    assert await spans.extend(connection, now) == 0
    later = now + timedelta(days=4 * 366)
    assert await spans.extend(connection, later) == 3
    assert await spans.extend(connection, later) == 0
    until = await ledger.db.value("select max(starts) from business_time.calendar_span")
    assert until == datetime(later.year + spans.YEARS_AHEAD, 1, 1, tzinfo=UTC)
    assert await spans.rebuild_spans(connection) == []


async def test_a_rebuild_makes_spans_anew(ledger: Ledger, connection: Connection, short: None) -> None:
    versions = [await published(ledger, n) for n in range(3)]
    before = await fetch_rows(connection, ALL, ())
    delete = "delete from business_time.calendar_span where version = %s"
    await connection.execute(delete.encode(), (versions[0].id,))
    await connection.execute(f"{delete} and starts > '2026-01-01'".encode(), (versions[1].id,))
    assert set(await spans.rebuild_spans(connection)) == {versions[0].id, versions[1].id}
    assert await fetch_rows(connection, ALL, ()) == before
    assert await spans.rebuild_spans(connection) == []


@in_test_all
async def test_a_million_rows_cost_probes_of_an_index_and_no_call_each(
    ledger: Ledger, connection: Connection
) -> None:
    version = await published(ledger, 0)
    query = (
        "explain select sum(b.seconds), count(b.seconds) from generate_series(1, 1000000) n "
        "cross join lateral business_time.seconds_between(%s, now(), now() + n * interval '1 second') b"
    )
    plan = "\n".join(row["QUERY PLAN"] for row in await fetch_rows(connection, query, (version.id,)))
    assert plan.count("using calendar_span_pkey") == 2, plan
    assert "seconds_between" not in plan
