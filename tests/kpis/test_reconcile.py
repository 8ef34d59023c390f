"""Both paths agree on made-up histories; and a fact that is wrong by one is found, to the case."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.db import Connection
from app.kpis.catalogue import KPIS
from app.kpis.facts import FACTS
from app.kpis.reconcile import Report, reconcile
from app.log.follow import catch_up
from tests.kpis.conftest import Books
from tests.kpis.histories import histories, write

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


async def _reconciled(url: str, *keys: str) -> Report:
    return await reconcile(url, zone=SHANGHAI, now=NOW, keys=keys)


@pytest.mark.parametrize(
    ("seed", "zone"),
    list(enumerate(("Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"))),
)
async def test_both_paths_agree_on_every_kpi_month_and_dimension(
    database_url: str, follower: Connection, seed: int, zone: str
) -> None:
    await write(follower, histories(seed, cases=150))
    await catch_up(follower, FACTS)
    heard: list[tuple[str, int, int]] = []
    report = await reconcile(
        database_url, zone=ZoneInfo(zone), now=NOW, progress=lambda *news: heard.append(news)
    )
    assert report.differences == []
    assert report.compared > 1000
    assert heard == [(key, n, len(KPIS)) for n, key in enumerate(KPIS)]


async def test_an_empty_log_agrees_with_no_facts(database_url: str) -> None:
    report = await _reconciled(database_url)
    assert (report.position, report.found) == (0, 0)


@pytest.mark.parametrize(
    ("key", "planted", "what"),
    [
        ("incident_resolution_seconds", "update kpi.incident_resolved set seconds = seconds + 1", "value"),
        ("reopened_share", "update kpi.incident_resolved set reopened = not reopened", "numerator"),
        ("incidents_opened", "update kpi.incident_opened set priority = 'P3'", "cases"),
        ("incidents_closed", "update kpi.incident_closed set excluded = 'cancelled'", "cancelled"),
        ("first_resolution_seconds", "delete from kpi.incident_first_resolved", "cases"),
        ("incident_response_attainment", "update kpi.incident_response_due set met = not met", "numerator"),
        ("incident_resolution_attainment", "update kpi.incident_resolution_due set team_id = null", "cases"),
        ("incident_response_seconds", "update kpi.incident_responded set skewed = not skewed", "skewed"),
        ("reassignments", "update kpi.incident_moved set to_team_id = from_team_id", "value"),
        ("backlog", "delete from kpi.incident_life", "value"),
        (
            "backlog_age_seconds",
            "update kpi.incident_life set opened_at = opened_at - interval '1 d'",
            "value",
        ),
        ("reopen_rate", "update kpi.incident_resolved set reopened_soon = not reopened_soon", "numerator"),
        ("repeat_incident_rate", "delete from kpi.incident_opened", "denominator"),
        (
            "incident_without_cost_share",
            "update kpi.incident_resolved set currency = case when currency = 'EUR' then null else 'EUR' end",
            "numerator",
        ),
        ("backlog", "update kpi.incident_life set opened_at = '1970-01-01'", "oldest_open_seconds"),
        ("backlog", "update kpi.incident_life set on_hold = not on_hold", "on_hold"),
        ("incident_response_seconds", "update kpi.incident_life set responded = true", "open_cases"),
    ],
)
async def test_a_fact_that_is_wrong_is_found_to_the_last_case(
    books: Books, key: str, planted: str, what: str
) -> None:
    table = planted.replace("delete from ", "update ").split(" ", 2)[1]
    still_open = "until = 'infinity' and not responded and phase = 'open'"
    column = still_open if table == "kpi.incident_life" else "excluded is null"
    cursor = await books.connection.execute(f"select case_id from {table} where {column} limit 1".encode())
    row = await cursor.fetchone()
    assert row is not None
    (case_id,) = row
    await books.connection.execute(f"{planted} where case_id = %s and {column}".encode(), (case_id,))

    report = await _reconciled(books.url, key)
    assert report.found == len(report.differences) > 1
    assert {difference.key for difference in report.differences} == {key}
    numbers = [difference for difference in report.differences if difference.what == what]
    assert numbers, report.differences
    for difference in numbers:
        assert difference.begin is not None
        assert difference.end is not None
        assert difference.fast != difference.raw
        assert difference.cases == (case_id,)


async def test_only_the_kpi_that_is_asked_for_is_compared(books: Books) -> None:
    await books.connection.execute(b"delete from kpi.incident_closed")
    assert (await _reconciled(books.url, "backlog")).found == 0
    with pytest.raises(KeyError):
        await _reconciled(books.url, "happiness")
