"""The KPIs of times, reopenings, repeats and cost of incidents, from the words of the catalogue (15, 17, 22,
23, 28, 30) and of decisions 0040, 0044 and 0102.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.kpis.brute_force import deadlines
from tests.kpis.brute_force.agreements import Agreements
from tests.kpis.brute_force.counted import Counted, Definition, Open
from tests.kpis.brute_force.incidents import OPEN, Episode, Incident, incidents
from tests.kpis.brute_force.reading import World, instant_of
from tests.kpis.brute_force.running_time import BusinessTime

REPEATS_WITHIN = timedelta(days=30)
#: From then on the same service and category alone make no repeat.
KINDS_REPEAT_NOTHING = datetime(2026, 11, 30, tzinfo=UTC)
#: Incidents opened from then on cost what their entries do, each rounded.
ENTRIES_ARE_ROUNDED = datetime(2026, 11, 30, tzinfo=UTC)


def _open_at(holds: Callable[[Incident, int], bool]) -> Callable[[World, datetime], Sequence[Open]]:
    def found(world: World, instant: datetime) -> list[Open]:
        opened = []
        for incident in incidents(world):
            n = incident.record.last_before(instant)
            if n is not None and _phase(incident, n) == OPEN and holds(incident, n):
                opened.append(Open(incident.id, incident.record.opened_at, incident.cut(n)))
        return opened

    return found


def _phase(incident: Incident, n: int) -> str:
    return [phase for place, phase in incident.phases if place <= n][-1]


def _response_seconds(world: World) -> list[Counted]:
    time = world.once(BusinessTime)
    counted_cases = []
    for incident in incidents(world):
        n = incident.response
        if n is None:
            continue
        elapsed = max(0, incident.seconds(n))
        business = (
            elapsed if incident.record.fields(n).get("priority") == "P1" else _answered_in(incident, n, time)
        )
        skewed = incident.seconds(n) < 0
        counted_cases.append(
            Counted(
                incident.id,
                incident.steps[n].at,
                business,
                incident.cut(n),
                incident.excluded,
                beside=elapsed,
                skewed=skewed,
            )
        )
    return counted_cases


def _answered_in(incident: Incident, n: int, time: BusinessTime) -> int:
    counted = time.by_clock(incident.record, n, "response")
    if counted is not None:
        return counted
    hours = time.hours(incident.record, n)
    if hours is None:
        return max(0, incident.seconds(n))
    return hours.seconds(incident.record.opened_at, max(incident.record.opened_at, incident.steps[n].at))


def _resolution_seconds(world: World) -> list[Counted]:
    time = world.once(BusinessTime)
    counted_cases = []
    for incident in incidents(world):
        n = incident.final
        if n is not None:
            occurred_at, business = incident.steps[n].at, _resolved_in(incident, n, time)
            counted_cases.append(
                Counted(
                    incident.id,
                    occurred_at,
                    business,
                    incident.cut(n),
                    incident.excluded,
                    beside=incident.seconds(n),
                )
            )
    return counted_cases


def _resolved_in(incident: Incident, n: int, time: BusinessTime) -> int:
    if incident.seconds(n) < 0:  # wrong clocks are seen in both times
        return incident.seconds(n)
    counted = time.by_clock(incident.record, n, "resolution")
    if counted is not None:
        return counted
    hours = time.hours(incident.record, n)
    if hours is None:
        return incident.seconds(n)
    return hours.seconds_of(_open_stretches(incident, n))


def _open_stretches(incident: Incident, n: int) -> list[tuple[datetime, datetime]]:
    """The stretches up to a step, and behind its opening, in which it was not resolved; a cancellation behind
    which it went on ends none (0006).
    """
    open_stretches = []
    opened_at = incident.record.opened_at
    for place, (begin, phase) in enumerate(incident.phases):
        if phase == OPEN and begin < n:
            later = [m for m, _ in incident.phases[place + 1 :] if m <= n]
            since, until = incident.steps[begin].at, incident.steps[later[0] if later else n].at
            open_stretches.append((max(since, opened_at), max(until, opened_at)))
    return open_stretches


def _reopen_rate(world: World) -> list[Counted]:
    agreements = world.once(Agreements)
    counted_cases = []
    for incident in incidents(world):
        for episode in incident.episodes:
            n = episode.instant
            assert n is not None
            soon = int(is_reopened_soon(incident, episode, agreements))
            counted_cases.append(
                Counted(incident.id, incident.steps[n].at, soon, incident.cut(n), incident.excluded)
            )
    return counted_cases


def is_reopened_soon(incident: Incident, episode: Episode, agreements: Agreements) -> bool:
    """Whether a resolution was left within the agreed days, and for more work: what was cancelled or marked
    as a duplicate instead, and taken up behind that, was not reopened.
    """
    if episode.left is None or dict(incident.led)[episode.left] != OPEN:
        return False
    assert episode.instant is not None
    return incident.steps[episode.left].at - incident.steps[episode.instant].at <= agreements.reopening(
        incident.record
    )


def _first_contact(world: World) -> list[Counted]:
    agreements = world.once(Agreements)
    counted_cases = []
    for incident in incidents(world):
        n = incident.final
        # What another system tells of does not say who resolved it.
        if (
            n is None
            or incident.record.fields(n).get("channel") == "monitoring"
            or incident.steps[n].observed
        ):
            continue
        soon = any(is_reopened_soon(incident, episode, agreements) for episode in incident.episodes)
        number = int(_by_one_person(incident, n) and not soon)
        counted_cases.append(
            Counted(incident.id, incident.steps[n].at, number, incident.cut(n), incident.excluded)
        )
    return counted_cases


def _by_one_person(incident: Incident, n: int) -> bool:
    if (
        incident.response is None
        or incident.response > n
        or not incident.steps[n].actor.startswith("person:")
    ):
        return False
    before = incident.steps[1:n]
    requester = f"person:{incident.record.fields(n).get('requester_id')}"
    return (
        incident.steps[incident.response].actor == incident.steps[n].actor
        and len(incident.teams) <= 1
        and not any(step.what == "held" for step in before)
        and not any(step.what == "commented" and step.actor == requester for step in before)
    )


def _repeats(world: World) -> list[Counted]:
    problems = _problems(world)
    resolved = [
        (
            incident_case,
            incident_case.steps[incident_case.final].at,
            _subjects(incident_case, incident_case.final, problems),
        )
        for incident_case in incidents(world)
        if incident_case.final is not None
    ]
    counted_cases = []
    for incident in incidents(world):
        subjects, occurred_at = _subjects(incident, 0, problems), incident.record.opened_at
        if occurred_at >= KINDS_REPEAT_NOTHING:
            subjects = {subject for subject in subjects if subject[0] != "kind"}
        again = any(
            other is not incident and subjects & about and before < occurred_at <= before + REPEATS_WITHIN
            for other, before, about in resolved
        )
        counted_cases.append(
            Counted(incident.id, occurred_at, int(again), incident.cut(0, opening=True), incident.excluded)
        )
    return counted_cases


def _subjects(incident: Incident, n: int, problems: Mapping[str, set[str]]) -> set[tuple[str, ...]]:
    """What it is about as of a step: its service and category, its item; and its problems, whenever they came
    to be known.
    """
    fields = incident.record.fields(n)
    subjects: set[tuple[str, ...]] = {
        ("problem", problem) for problem in problems.get(incident.record.stream, ())
    }
    if fields.get("service") is not None and fields.get("category") is not None:
        subjects.add(("kind", fields["service"], fields["category"]))
    if fields.get("ci") is not None:
        subjects.add(("item", fields["ci"]))
    return subjects


def _problems(world: World) -> dict[str, set[str]]:
    """The problems that each incident is linked to, in whatever way; by the incident's stream."""
    problems_of = defaultdict[str, set[str]](set)
    for record in world.of("problem"):
        links: dict[str, str] = {}
        for event in record.events:
            for name, row in event.data["set"].items():
                if name.startswith("link/"):
                    links[name] = "" if row is None else row["other"]
        for other in links.values():
            problems_of[other].add(record.id)
    return problems_of


def _cost(incident: Incident, currency: str) -> int | None:
    """What it cost in hundredths: all that was entered and not taken back; None: that is not known."""
    chosen_rows = [row for step in incident.steps for row in step.rows.items()]
    rows = {name: row for name, row in chosen_rows if name.startswith(("work/", "cost/"))}
    taken_back = {row.get("reverses_id") for row in rows.values()}
    left = {
        name: row
        for name, row in rows.items()
        if row.get("reverses_id") is None and name.partition("/")[2] not in taken_back
    }
    if not any(name.startswith("work/") for name in left):
        return None
    if any(row["currency"] != currency for row in left.values()):
        return None
    entries = [
        Decimal(row["amount"]) * 100
        if name.startswith("cost/")
        else Decimal(row["rate"]) * 100 * row["minutes"] / 60
        for name, row in left.items()
    ]
    if incident.record.opened_at < ENTRIES_ARE_ROUNDED:
        entries = [sum(entries, Decimal(0))]
    return sum(int(entry.quantize(Decimal(1), ROUND_HALF_UP)) for entry in entries)


def _unit_cost(world: World) -> list[Counted]:
    counted_cases = []
    for incident in incidents(world):
        cost = _cost(incident, world.currency)
        if incident.final is not None and cost is not None:
            counted_cases.append(
                Counted(
                    incident.id,
                    incident.steps[incident.final].at,
                    cost,
                    incident.cut(incident.final),
                    incident.excluded,
                )
            )
    return counted_cases


def _without_cost(world: World) -> list[Counted]:
    return [
        Counted(
            incident.id,
            incident.steps[incident.final].at,
            int(_cost(incident, world.currency) is None),
            incident.cut(incident.final),
            incident.excluded,
        )
        for incident in incidents(world)
        if incident.final is not None
    ]


@dataclass(frozen=True)
class Budget:
    """What was said of a case's budget for a time; without an amount there is none."""

    said: Mapping[str, Any]

    def covers(self, instant: datetime) -> bool:
        """Whether it says anything of the instant."""
        begin, end = instant_of(self.said["valid_from_at"]), instant_of(self.said.get("valid_until_at"))
        return begin is not None and begin <= instant and (end is None or instant < end)


def _budgets(world: World) -> list[Budget]:
    """All that holds, in the order of the log; of a record that was withdrawn nothing does."""
    budgets = []
    for record in world.of("kpi_budget"):
        if any(event.what == "withdrawn" for event in record.events):
            continue
        fields: dict[str, Any] = {}
        for event in record.events:
            fields = fields | event.data["set"][record.stream]
            if fields["kpi"] == "incident_unit_cost":
                budgets.append((event.position, Budget(fields)))
    return [budget for _, budget in sorted(budgets, key=lambda dated_budget: dated_budget[0])]


def _of_budget(world: World) -> list[Counted]:
    budgets = _budgets(world)
    counted_cases = []
    for unit_case in _unit_cost(world):
        holding = [budget for budget in budgets if budget.covers(unit_case.at)]
        last = holding[-1].said if holding else {}
        if last.get("amount") is not None and last["currency"] == world.currency:
            weight = int(Decimal(last["amount"]) * 100)
            counted_cases.append(
                Counted(
                    unit_case.case,
                    unit_case.at,
                    unit_case.number,
                    unit_case.cut,
                    unit_case.excluded,
                    weight=weight,
                )
            )
    return counted_cases


DEFINITIONS: dict[str, Definition] = {
    **deadlines.DEFINITIONS,
    "incident_response_seconds": Definition(
        _response_seconds, _open_at(lambda incident, n: incident.response is None or incident.response > n)
    ),
    "incident_resolution_seconds": Definition(_resolution_seconds, _open_at(lambda incident, n: True)),
    "reopen_rate": Definition(_reopen_rate),
    "first_contact_resolution": Definition(_first_contact),
    "repeat_incident_rate": Definition(_repeats),
    "incident_unit_cost": Definition(_unit_cost),
    "incident_unit_cost_of_budget": Definition(_of_budget),
    "incident_without_cost_share": Definition(_without_cost),
}
