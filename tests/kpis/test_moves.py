"""Changes of team, pair by pair; which tools told of incidents; and times that are not as they were told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.kpis import tabular
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
from tests.kpis.conftest import Books
from tests.kpis.histories import BEGIN, TEAMS, Scripted, write

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TIME = {"grain": "all", "begin": "2025-12-01", "end": "2026-06-01"}
ONE, TWO, THREE = (str(team) for team in TEAMS)


def _question(key: str, **parameters: Any) -> KpiQuestion:
    return parse_question(
        KPIS[key], QuestionParameters(**(TIME | parameters)), now=NOW, organisation_zone="UTC"
    )


async def _points(db: Database, key: str, **parameters: Any) -> list[KpiPoint]:
    return (await answer(db, _question(key, **parameters), NOW)).points


async def _follow(connection: Connection, *histories: Scripted) -> None:
    await write(connection, [event for case in histories for event in case.events])
    await catch_up(connection, FACTS)


def _through(*teams: str | None) -> Scripted:
    """An incident that these teams had, one after the other."""
    case = Scripted.begin(BEGIN, team_id=teams[0])
    for team in teams[1:]:
        case = case.then("assigned", minutes=1, team_id=team)
    return case


async def test_changes_of_team_are_told_by_who_gave_and_who_got(follower: Connection, db: Database) -> None:
    forth, over_none, unchanged = _through(ONE, TWO, ONE), _through(ONE, None, TWO), _through(None, ONE, ONE)
    done = [case.then("resolved", minutes=1) for case in (forth, over_none, unchanged)]
    await _follow(follower, *done, _through(ONE, THREE))
    kpi_points = await _points(db, "reassignments", by=("from_team", "to_team"))
    pairs = {(point.by["from_team"], point.by["to_team"]): point.value for point in kpi_points}
    assert pairs == {("team 0", "team 1"): 2, ("team 1", "team 0"): 1}
    back = await _points(db, "returned_reassignment_share", by=("from_team", "to_team"))
    assert [point.value for point in back] == [0.0, 1.0]
    (given_point,) = await _points(db, "reassignments", filters={"from_team": ("team 1",)})
    assert given_point.value == 1
    (had,) = await _points(db, "reassignments", filters={"team": ("team 1",)})
    assert had.value == 1, "all other cuts are as of the resolution"


async def test_a_change_of_team_is_opened_to_its_case_the_change_and_the_resolution(
    follower: Connection, db: Database
) -> None:
    await _follow(follower, _through(ONE, TWO, ONE).then("resolved", minutes=1))
    page = await cases(db, _question("returned_reassignment_share"), NOW, limit=1)
    rest = await cases(db, _question("returned_reassignment_share"), NOW, after=page.last)
    all_listed = [*page.cases, *rest.cases]
    assert [case.measure for case in all_listed] == [0, 1]
    kinds = [[event.type.partition(".")[2] for event in case.events] for case in all_listed]
    assert kinds == [["reported", "assigned", "resolved"]] * 2
    assert all_listed[0].events[1].position < all_listed[1].events[1].position


async def test_changes_of_team_add_up_to_those_per_case_in_every_month_and_cut(books: Books) -> None:
    for by in ((), ("team",), ("priority", "channel")):
        per_case = await _points(books.db, "reassignments_per_case", grain="month", by=by)
        changes = await _points(books.db, "reassignments", grain="month", by=by)
        expected = {(point.begin, *point.by.values()): point.numerator for point in per_case}
        moves_by_cut = {(point.begin, *point.by.values()): int(point.value or 0) for point in changes}
        assert moves_by_cut.items() <= expected.items()
        assert sum(moves_by_cut.values()) == sum(number or 0 for number in expected.values()) > 0


@in_test_all
async def test_an_incident_is_of_the_tool_that_told_of_it(follower: Connection, db: Database) -> None:
    def told(source: str, **fields: Any) -> Scripted:
        case = Scripted.begin(BEGIN, channel="monitoring", **fields)
        case = Scripted((replace(case.events[0], source=source),))
        return case.then("resolved", minutes=60, actor="integration:5")

    alert, by_script, imported = told("api", alert_source="zabbix"), told("cli"), told("import:legacy")
    looked_at = told("api", alert_source="zabbix")
    looked_at = Scripted(looked_at.events[:1]).then("started", minutes=1).then("resolved", minutes=1)
    await _follow(follower, alert, looked_at, by_script, imported)
    noise = {point.by["source"]: point.value for point in await _points(db, "alert_noise", by=("source",))}
    assert noise == {"zabbix": 0.5, "cli": 1.0, "import:legacy": 1.0}
    (opened,) = await _points(db, "incidents_opened", filters={"source": ("zabbix", "cli")})
    assert opened.value == 3
    now = datetime.now(UTC) + timedelta(minutes=5)
    parameters = QuestionParameters(grain="all", begin="2026-01-01", end=now.isoformat(), by=("source",))
    question = parse_question(KPIS["late_recording_seconds"], parameters, now=now, organisation_zone="UTC")
    late = (await answer(db, question, now)).points
    # What was imported is left out, but was resolved here.
    assert {point.by["source"]: point.cases for point in late} == {"zabbix": 4, "cli": 2, "import:legacy": 1}


@in_test_all
async def test_what_clocks_tell_to_have_taken_less_than_no_time_counts_as_none_and_is_flagged(
    follower: Connection, db: Database
) -> None:
    early = Scripted.begin(BEGIN).then("acknowledged", minutes=-4)
    later = Scripted.begin(BEGIN).then("acknowledged", minutes=10)
    await _follow(follower, early, later)
    (point,) = await _points(db, "incident_response_seconds")
    assert (point.value, point.cases, point.skewed) == (300, 2, 1)
    listed_cases = (await cases(db, _question("incident_response_seconds"), NOW)).cases
    assert {case.id: (case.measure, case.skewed) for case in listed_cases} == {
        early.id: (0, True),
        later.id: (600, False),
    }
    (other,) = await _points(db, "incident_resolution_seconds")
    assert other.skewed is None
    question = _question("incident_response_seconds")
    columns, rows = tabular.series_table(await answer(db, question, NOW), ())
    assert [row[columns.index("skewed")] for row in rows] == [1]


@in_test_all
async def test_an_outage_whose_beginning_is_unknown_or_behind_its_end_is_flagged(
    follower: Connection, db: Database
) -> None:
    back = instant(BEGIN + timedelta(hours=2))

    def restored(**fields: Any) -> Scripted:
        case = Scripted.begin(BEGIN, effect="down", **fields)
        return case.then("resolved", minutes=300, service_restored_at=back)

    incident = restored(began_at=instant(BEGIN))
    unknown, behind = restored(), restored(began_at=instant(BEGIN + timedelta(hours=3)))
    await _follow(follower, incident, unknown, behind)
    (point,) = await _points(db, "incident_restore_seconds")
    assert (point.cases, point.skewed) == (3, 2)
    listed_cases = (await cases(db, _question("incident_restore_seconds"), NOW)).cases
    assert {case.id: (case.measure, case.inferred, case.skewed) for case in listed_cases} == {
        incident.id: (7200, False, False),
        unknown.id: (7200, True, True),
        behind.id: (0, False, True),
    }
