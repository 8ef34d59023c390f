"""Outages and major incidents: from when an outage runs, what was declared, and what was learnt in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.log.canonical import instant
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import in_test_all
from tests.kpis.histories import BEGIN, Scripted, write

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = 24 * 60


def _question(key: str) -> KpiQuestion:
    parameters = QuestionParameters(grain="all", begin="2025-12-01", end="2026-06-01")
    return parse_question(KPIS[key], parameters, now=NOW, organisation_zone="UTC")


async def _whole(db: Database, key: str) -> KpiPoint:
    (point,) = (await answer(db, _question(key), NOW)).points
    return point


async def _follow(connection: Connection, *histories: Scripted) -> None:
    await write(connection, [event for case in histories for event in case.events])
    await catch_up(connection, FACTS)


@in_test_all
async def test_an_outage_runs_from_when_it_began_to_when_service_came_back(
    follower: Connection, db: Database
) -> None:
    back = instant(BEGIN + timedelta(hours=2))
    began = instant(BEGIN - timedelta(hours=1))
    incident = Scripted.begin(BEGIN, effect="down", began_at=began)
    unknown = Scripted.begin(BEGIN, effect="degraded")
    harmless = Scripted.begin(BEGIN, effect="none", began_at=began)
    outages_told = [
        case.then("resolved", minutes=300, service_restored_at=back) for case in (incident, unknown, harmless)
    ]
    open_still = Scripted.begin(BEGIN, effect="down", service_restored_at=back)
    await _follow(follower, *outages_told, open_still)
    point = await _whole(db, "incident_restore_seconds")
    assert (point.cases, point.value, point.open_cases) == (2, 2.5 * 3600, 1)
    listed_cases = (await cases(db, _question("incident_restore_seconds"), NOW)).cases
    assert {case.measure: case.inferred for case in listed_cases} == {3 * 3600: False, 2 * 3600: True}
    assert {case.decided_at for case in listed_cases} == {BEGIN + timedelta(hours=2)}


@in_test_all
async def test_service_is_back_when_what_contained_it_said_so_until_it_is_told_anew_or_reopened(
    follower: Connection, db: Database
) -> None:
    def contained() -> Scripted:
        back = instant(BEGIN + timedelta(hours=2))
        case = Scripted.begin(BEGIN, effect="down", began_at=instant(BEGIN))
        return case.then("contained", minutes=150, contained_at=instant(BEGIN), service_restored_at=back)

    incident = contained().then("resolved", minutes=300)
    later = instant(BEGIN + timedelta(hours=4))
    told_anew = contained().then("resolved", minutes=300, service_restored_at=later)
    reopened = contained().then("resolved", minutes=300)
    reopened = reopened.then("reopened", minutes=5, service_restored_at=None)
    closed = reopened.then("closed", minutes=5)
    open_still = contained()
    await _follow(follower, incident, told_anew, closed, open_still)
    facts = await answer(db, _question("incident_restore_seconds"), NOW)
    (point,) = facts.points
    assert (point.cases, point.value, point.open_cases) == (2, 3 * 3600, 1)
    events = sum(len(case.events) for case in (incident, told_anew, closed, open_still))
    raw = await answer(db, _question("incident_restore_seconds"), NOW, position=3 + events)
    assert raw.points == facts.points


async def test_a_major_incident_counts_when_it_is_declared_and_is_none_if_that_was_said_last(
    follower: Connection, db: Database
) -> None:
    major = Scripted.begin(BEGIN).then("declared_major", minutes=5)
    less = major.then("downgraded", minutes=5)
    other = Scripted.begin(BEGIN).then("declared_major", minutes=5).then("downgraded", minutes=5)
    again = Scripted.begin(BEGIN).then("declared_major", minutes=5).then("downgraded", minutes=5)
    again = again.then("declared_major", minutes=5)
    incident = Scripted.begin(BEGIN).then("declared_major", minutes=5).then("cancelled", minutes=5)
    await _follow(follower, less, other, again, incident, Scripted.begin(BEGIN))
    declared = await _whole(db, "major_incidents")
    assert (declared.value, declared.excluded) == (
        4,
        {"cancelled": 1, "duplicate": 0, "rejected": 0, "staff": 0, "unknown": 0},
    )
    downgraded = await _whole(db, "majors_downgraded")
    assert (downgraded.numerator, downgraded.denominator) == (2, 3)


async def test_a_review_is_in_time_until_it_is_due_as_the_present_resolution_says(
    follower: Connection, db: Database
) -> None:
    due = {"review_due_at": instant(BEGIN + timedelta(days=13))}

    def major() -> Scripted:
        return Scripted.begin(BEGIN, declared_major_at=instant(BEGIN)).then("resolved", minutes=60, **due)

    in_time = major().then("reviewed", minutes=13 * DAY - 60)
    late = major().then("reviewed", minutes=13 * DAY - 59)
    anew = major().then("reopened", minutes=1, review_due_at=None).then("resolved", minutes=1)
    begun = Scripted.begin(BEGIN, declared_major_at=instant(BEGIN)).then("reviewed", minutes=30)
    before = begun.then("resolved", minutes=30, **due)
    await _follow(follower, in_time, late, anew.then("reviewed", minutes=8 * DAY), before)
    point = await _whole(db, "major_reviewed_on_time")
    assert (point.numerator, point.denominator) == (1, 4)
    question = _question("major_reviewed_on_time")
    kpi_answer = await answer(db, question, NOW)
    assert (await answer(db, question, NOW, position=kpi_answer.position)).points == kpi_answer.points


@in_test_all
async def test_where_a_resolution_does_not_say_when_its_review_is_due_it_is_in_seven_days(
    follower: Connection, db: Database
) -> None:
    def major() -> Scripted:
        return Scripted.begin(BEGIN, declared_major_at=instant(BEGIN)).then("resolved", minutes=60)

    in_time = major().then("reviewed", minutes=7 * DAY)
    late = major().then("reviewed", minutes=7 * DAY + 1)
    reopened = major().then("reviewed", minutes=1).then("reopened", minutes=1).then("resolved", minutes=1)
    minor = Scripted.begin(BEGIN).then("resolved", minutes=60).then("reviewed", minutes=1)
    less = Scripted.begin(BEGIN, declared_major_at=instant(BEGIN)).then(
        "downgraded", minutes=1, declared_major_at=None
    )
    await _follow(follower, in_time, late, reopened, major(), minor, less.then("resolved", minutes=1))
    point = await _whole(db, "major_reviewed_on_time")
    assert (point.numerator, point.denominator) == (1, 4)
