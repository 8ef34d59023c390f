"""Where the product says something else than the brute force: points of answers, and lists of cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from app.kpis.declaration.kpi import Aggregate, Basis, Kpi
from app.kpis.declaration.measures import Measure
from tests.kpis.brute_force import aggregates
from tests.kpis.brute_force.aggregates import Cell, Place, cells, distribution, kaplan_meier, ratio
from tests.kpis.brute_force.counted import Counted, Definition, Open, Within
from tests.kpis.brute_force.reading import World, whole_seconds

#: A case in a list: its decisive instant, its number, and why it is left out.
Listed = tuple[str, datetime, int, str | None]
#: How many cases must have been complained about in the year before for a change to be one.
LEAST_BEFORE = 10


@dataclass(frozen=True)
class Asked:
    """A question of the comparison: the bounds of its periods, and what it is cut by."""

    bounds: Sequence[datetime]
    by: str | None
    zone: str


@dataclass(frozen=True)
class Expectation:
    """What plain loops say of a KPI in a history; `names` is what answers call some values of cuts."""

    kpi: Kpi
    definition: Definition
    world: World
    names: Mapping[str, str]

    @cached_property
    def cases(self) -> Sequence[Counted]:
        """Its cases."""
        return () if self.definition.cases is None else self.definition.cases(self.world)

    @cached_property
    def lower(self) -> Sequence[Counted]:
        """The cases of what it is divided by, if they have points of their own."""
        return () if self.definition.lower is None else self.definition.lower(self.world)

    @cached_property
    def open_at(self) -> Callable[[datetime], Sequence[Open]]:
        """Those open at an instant."""
        found = self.definition.open
        return cache(lambda instant: () if found is None else found(self.world, instant))

    def points(self, asked: Asked) -> dict[Place, dict[str, Any]]:
        """What the points of an answer ought to say, by number of the period and value of the cut; what is
        not there ought to have no cases.
        """
        if self.definition.points is not None:
            said = self.definition.points(self.world, asked.bounds, asked.by, asked.zone)
            return {(n, self.names.get(cut, cut)): dict(point) for (n, cut), point in said.items()}
        found = self._cells(asked)
        return {
            (n, self.names.get(cut, cut)): self._point(asked, n, cut, cell)
            for (n, cut), cell in found.items()
        }

    def _cells(self, asked: Asked) -> dict[Place, Cell]:
        volume = self.kpi.aggregate is Aggregate.number
        found = cells(self.cases, asked.bounds, asked.by, volume=volume)
        for n in range(len(asked.bounds) - 1):
            moment = self._moment(asked, n)
            if asked.by is None:
                found.setdefault((n, None), Cell())
            if moment is not None:
                for one in self.open_at(moment):
                    found.setdefault((n, _cut_of_open(one, asked.by, moment)), Cell()).open.append(one)
        for place in cells(self.lower, asked.bounds, asked.by, volume=True):
            found.setdefault(place, Cell())
        return found

    def _moment(self, asked: Asked, n: int) -> datetime | None:
        """The end of a period, or now; None: it has not begun."""
        return min(asked.bounds[n + 1], self.world.now) if asked.bounds[n] < self.world.now else None

    def _point(self, asked: Asked, n: int, cut: Any, cell: Cell) -> dict[str, Any]:
        point = _point(self.kpi, self.definition, cell, self._moment(asked, n))
        if self.definition.beneath is not None:
            within = Within(asked.bounds[n], asked.bounds[n + 1], asked.zone, asked.by, cut)
            beneath = self.definition.beneath(self.world, within)
            point |= _over(self.kpi, len(cell.counted), beneath)
            if self.definition.beside is not None:
                point |= self.definition.beside(self.world, within)
        return point

    def listed(self, begin: datetime, end: datetime) -> Counter[Listed]:
        """The list of cases behind a figure of that time."""
        if self.definition.listed is not None:
            listed = self.definition.listed(self.world, begin, end)
            return Counter((one.case, one.at, one.number, None) for one in listed)
        if self.kpi.basis is Basis.standing:
            standing = self.open_at(min(end, self.world.now))
            return Counter((one.case, one.opened_at, one.number, None) for one in standing)
        volume = self.kpi.aggregate is Aggregate.number
        return Counter(
            (one.case, one.at, one.number, one.excluded)
            for one in self.cases
            if begin <= one.at < end and (volume or one.excluded is None)
        )


def _cut_of_open(one: Open, by: str | None, moment: datetime) -> Any:
    if by == "age":
        return aggregates.age_of(whole_seconds(one.opened_at, moment))
    return None if by is None else one.cut.get(by)


def _over(kpi: Kpi, cases: int, beneath: int | None) -> dict[str, Any]:
    """A number of cases over another number; of a change how much more it is, if that may be said."""
    if kpi.aggregate is not Aggregate.year_over_year:
        return _divided(cases, beneath or 0, kpi.per)
    said = beneath is not None and beneath >= LEAST_BEFORE
    return {"value": ratio(cases - (beneath or 0), beneath or 0) if said else None}


def _point(kpi: Kpi, definition: Definition, cell: Cell, moment: datetime | None) -> dict[str, Any]:
    numbers = [one.number for one in (cell.open if kpi.basis is Basis.standing else cell.counted)]
    point: dict[str, Any] = {"cases": len(numbers), "excluded": dict(aggregates.excluded_of(cell))}
    if definition.open is not None:
        point |= _open_ones(kpi, cell.open, moment)
    point |= _aggregate(kpi, cell, numbers, moment)
    if kpi.may_be_skewed:
        point["skewed"] = sum(one.skewed for one in cell.counted)
    return point


def _open_ones(kpi: Kpi, of: Sequence[Open], moment: datetime | None) -> dict[str, Any]:
    oldest = None
    if of and moment is not None:
        oldest = max(whole_seconds(one.opened_at, moment) for one in of)
    found: dict[str, Any] = {"oldest_open_seconds": oldest}
    if kpi.basis is not Basis.standing:
        found["open_cases"] = None if moment is None else len(of)
    elif kpi.aggregate is Aggregate.number and moment is not None:
        found["on_hold"] = sum(one.on_hold for one in of)
    return found


def _aggregate(kpi: Kpi, cell: Cell, numbers: Sequence[int], moment: datetime | None) -> dict[str, Any]:
    counted, total = cell.counted, sum(numbers)
    undecided = sum(one.weight == 0 for one in counted)
    if kpi.aggregate is Aggregate.number:
        return {"value": None if kpi.basis is Basis.standing and moment is None else len(numbers)}
    if kpi.aggregate in {Aggregate.mean, Aggregate.median}:
        spread = distribution(numbers)
        found = {"value": spread and spread[kpi.aggregate.value], "spread": spread}
        beside = distribution([one.beside for one in counted if one.beside is not None])
        return found if kpi.secondary is None else found | {"beside": beside}
    if kpi.aggregate is Aggregate.kaplan_meier:
        survival = kaplan_meier(counted) if counted else None
        return {"value": survival and survival["median"], "survival": survival}
    if kpi.aggregate in {Aggregate.share, Aggregate.per_case, Aggregate.score}:
        share = _divided(total, len(numbers) * kpi.divisor)
        return share | {"undecided": undecided} if kpi.secondary is Measure.ended else share
    if kpi.aggregate in {Aggregate.of_budget, Aggregate.of_decided}:
        share = _divided(total, sum(one.weight for one in counted))
        return share | {"undecided": undecided} if kpi.aggregate is Aggregate.of_decided else share
    return {}


def _divided(numerator: int, denominator: int, per: int = 1) -> dict[str, Any]:
    return {"numerator": numerator, "denominator": denominator, "value": ratio(numerator, denominator, per)}


def told_points(kpi: Kpi, points: Iterable[Any], asked: Asked) -> dict[Place, dict[str, Any]]:
    """What the points of an answer say."""
    found = {}
    for point in points:
        n = asked.bounds.index(point.begin)
        cut = None if asked.by is None else point.by[asked.by]
        said = {
            name: getattr(point, name)
            for name in (
                *("value", "cases", "excluded", "open_cases", "oldest_open_seconds", "on_hold", "skewed"),
                *("numerator", "denominator", "undecided", "rota_days"),
            )
        }
        main, other = ("business", "elapsed") if kpi.is_in_business_time else ("elapsed", "business")
        said["spread"] = getattr(point, main) and getattr(point, main).model_dump()
        said["beside"] = getattr(point, other) and getattr(point, other).model_dump()
        said["exposure"] = point.exposure and point.exposure.model_dump()
        said["survival"] = point.survival and point.survival.model_dump()
        found[n, cut] = said
    return found


def differing_points(
    expected: Mapping[Place, Mapping[str, Any]], told: Mapping[Place, Mapping[str, Any]]
) -> list[str]:
    """What the points differ in, in words."""
    found = []
    for place in sorted(expected.keys() | told.keys(), key=str):
        wanted, said = expected.get(place), told.get(place)
        if wanted is None:
            assert said is not None
            if _is_of_something(said):
                found.append(f"{place}: nothing expected, told {_short(said)}")
        elif said is None:
            if _is_of_something(wanted):
                found.append(f"{place}: expected {_short(wanted)}, nothing told")
        else:
            found += [
                f"{place} {name}: expected {value}, told {said[name]}"
                for name, value in wanted.items()
                if not _same(value, said[name])
            ]
    return found


def _is_of_something(said: Mapping[str, Any]) -> bool:
    agreed = (said.get("exposure") or {}).get("agreed_seconds")
    days = said["denominator"] if said.get("rota_days") is not None else None
    numbers = (said["cases"], said.get("open_cases"), days, agreed)
    return any(numbers) or any(said["excluded"].values())


def _short(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, int | float):
        # Half of the last decimal may be rounded either way: the product rounds what a float holds.
        return abs(one - other) <= 1e-9 * max(1, abs(one)) + 1.01e-6
    return bool(one == other)


def told_cases(cases: Iterable[Any]) -> Counter[Listed]:
    """The list of cases that the product gives."""
    return Counter((str(one.id), one.decided_at, one.measure, one.excluded) for one in cases)


def differing_cases(
    expected: Counter[Listed],
    told: Counter[Listed],
) -> list[str]:
    """What the lists differ in, in words."""
    return [f"expected {one}, which is not told" for one in expected - told] + [
        f"told {one}, which is not expected" for one in told - expected
    ]
