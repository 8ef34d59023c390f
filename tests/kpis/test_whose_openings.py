"""Openings by team and by person: theirs to whom the case was given to first, whenever that was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Basis
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.log.events import Event
from app.log.follow import catch_up
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection, Database
from tests.extent import WHOLE, first_of, in_test_all
from tests.kpis.histories import BEGIN, TEAMS, Scripted, write
from tests.kpis.other_histories import write_others

NOW = datetime(2026, 6, 1, tzinfo=UTC)
END = datetime(2026, 5, 1, tzinfo=UTC)
TIME = {"grain": "all", "begin": "2025-12-01", "end": END.date().isoformat()}
ONE, TWO, _ = (str(team) for team in TEAMS)
ADA, BO = str(uuid7()), str(uuid7())
#: By kind, what opens one, and the KPI of how many were opened.
KINDS = {
    "incident": ("reported", "incidents_opened"),
    "request": ("submitted", "requests_opened"),
    "problem": ("raised", "proactive_problem_share"),
}


def _question(key: str, **parameters: Any) -> KpiQuestion:
    return parse_question(
        KPIS[key], QuestionParameters(**(TIME | parameters)), now=NOW, organisation_zone="UTC", reopen_days=7
    )


async def _points(db: Database, key: str, position: int, **parameters: Any) -> dict[Any, KpiPoint]:
    """By cut; and both paths say the same, which `make test-all` looks at."""
    question = _question(key, **parameters)
    points = (await answer(db, question, NOW)).points
    if WHOLE:
        assert (await answer(db, question, NOW, position=position)).points == points
    return {next(iter(point.by.values()), None): point for point in points}


def _of_kind(kind: str, *histories: Scripted) -> list[Event]:
    """The incidents as records of that kind, which are opened by another name."""
    events = []
    for event in (event for case in histories for event in case.events):
        event_type = KINDS[kind][0] if event.version == 1 else event.type.partition(".")[2]
        data = json.loads(json.dumps(event.data).replace("incident/", f"{kind}/"))
        stream = event.stream.replace("incident/", f"{kind}/")
        events.append(replace(event, stream=stream, type=f"{kind}.{event_type}", data=data))
    return events


async def _follow(connection: Connection, kind: str, events: list[Event]) -> int:
    """Gives the position behind them."""
    write_kind = await (write if kind == "incident" else write_others)(connection, events)
    if kind != "incident":
        write_kind += await write(connection, list(Scripted.begin(BEGIN.replace(year=2020)).events))
    await catch_up(connection, FACTS)
    return len(write_kind)


async def _more(connection: Connection, position: int, event: Event) -> int:
    await append(
        connection, [encode(AppendRequest(reads={event.stream: event.version - 1}, events=(event,)))]
    )
    await catch_up(connection, FACTS)
    return position + 1


@pytest.mark.parametrize("kind", first_of(list(KINDS), 1))
async def test_an_opening_counts_for_whom_the_case_was_given_to_first(
    follower: Connection, db: Database, kind: str
) -> None:
    incident = Scripted.begin(BEGIN)
    later = Scripted.begin(BEGIN).then("assigned", minutes=9_000, team_id=ONE)
    later = later.then("assigned", minutes=1, team_id=TWO, assignee_id=BO).then(
        "assigned", minutes=1, assignee_id=ADA
    )
    at_once = Scripted.begin(BEGIN, team_id=TWO).then("assigned", minutes=1, team_id=None)
    key = KINDS[kind][1]
    position = await _follow(follower, kind, _of_kind(kind, incident, later, at_once))
    by_team = await _points(db, key, position, by=("team",))
    assert {team: point.cases for team, point in by_team.items()} == {None: 1, "team 0": 1, "team 1": 1}
    by_person = await _points(db, key, position, by=("assignee",))
    assert {person: point.cases for person, point in by_person.items()} == {None: 2, BO: 1}


async def test_what_is_nobodys_yet_is_not_final(follower: Connection, db: Database) -> None:
    unassigned, assigned = (
        Scripted.begin(BEGIN),
        Scripted.begin(BEGIN).then("assigned", minutes=1, team_id=ONE),
    )
    position = await _follow(follower, "incident", [*unassigned.events, *assigned.events])
    by_team = await _points(db, "incidents_opened", position, by=("team",))
    assert {team: point.final_after for team, point in by_team.items()} == {None: None, "team 0": END}
    for filters, final in (({"team": ("none",)}, None), ({"team": ("team 0",)}, END), ({}, END)):
        (point,) = (await _points(db, "incidents_opened", position, filters=filters)).values()
        assert point.final_after == final, filters
    (resolved,) = (await _points(db, "incidents_resolved", position, filters={"team": ("none",)})).values()
    assert resolved.final_after is not None, "a resolution is whose it was then"


@in_test_all
async def test_an_assignment_that_is_told_late_is_the_first_if_it_was(
    follower: Connection, db: Database
) -> None:
    case = Scripted.begin(BEGIN)
    position = await _follow(follower, "incident", list(case.events))
    case = case.then("assigned", minutes=60, team_id=ONE, assignee_id=ADA)
    position = await _more(follower, position, case.events[-1])
    late = case.then("assigned", minutes=-30, late={case.events[0].stream: {"team_id": TWO}})
    for event, expected in ((None, "team 0"), (late.events[-1], "team 1")):
        position = position if event is None else await _more(follower, position, event)
        kpi_points = await _points(db, "incidents_opened", position, by=("team",))
        assert [*kpi_points] == [expected]
        filters = {"team": (expected,)}
        page = await cases(db, _question("incidents_opened", filters=filters), NOW)
        assert [listed_case.id for listed_case in page.cases] == [case.id]
        (counted,) = page.cases
        evidence_types = [evidence.type for evidence in counted.events]
        assert evidence_types[0] == "incident.reported"
        assert set(evidence_types[1:]) == {"incident.assigned"}
    (counted,) = (await cases(db, _question("incidents_opened"), NOW)).cases
    assert [evidence.type for evidence in counted.events] == ["incident.reported"]


def test_whose_an_opening_is_stands_in_what_is_said_of_each_kpi_that_counts_openings() -> None:
    for kpi in KPIS.values():
        definitions = [
            "a case counts for its first team and assignee" in kpi.texts("en").definition,
            "首次分派" in kpi.texts("zh").definition,
        ]
        # A suggestion is given to nobody.
        opened = kpi.basis is Basis.opened or kpi.fact == "opened"
        opened = opened and kpi.process != "improvement_suggestion"
        assert definitions[0] == opened, kpi.key
        assert definitions[1] or not opened, kpi.key
