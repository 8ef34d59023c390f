"""The resolution rate: of requests and incidents alike, with those that are still open beside it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.overview import overview, this_month
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import first_of, in_test_all
from tests.kpis.histories import BEGIN, Scripted, write, write_more
from tests.kpis.lives import Life
from tests.kpis.other_histories import write_others

LATER = datetime(2026, 6, 1, tzinfo=UTC)
DAY = 24 * 60


def asked() -> KpiQuestion:
    parameters = QuestionParameters(grain="all", begin="2026-01-01", end="2026-05-01", zone="UTC")
    return parse_question(
        KPIS["resolution_rate"], parameters, now=LATER, organisation_zone="UTC", reopen_days=7
    )


async def the_point(db: Database, position: int | None = None) -> KpiPoint:
    (kpi_point,) = (await answer(db, asked(), LATER, position=position)).points
    return kpi_point


async def test_it_counts_requests_and_incidents_and_shows_those_that_are_open(
    follower: Connection, db: Database
) -> None:
    resolved, running = (Scripted.begin(BEGIN).then("started", minutes=5) for _ in range(2))
    resolved = resolved.then("resolved", minutes=5)
    again = Scripted.begin(BEGIN).then("resolved", minutes=5).then("reopened", minutes=6 * DAY)
    again = again.then("resolved", minutes=5)
    late = Scripted.begin(BEGIN).then("resolved", minutes=5).then("reopened", minutes=8 * DAY)
    late = late.then("resolved", minutes=5)
    cancelled = Scripted.begin(BEGIN).then("cancelled", minutes=5)
    delivered = Life(path="standard").then(3600, "fulfilled", "delivered").then(7200, "closed", "closed")
    # As it may be when a reopening is told late: closed, and not delivered behind it.
    closed = Life(path="standard").then(60, "fulfilled", "delivered").then(90, "reopened", "in_progress")
    closed.then(120, "closed", "closed")
    waiting = Life(path="standard")
    incidents = (resolved, running, again, late, cancelled)
    await write(follower, [event for case in incidents for event in case.events])
    requests = (delivered, closed, waiting)
    await write_others(follower, [event for life in requests for event in life.events])
    await catch_up(follower, FACTS)
    for position in first_of((None, 10_000), 1):
        point = await the_point(db, position)
        assert (point.numerator, point.denominator, point.undecided) == (3, 7, 2)
        assert point.excluded["cancelled"] == 1
        assert point.final_after is None, "it rises for as long as any is open"
    page = await cases(db, asked(), LATER, limit=200)
    assert Counter((case.kind, case.measure) for case in page.cases) == {
        ("incident", 1): 2,
        ("incident", 0): 2,
        ("request", 1): 1,
        ("request", 0): 2,
    }


@in_test_all
async def test_once_all_have_ended_it_moves_by_reopenings_alone(follower: Connection, db: Database) -> None:
    case = Scripted.begin(BEGIN, team_id=None)
    await write(follower, list(case.events))
    await catch_up(follower, FACTS)
    point = await the_point(db)
    assert (point.value, point.undecided, point.final_after) == (0, 1, None)
    await write_more(follower, [case.then("resolved", minutes=DAY).events[-1]])
    await catch_up(follower, FACTS)
    point = await the_point(db)
    assert (point.value, point.undecided) == (1, 0)
    assert point.final_after == datetime(2026, 5, 8, tzinfo=UTC)


async def test_a_running_month_is_compared_with_the_month_before_at_the_same_age(
    database_url: str, follower: Connection, db: Database
) -> None:
    now, february = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC)
    soon, later = (Scripted.begin(february).then("resolved", minutes=days * DAY) for days in (1, 15))
    present = Scripted.begin(datetime(2026, 3, 5, tzinfo=UTC)).then("resolved", minutes=DAY)
    await write(follower, [event for case in (soon, later, present) for event in case.events])
    request = Life(path="standard", opened_at="2026-02-05T00:00:00.000000Z")
    request.then((now - BEGIN).total_seconds() - 60, "fulfilled", "delivered")
    await write_others(follower, request.events)
    await catch_up(follower, FACTS)
    parameters = QuestionParameters(grain="month", begin="2026-03-01", end="2026-04-01", zone="UTC")
    for key, expected in (("resolution_rate", round(1 / 3, 6)), ("incident_resolution_km", DAY * 60)):
        question = parse_question(KPIS[key], parameters, now=now, organisation_zone="UTC", reopen_days=7)
        for position in (None, 10_000):
            (point,) = (await answer(db, question, now, position=position)).points
            assert point.previous.value == expected, (key, position)
        month = this_month(ZoneInfo("UTC"), now, 7)
        ((_, summary, _),) = (await overview(db, [KPIS[key]], month)).kpis
        assert (summary.value, summary.previous) == (point.value, point.previous)
    report = await reconcile(database_url, zone=ZoneInfo("UTC"), now=now, keys=["resolution_rate"])
    assert report.differences == []
