"""Where the time of requests goes, and what else their KPIs tell apart: a few lives, told by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.canonical import instant
from app.log.follow import catch_up, reset
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection, Database
from tests.extent import in_test_all
from tests.kpis.business_hours import Hours
from tests.kpis.histories import BEGIN
from tests.kpis.lives import REQUESTER, Life
from tests.kpis.other_histories import write_others

LATER = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = 3600
REOPENINGS_ARE_REWORK_SINCE = datetime(2026, 11, 30, tzinfo=UTC)


async def _told(connection: Connection, *lives: Life) -> None:
    await write_others(connection, [event for life in lives for event in life.events])
    await catch_up(connection, FACTS)


async def _points(db: Database, key: str, *by: str) -> list[KpiPoint]:
    parameters = QuestionParameters(grain="all", begin="2025-12-01", end="2026-06-01", by=by)
    question = parse_question(KPIS[key], parameters, now=LATER, organisation_zone="UTC")
    return (await answer(db, question, LATER)).points


def _standard(started: float, fulfilled: float) -> Life:
    life = Life(path="standard", channel="portal").then(60, "assessed", "assessed")
    return life.then(started, "started", "in_progress").then(fulfilled, "fulfilled", "delivered")


@in_test_all
async def test_who_begins_and_delivers_in_one_go_has_not_told_how_long_it_took(
    follower: Connection, db: Database
) -> None:
    on_the_dot = _standard(100, 110)
    one_step = Life(path="standard", channel="hotline").then(60, "fulfilled", "delivered")
    said_when = Life(path="standard", channel="portal", started_at=instant(BEGIN))
    said_when.then(5, "fulfilled", "delivered")
    held = _standard(100, 101)
    held.events.pop()
    held.then(101, "held", "on_hold").then(900, "resumed", "in_progress").then(903, "fulfilled", "delivered")
    project = Life(path="project").then(1, "started", "in_progress").then(2, "accepted", "delivered")
    await _told(follower, _standard(100, 109.9), on_the_dot, one_step, said_when, held, project)
    (point,) = await _points(db, "request_at_once_share")
    assert (point.numerator, point.denominator) == (2, 4)
    (handling,) = await _points(db, "request_handling_seconds")
    assert handling.cases == 5


async def test_the_lead_time_is_split_by_state(follower: Connection, db: Database) -> None:
    again = _standard(100, 400).then(500, "reopened", "in_progress").then(900, "fulfilled", "delivered")
    waits = Life(path="project").then(1000, "assessed", "awaiting_approval")
    waits.then(5000, "approved", "analysing").then(9000, "accepted", "delivered").then(
        9900, "closed", "closed"
    )
    await _told(follower, again, waits, _standard(60, 100), Life(path="standard"))
    points = await _points(db, "request_state_seconds", "state")
    assert {point.by["state"]: (point.cases, point.value) for point in points} == {
        "submitted": (3, 373.333),
        "assessed": (2, 20),
        "in_progress": (2, (300 + 400 + 40) / 2),
        "delivered": (1, 100),
        "awaiting_approval": (1, 4000),
        "analysing": (1, 4000),
    }
    (lead,) = await _points(db, "request_lead_seconds")
    assert lead.value is not None
    assert round(lead.value * 3) == 900 + 9000 + 100
    total = sum(point.cases * (point.value or 0) for point in points)
    assert round(total) == 900 + 9000 + 100


@in_test_all
async def test_standard_requests_and_projects_stand_apart(follower: Connection, db: Database) -> None:
    project = Life(path="project").then(9000, "accepted", "delivered")
    unassessed, open_project = Life(), Life(path="project")
    await _told(follower, _standard(60, 100), _standard(60, 300), project, unassessed, open_project)
    (standard,) = await _points(db, "standard_lead_seconds")
    assert (standard.value, standard.cases, standard.open_cases) == (200, 2, 1)
    (projects,) = await _points(db, "project_lead_seconds")
    assert (projects.value, projects.cases, projects.open_cases) == (9000, 1, 1)
    (handling,) = await _points(db, "request_handling_seconds")
    assert handling.open_cases == 1, "a project will never be handled on the standard path"


async def test_what_the_requester_changes_stands_apart_from_rework(
    follower: Connection, db: Database
) -> None:
    life = Life(path="project").then(10, "assessed", "analysing")
    for n in (20, 30):
        life.then(n, "requirements_changed", "analysing", actor=f"person:{REQUESTER}")
    life.then(40, "requirements_changed", "analysing").then(90, "accepted", "delivered")
    await _told(follower, life, _standard(60, 100))
    (changes,) = await _points(db, "requirement_changes_per_request")
    assert (changes.numerator, changes.denominator, changes.value) == (2, 2, 1)
    (rounds,) = await _points(db, "request_rework_rounds")
    assert (rounds.numerator, rounds.denominator) == (1, 2)


async def test_a_reopened_standard_request_is_rework_since_version_2(
    database_url: str, follower: Connection, db: Database
) -> None:
    since = (REOPENINGS_ARE_REWORK_SINCE - BEGIN).total_seconds()
    lives = []
    for reopened in (since - 1, since):
        life = _standard(100, since - 9).then(reopened, "reopened", "in_progress")
        lives.append(life.then(since + 60, "fulfilled", "delivered"))
    await _told(follower, *lives, _standard(60, since + 60))
    until = REOPENINGS_ARE_REWORK_SINCE + timedelta(days=9)
    for key in ("request_rework", "request_rework_rounds"):
        assert KPIS[key].version == 2
        parameters = QuestionParameters(grain="all", begin="2026-11-29", end="2026-12-06", zone="UTC")
        question = parse_question(KPIS[key], parameters, now=until, organisation_zone="UTC")
        (point,) = (await answer(db, question, until)).points
        assert (point.numerator, point.denominator) == (1, 3), "the one before counts as it did"
    keys = ("request_rework", "request_rework_rounds", "service_accuracy")
    report = await reconcile(database_url, zone=ZoneInfo("UTC"), now=until, keys=keys)
    assert report.differences == []


@in_test_all
async def test_an_accepted_risk_is_counted_until_the_problem_is_taken_up_again(
    follower: Connection, db: Database
) -> None:
    accepted = Life("problem").then(10, "risk_accepted", "closed").then(20, "commented")
    twice = Life("problem").then(10, "risk_accepted", "closed").then(20, "reopened", "investigating")
    back = Life("problem").then(10, "risk_accepted", "closed").then(20, "reopened", "investigating")
    await _told(follower, accepted, twice.then(30, "risk_accepted", "closed"), back)
    (point,) = await _points(db, "problems_risk_accepted")
    assert point.value == 2
    (fixed,) = await _points(db, "problem_fix_seconds")
    assert fixed.cases == 0


async def _mail(connection: Connection) -> Hours:
    """Mail has office hours from the next full hour on, for four hours; BEGIN is a midnight."""
    hours = Hours(connection)
    await hours.calendar("office", (1, 5))
    await hours.service("mail", "office")
    return hours


async def test_requests_take_business_time_where_their_service_has_a_calendar(
    follower: Connection, db: Database
) -> None:
    await _mail(follower)
    mail = Life(path="standard", channel="portal", service="mail").then(2 * HOUR, "assessed", "assessed")
    mail.then(3 * HOUR, "started", "in_progress").then(4 * HOUR, "held", "on_hold")
    mail.then(4.5 * HOUR, "resumed", "in_progress").then(26 * HOUR, "fulfilled", "delivered")
    other = Life(path="standard", channel="portal").then(HOUR, "assessed", "assessed")
    other.then(2 * HOUR, "started", "in_progress").then(3 * HOUR, "fulfilled", "delivered")
    await _told(follower, mail, other)
    times_by_service = {
        key: {point.by["service"]: point for point in await _points(db, key, "service")}
        for key in ("request_response_seconds", "request_handling_seconds", "request_lead_seconds")
    }
    times = {
        key: [
            (
                service_point.value,
                service_point.business and service_point.business.mean,
                service_point.elapsed and service_point.elapsed.mean,
            )
            for service_point in (points["mail"], points[None])
        ]
        for key, points in times_by_service.items()
    }
    assert times == {
        "request_response_seconds": [(HOUR, HOUR, 2 * HOUR), (HOUR, HOUR, HOUR)],
        "request_handling_seconds": [(2.5 * HOUR, 2.5 * HOUR, 22.5 * HOUR), (HOUR, HOUR, HOUR)],
        "request_lead_seconds": [(26 * HOUR, 5 * HOUR, 26 * HOUR), (3 * HOUR, 3 * HOUR, 3 * HOUR)],
    }
    (both,) = await _points(db, "request_lead_seconds")
    assert both.business is not None
    assert (both.business.mean, both.business.max) == (4 * HOUR, 5 * HOUR)


@in_test_all
async def test_what_was_delivered_goes_by_the_calendar_as_it_was_known_then(
    follower: Connection, db: Database
) -> None:
    hours = await _mail(follower)
    before = Life(path="standard", service="mail").then(1, "started", "in_progress")
    before.then(6 * HOUR, "fulfilled", "delivered")
    open_then = Life(path="standard", service="mail").then(1, "started", "in_progress")
    await _told(follower, before, open_then)
    await hours.calendar("office", (1, 2))
    again = Life(path="standard", service="mail").then(1, "started", "in_progress")
    await _told(follower, again.then(6 * HOUR, "fulfilled", "delivered"))
    await hours.service("mail", None)
    none = Life(path="standard", service="mail").then(1, "started", "in_progress")
    await _told(follower, none.then(6 * HOUR, "fulfilled", "delivered"))
    (point,) = await _points(db, "request_handling_seconds")
    assert point.business is not None
    assert (point.cases, point.value) == (3, round((4 * HOUR + HOUR + 6 * HOUR - 1) / 3, 3))
    # What is remarked later of what was delivered changes nothing, nor does it to make all facts anew.
    remark = Life()
    remark.name, remark.events = before.name, list(before.events)
    remark.then(7 * HOUR, "commented")
    await append(follower, [encode(AppendRequest(reads={before.name: 3}, events=(remark.events[-1],)))])
    await catch_up(follower, FACTS)
    assert (await _points(db, "request_handling_seconds"))[0].value == point.value
    await reset(follower, FACTS)
    await catch_up(follower, FACTS)
    assert (await _points(db, "request_handling_seconds"))[0].value == point.value
