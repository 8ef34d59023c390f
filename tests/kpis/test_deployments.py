"""What the KPIs of deployments count: lives told by hand, with their figures worked out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.overview import overview, this_month
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.log.canonical import instant
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import WHOLE, in_test_all
from tests.kpis.histories import BEGIN, Scripted, write, write_more
from tests.kpis.lives import Life
from tests.kpis.other_histories import write_others

LATER = datetime(2026, 6, 1, tzinfo=UTC)
DAY, HOUR = 86_400, 3_600


def _at(seconds: float) -> str:
    return instant(BEGIN + timedelta(seconds=seconds))


def _deployed(end: float, outcome: str = "succeeded", **fields: Any) -> Life:
    """A deployment that ended so many seconds after BEGIN."""
    life = Life("deployment", **{"service": "mail", **fields})
    back = {"rolled_back_at": _at(end)} if outcome == "rolled_back" else {}
    return life.then(end, outcome, outcome, ended_at=_at(end), **back)


def _revision(name: str, committed: float) -> dict[str, str]:
    return {"revision": name, "committed_at": _at(committed)}


async def _told(connection: Connection, *lives: Life) -> None:
    await write_others(connection, [event for life in lives for event in life.events])
    await catch_up(connection, FACTS)


def _question(key: str, *by: str, now: datetime = LATER, **parameters: Any) -> KpiQuestion:
    time = {"grain": "all", "begin": "2026-01-01", "end": "2026-06-01"} | parameters
    return parse_question(KPIS[key], QuestionParameters(by=by, **time), now=now, organisation_zone="UTC")


async def _points(
    db: Database, key: str, *by: str, now: datetime = LATER, **parameters: Any
) -> list[KpiPoint]:
    """What both paths say; in `make test` the facts."""
    question = _question(key, *by, now=now, **parameters)
    kpi_answer = await answer(db, question, now)
    if WHOLE:
        assert kpi_answer.points == (await answer(db, question, now, position=kpi_answer.position)).points
    return kpi_answer.points


@in_test_all
async def test_days_without_a_deployment_count_and_one_of_many_changes_is_one(
    follower: Connection, db: Database
) -> None:
    many = _deployed(2 * DAY, change_ids=[str(uuid4()) for _ in range(5)])
    tried = _deployed(3 * DAY, environment="staging")
    await _told(follower, _deployed(DAY), many, tried, _deployed(4 * DAY, "failed"), Life("deployment"))
    months: dict[str, Any] = {"grain": "month", "begin": "2025-12-01", "end": "2026-04-01"}
    points = await _points(db, "deployment_frequency", **months)
    figures = [(point.value, point.cases, point.denominator) for point in points]
    assert figures == [(0, 0, 31), (round(2 / 31, 6), 2, 31), (0, 0, 28), (0, 0, 31)]
    assert points[1].previous.value == 0
    assert points[2].no_value is None, "0 a day is a figure"
    running = datetime(2026, 1, 28, 12, tzinfo=UTC)
    so_far, ahead = await _points(
        db, "deployment_frequency", now=running, grain="month", begin="2026-01-01", end="2026-03-01"
    )
    assert (so_far.value, so_far.denominator) == (round(2 / 27.5, 6), 28)
    assert (ahead.value, ahead.no_value) == (None, "not_begun")
    by = await _points(db, "deployment_frequency", "service", **months)
    assert [(point.by, point.numerator, point.denominator) for point in by] == [({"service": "mail"}, 2, 31)]


async def test_days_are_those_of_the_zone_also_where_its_clocks_change(
    follower: Connection, db: Database
) -> None:
    await _told(follower, _deployed(DAY))
    (march,) = await _points(
        db, "deployment_frequency", begin="2026-03-01", end="2026-04-01", zone="Europe/Berlin"
    )
    assert march.denominator == 31
    overview_shown = await overview(
        db, [KPIS["deployment_frequency"]], this_month(ZoneInfo("Europe/Berlin"), BEGIN, 7)
    )
    ((_, present, _),) = overview_shown.kpis
    assert (present.denominator, present.previous.value) == (24, None), "up to the 25th"


@in_test_all
async def test_what_was_reverted_and_a_roll_back_later_change_no_frequency(
    follower: Connection, db: Database
) -> None:
    later = _deployed(DAY).then(2 * DAY, "rolled_back", "rolled_back", rolled_back_at=_at(2 * DAY))
    await _told(follower, later, _deployed(DAY, "rolled_back"))
    (point,) = await _points(db, "deployment_frequency")
    assert point.numerator == 1
    (failed,) = await _points(db, "deployment_failure_rate")
    assert (failed.numerator, failed.denominator) == (2, 2)


async def test_lead_time_is_the_median_of_revisions_each_counted_once(
    follower: Connection, db: Database
) -> None:
    first = _deployed(10 * HOUR, revisions=[_revision("a", 0), _revision("b", 4 * HOUR)])
    again = _deployed(20 * HOUR, revisions=[_revision("b", 4 * HOUR), _revision("c", 19 * HOUR)])
    other = _deployed(20 * HOUR, service="erp", revisions=[_revision("a", 18 * HOUR)])
    reverted = _deployed(40 * HOUR, "rolled_back", revisions=[_revision("d", 0)])
    not_there = _deployed(50 * HOUR, "failed", revisions=[_revision("e", 0)])
    tried = _deployed(50 * HOUR, environment="staging", revisions=[_revision("f", 0)])
    await _told(follower, again, first, other, reverted, not_there, tried)
    (point,) = await _points(db, "lead_time_for_changes")
    hours = [10, 6, 1, 2, 40]  # a, b and c of mail, a of erp, d
    assert (point.cases, point.value) == (5, sorted(hours)[2] * HOUR)
    assert point.elapsed is not None
    assert (point.elapsed.median, point.elapsed.max) == (6 * HOUR, 40 * HOUR)
    assert point.elapsed.mean == sum(hours) / 5 * HOUR, "of revisions, not of deployments"


@in_test_all
async def test_where_no_revision_is_told_the_changes_count_since_they_were_handed_in(
    follower: Connection, db: Database
) -> None:
    change = Life("change").then(HOUR, "submitted", "submitted")
    standard = Life("change", type="standard").then(3 * HOUR, "scheduled", "scheduled")
    draft, handed_change = Life("change"), Life("change").then(1, "submitted", "submitted")
    bringing = [str(case_life.id) for case_life in (change, standard, draft)]
    deployed = _deployed(10 * HOUR, change_ids=bringing)
    again = _deployed(30 * HOUR, change_ids=[str(change.id)])
    by_revisions = _deployed(
        10 * HOUR, change_ids=[str(handed_change.id)], revisions=[_revision("a", 9 * HOUR)]
    )
    await _told(follower, deployed, again, by_revisions, change, standard, draft, handed_change)
    listed_cases = (await cases(db, _question("lead_time_for_changes"), LATER)).cases
    expected = {"a": HOUR, str(standard.id): 7 * HOUR, str(change.id): 9 * HOUR}
    assert {case.revision: case.measure for case in listed_cases} == expected
    (point,) = await _points(db, "lead_time_for_changes")
    assert point.value == 7 * HOUR


async def test_what_another_deployment_turns_out_to_have_brought_is_no_longer_first_here(
    follower: Connection, db: Database
) -> None:
    first = _deployed(10 * HOUR, revisions=[_revision("a", 0)])
    again = _deployed(30 * HOUR, revisions=[_revision("a", 0)])

    async def led() -> dict[Any, int]:
        listed_cases = (await cases(db, _question("lead_time_for_changes"), LATER)).cases
        assert (await _points(db, "lead_time_for_changes"))[0].cases == len(listed_cases)
        return {case.id: case.measure for case in listed_cases}

    await _told(follower, first, again)
    assert await led() == {first.id: 10 * HOUR}
    # What is told late of the first: it was of another service.
    first.then(5 * HOUR, "edited", service="erp")
    await write_more(follower, first.events[-1:])
    await catch_up(follower, FACTS)
    assert await led() == {first.id: 10 * HOUR, again.id: 30 * HOUR}
    first.then(6 * HOUR, "edited", service="mail")
    await write_more(follower, first.events[-1:])
    await catch_up(follower, FACTS)
    assert await led() == {first.id: 10 * HOUR}


@in_test_all
async def test_a_change_that_is_handed_in_after_it_was_deployed_has_a_lead_time_then(
    follower: Connection, db: Database
) -> None:
    change = Life("change")
    await _told(follower, change, _deployed(10 * HOUR, change_ids=[str(change.id)]))
    (point,) = await _points(db, "lead_time_for_changes")
    assert (point.cases, point.value) == (0, None)
    change.then(2 * HOUR, "submitted", "submitted")
    await write_more(follower, change.events[-1:])
    await catch_up(follower, FACTS)
    (point,) = await _points(db, "lead_time_for_changes")
    assert (point.cases, point.value) == (1, 8 * HOUR)


async def test_a_deployment_fails_by_what_it_caused_or_by_being_taken_back(
    follower: Connection, db: Database
) -> None:
    incident = uuid4()
    harmless_try = _deployed(DAY, "failed")
    harmful_try = _deployed(DAY, "failed").caused(2 * DAY, uuid4())
    cause = f"deployment_cause/{uuid4()}"
    cleared = _deployed(DAY).caused(2 * DAY, uuid4(), cause).then(3 * DAY, "cause_withdrawn")
    cleared.events[-1].data["set"][cause] = None
    await _told(
        follower, _deployed(DAY), harmless_try, harmful_try, cleared, _deployed(DAY).caused(2 * DAY, incident)
    )
    (point,) = await _points(db, "deployment_failure_rate")
    assert (point.numerator, point.denominator) == (2, 4)
    assert point.final_after == datetime(2026, 6, 3, tzinfo=UTC)


@in_test_all
async def test_recovery_is_until_service_is_back_and_failures_that_last_are_shown(
    follower: Connection, db: Database
) -> None:
    opened = BEGIN + timedelta(hours=2)
    restored = Scripted.begin(opened, effect="down").then(
        "resolved", minutes=180, service_restored_at=_at(4 * HOUR)
    )
    resolved = Scripted.begin(opened, effect="none").then(
        "resolved", minutes=240, service_restored_at=_at(3 * HOUR)
    )
    reopened = Scripted.begin(opened).then("resolved", minutes=60).then("reopened", minutes=60)
    await write(
        follower, [event for case_life in (restored, resolved, reopened) for event in case_life.events]
    )
    first_deployment = _deployed(HOUR).caused(3 * HOUR, restored.id)
    both = _deployed(HOUR).caused(3 * HOUR, restored.id).caused(3 * HOUR, resolved.id)
    lasting = _deployed(HOUR, "rolled_back").caused(3 * HOUR, reopened.id)
    taken_back = _deployed(HOUR).then(9 * HOUR, "rolled_back", "rolled_back", rolled_back_at=_at(8 * HOUR))
    await _told(follower, first_deployment, both, lasting, taken_back, _deployed(HOUR))
    (point,) = await _points(db, "failed_deployment_recovery_seconds")
    assert (point.cases, point.value, point.open_cases) == (3, 5 * HOUR, 1)
    listed_cases = (await cases(db, _question("failed_deployment_recovery_seconds"), LATER)).cases
    assert {case.id: case.measure for case in listed_cases} == {
        first_deployment.id: 3 * HOUR,
        both.id: 5 * HOUR,
        taken_back.id: 7 * HOUR,
    }, "the last of two incidents; the incident rather than the resolution where service was down"
    moments = [_at(HOUR), _at(HOUR + 1), _at(4 * HOUR), _at(4 * HOUR + 1), _at(9 * HOUR)]
    open_then = [
        (await _points(db, "failed_deployment_recovery_seconds", begin=_at(0), end=end))[0].open_cases
        for end in moments
    ]
    assert open_then == [0, 4, 4, 3, 1]
