"""The KPIs of the improvement programme, from the words of the catalogue (52 to 57)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.kpis.brute_force.counted import Counted, Definition, Within
from tests.kpis.brute_force.dimensions import cut_of, ticket_cut
from tests.kpis.brute_force.reading import Record, World, instant_of, seconds_between, whole_seconds

#: The outcomes by which it is decided what becomes of a suggestion.
SETTLED = frozenset({"selected", "declined", "merged"})
OF_PILOTS = ("pilot_passed", "pilot_extended", "pilot_stopped")
ENOUGH = Decimal("0.8")
OF_IMPROVEMENTS = {"process": "process", "size": "size"}
MEASUREMENT = "improvement_measurement/"


@dataclass(frozen=True)
class Suggestion:
    """A suggestion: who has offered it, and what has become of it."""

    record: Record
    world: World

    @property
    def at(self) -> datetime:
        """When it was offered."""
        return self.record.opened_at

    @property
    def author(self) -> str | None:
        """Who has offered it; None: a rule."""
        author_id: str | None = self.record.opening.told.get("author_id")
        return author_id

    @property
    def team(self) -> str | None:
        """The team that whoever offered it was in, as far as had been told by then."""
        team: str | None = None
        person = self.world.records.get(f"person/{self.author}")
        for event in () if person is None else person.events:
            fields = event.data["set"].get(event.stream, {})
            if "team_id" in fields and event.position < self.record.opening.position:
                team = fields["team_id"]
        return team

    @property
    def cut(self) -> dict[str, Any]:
        """Its values in the dimensions."""
        cut_values = cut_of({"source": "source", "process": "process"}, self.record.opening.told)
        return cut_values | {"team": self.team, "offered_by": "rule" if self.author is None else "person"}

    def last(self, field: str) -> Any:
        """What was told last of that."""
        return next((step.told[field] for step in reversed(self.record.steps) if field in step.told), None)

    @property
    def improvement(self) -> Record | None:
        """The improvement that carries it out."""
        return self.world.records.get(f"improvement/{self.last('improvement_id')}")

    @property
    def size(self) -> str | None:
        """The size of its improvement, as was told last."""
        improvement = self.improvement
        return None if improvement is None else improvement.fields(len(improvement.steps) - 1).get("size")

    @property
    def standardised_at(self) -> datetime | None:
        """When its improvement was standardised first."""
        steps = () if self.improvement is None else self.improvement.steps
        return next((step.at for step in steps if step.what == "standardised"), None)


def _suggestions(world: World) -> list[Suggestion]:
    return [Suggestion(record, world) for record in world.of("improvement_suggestion")]


def _offered(world: World) -> list[Counted]:
    return [
        Counted(suggestion.record.id, suggestion.at, 1, suggestion.cut) for suggestion in _suggestions(world)
    ]


def _of_persons(world: World) -> list[Counted]:
    return [
        Counted(suggestion.record.id, suggestion.at, 1, suggestion.cut)
        for suggestion in _suggestions(world)
        if suggestion.author is not None
    ]


def _active(world: World, within: Within) -> int:
    """The human beings who are active when the period ends, or now; by team those in it."""
    moment, active = min(within.end, world.now), 0
    for record in world.of("person") if within.begin < world.now else ():
        n = record.last_before(moment)
        fields = {} if n is None else record.fields(n)
        if fields.get("state") == "active" and fields.get("kind") != "machine":
            active += within.by != "team" or fields.get("team_id") == within.cut
    return active


def _adopted(world: World) -> list[Counted]:
    counted_cases = []
    for suggestion in _suggestions(world):
        state = suggestion.last("state")
        counted = Counted(
            suggestion.record.id,
            suggestion.at,
            int(state == "selected"),
            suggestion.cut,
            weight=state in SETTLED,
        )
        counted_cases.append(counted)
    return counted_cases


def _ideas(world: World) -> list[Counted]:
    """Those offered until now, with how long it took to the standard, or has taken without coming to it."""
    counted_cases = []
    for suggestion in _suggestions(world):
        end = suggestion.standardised_at
        if suggestion.at >= world.now:
            continue
        ended = end is not None and end < world.now
        took = max(0, seconds_between(suggestion.at, end)) if end is not None and ended else None
        seconds = whole_seconds(suggestion.at, world.now) if took is None else took
        counted_cases.append(
            Counted(
                suggestion.record.id, suggestion.at, seconds, {"size": suggestion.size}, weight=int(ended)
            )
        )
    return counted_cases


def _standards(world: World) -> list[Counted]:
    return [
        Counted(
            suggestion.record.id, end, max(0, seconds_between(suggestion.at, end)), {"size": suggestion.size}
        )
        for suggestion in _suggestions(world)
        if (end := suggestion.standardised_at) is not None
    ]


def _cut(record: Record, n: int) -> dict[str, Any]:
    return cut_of(OF_IMPROVEMENTS, record.fields(n))


def _pilots(number: Callable[[list[str], bool], tuple[int, int]]) -> Definition:
    """The improvements whose pilot was judged, at the first judgement; what counts of its judgements, and of
    whether the improvement was reverted.
    """

    def cases(world: World) -> list[Counted]:
        counted_cases = []
        for record in world.of("improvement"):
            places = [n for n, step in enumerate(record.steps) if step.what in OF_PILOTS]
            if places:
                kinds = [record.steps[n].what for n in places]
                counts, weight = number(kinds, any(step.what == "reverted" for step in record.steps))
                instant = record.steps[places[0]].at
                counted_cases.append(
                    Counted(record.id, instant, counts, _cut(record, places[0]), weight=weight)
                )
        return counted_cases

    return Definition(cases)


def _finally(kinds: list[str], given_up: bool) -> tuple[int, int]:
    return int(kinds[-1] == "pilot_passed"), int(kinds[-1] != "pilot_extended" or given_up)


def _rows(record: Record) -> list[dict[str, Any]]:
    """All that was measured, in the order of the log."""
    return [
        row
        for event in record.events
        for name, row in event.data["set"].items()
        if name.startswith(MEASUREMENT)
    ]


def _judged(world: World) -> Iterator[tuple[Record, int, list[bool]]]:
    """The improvements at their last judgement, with whether each target KPI came to its promise."""
    for record in world.of("improvement"):
        places = [
            n
            for n, step in enumerate(record.steps)
            if step.what in {"evaluated", "pilot_passed", "pilot_stopped"}
        ]
        if places:
            n = places[-1]
            named = record.fields(n).get("judged_position")
            row_of = {row["target"]: row for row in _rows(record) if row["position"] == named}
            yield record, n, [_achieved(row, world) for row in row_of.values()]


def _achieved(row: dict[str, Any], world: World) -> bool:
    """Whether something has improved, by four fifths of the promise at least."""
    effect = world.records[f"kpi_effect/{row['effect_id']}"].opening.told
    nothing = 1 if effect["result"]["scale"] == "ratio" else 0
    if row["verdict"] != "improved" or row["effect"] is None:
        return False
    measured, promised = (Decimal(row[name]) - nothing for name in ("effect", "promised_effect"))
    return promised != 0 and measured / promised >= ENOUGH


def _improvements(world: World) -> list[Counted]:
    return [
        Counted(record.id, record.steps[n].at, int(bool(each) and all(each)), _cut(record, n))
        for record, n, each in _judged(world)
    ]


def _targets(world: World) -> list[Counted]:
    return [
        Counted(record.id, record.steps[n].at, int(row), _cut(record, n))
        for record, n, each in _judged(world)
        for row in each
    ]


def _benefits(world: World) -> list[Counted]:
    """The checks that have fallen due, and whether all that was measured on each is kept."""
    counted_cases = []
    for record in world.of("improvement"):
        for months, (n, due) in _checks(record).items():
            judgements = [row.get("kept") for row in _rows(record) if row["occasion"] == f"month_{months}"]
            if due < world.now:
                number = int(bool(judgements) and all(judgement is True for judgement in judgements))
                counted_cases.append(Counted(record.id, due, number, _cut(record, n)))
    return counted_cases


def _checks(record: Record) -> dict[int, tuple[int, datetime]]:
    """By months, the step that told last when that check is due, and when it is."""
    by_key = {}
    for n, step in enumerate(record.steps):
        due = instant_of(step.told.get("next_benefit_due_at"))
        after = step.told.get("benefit_months")
        months = 3 if step.what == "standardised" else {3: 6, 6: 12}.get(after) if after else None
        if due is not None and months is not None:
            by_key[months] = (n, due)
    return by_key


def projects(world: World) -> list[Counted]:
    """The improvements with a first plan that was approved: handed over by the date of its last milestone, or
    late when that has passed. What had been rejected or reverted by then was never late.
    """
    counted_cases = []
    for record in world.of("improvement"):
        due = _first_planned(record)
        done = next((n for n, step in enumerate(record.steps) if step.what == "handed_over"), None)
        if due is None:
            continue
        if done is not None and record.steps[done].at <= due:
            counted_cases.append(
                Counted(record.id, record.steps[done].at, 1, ticket_cut(record.fields(done)))
            )
            continue
        n = record.last_before(due)
        if n is not None and due < world.now and record.fields(n)["state"] not in {"rejected", "reverted"}:
            counted_cases.append(Counted(record.id, due, 0, ticket_cut(record.fields(n))))
    return counted_cases


#: The events that approve the plan of a project, with that of earlier releases.
PLAN_APPROVALS = frozenset({"plan_approved", "plan_approved_by_decision", "chartered_with_plan"})


def _first_planned(record: Record) -> datetime | None:
    """When the last milestone of the first approved plan was due."""
    milestones: dict[str, dict[str, Any]] = {}
    for step in record.steps:
        for name, row in step.rows.items():
            if name.startswith("milestone/"):
                milestones[name] = milestones.get(name, {}) | row
        if step.what in PLAN_APPROVALS:
            left = [
                row["due_at"] for row in milestones.values() if "due_at" in row and "dropped_at" not in row
            ]
            return max(
                (instant for judgement in left if (instant := instant_of(judgement)) is not None),
                default=None,
            )
    return None


DEFINITIONS = {
    "suggestions_by_source": Definition(_offered),
    "suggestions_per_100_staff": Definition(_of_persons, beneath=_active),
    "suggestion_adoption_rate": Definition(_adopted),
    "idea_to_standard_seconds": Definition(_ideas),
    "idea_to_standard_ended_seconds": Definition(_standards),
    "pilot_pass_rate": _pilots(lambda kinds, given_up: (int(kinds[0] == "pilot_passed"), 0)),
    "pilot_pass_rate_final": _pilots(_finally),
    "effect_achieved": Definition(_improvements),
    "effect_achieved_targets": Definition(_targets),
    "benefits_sustained": Definition(_benefits),
}
