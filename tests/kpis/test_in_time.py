"""What is done within its time, and what is not: each case once, as soon as it is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import in_test_all
from tests.kpis.histories import BEGIN, TEAMS, Scripted, write

RESPONSE, RESOLUTION = "incident_response_attainment", "incident_resolution_attainment"
LATER = datetime(2026, 6, 1, tzinfo=UTC)


def _question(key: str, now: datetime, grain: str = "all", by: tuple[str, ...] = ()) -> KpiQuestion:
    parameters = QuestionParameters(grain=grain, begin="2025-12-01", end="2026-06-01", by=by)
    return parse_question(KPIS[key], parameters, now=now, organisation_zone="UTC")


async def _points(
    db: Database, key: str, now: datetime = LATER, grain: str = "all", by: tuple[str, ...] = ()
) -> list[KpiPoint]:
    points = (await answer(db, _question(key, now, grain, by), now)).points
    return [point for point in points if point.cases]


async def _follow(connection: Connection, *histories: Scripted) -> None:
    await write(connection, [event for case in histories for event in case.events])
    await catch_up(connection, FACTS)


async def test_a_response_counts_when_it_is_given_or_when_its_time_runs_out(
    follower: Connection, db: Database
) -> None:
    begun = Scripted.begin
    in_time = begun(BEGIN).then("acknowledged", minutes=14.99)
    on_the_dot = begun(BEGIN).then("acknowledged", minutes=15)
    waiting = begun(BEGIN)
    incident = begun(BEGIN).then("resolved", minutes=14, actor="integration:5")
    gone_late = begun(BEGIN).then("resolved", minutes=16, actor="integration:5")
    cancelled = begun(BEGIN).then("cancelled", minutes=16)
    await _follow(follower, in_time, on_the_dot, waiting, incident, gone_late, cancelled)
    (point,) = await _points(db, RESPONSE)
    assert (point.numerator, point.denominator) == (1, 4)
    assert point.excluded == {"cancelled": 1, "duplicate": 0, "rejected": 0, "staff": 0, "unknown": 0}
    # As long as there is time nothing is late; nobody is told beforehand.
    early = await _points(db, RESPONSE, BEGIN + timedelta(minutes=15))
    assert [(point.numerator, point.denominator) for point in early] == [(1, 1)]


async def test_a_late_case_counts_once_where_and_when_its_time_ran_out(
    follower: Connection, db: Database
) -> None:
    first_team, two = str(TEAMS[0]), str(TEAMS[1])
    end_of_month = datetime(2026, 1, 31, 23, tzinfo=UTC)
    case = Scripted.begin(end_of_month - timedelta(hours=1), team_id=first_team)
    case = case.then("assigned", minutes=200, team_id=two).then("resolved", minutes=10_000)
    await _follow(follower, case)
    (point,) = await _points(db, RESOLUTION, grain="month", by=("team",))
    assert (point.begin.month, point.by) == (2, {"team": "team 0"})
    assert (point.numerator, point.denominator) == (0, 1)
    (counted,) = (await cases(db, _question(RESOLUTION, LATER), LATER)).cases
    assert counted.decided_at == end_of_month + timedelta(hours=1)
    assert [event.type for event in counted.events] == ["incident.reported", "incident.resolved"]


@in_test_all
async def test_a_resolution_in_time_is_taken_back_by_reopening(follower: Connection, db: Database) -> None:
    in_time = Scripted.begin(BEGIN).then("resolved", minutes=60).then("closed", minutes=600)
    again = Scripted.begin(BEGIN).then("resolved", minutes=60).then("reopened", minutes=600)
    repeated = Scripted.begin(BEGIN).then("resolved", minutes=60).then("resolved", minutes=600)
    duplicate = Scripted.begin(BEGIN).then("marked_duplicate", minutes=60)
    await _follow(follower, in_time, again, repeated, duplicate)
    (point,) = await _points(db, RESOLUTION)
    assert (point.numerator, point.denominator) == (1, 3)
    assert sum(point.excluded.values()) == 0
