"""How well incidents were handled: what makes a first contact, noise, a repeat, a case that came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import in_test_all
from tests.kpis.histories import BEGIN, TEAMS, Scripted, write
from tests.kpis.lives import Life
from tests.kpis.other_histories import write_others

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANN, BEN, RULE, TOOL = "person:11", "person:12", "rule:close", "integration:5"


async def _whole(db: Database, key: str) -> KpiPoint:
    parameters = QuestionParameters(grain="all", begin="2025-12-01", end="2026-06-01")
    (point,) = (
        await answer(db, parse_question(KPIS[key], parameters, now=NOW, organisation_zone="UTC"), NOW)
    ).points
    return point


async def _counted(connection: Connection, db: Database, key: str, *histories: Scripted) -> tuple[Any, Any]:
    await write(connection, [event for case in histories for event in case.events])
    await catch_up(connection, FACTS)
    point = await _whole(db, key)
    return point.numerator, point.denominator


@in_test_all
async def test_a_first_contact_is_whoever_answers_resolving_it_alone(
    follower: Connection, db: Database
) -> None:
    def answered(**fields: Any) -> Scripted:
        return Scripted.begin(BEGIN, **fields).then("acknowledged", minutes=5, actor=ANN)

    good = answered().then("commented", minutes=1, actor=BEN).then("resolved", minutes=5, actor=ANN)
    by_another = answered().then("resolved", minutes=5, actor=BEN)
    held = answered().then("held", minutes=1).then("resumed", minutes=1).then("resolved", minutes=1)
    incident = answered(requester_id="12").then("commented", minutes=1, actor=BEN).then("resolved", minutes=1)
    first_team, two = str(TEAMS[0]), str(TEAMS[1])
    moved = answered(team_id=first_team).then("assigned", minutes=1, team_id=two).then("resolved", minutes=1)
    back = answered().then("resolved", minutes=1).then("reopened", minutes=1).then("resolved", minutes=1)
    by_rule = answered().then("resolved", minutes=1, actor=RULE)
    alert = answered(channel="monitoring").then("resolved", minutes=1)
    by_tool = answered().then("resolved", minutes=1, actor="import:x", observed="snapshot")
    histories_told = (good, by_another, held, incident, moved, back, by_rule, alert, by_tool)
    assert await _counted(follower, db, "first_contact_resolution", *histories_told) == (1, 7)


@in_test_all
async def test_noise_is_what_monitoring_tells_and_nobody_starts_or_resolves(
    follower: Connection, db: Database
) -> None:
    def alert() -> Scripted:
        return Scripted.begin(BEGIN, channel="monitoring")

    cleared = alert().then("acknowledged", minutes=1).then("resolved", minutes=1, actor=TOOL)
    by_rule = alert().then("started", minutes=1, actor=RULE).then("resolved", minutes=1, actor=TOOL)
    started = alert().then("started", minutes=1).then("resolved", minutes=1, actor=TOOL)
    by_person = alert().then("resolved", minutes=1)
    by_phone = Scripted.begin(BEGIN, channel="hotline").then("resolved", minutes=1, actor=TOOL)
    histories_told = (cleared, by_rule, started, by_person, by_phone)
    assert await _counted(follower, db, "alert_noise", *histories_told) == (2, 4)


async def test_a_case_came_back_if_another_team_had_it_in_between(follower: Connection, db: Database) -> None:
    first_team, two, three = (str(team) for team in TEAMS)

    def through(*teams: str | None) -> Scripted:
        case = Scripted.begin(BEGIN, team_id=teams[0])
        for team in teams[1:]:
            case = case.then("assigned", minutes=1, team_id=team)
        return case.then("resolved", minutes=1)

    histories_told = (
        through(first_team, two, first_team),
        through(first_team, two, three, two),
        through(first_team, two, three),
        through(first_team, None, first_team),
        through(first_team, first_team),
        through(None),
    )
    assert await _counted(follower, db, "ping_pong_rate", *histories_told) == (2, 6)


async def test_a_handover_is_a_change_of_person_within_a_team(follower: Connection, db: Database) -> None:
    first_team, other = (str(team) for team in TEAMS[:2])
    ann, ben = str(UUID(int=11)), str(UUID(int=12))

    def held(person: str, **more: Any) -> Scripted:
        return Scripted.begin(BEGIN, team_id=first_team).then(
            "assigned", minutes=1, assignee_id=person, **more
        )

    handed = held(ann).then("assigned", minutes=1, assignee_id=ben)
    left = (
        held(ann).then("assigned", minutes=1, assignee_id=None).then("assigned", minutes=1, assignee_id=ben)
    )
    again = held(ann).then("assigned", minutes=1, assignee_id=ann)
    moved = held(ann).then("assigned", minutes=1, team_id=other, assignee_id=ben)
    told_again = (
        held(ann)
        .then("assigned", minutes=1, team_id=None, assignee_id=ann)
        .then("assigned", minutes=1, assignee_id=ben)
    )
    nobodys = held(ann, team_id=None).then("assigned", minutes=1, assignee_id=ben)
    log = [case.then("resolved", minutes=1) for case in (handed, left, again, moved, told_again, nobodys)]
    assert await _counted(follower, db, "handovers_per_case", *log) == (3, 6)


@in_test_all
async def test_a_repeat_comes_within_thirty_days_after_another_one_of_its_kind(
    follower: Connection, db: Database
) -> None:
    def opened(days: float, service: str | None = "mail", category: str | None = "access") -> Scripted:
        return Scripted.begin(BEGIN + timedelta(days=days), service=service, category=category)

    hour = 60
    first = opened(0).then("resolved", minutes=hour)
    soon = opened(30, category="access").then("cancelled", minutes=hour)
    repeat = opened(30)
    late = opened(30 + 2 / 24)
    before = opened(0.5 / 24)
    other, none = opened(1, category="hardware"), opened(1, service=None, category=None)
    log = (first, soon, repeat, late, before, other, none)
    assert await _counted(follower, db, "repeat_incident_rate", *log) == (1, 6)
    assert (await _whole(db, "repeat_incident_rate")).excluded == {
        "cancelled": 1,
        "duplicate": 0,
        "rejected": 0,
        "staff": 0,
        "unknown": 0,
    }


async def test_since_version_2_a_repeat_is_of_the_same_item_and_not_only_of_the_same_kind(
    database_url: str, follower: Connection, db: Database
) -> None:
    since, until = datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 6, tzinfo=UTC)

    def opened(hours: float, ci: str) -> Scripted:
        return Scripted.begin(since + timedelta(hours=hours), service="mail", category="access", ci=ci)

    first = opened(-3, "relay").then("resolved", minutes=60)
    log = (first, opened(-1, "disk"), opened(0, "relay"), opened(1, "disk"))
    await write(follower, [event for case in log for event in case.events])
    await catch_up(follower, FACTS)
    kpi = KPIS["repeat_incident_rate"]
    parameters = QuestionParameters(grain="day", begin="2026-11-29", end="2026-12-01", zone="UTC")
    question = parse_question(kpi, parameters, now=until, organisation_zone="UTC")
    points = (await answer(db, question, until)).points
    assert [(point.numerator, point.denominator) for point in points] == [(1, 2), (1, 2)]
    report = await reconcile(database_url, zone=ZoneInfo("UTC"), now=until, keys=[kpi.key])
    assert report.differences == []


@in_test_all
async def test_a_repeat_is_also_of_the_same_item_or_of_one_of_the_same_problems(
    follower: Connection, db: Database
) -> None:
    def opened(days: float, ci: str | None = None) -> Scripted:
        return Scripted.begin(BEGIN + timedelta(days=days), ci=ci)

    first, of_problem = opened(0, "relay"), opened(0)
    ended = [case.then("resolved", minutes=60) for case in (first, of_problem)]
    of_item, of_other_item, linked, unlinked = opened(1, "relay"), opened(1, "disk"), opened(1), opened(1)
    problem = Life("problem")
    for n, case in enumerate((of_problem, linked, unlinked)):
        problem.linked(n, "causes", f"incident/{case.id}", f"link/{case.id}")
    problem.then(9, "unlinked")
    problem.events[-1].data["set"][f"link/{unlinked.id}"] = None
    log = (*ended, of_item, of_other_item, linked, unlinked)
    assert await _counted(follower, db, "repeat_incident_rate", *log) == (1, 6)
    await write_others(follower, problem.events)
    await catch_up(follower, FACTS)
    assert (await _whole(db, "repeat_incident_rate")).numerator == 2


async def test_every_resolution_counts_that_is_left_again_within_seven_days(
    follower: Connection, db: Database
) -> None:
    day = 24 * 60
    twice = Scripted.begin(BEGIN).then("resolved", minutes=1).then("reopened", minutes=7 * day)
    twice = (
        twice.then("resolved", minutes=1).then("reopened", minutes=7 * day + 1).then("resolved", minutes=1)
    )
    closed = Scripted.begin(BEGIN).then("resolved", minutes=1).then("closed", minutes=day)
    again = closed.then("reopened", minutes=6 * day)
    told_twice = Scripted.begin(BEGIN).then("resolved", minutes=1).then("resolved", minutes=day)
    told_twice = told_twice.then("reopened", minutes=7 * day)
    incident = Scripted.begin(BEGIN).then("resolved", minutes=1).then("cancelled", minutes=1)
    histories_told = (twice, again, told_twice, incident)
    assert await _counted(follower, db, "reopen_rate", *histories_told) == (3, 5)
    assert (await _whole(db, "reopen_rate")).excluded == {
        "cancelled": 1,
        "duplicate": 0,
        "rejected": 0,
        "staff": 0,
        "unknown": 0,
    }


@in_test_all
async def test_the_reopenings_of_a_case_are_shown_with_each_of_its_resolutions(
    follower: Connection, db: Database
) -> None:
    case = Scripted.begin(BEGIN).then("resolved", minutes=1).then("reopened", minutes=1)
    case = case.then("closed", minutes=1)
    await write(follower, list(case.events))
    await catch_up(follower, FACTS)
    parameters = QuestionParameters(grain="all", begin="2025-12-01", end="2026-06-01")
    question = parse_question(KPIS["reopen_rate"], parameters, now=NOW, organisation_zone="UTC")
    first = await cases(db, question, NOW, limit=1)
    second = await cases(db, question, NOW, limit=1, after=first.last)
    all_resolutions = [*first.cases, *second.cases]
    assert [resolution.measure for resolution in all_resolutions] == [1, 0]
    kinds = [[event.type.partition(".")[2] for event in resolution.events] for resolution in all_resolutions]
    assert kinds == [["reported", "resolved", "reopened"], ["reported", "reopened", "closed"]]
    assert second.last is None


async def test_what_is_told_late_shows_when_it_is_recorded_and_imports_are_left_out(
    follower: Connection, db: Database
) -> None:
    yesterday = datetime.now(UTC) - timedelta(hours=25)
    late = Scripted.begin(yesterday).then("resolved", minutes=60)
    imported = [replace(event, source="import:x") for event in Scripted.begin(yesterday).events]
    odd = Scripted.begin(yesterday, state="new").then("edited", minutes=1, irregular=["from:new"])
    await write(follower, [*late.events, *imported, *odd.events])
    await catch_up(follower, FACTS)
    now = datetime.now(UTC) + timedelta(minutes=5)
    points = {}
    for key in ("late_recording_seconds", "late_recording_share", "irregular_share"):
        parameters = QuestionParameters(
            grain="all", begin=(now - timedelta(days=9)).isoformat(), end=now.isoformat()
        )
        question = parse_question(KPIS[key], parameters, now=now, organisation_zone="UTC")
        (points[key],) = (await answer(db, question, now)).points
    seconds, share = points["late_recording_seconds"], points["late_recording_share"]
    assert (seconds.cases, share.numerator, share.denominator) == (3, 2, 3)
    assert seconds.elapsed is not None
    assert seconds.elapsed.max == pytest.approx(25 * 3600, abs=60)
    odd_share = points["irregular_share"]
    assert (odd_share.numerator, odd_share.denominator) == (1, 3)
