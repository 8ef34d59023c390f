"""The KPIs of times, reopenings, repeats and cost of incidents, from the words of the catalogue (15, 17, 22,
23, 28, 30) and of decisions 0022, 0031, 0066 and 0106.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.kpis.brute_force import deadlines
from tests.kpis.brute_force.agreements import Agreements
from tests.kpis.brute_force.counted import Counted, Definition, Open
from tests.kpis.brute_force.incidents import OPEN, Episode, Incident, incidents
from tests.kpis.brute_force.reading import World, instant_of
from tests.kpis.brute_force.running_time import BusinessTime

REPEATS_WITHIN = timedelta(days=30)


def _open_at(holds: Callable[[Incident, int], bool]) -> Callable[[World, datetime], Sequence[Open]]:
    def found(world: World, instant: datetime) -> list[Open]:
        opened = []
        for of in incidents(world):
            n = of.record.last_before(instant)
            if n is not None and _phase(of, n) == OPEN and holds(of, n):
                opened.append(Open(of.id, of.record.opened_at, of.cut(n)))
        return opened

    return found


def _phase(of: Incident, n: int) -> str:
    return [phase for place, phase in of.phases if place <= n][-1]


def _response_seconds(world: World) -> list[Counted]:
    time = world.once(BusinessTime)
    found = []
    for of in incidents(world):
        n = of.response
        if n is None:
            continue
        elapsed = max(0, of.seconds(n))
        business = elapsed if of.record.fields(n).get("priority") == "P1" else _answered_in(of, n, time)
        skewed = of.seconds(n) < 0
        found.append(
            Counted(of.id, of.steps[n].at, business, of.cut(n), of.excluded, beside=elapsed, skewed=skewed)
        )
    return found


def _answered_in(of: Incident, n: int, time: BusinessTime) -> int:
    counted = time.by_clock(of.record, n, "response")
    if counted is not None:
        return counted
    hours = time.hours(of.record, n)
    if hours is None:
        return max(0, of.seconds(n))
    return hours.seconds(of.record.opened_at, max(of.record.opened_at, of.steps[n].at))


def _resolution_seconds(world: World) -> list[Counted]:
    time = world.once(BusinessTime)
    found = []
    for of in incidents(world):
        n = of.final
        if n is not None:
            at, business = of.steps[n].at, _resolved_in(of, n, time)
            found.append(Counted(of.id, at, business, of.cut(n), of.excluded, beside=of.seconds(n)))
    return found


def _resolved_in(of: Incident, n: int, time: BusinessTime) -> int:
    if of.seconds(n) < 0:  # wrong clocks are seen in both times
        return of.seconds(n)
    counted = time.by_clock(of.record, n, "resolution")
    if counted is not None:
        return counted
    hours = time.hours(of.record, n)
    if hours is None:
        return of.seconds(n)
    return hours.seconds_of(_open_stretches(of, n))


def _open_stretches(of: Incident, n: int) -> list[tuple[datetime, datetime]]:
    """The stretches up to a step, and behind its opening, in which it was not resolved; a cancellation behind
    which it went on ends none (0028).
    """
    found = []
    opened_at = of.record.opened_at
    for place, (begin, phase) in enumerate(of.phases):
        if phase == OPEN and begin < n:
            later = [m for m, _ in of.phases[place + 1 :] if m <= n]
            since, until = of.steps[begin].at, of.steps[later[0] if later else n].at
            found.append((max(since, opened_at), max(until, opened_at)))
    return found


def _reopen_rate(world: World) -> list[Counted]:
    agreements = world.once(Agreements)
    found = []
    for of in incidents(world):
        for episode in of.episodes:
            n = episode.instant
            assert n is not None
            soon = int(is_reopened_soon(of, episode, agreements))
            found.append(Counted(of.id, of.steps[n].at, soon, of.cut(n), of.excluded))
    return found


def is_reopened_soon(of: Incident, episode: Episode, agreements: Agreements) -> bool:
    """Whether a resolution was left within the agreed days, and for more work: what was cancelled or marked
    as a duplicate instead, and taken up behind that, was not reopened.
    """
    if episode.left is None or dict(of.led)[episode.left] != OPEN:
        return False
    assert episode.instant is not None
    return of.steps[episode.left].at - of.steps[episode.instant].at <= agreements.reopening(of.record)


def _first_contact(world: World) -> list[Counted]:
    agreements = world.once(Agreements)
    found = []
    for of in incidents(world):
        n = of.final
        # What another system tells of does not say who resolved it.
        if n is None or of.record.fields(n).get("channel") == "monitoring" or of.steps[n].observed:
            continue
        soon = any(is_reopened_soon(of, episode, agreements) for episode in of.episodes)
        number = int(_by_one_person(of, n) and not soon)
        found.append(Counted(of.id, of.steps[n].at, number, of.cut(n), of.excluded))
    return found


def _by_one_person(of: Incident, n: int) -> bool:
    if of.response is None or of.response > n or not of.steps[n].actor.startswith("person:"):
        return False
    before = of.steps[1:n]
    requester = f"person:{of.record.fields(n).get('requester_id')}"
    return (
        of.steps[of.response].actor == of.steps[n].actor
        and len(of.teams) <= 1
        and not any(step.what == "held" for step in before)
        and not any(step.what == "commented" and step.actor == requester for step in before)
    )


def _repeats(world: World) -> list[Counted]:
    problems = _problems(world)
    resolved = [
        (of, of.steps[of.final].at, _subjects(of, of.final, problems))
        for of in incidents(world)
        if of.final is not None
    ]
    found = []
    for of in incidents(world):
        subjects, at = _subjects(of, 0, problems), of.record.opened_at
        again = any(
            other is not of and subjects & about and before < at <= before + REPEATS_WITHIN
            for other, before, about in resolved
        )
        found.append(Counted(of.id, at, int(again), of.cut(0, opening=True), of.excluded))
    return found


def _subjects(of: Incident, n: int, problems: Mapping[str, set[str]]) -> set[tuple[str, ...]]:
    """What it is about as of a step: its service and category, its item; and its problems, whenever they came
    to be known.
    """
    known = of.record.fields(n)
    found: set[tuple[str, ...]] = {("problem", problem) for problem in problems.get(of.record.stream, ())}
    if known.get("service") is not None and known.get("category") is not None:
        found.add(("kind", known["service"], known["category"]))
    if known.get("ci") is not None:
        found.add(("item", known["ci"]))
    return found


def _problems(world: World) -> dict[str, set[str]]:
    """The problems that each incident is linked to, in whatever way; by the incident's stream."""
    found = defaultdict[str, set[str]](set)
    for record in world.of("problem"):
        links: dict[str, str] = {}
        for event in record.events:
            for name, row in event.data["set"].items():
                if name.startswith("link/"):
                    links[name] = "" if row is None else row["other"]
        for other in links.values():
            found[other].add(record.id)
    return found


def _cost(of: Incident, currency: str) -> int | None:
    """What it cost in hundredths: all that was entered and not taken back; None: that is not known."""
    told = [row for step in of.steps for row in step.rows.items()]
    rows = {name: row for name, row in told if name.startswith(("work/", "cost/"))}
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
    hundredths = sum(
        Decimal(row["amount"]) * 100
        if name.startswith("cost/")
        else Decimal(row["rate"]) * 100 * row["minutes"] / 60
        for name, row in left.items()
    )
    return int(Decimal(hundredths).quantize(Decimal(1), ROUND_HALF_UP))


def _unit_cost(world: World) -> list[Counted]:
    found = []
    for of in incidents(world):
        cost = _cost(of, world.currency)
        if of.final is not None and cost is not None:
            found.append(Counted(of.id, of.steps[of.final].at, cost, of.cut(of.final), of.excluded))
    return found


def _without_cost(world: World) -> list[Counted]:
    return [
        Counted(
            of.id,
            of.steps[of.final].at,
            int(_cost(of, world.currency) is None),
            of.cut(of.final),
            of.excluded,
        )
        for of in incidents(world)
        if of.final is not None
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
    said = []
    for record in world.of("kpi_budget"):
        if any(event.what == "withdrawn" for event in record.events):
            continue
        known: dict[str, Any] = {}
        for event in record.events:
            known = known | event.data["set"][record.stream]
            if known["kpi"] == "incident_unit_cost":
                said.append((event.position, Budget(known)))
    return [budget for _, budget in sorted(said, key=lambda one: one[0])]


def _of_budget(world: World) -> list[Counted]:
    budgets = _budgets(world)
    found = []
    for one in _unit_cost(world):
        holding = [budget for budget in budgets if budget.covers(one.at)]
        last = holding[-1].said if holding else {}
        if last.get("amount") is not None and last["currency"] == world.currency:
            weight = int(Decimal(last["amount"]) * 100)
            found.append(Counted(one.case, one.at, one.number, one.cut, one.excluded, weight=weight))
    return found


DEFINITIONS: dict[str, Definition] = {
    **deadlines.DEFINITIONS,
    "incident_response_seconds": Definition(
        _response_seconds, _open_at(lambda of, n: of.response is None or of.response > n)
    ),
    "incident_resolution_seconds": Definition(_resolution_seconds, _open_at(lambda of, n: True)),
    "reopen_rate": Definition(_reopen_rate),
    "first_contact_resolution": Definition(_first_contact),
    "repeat_incident_rate": Definition(_repeats),
    "incident_unit_cost": Definition(_unit_cost),
    "incident_unit_cost_of_budget": Definition(_of_budget),
    "incident_without_cost_share": Definition(_without_cost),
}
