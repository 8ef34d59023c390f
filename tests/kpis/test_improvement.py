"""The KPIs of the improvement programme count what the catalogue says (52 to 57, decision 0104)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import KpiCase, cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.log.canonical import instant
from app.log.events import stream
from app.log.follow import catch_up
from app.log.ids import uuid7
from app.platform.db import Connection, Database
from tests.extent import in_test_all
from tests.kpis.histories import BEGIN, TEAMS
from tests.kpis.improvement_histories import write_programme
from tests.kpis.knowledge_histories import Teller

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LI, WANG, ROBOT = (UUID(int=n) for n in (61, 62, 63))


class Programme:
    """Two persons of two teams and a machine, and what they suggest and improve; days count from BEGIN."""

    def __init__(self) -> None:
        self.teller = Teller(())
        for person, kind, team in ((LI, "human", 0), (WANG, "human", 1), (ROBOT, "machine", 1)):
            fields: dict[str, Any] = {"state": "active", "kind": kind, "team_id": str(TEAMS[team])}
            self.teller.tell(stream("person", person), "added", BEGIN, **fields)

    def suggest(self, day: float, author: UUID | None = LI, source: str = "staff", **fields: Any) -> str:
        """Offer a suggestion; without an author a rule does."""
        name = stream("improvement_suggestion", uuid7())
        if author is not None:
            fields["author_id"] = str(author)
        self.teller.tell(name, "offered", BEGIN + day * DAY, state="offered", source=source, **fields)
        return name

    def settle(self, name: str, event_type: str, day: float, improvement: str | None = None) -> None:
        """Say what becomes of a suggestion."""
        fields: dict[str, Any] = {}
        if improvement is not None:
            fields["improvement_id"] = improvement.partition("/")[2]
        self.teller.tell(name, event_type, BEGIN + day * DAY, state=event_type, **fields)

    def improve(self, size: str = "minor") -> str:
        """Select and classify an improvement."""
        name = stream("improvement", uuid7())
        self.teller.tell(name, "selected", BEGIN + DAY, state="selected", process="incident")
        self.teller.tell(name, "classified", BEGIN + 2 * DAY, size=size)
        return name

    def happens(self, name: str, event_type: str, day: float, **fields: Any) -> None:
        """Let something befall an improvement."""
        self.teller.tell(name, event_type, BEGIN + day * DAY, **fields)

    def measure(
        self,
        name: str,
        day: float,
        position: int,
        *rows: tuple[str, str, str, str],
        occasion: str = "evaluation",
        kept: bool | None = None,
    ) -> None:
        """Measure effects at a position: verdict, scale, effect and promise, on a target KPI for each."""
        measured = {}
        for n, (verdict, scale, effect, promised) in enumerate(rows):
            stream_name = stream("kpi_effect", uuid7())
            self.teller.tell(stream_name, "measured", BEGIN + day * DAY, result={"scale": scale})
            measured[f"improvement_measurement/{uuid4()}"] = {
                "target": f"target {n}",
                "occasion": occasion,
                "verdict": verdict,
                "effect": effect,
                "promised_effect": promised,
                "effect_id": stream_name.partition("/")[2],
                "position": position,
                "kept": kept,
            }
        self.happens(name, "effects_measured", day)
        self.teller.events[-1].data["set"].update(measured)

    async def write(self, connection: Connection) -> None:
        """Append all that, and make the facts of it."""
        await write_programme(connection, self.teller.events)
        await catch_up(connection, FACTS)


def _question(key: str, by: tuple[str, ...] = ()) -> KpiQuestion:
    parameters = QuestionParameters(grain="all", begin="2026-01-01", end="2026-05-01", by=by)
    return parse_question(KPIS[key], parameters, now=NOW, organisation_zone="UTC")


async def _points(db: Database, key: str, *by: str) -> list[KpiPoint]:
    """The points by the facts, which the raw events say, too."""
    question = _question(key, by)
    kpi_answer = await answer(db, question, NOW)
    assert kpi_answer.points == (await answer(db, question, NOW, position=kpi_answer.position)).points
    return kpi_answer.points


async def _point(db: Database, key: str) -> KpiPoint:
    (point,) = await _points(db, key)
    return point


async def _cases(db: Database, key: str) -> list[KpiCase]:
    return (await cases(db, _question(key), NOW)).cases


async def test_suggestions_count_where_they_come_from_and_for_every_hundred_persons(
    follower: Connection, db: Database
) -> None:
    programme = Programme()
    merged = programme.suggest(3, process="incident")
    programme.settle(merged, "merged", 4)
    programme.suggest(3, WANG, "audit")
    programme.suggest(5, WANG)
    programme.suggest(6, None, "kpi_trend", process="incident")
    programme.teller.tell(stream("person", LI), "edited", BEGIN + 10 * DAY, team_id=str(TEAMS[1]))
    await programme.write(follower)
    by_source = {
        cut_point.by["source"]: cut_point.value
        for cut_point in await _points(db, "suggestions_by_source", "source")
    }
    assert by_source == {"staff": 2, "audit": 1, "kpi_trend": 1}
    apart = {
        cut_point.by["offered_by"]: cut_point.value
        for cut_point in await _points(db, "suggestions_by_source", "offered_by")
    }
    assert apart == {"person": 3, "rule": 1}
    of_teams = {
        cut_point.by["team"]: cut_point.value
        for cut_point in await _points(db, "suggestions_by_source", "team")
    }
    assert of_teams == {str(TEAMS[0]): 1, str(TEAMS[1]): 2, None: 1}
    point = await _point(db, "suggestions_per_100_staff")
    assert (point.value, point.numerator, point.denominator) == (150, 3, 2)  # a machine is nobody
    teams = {
        cut_point.by["team"]: cut_point.value
        for cut_point in await _points(db, "suggestions_per_100_staff", "team")
    }
    # Whoever is there at the end counts; the one who has left the team suggested for it.
    assert teams == {str(TEAMS[0]): None, str(TEAMS[1]): 100}
    processes = await _points(db, "suggestions_per_100_staff", "process")
    assert {process.by["process"]: process.denominator for process in processes} == {"incident": 2, None: 2}


@in_test_all
async def test_nobody_there_is_nothing_to_divide_by(follower: Connection, db: Database) -> None:
    programme = Programme()
    programme.suggest(3)
    for person in (LI, WANG):
        programme.teller.tell(stream("person", person), "deactivated", BEGIN + 4 * DAY, state="inactive")
    await programme.write(follower)
    point = await _point(db, "suggestions_per_100_staff")
    assert (point.value, point.no_value, point.cases) == (None, "no_staff", 1)


@in_test_all
async def test_what_is_deferred_is_not_decided(follower: Connection, db: Database) -> None:
    programme = Programme()
    improvement = programme.improve()
    programme.settle(programme.suggest(3), "selected", 9, improvement)
    for outcome in ("declined", "merged", "deferred"):
        programme.settle(programme.suggest(3), outcome, 9)
    programme.suggest(4)
    await programme.write(follower)
    point = await _point(db, "suggestion_adoption_rate")
    assert (point.numerator, point.denominator, point.cases, point.undecided) == (1, 3, 5, 2)
    assert point.final_after is None
    (adoption,) = [
        cut_point.beside["suggestion_adoption_rate"]
        for cut_point in await _points(db, "suggestions_by_source")
    ]
    assert adoption.value == point.value == 0.333333


async def test_what_never_comes_to_a_standard_stays_among_those_that_have_not(
    follower: Connection, db: Database
) -> None:
    programme = Programme()
    quick, slow, given_up = (programme.improve(size) for size in ("minor", "major", "minor"))
    for improvement, day in ((quick, 10.0), (quick, 14.0), (slow, 20.0), (given_up, 10.0)):
        programme.settle(programme.suggest(day), "selected", day, improvement)
    programme.settle(programme.suggest(12), "declined", 13)
    programme.happens(quick, "standardised", 24, state="standardised")
    programme.happens(slow, "standardised", 50, state="standardised")
    programme.happens(given_up, "reverted", 21, state="reverted")
    await programme.write(follower)
    point = await _point(db, "idea_to_standard_seconds")
    assert point.survival is not None
    assert (point.survival.ended, point.survival.open) == (3, 2)
    # Three of five within 30 days: had those that ended otherwise been left out of sight, within 14.
    assert point.value == 30 * 86_400
    kpi_point = await _point(db, "idea_to_standard_ended_seconds")
    assert kpi_point.value == 14 * 86_400
    assert point.beside["idea_to_standard_ended_seconds"].value == kpi_point.value
    sizes = {
        cut_point.by["size"]: cut_point.value
        for cut_point in await _points(db, "idea_to_standard_ended_seconds", "size")
    }
    assert sizes == {"minor": 12 * 86_400, "major": 30 * 86_400}
    listed = await _cases(db, "idea_to_standard_ended_seconds")
    assert {row.events[-1].type for row in listed} == {"improvement.standardised"}


@in_test_all
async def test_a_pilot_is_passed_at_once_or_in_the_end(follower: Connection, db: Database) -> None:
    programme = Programme()
    for judgements in (
        ("passed",),
        ("extended", "passed"),
        ("extended", "stopped"),
        ("stopped",),
        ("extended",),
    ):
        improvement = programme.improve("major")
        for n, judgement in enumerate(judgements):
            programme.happens(improvement, f"pilot_{judgement}", 10 + n, judged_position=7)
    given_up = programme.improve("major")
    programme.happens(given_up, "pilot_extended", 10)
    programme.happens(given_up, "reverted", 11, state="reverted")
    await programme.write(follower)
    point = await _point(db, "pilot_pass_rate")
    assert (point.numerator, point.denominator) == (1, 6)
    finally_passed = await _point(db, "pilot_pass_rate_final")
    assert (finally_passed.numerator, finally_passed.denominator, finally_passed.undecided) == (2, 5, 1)


async def test_an_effect_is_achieved_with_four_fifths_of_the_promise_at_the_named_position(
    follower: Connection, db: Database
) -> None:
    programme = Programme()
    cases_of = {
        "enough": [("improved", "difference", "-80.0", "-100.0")],
        "enough of a ratio": [("improved", "ratio", "0.6", "0.5")],
        "too little": [("improved", "ratio", "0.61", "0.5")],
        "not shown": [("no_evidence", "difference", "-120.0", "-100.0")],
        "too few": [("too_few_cases", "difference", "-120.0", "-100.0")],
        "one of two": [("improved", "difference", "-80.0", "-100.0"), ("worsened", "ratio", "1.1", "0.5")],
    }
    for rows in cases_of.values():
        improvement = programme.improve()
        programme.measure(improvement, 10, 40, ("improved", "difference", "-100.0", "-100.0"))
        programme.measure(improvement, 11, 50, *rows)
        programme.happens(improvement, "evaluated", 12, judged_position=50)
        programme.measure(improvement, 13, 60, ("worsened", "difference", "1.0", "-100.0"))
    of_pilot = programme.improve("major")
    programme.measure(of_pilot, 10, 40, ("improved", "difference", "-100.0", "-100.0"), occasion="pilot")
    programme.happens(of_pilot, "pilot_stopped", 12, judged_position=40)
    going_on = programme.improve("major")
    programme.happens(going_on, "pilot_extended", 12, judged_position=40)
    await programme.write(follower)
    point = await _point(db, "effect_achieved")
    assert (point.numerator, point.denominator) == (3, 7)
    targets = await _point(db, "effect_achieved_targets")
    assert (targets.numerator, targets.denominator) == (4, 8)
    listed = await _cases(db, "effect_achieved")
    assert all("improvement.effects_measured" in {event.type for event in row.events} for row in listed)


async def test_a_benefit_counts_when_its_check_is_due(follower: Connection, db: Database) -> None:
    programme = Programme()
    lasting, faded, reverted, not_due = (programme.improve() for _ in range(4))
    row = ("improved", "difference", "-80.0", "-100.0")
    for improvement, due in ((lasting, 40), (faded, 40), (reverted, 40), (not_due, 400)):
        due_at = instant(BEGIN + due * DAY)
        programme.happens(improvement, "standardised", 20, state="standardised", next_benefit_due_at=due_at)
    programme.measure(faded, 41, 60, row, row, occasion="month_3", kept=False)
    for improvement in (lasting, faded):
        programme.measure(improvement, 41, 61, row, row, occasion="month_3", kept=True)
        occurred_at = {"benefit_months": 3, "next_benefit_due_at": instant(BEGIN + 300 * DAY)}
        programme.teller.events[-1].data["set"][improvement] = occurred_at
    programme.happens(reverted, "reverted", 30, state="reverted")
    await programme.write(follower)
    point = await _point(db, "benefits_sustained")
    assert (point.numerator, point.denominator) == (1, 3)
    assert {case.decided_at for case in await _cases(db, "benefits_sustained")} == {BEGIN + 40 * DAY}


@in_test_all
async def test_an_improvement_is_a_project_by_its_first_approved_plan(
    follower: Connection, db: Database
) -> None:
    programme = Programme()
    approvals = ("plan_approved", "plan_approved_by_decision", "chartered_with_plan")
    for handed_over, approval in zip((30, 60, None), approvals, strict=True):
        improvement = programme.improve("major")
        programme.happens(improvement, "planned", 5, state="planned")
        due = {f"milestone/{uuid4()}": {"due_at": instant(BEGIN + day * DAY)} for day in (20, 40)}
        programme.teller.events[-1].data["set"].update(due)
        programme.happens(improvement, approval, 6, state="plan_approved")
        programme.happens(improvement, "planned", 7, state="planned")
        moved: dict[str, Any] = {key: {"dropped_at": instant(BEGIN + 7 * DAY)} for key in due}
        moved[f"milestone/{uuid4()}"] = {"due_at": instant(BEGIN + 90 * DAY)}
        programme.teller.events[-1].data["set"].update(moved)
        if handed_over is not None:
            programme.happens(improvement, "handed_over", handed_over, state="handed_over")
    given_up = programme.improve("major")
    programme.happens(given_up, "planned", 5, state="planned")
    programme.teller.events[-1].data["set"][f"milestone/{uuid4()}"] = {"due_at": instant(BEGIN + 40 * DAY)}
    programme.happens(given_up, "plan_approved", 6, state="plan_approved")
    programme.happens(given_up, "reverted", 39, state="reverted")
    await programme.write(follower)
    point = await _point(db, "project_on_time")
    assert (point.numerator, point.denominator) == (1, 3)
