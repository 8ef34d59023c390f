"""The demo organisation: a year that looks like one, made by commands, taken up again after a kill."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import mean
from zoneinfo import ZoneInfo

from app.common.records import rows_with_parts
from app.demo.arrivals import BAD_MONTH, MONTHS, incident_arrivals
from app.demo.change_plan import Fate, freezes_until, planned_changes
from app.demo.data.organisation import SHANGHAI
from app.demo.history import make_history
from app.demo.scripts.report_scripts import make_reports
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.questions.question import QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.processes.changes.records import Change, ChangeType
from tests.demo.making import DEMO_DAYS, EFFECT_DAYS, following
from tests.extent import WHOLE, in_test_all

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
UNANSWERED = """
select count(*) from fold.rating_request r
where not exists (select from fold.rating a where a.record = r.record)"""
#: At so many hours a history may end: each hour of a day is among them.
HOURS = range(0, 365 * 24, 7 if WHOLE else 79)


def test_a_year_has_its_days_and_nights_its_weekends_and_one_bad_month() -> None:
    year = list(incident_arrivals(END))
    assert 2_000 < len(year) < 3_500
    assert year == list(incident_arrivals(END))
    months = Counter((opening.arrived_at.year, opening.arrived_at.month) for opening in year)
    assert all(opening.bad == (opening.months_ago == BAD_MONTH) for opening in year)
    ordinary_months = [
        cases for month, cases in months.items() if (2025, 10) <= month < (2026, 11) and month != (2026, 7)
    ]
    assert months[2026, 7] > 1.2 * mean(ordinary_months)
    thin_months = [cases for month, cases in months.items() if month < (2025, 10)]
    assert len(thin_months) == 11, "the first year is whole, and the desk served Berlin only"
    assert max(thin_months) < 0.5 * mean(ordinary_months)
    here = [
        opening.arrived_at.astimezone(ZoneInfo(SHANGHAI.zone)) for opening in year if opening.site == SHANGHAI
    ]
    by_weekday = Counter(arrival.weekday() for arrival in here)
    assert by_weekday[5] + by_weekday[6] < 0.15 * len(here)
    assert sum(8 <= arrival.hour < 18 for arrival in here) > 0.75 * len(here)


async def test_its_year_has_requests_and_problems_in_every_state_that_a_newcomer_looks_for(
    demo_to_read: Ledger,
) -> None:
    states: dict[str, set[str]] = {"request": set(), "problem": set(), "problem_candidate": set()}
    for kind, states_seen in states.items():
        states_seen |= {
            row["state"] for row in await demo_to_read.db.rows(f"select state from fold.{kind}", ())
        }
    assert {"closed", "implementing", "analysing", "solution_review", "in_acceptance"} & states["request"]
    assert {"logged", "investigating", "known_error", "fix_in_progress", "closed"} <= states["problem"]
    assert "declined" in states["problem_candidate"]
    projects = await demo_to_read.db.rows("select state, rounds from fold.request where path = 'project'", ())
    assert len(projects) > 10
    assert any((project["rounds"] or 0) > 1 for project in projects), "an acceptance failed"
    by_rule = "select count(*) from log.event where type = 'incident.assigned' and actor = %s"
    assert await demo_to_read.db.value(by_rule, ("rule:assign_by_rule",)) > 20


@in_test_all
async def test_its_year_has_requesters_who_rate_complain_and_look_things_up_and_reports_of_agreements(
    demo_ledger: Ledger,
) -> None:
    ratings = await demo_ledger.db.rows("select score from fold.rating", ())
    assert len(ratings) > 80
    assert 3.5 < mean(row["score"] for row in ratings) < 4.8
    assert await demo_ledger.db.value(UNANSWERED), "not everybody who is asked says something"
    complaints = await demo_ledger.db.rows("select * from fold.complaint", ())
    assert complaints
    assert any(row["answered_at"] and row["owner_id"] for row in complaints)

    await its_articles_are_used(demo_ledger)
    persons = await make_history(demo_ledger, lambda done, total: None, days=DEMO_DAYS)
    async with following(demo_ledger.db.url) as follow:
        await make_reports(demo_ledger, persons, follow)
        await make_reports(demo_ledger, persons, follow)  # those that are there are not made again
    reports = await demo_ledger.db.rows(
        "select number, max(edition) as editions from fold.sla_report group by 1"
    )
    assert sorted(row["editions"] for row in reports) == [1, 1, 1, 1, 1, 2]


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
    for hours in HOURS:
        end = END + timedelta(hours=hours, minutes=29)
        voted = [
            change for change in planned_changes(end, 0) if change.takes_votes or change.fate is Fate.waiting
        ]
        before_it = [
            change
            for change in voted
            if change.put_to_vote_at < end and (change.fate is Fate.waiting or change.decided_at >= end)
        ]
        assert [change.fate for change in before_it] == [Fate.waiting], end
        assert before_it[0].begin > end + timedelta(days=4), "the board meets before its window"


def test_whenever_it_ends_it_has_each_emergency_and_the_change_that_goes_wrong_outside_the_freezes() -> None:
    for hours in HOURS:
        end = END + timedelta(hours=hours, minutes=29)
        few = [
            change
            for change in planned_changes(end, 0)
            if change.type is ChangeType.emergency or change.fate is Fate.failed
        ]
        assert len(few) == 6, end
        assert all(change.begin + change.length < end for change in few), end
        assert not [
            change
            for change in few
            for _, begin, until in freezes_until(end)
            if begin < change.begin + change.length and change.begin < until
        ], end


def test_whenever_it_ends_each_month_of_its_two_years_has_changes() -> None:
    for days in range(0, 365, 29):
        end = END + timedelta(days=days)
        changes = [change for change in planned_changes(end) if change.begin < end]
        months = Counter(
            end.year * 12 + end.month - change.begin.year * 12 - change.begin.month for change in changes
        )
        assert set(range(1, MONTHS + 1)) <= months.keys(), end
        assert all(5 <= months[ago] <= 25 for ago in range(1, MONTHS + 1)), (end, months)
        first_days = planned_changes(end, EFFECT_DAYS)
        assert first_days == [change for change in planned_changes(end) if change in first_days]


async def test_it_has_changes_of_every_kind_and_one_that_went_wrong(demo_to_read: Ledger) -> None:
    changes = await demo_to_read.db.rows(f"select * from {rows_with_parts(Change)} r", ())
    assert (80 if WHOLE else 60) <= len(changes) <= 140
    states = Counter(change["state"] for change in changes)
    assert states["closed"] > 40
    assert states["scheduled"] >= 4
    assert {"awaiting_approval", "rejected", "cancelled", "implemented"} <= states.keys()
    types = Counter(change["type"] for change in changes)
    assert types["emergency"] >= 5
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
        for row in await demo_to_read.db.rows(
            "select opened_at::date as day from fold.incident where service = %s", (wrong["service"],)
        )
    )
    ((bump, number),) = by_day.most_common(1)
    assert bump == (wrong["started_at"] + timedelta(days=1)).date()
    assert number >= 14

    freezes = await demo_to_read.db.rows("select from_at, until_at from fold.freeze order by from_at", ())
    assert len(freezes) == len(list(freezes_until(datetime.now(UTC)))), "each holiday, and the next"
    for change in changes:
        begin, until = change["window_from_at"], change["window_until_at"]
        assert begin is None or not any(
            freeze["from_at"] < until and begin < freeze["until_at"] for freeze in freezes
        )


async def test_its_quarter_has_deployments_releases_and_alterations_that_every_figure_counts(
    demo_to_read: Ledger,
) -> None:
    deployments = await demo_to_read.db.rows("select * from fold.deployment", ())
    states = Counter(deployment["state"] for deployment in deployments)
    assert states["succeeded"] > 20
    assert (states["failed"], states["rolled_back"], states["running"]) == (1, 2, 0)
    causes = "select i.state from fold.deployment_cause c join fold.incident i on i.id = c.incident_id"
    assert [row["state"] for row in await demo_to_read.db.rows(causes, ())] == ["resolved"]
    releases = await demo_to_read.db.rows("select * from fold.release", ())
    assert {release["state"]: release["stages_passed"] for release in releases} == {
        "deployed": 7,
        "ready": 7,
        "in_stage": 3,
    }
    altered = await demo_to_read.db.rows("select * from fold.ci where alteration_count > 0", ())
    assert (len(altered), sum(ci["unauthorised"] for ci in altered)) == (8, 2)
    assert sum(ci["regularised_at"] is not None for ci in altered) == 1

    now = datetime.now(UTC)
    parameters = QuestionParameters(grain="all")
    for key in DEPLOYMENT_FIGURES:
        question = parse_question(KPIS[key], parameters, now=now, organisation_zone="UTC")
        (point,) = (await answer(demo_to_read.db, question, now)).points
        assert point.cases, key
        assert point.value, key
    for key in OUTAGE_FIGURES:
        question = parse_question(KPIS[key], parameters, now=now, organisation_zone="UTC")
        (point,) = (await answer(demo_to_read.db, question, now)).points
        assert point.cases, key
        assert point.exposure is not None
        assert point.exposure.agreed_seconds, key
    by_agreement = replace(question, kpi=KPIS["service_availability"], by=(Dimension.agreement,))
    points = (await answer(demo_to_read.db, by_agreement, now)).points
    assert any(point.by["agreement"] is not None and point.value for point in points), "one is signed"
    if WHOLE:
        keys = [*DEPLOYMENT_FIGURES, *OUTAGE_FIGURES]
        report = await reconcile(demo_to_read.db.url, zone=ZoneInfo("UTC"), now=now, keys=keys)
        assert report.differences == []
