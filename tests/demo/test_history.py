"""The demo organisation: a year that looks like one, made by commands, taken up again after a kill."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from app.automation import watch_clocks
from app.db import Connection, connect
from app.demo.arrivals import BAD_MONTH, incident_arrivals
from app.demo.change_plan import Fate, planned_changes
from app.demo.history import make_history
from app.demo.organisation import SHANGHAI
from app.demo.report_scripts import make_reports
from app.kernel.ledger import Ledger, open_ledger
from app.kpis.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.dimensions import Dimension
from app.kpis.facts import FACTS, PROCESSES
from app.kpis.question import QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.registry import LIFECYCLES_BY_KIND
from app.settings import Settings
from tests.automation.worker import Worker
from tests.conftest import DatabaseUrls
from tests.extent import ALL_EXAMPLES
from tests.service_levels.clocks.checks import rows_are_what_the_engine_says, streams_say_what_they_ought_to

#: What the demo tells of most; the soak compares all.
KEYS = (
    ()
    if ALL_EXAMPLES
    else ("incident_resolution_seconds", "backlog", "request_lead_seconds", "problem_backlog")
)
DEPLOYMENT_FIGURES = (
    "unauthorised_changes",
    "deployment_frequency",
    "lead_time_for_changes",
    "deployment_failure_rate",
    "failed_deployment_recovery_seconds",
)
KNOWLEDGE_FIGURES = (
    "knowledge_use",
    "knowledge_deflection",
    "knowledge_deflection_confirmed",
    "knowledge_shared",
    "knowledge_shared_uses",
)
OUTAGE_FIGURES = ("service_availability", "outage_count", "mtbf")
END = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
DAYS = 9
HOW = """
select type, source, actor not like 'person:%%' as by_itself from log.event
where stream like 'incident/%%'"""

UNANSWERED = """
select count(*) from fold.rating_request r
where not exists (select from fold.rating a where a.record = r.record)"""
ON_AGENDA = """
select i.topic, c.number from fold.agenda_item i join fold.change c on i.about = 'change/' || c.id"""


def test_a_year_has_its_days_and_nights_its_weekends_and_one_bad_month() -> None:
    year = list(incident_arrivals(END))
    assert 1_500 < len(year) < 3_000
    assert year == list(incident_arrivals(END))
    months = Counter((opening.at.year, opening.at.month) for opening in year)
    assert all(opening.bad == (opening.at.month == END.month - BAD_MONTH) for opening in year)
    whole = [cases for month, cases in months.items() if month not in ((2025, 11), (2026, 7), (2026, 11))]
    assert months[2026, 7] > 1.2 * mean(whole)
    here = [opening.at.astimezone(ZoneInfo(SHANGHAI.zone)) for opening in year if opening.site == SHANGHAI]
    by_weekday = Counter(at.weekday() for at in here)
    assert by_weekday[5] + by_weekday[6] < 0.15 * len(here)
    assert sum(8 <= at.hour < 18 for at in here) > 0.75 * len(here)


async def _made(ledger: Ledger) -> int:
    number: int = await ledger.db.value("select count(*) from log.event where source like %s", ("%demo",))
    return number


async def test_it_is_made_once_whatever_breaks_it_off(
    ledger: Ledger, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    async with open_ledger(place.url, tmp_path / "secrets", LIFECYCLES_BY_KIND, settings) as first:

        def break_off(done: int, of: int) -> None:
            if done == of // 2:
                making.cancel()

        making = asyncio.create_task(make_history(first, break_off, days=DAYS))
        with pytest.raises(asyncio.CancelledError):
            await making
    half = await _made(ledger)
    heard: list[tuple[int, int]] = []
    ids = await make_history(ledger, lambda *news: heard.append(news), days=DAYS)
    whole = await _made(ledger)
    assert 0 < half < whole
    assert heard[-1][0] == heard[-1][1] == len(heard)
    assert await make_history(ledger, lambda done, of: None, days=DAYS) == ids
    assert await _made(ledger) == whole

    events = await ledger.db.rows(HOW, ())
    types = Counter(event["type"].partition(".")[2] for event in events)
    assert types["reported"] >= 20
    assert {"acknowledged", "assigned", "started", "resolved", "work_logged", "commented"} <= types.keys()
    assert {event["source"] for event in events} == {"demo"}, "rules and notices take up the last days"

    connection = await connect(place.url, FOLLOW_LIMITS)
    try:
        await catch_up(connection, FACTS)
        await its_clocks_say_what_they_ought_to(connection, ledger)
    finally:
        await connection.close()
    report = await reconcile(place.url, zone=ZoneInfo("UTC"), now=datetime.now(UTC), keys=KEYS)
    assert report.differences == []
    assert report.compared > (1_000 if ALL_EXAMPLES else 100)
    now = datetime.now(UTC)
    question = parse_question(
        KPIS["incident_unit_cost_of_budget"],
        QuestionParameters(grain="all"),
        now=now,
        organisation_zone="UTC",
    )
    (cost,) = (await answer(ledger.db, question, now)).points
    assert cost.cases > 10, "the demo says what an incident may cost"
    # Nothing is equal only because there is nothing. Which problems have incidents depends on the days.
    tables = [table.name for kind in ("request", "problem") for table in PROCESSES[kind]]
    tables.remove("problem_incident")
    empty = [name for name in tables if await ledger.db.row(f"select from kpi.{name} limit 1", ()) is None]
    assert empty == []


async def its_clocks_say_what_they_ought_to(connection: Connection, ledger: Ledger) -> None:
    """Once a worker has looked at them."""

    def failed(name: str, error: Exception) -> None:
        raise error

    now = datetime.now(UTC)
    while await watch_clocks.fire_due(connection, ledger, now, failed=failed):
        await catch_up(connection, FACTS)
    assert await rows_are_what_the_engine_says(connection) > 20
    assert await streams_say_what_they_ought_to(connection, ledger, now) > 50


async def test_its_year_has_requests_and_problems_in_every_state_that_a_newcomer_looks_for(
    ledger: Ledger,
) -> None:
    await make_history(ledger, lambda done, of: None, days=DAYS)
    states: dict[str, set[str]] = {"request": set(), "problem": set(), "problem_candidate": set()}
    for kind, found in states.items():
        found |= {row["state"] for row in await ledger.db.rows(f"select state from fold.{kind}", ())}
    assert {"closed", "implementing", "analysing", "solution_review", "in_acceptance"} & states["request"]
    assert {"logged", "investigating", "known_error", "fix_in_progress", "closed"} <= states["problem"]
    assert "declined" in states["problem_candidate"]
    projects = await ledger.db.rows("select state, rounds from fold.request where path = 'project'", ())
    assert len(projects) > 10
    assert any((project["rounds"] or 0) > 1 for project in projects), "an acceptance failed"
    by_rule = "select count(*) from log.event where type = 'incident.assigned' and actor = %s"
    assert await ledger.db.value(by_rule, ("rule:assign_by_rule",)) > 20


async def test_its_year_has_requesters_who_rate_complain_and_look_things_up_and_reports_of_agreements(
    ledger: Ledger,
) -> None:
    persons = await make_history(ledger, lambda done, of: None, days=70)
    ratings = await ledger.db.rows("select score from fold.rating", ())
    assert len(ratings) > 80
    assert 3.5 < mean(row["score"] for row in ratings) < 4.8
    assert await ledger.db.value(UNANSWERED), "not everybody who is asked says something"
    complaints = await ledger.db.rows("select * from fold.complaint", ())
    assert complaints
    assert any(row["answered_at"] and row["owner_id"] for row in complaints)

    async with await connect(ledger.db.url, FOLLOW_LIMITS) as connection:

        async def follow() -> None:
            await catch_up(connection, FACTS)

        await follow()
        await its_articles_are_used(ledger)
        await make_reports(ledger, persons, follow)
        await make_reports(ledger, persons, follow)  # those that are there are not made again
    reports = await ledger.db.rows("select number, max(edition) as editions from fold.sla_report group by 1")
    assert sorted(row["editions"] for row in reports) == [1, 1, 1, 2]


async def its_articles_are_used(ledger: Ledger) -> None:
    """Of some visits and cases, and not of all."""
    now = datetime.now(UTC)
    for key in KNOWLEDGE_FIGURES:
        question = parse_question(
            KPIS[key], QuestionParameters(grain="all"), now=now, organisation_zone="UTC"
        )
        (point,) = (await answer(ledger.db, question, now)).points
        assert point.value, key
        assert point.denominator is None or 0 < (point.numerator or 0) < point.denominator, key


def test_whenever_it_ends_the_board_has_one_change_before_it() -> None:
    for hours in range(0, 365 * 24, 7):
        end = END + timedelta(hours=hours, minutes=29)
        voted = [one for one in planned_changes(end) if one.takes_votes or one.fate is Fate.waiting]
        before_it = [
            one
            for one in voted
            if one.put_to_vote_at < end and (one.fate is Fate.waiting or one.decided_at >= end)
        ]
        assert [one.fate for one in before_it] == [Fate.waiting], end
        assert before_it[0].begin > end + timedelta(days=4), "the board meets before its window"


async def test_its_quarter_has_changes_of_every_kind_and_one_that_went_wrong(ledger: Ledger) -> None:
    await make_history(ledger, lambda done, of: None, days=DAYS)
    changes = await ledger.db.rows("select * from fold.change", ())
    assert 55 <= len(changes) <= 75
    states = Counter(change["state"] for change in changes)
    assert states["closed"] > 40
    assert states["scheduled"] >= 4
    assert {"awaiting_approval", "rejected", "cancelled", "implemented"} <= states.keys()
    types = Counter(change["type"] for change in changes)
    assert types["emergency"] == 5
    assert min(types["standard"], types["normal"]) > 20
    assert all(change["title"] and change["ci_ids"] is not None for change in changes)
    assert any(change["review_overdue_at"] and change["state"] == "implemented" for change in changes)
    assert any(change["deferral_reason"] and change["state"] == "closed" for change in changes)

    (wrong,) = (change for change in changes if change["caused_incident_ids"])
    assert (wrong["outcome"], wrong["first_pass"], len(wrong["caused_incident_ids"])) == (
        "backed_out",
        False,
        8,
    )
    by_day = Counter(
        row["day"]
        for row in await ledger.db.rows(
            "select opened_at::date as day from fold.incident where service = %s", (wrong["service"],)
        )
    )
    ((bump, number),) = by_day.most_common(1)
    assert bump == (wrong["started_at"] + timedelta(days=1)).date()
    assert number >= 14

    freezes = await ledger.db.rows("select from_at, until_at from fold.freeze order by from_at", ())
    assert len(freezes) == 2
    for change in changes:
        begin, until = change["window_from_at"], change["window_until_at"]
        assert begin is None or not any(
            freeze["from_at"] < until and begin < freeze["until_at"] for freeze in freezes
        )


async def test_its_quarter_has_deployments_releases_and_alterations_that_every_figure_counts(
    ledger: Ledger, place: DatabaseUrls
) -> None:
    await make_history(ledger, lambda done, of: None, days=DAYS)
    deployments = await ledger.db.rows("select * from fold.deployment", ())
    states = Counter(one["state"] for one in deployments)
    assert states["succeeded"] > 20
    assert (states["failed"], states["rolled_back"], states["running"]) == (1, 2, 0)
    causes = "select i.state from fold.deployment_cause c join fold.incident i on i.id = c.incident_id"
    assert [row["state"] for row in await ledger.db.rows(causes, ())] == ["resolved"]
    releases = await ledger.db.rows("select * from fold.release", ())
    assert {one["state"]: one["stages_passed"] for one in releases} == {"deployed": 7, "in_stage": 3}
    altered = await ledger.db.rows("select * from fold.ci where alteration_count > 0", ())
    assert (len(altered), sum(ci["unauthorised"] for ci in altered)) == (8, 2)
    assert sum(ci["regularised_at"] is not None for ci in altered) == 1

    connection = await connect(place.url)
    try:
        await catch_up(connection, FACTS)
    finally:
        await connection.close()
    now = datetime.now(UTC)
    whole = QuestionParameters(grain="all")
    for key in DEPLOYMENT_FIGURES:
        question = parse_question(KPIS[key], whole, now=now, organisation_zone="UTC")
        (point,) = (await answer(ledger.db, question, now)).points
        assert point.cases, key
        assert point.value, key
    for key in OUTAGE_FIGURES:
        question = parse_question(KPIS[key], whole, now=now, organisation_zone="UTC")
        (point,) = (await answer(ledger.db, question, now)).points
        assert point.cases, key
        assert point.exposure is not None
        assert point.exposure.agreed_seconds, key
    by_agreement = replace(question, kpi=KPIS["service_availability"], by=(Dimension.agreement,))
    points = (await answer(ledger.db, by_agreement, now)).points
    assert any(point.by["agreement"] is not None and point.value for point in points), "one is signed"
    keys = [*DEPLOYMENT_FIGURES, *OUTAGE_FIGURES]
    report = await reconcile(place.url, zone=ZoneInfo("UTC"), now=now, keys=keys)
    assert report.differences == []


async def test_the_next_meeting_of_the_board_takes_up_the_change_that_waits_for_it(ledger: Ledger) -> None:
    await make_history(ledger, lambda done, of: None, days=DAYS)
    await Worker(ledger).work(datetime.now(UTC))
    rows = await ledger.db.rows(ON_AGENDA, ())
    assert {row["number"] for row in rows} == {row["topic"] for row in rows}
    assert len(rows) == 1
