"""Both paths agree on made-up histories; and a fact that is wrong by one is found, to the case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.kpis import reconcile as comparing
from app.kpis.catalogue import KPIS
from app.kpis.catalogue.outages import SERVICE_AVAILABILITY
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.outages.counting import raw_parameters
from app.kpis.questions.question import KpiQuestion
from app.kpis.raw import definitions
from app.kpis.raw.tables import Definitions
from app.kpis.reconcile import ReconciliationReport, reconcile, reconciliation_connection
from app.log.follow import catch_up
from app.platform.db import Connection
from tests.extent import WHOLE, in_test_all
from tests.kpis.conftest import Books
from tests.kpis.histories import histories, write
from tests.kpis.kinds import kind_of
from tests.selection import selected

#: With a whole hour of summer time, with half of one, of quarters of an hour, with none.
ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Shanghai")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
KNOWN = {"position": 1, "now": NOW, "currency": "EUR"} | raw_parameters(SERVICE_AVAILABILITY, [], NOW, 1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Each KPI with each of its cuts; and of each kind of KPIs the one whose months `make test` compares.
CUTS = [
    (key, by) for key, kpi in KPIS.items() for by in ((), *((dimension,) for dimension in kpi.dimensions))
]
COMPARED = set(selected("compared cuts", CUTS, lambda cut: kind_of(cut[0])))


async def _reconciled(url: str, *keys: str) -> ReconciliationReport:
    return await reconcile(url, zone=SHANGHAI, now=NOW, keys=keys)


@in_test_all
async def test_both_paths_agree_on_a_history_of_everything(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On each case of every KPI with all that it is cut by, and on months; `make test` compares those of
    one cut of each kind of KPIs.

    Clocks are left out: these histories have no events of clocks.
    """
    compare_numbers = comparing._compare_numbers

    async def of_one_cut(task: Any, question: KpiQuestion) -> None:
        if (question.kpi.key, question.by) in COMPARED:
            await compare_numbers(task, question)

    monkeypatch.setattr(comparing, "_compare_numbers", of_one_cut)
    heard: list[tuple[str, int, int]] = []
    report = await reconcile(
        books.url,
        zone=ZoneInfo(ZONES[1]),
        now=NOW,
        keys=KPIS,
        progress=lambda *news: heard.append(news),
    )
    assert report.differences == []
    assert report.compared > 2_000
    assert heard == [(key, n, len(KPIS)) for n, key in enumerate(KPIS)]


@in_test_all
@pytest.mark.parametrize(("seed", "zone"), list(enumerate(ZONES)))
async def test_both_paths_agree_on_every_kpi_month_and_dimension(
    database_url: str, follower: Connection, seed: int, zone: str
) -> None:
    await write(follower, histories(seed, cases=150))
    await catch_up(follower, FACTS)
    report = await reconcile(database_url, zone=ZoneInfo(zone), now=NOW)
    assert report.differences == []
    assert report.compared > 1000


@in_test_all
async def test_no_definition_goes_through_all_cases_for_each_of_them(database_url: str) -> None:
    """What a definition looks up case by case is looked up in an index: otherwise twice as many cases take
    four times as long.
    """
    through_all = []
    async with reconciliation_connection(database_url) as connection:
        prepared = Definitions(connection, list(KPIS.values()), KNOWN)
        names = (name for kpi in KPIS.values() for name in definitions.all_definition_names(kpi))
        for name in dict.fromkeys(names):
            text = definitions.definition(name, await prepared.prepare(definitions.process_of(name)))
            plan = await fetch(
                connection, SqlStatement(f"explain (format json) {text}", {**KNOWN, "ends": [NOW]})
            )
            document = json.dumps(plan)
            for step in _steps(plan[0][0][0]["Plan"]):
                each = step.get("Parent Relationship") == "SubPlan" and step["Subplan Name"]
                if each and f"hashed {each}" not in document and "CTE Scan" in json.dumps(step):
                    through_all.append((name, each))
    assert through_all == []


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _steps(part)


async def test_an_empty_log_agrees_with_no_facts(database_url: str) -> None:
    report = await _reconciled(database_url, *([] if WHOLE else ["incidents_opened", "backlog"]))
    assert (report.position, report.difference_count) == (0, 0)


@in_test_all
@pytest.mark.parametrize(
    ("key", "planted", "figure"),
    [
        (
            "incident_resolution_seconds",
            "update kpi.incident_resolved set business_seconds = business_seconds + 1",
            "value",
        ),
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
    own_books: Books, key: str, planted: str, figure: str
) -> None:
    table = planted.replace("delete from ", "update ").split(" ", 2)[1]
    still_open = "until = 'infinity' and not responded and phase = 'open'"
    column = still_open if table == "kpi.incident_life" else "excluded is null"
    cursor = await own_books.connection.execute(
        f"select case_id from {table} where {column} limit 1".encode()
    )
    row = await cursor.fetchone()
    assert row is not None
    (case_id,) = row
    await own_books.connection.execute(f"{planted} where case_id = %s and {column}".encode(), (case_id,))

    report = await _reconciled(own_books.url, key)
    assert report.difference_count == len(report.differences) > 1
    assert {difference.key for difference in report.differences} == {key}
    numbers = [difference for difference in report.differences if difference.figure == figure]
    assert numbers, report.differences
    for difference in numbers:
        assert difference.begin is not None
        assert difference.end is not None
        assert difference.fast != difference.raw
        assert difference.cases == (case_id,)


async def test_only_the_kpi_that_is_asked_for_is_compared(own_books: Books) -> None:
    await own_books.connection.execute(b"delete from kpi.incident_closed")
    assert (await _reconciled(own_books.url, "backlog")).difference_count == 0
    with pytest.raises(KeyError):
        await _reconciled(own_books.url, "happiness")
