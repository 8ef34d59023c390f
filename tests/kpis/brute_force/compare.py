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
#: The event that begins the records of a kind, of which no count is known before; None: their opening.
BEGINNINGS = {
    **dict.fromkeys(("incident", "request", "problem", "change", "improvement_suggestion", "risk")),
    "deployment": "succeeded",
    "article": "published",
}
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
        opened_cases = self.definition.open
        return cache(lambda instant: () if opened_cases is None else opened_cases(self.world, instant))

    def points(self, question: Asked) -> dict[Place, dict[str, Any]]:
        """What the points of an answer ought to say, by number of the period and value of the cut; what is
        not there ought to have no cases.
        """
        if self.definition.points is not None:
            defined_points = self.definition.points(self.world, question.bounds, question.by, question.zone)
            points = {
                (n, self.names.get(cut, cut)): dict(point) for (n, cut), point in defined_points.items()
            }
        else:
            points = {
                (n, self.names.get(cut, cut)): self._point(question, n, cut, cell)
                for (n, cut), cell in self._cells(question).items()
            }
        for (n, _), point in points.items():
            is_before_records = self.first_record is not None and question.bounds[n + 1] <= self.first_record
            if is_before_records and "value" in point and not point["cases"]:
                point["value"] = None
        return points

    @cached_property
    def first_record(self) -> datetime | None:
        """When the first record of the KPI's kinds began; None: there is none, or its kinds have no begin."""
        begun = []
        for kind in self.kpi.processes:
            if kind in BEGINNINGS:
                what = BEGINNINGS[kind]
                records = self.world.of(kind)
                begun += [
                    record.opened_at if what is None else step.at
                    for record in records
                    for step in record.steps
                    if what is None or step.what == what
                ]
        return min(begun, default=None)

    def _cells(self, question: Asked) -> dict[Place, Cell]:
        volume = self.kpi.aggregate is Aggregate.number
        cell_of = cells(self.cases, question.bounds, question.by, volume=volume)
        for n in range(len(question.bounds) - 1):
            moment = self._moment(question, n)
            if question.by is None:
                cell_of.setdefault((n, None), Cell())
            if moment is not None:
                for case in self.open_at(moment):
                    cell_of.setdefault((n, _cut_of_open(case, question.by, moment)), Cell()).open.append(case)
        for place in cells(self.lower, question.bounds, question.by, volume=True):
            cell_of.setdefault(place, Cell())
        return cell_of

    def _moment(self, question: Asked, n: int) -> datetime | None:
        """The end of a period, or now; None: it has not begun."""
        return min(question.bounds[n + 1], self.world.now) if question.bounds[n] < self.world.now else None

    def _point(self, question: Asked, n: int, cut: Any, cell: Cell) -> dict[str, Any]:
        point = _point(self.kpi, self.definition, cell, self._moment(question, n))
        if self.definition.beneath is not None:
            within = Within(question.bounds[n], question.bounds[n + 1], question.zone, question.by, cut)
            beneath = self.definition.beneath(self.world, within)
            point |= _over(self.kpi, len(cell.counted), beneath)
            if self.definition.beside is not None:
                point |= self.definition.beside(self.world, within)
        return point

    def listed(self, begin: datetime, end: datetime) -> Counter[Listed]:
        """The list of cases behind a figure of that time."""
        if self.definition.listed is not None:
            listed = self.definition.listed(self.world, begin, end)
            return Counter((case.case, case.at, case.number, None) for case in listed)
        if self.kpi.basis is Basis.standing:
            standing = self.open_at(min(end, self.world.now))
            return Counter((case.case, case.opened_at, case.number, None) for case in standing)
        volume = self.kpi.aggregate is Aggregate.number
        return Counter(
            (case.case, case.at, case.number, case.excluded)
            for case in self.cases
            if begin <= case.at < end and (volume or case.excluded is None)
        )


def _cut_of_open(case: Open, by: str | None, moment: datetime) -> Any:
    if by == "age":
        return aggregates.age_of(whole_seconds(case.opened_at, moment))
    return None if by is None else case.cut.get(by)


def _over(kpi: Kpi, cases: int, beneath: float | None) -> dict[str, Any]:
    """A number of cases over another number; of a change how much more it is, if that may be said."""
    if kpi.aggregate is not Aggregate.year_over_year:
        return _divided(cases, beneath or 0, kpi.per)
    enough = beneath is not None and beneath >= LEAST_BEFORE
    return {"value": ratio(cases - int(beneath or 0), beneath or 0) if enough else None}


def _point(kpi: Kpi, definition: Definition, cell: Cell, moment: datetime | None) -> dict[str, Any]:
    numbers = [case.number for case in (cell.open if kpi.basis is Basis.standing else cell.counted)]
    point: dict[str, Any] = {"cases": len(numbers), "excluded": dict(aggregates.excluded_of(cell))}
    if definition.open is not None:
        point |= _open_ones(kpi, cell.open, moment)
    point |= _aggregate(kpi, cell, numbers, moment)
    if kpi.may_be_skewed:
        point["skewed"] = sum(case.skewed for case in cell.counted)
    return point


def _open_ones(kpi: Kpi, opens: Sequence[Open], moment: datetime | None) -> dict[str, Any]:
    oldest = None
    if opens and moment is not None:
        oldest = max(whole_seconds(case.opened_at, moment) for case in opens)
    fields: dict[str, Any] = {"oldest_open_seconds": oldest}
    if kpi.basis is not Basis.standing:
        fields["open_cases"] = None if moment is None else len(opens)
    elif kpi.aggregate is Aggregate.number and moment is not None:
        fields["on_hold"] = sum(case.on_hold for case in opens)
    return fields


def _aggregate(kpi: Kpi, cell: Cell, numbers: Sequence[int], moment: datetime | None) -> dict[str, Any]:
    counted, total = cell.counted, sum(numbers)
    undecided = sum(case.weight == 0 for case in counted)
    if kpi.aggregate is Aggregate.number:
        return {"value": None if kpi.basis is Basis.standing and moment is None else len(numbers)}
    if kpi.aggregate in {Aggregate.mean, Aggregate.median}:
        spread = distribution(numbers)
        if spread is not None and kpi.basis is Basis.standing:
            spread["zeros"] = None
        fields = {"value": spread and spread[kpi.aggregate.value], "spread": spread}
        beside_distribution = distribution([case.beside for case in counted if case.beside is not None])
        return fields if kpi.secondary is None else fields | {"beside": beside_distribution}
    if kpi.aggregate is Aggregate.kaplan_meier:
        survival = kaplan_meier(counted) if counted else None
        return {"value": survival and survival["median"], "survival": survival}
    if kpi.aggregate in {Aggregate.share, Aggregate.per_case, Aggregate.score}:
        share = _divided(total, len(numbers) * kpi.divisor)
        return share | {"undecided": undecided} if kpi.secondary is Measure.ended else share
    if kpi.aggregate in {Aggregate.of_budget, Aggregate.of_decided}:
        share = _divided(total, sum(case.weight for case in counted))
        return share | {"undecided": undecided} if kpi.aggregate is Aggregate.of_decided else share
    return {}


def _divided(numerator: int, denominator: float, per: int = 1) -> dict[str, Any]:
    return {
        "numerator": numerator,
        "denominator": round(denominator),
        "value": ratio(numerator, denominator, per),
    }


def told_points(kpi: Kpi, points: Iterable[Any], question: Asked) -> dict[Place, dict[str, Any]]:
    """What the points of an answer say."""
    by_key = {}
    for point in points:
        n = question.bounds.index(point.begin)
        cut = None if question.by is None else point.by[question.by]
        cut_names = {
            name: getattr(point, name)
            for name in (
                *("value", "cases", "excluded", "open_cases", "oldest_open_seconds", "on_hold", "skewed"),
                *("numerator", "denominator", "undecided", "rota_days"),
            )
        }
        main, other = ("business", "elapsed") if kpi.is_in_business_time else ("elapsed", "business")
        cut_names["spread"] = getattr(point, main) and getattr(point, main).model_dump()
        cut_names["beside"] = getattr(point, other) and getattr(point, other).model_dump()
        cut_names["exposure"] = point.exposure and point.exposure.model_dump()
        cut_names["survival"] = point.survival and point.survival.model_dump()
        by_key[n, cut] = cut_names
    return by_key


def differing_points(
    expected: Mapping[Place, Mapping[str, Any]], fields_by_key: Mapping[Place, Mapping[str, Any]]
) -> list[str]:
    """What the points differ in, in words."""
    differences = []
    for place in sorted(expected.keys() | fields_by_key.keys(), key=str):
        expectation, actual = expected.get(place), fields_by_key.get(place)
        if expectation is None:
            assert actual is not None
            if _is_of_something(actual):
                differences.append(f"{place}: nothing expected, told {_short(actual)}")
        elif actual is None:
            if _is_of_something(expectation):
                differences.append(f"{place}: expected {_short(expectation)}, nothing told")
        else:
            differences += [
                f"{place} {name}: expected {value}, told {actual[name]}"
                for name, value in expectation.items()
                if not _same(value, actual[name])
            ]
    return differences


def _is_of_something(fields: Mapping[str, Any]) -> bool:
    agreed = (fields.get("exposure") or {}).get("agreed_seconds")
    days = fields["denominator"] if fields.get("rota_days") is not None else None
    numbers = (fields["cases"], fields.get("open_cases"), days, agreed)
    return any(numbers) or any(fields["excluded"].values())


def _short(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _same(left: Any, other: Any) -> bool:
    if isinstance(left, dict) and isinstance(other, dict):
        return left.keys() == other.keys() and all(_same(left[key], other[key]) for key in left)
    if isinstance(left, float) and isinstance(other, int | float):
        # Half of the last decimal may be rounded either way: the product rounds what a float holds.
        return abs(left - other) <= 1e-9 * max(1, abs(left)) + 1.01e-6
    return bool(left == other)


def told_cases(cases: Iterable[Any]) -> Counter[Listed]:
    """The list of cases that the product gives."""
    return Counter((str(case.id), case.decided_at, case.measure, case.excluded) for case in cases)


def differing_cases(
    expected: Counter[Listed],
    actual: Counter[Listed],
) -> list[str]:
    """What the lists differ in, in words."""
    return [f"expected {case}, which is not told" for case in expected - actual] + [
        f"told {case}, which is not expected" for case in actual - expected
    ]
