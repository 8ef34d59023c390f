"""Samples of windows for comparison: the KPI's cases, by the kind of the KPI."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from app.kernel.actions.refusals import WrongValue
from app.kpis.answers import answer
from app.kpis.answers.series import cases_of, divisor_of, value_of
from app.kpis.cases.values import CaseValue, case_values, case_values_as_of, figures_of
from app.kpis.declaration import exposure as outage_figures
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.exposure import HOURS, SECONDS_OF_AN_HOUR, Exposure
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import REFERENCED_AGGREGATES, Aggregate, Basis, Kpi, Unit
from app.kpis.effects.records import MeasuredFigure
from app.kpis.questions import periods
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import KpiQuestion
from app.kpis.statistics.effects.codes import EffectMethod
from app.kpis.statistics.effects.samples import (
    DayCases,
    DayCounts,
    RateSample,
    RatioSample,
    Sample,
    ShareSample,
    ValueSample,
)
from app.platform.db import Connection

SECONDS_OF_A_DAY = 86_400
DAY = timedelta(days=1)
#: The dimensions by which the mix of both windows is compared.
MIX = (
    *(Dimension.priority, Dimension.category, Dimension.service, Dimension.team),
    *(Dimension.channel, Dimension.source, Dimension.customer),
)
#: How effects are measured now.
METHOD = {
    Aggregate.share: EffectMethod.share_by_day,
    Aggregate.of_decided: EffectMethod.share_by_day,
    Aggregate.mean: EffectMethod.mean_by_day,
    Aggregate.median: EffectMethod.median_by_day,
    Aggregate.score: EffectMethod.mean_by_day,
    Aggregate.per_case: EffectMethod.mean_by_day,
    Aggregate.of_budget: EffectMethod.mean_by_day,
    Aggregate.availability: EffectMethod.mean_by_day,
    Aggregate.number: EffectMethod.rate_by_day,
    Aggregate.per_day: EffectMethod.rate_by_day,
    Aggregate.per_agent_day: EffectMethod.rate_by_day,
    Aggregate.year_over_year: EffectMethod.rate_by_day,
    Aggregate.per_delivery: EffectMethod.rate_by_day,
    Aggregate.per_staff: EffectMethod.rate_by_day,
    Aggregate.per_1000_hours: EffectMethod.rate_by_day,
    Aggregate.mean_between: EffectMethod.rate_by_day,
}
#: The methods that compare single cases.
BY_CASE = frozenset(
    {
        EffectMethod.duration,
        EffectMethod.mean,
        EffectMethod.share_by_day,
        EffectMethod.mean_by_day,
        EffectMethod.median_by_day,
        EffectMethod.p90_by_day,
    }
)
#: Aggregates that are not divided by their cases, but by days, people or other cases.
DIVIDED_BY_OTHERS = frozenset({Aggregate.per_agent_day, Aggregate.per_day, *REFERENCED_AGGREGATES})
#: Aggregates whose denominator differs from day to day; for the others it is time.
EXPOSED_BY_DAY = frozenset(
    {Aggregate.per_agent_day, Aggregate.per_delivery, Aggregate.per_1000_hours, Aggregate.mean_between}
)
#: KPIs without cases to compare in a window, each with the KPI whose effect answers the same question.
INSTEAD = {
    "incident_resolution_km": "incident_resolution_seconds",
    "problem_cause_km": "problem_cause_seconds",
    "complaint_answer_km": "complaint_answer_seconds",
    "idea_to_standard_seconds": "idea_to_standard_ended_seconds",
    "availability_budget_used": "service_availability",
    "outage_seconds": "service_availability",
}


@dataclass(frozen=True, slots=True)
class DayCount:
    """A day of a window: its date's ordinal, its events, and what they are divided by."""

    day: int
    events: float
    exposure: float


@dataclass(frozen=True, slots=True)
class WindowCases:
    """A window: its figures, and what is compared of it by the method: single cases, or its days. With
    `longer_than`, what is compared is whether a case takes longer. `history` is the time before the window,
    and `cut_by` are the dimensions of which the cases have their values. `holidays` are those that events are
    compared by.
    """

    question: KpiQuestion
    figures: Figures
    values: Sequence[CaseValue] = ()
    days: Sequence[DayCount] = ()
    longer_than: int | None = None
    history: WindowCases | None = None
    cut_by: tuple[Dimension, ...] = ()
    holidays: frozenset[date] = frozenset()

    @property
    def value(self) -> float | None:
        """The KPI of the window, or None."""
        return value_of(self.question.kpi, self.figures)

    @property
    def cases(self) -> int:
        """The number of cases that the value is computed from."""
        return cases_of(self.question.kpi, self.figures)

    def sample(self, method: EffectMethod) -> Sample:
        """Return what the method compares; it has no control."""
        kpi = self.question.kpi
        if method is EffectMethod.share:
            return ShareSample(self.figures.total, int(divisor_of(kpi, self.figures)))
        if method is EffectMethod.rate:
            return _rate(self.question, self.figures)
        if method is EffectMethod.rate_by_day:
            events, exposures, days = (
                [getattr(day_figures, name) for day_figures in self.days] for name in DAY_COLUMNS
            )
            history = self._history(method)
            assert not isinstance(history, DayCases)
            is_inverse = kpi.aggregate is Aggregate.mean_between
            holidays = frozenset(holiday.toordinal() for holiday in self.holidays)
            return DayCounts(events, exposures, days, is_inverse, history, holidays)
        values, weights = self._numbers(method)
        is_ratio = kpi.aggregate in {Aggregate.of_budget, Aggregate.availability}
        if method in {EffectMethod.duration, EffectMethod.mean}:
            return RatioSample(values, weights) if is_ratio else ValueSample(values)
        history = self._history(method)
        assert not isinstance(history, DayCounts)
        if kpi.aggregate is Aggregate.availability:
            days = [day_figures.day for day_figures in self.days]
            return DayCases(values, weights, days, history, window=self._window)
        if self.longer_than is not None or (not is_ratio and method is not EffectMethod.share_by_day):
            weights = [1.0] * len(values)
        by_parts = not is_ratio and kpi.unit in {Unit.seconds, Unit.money}
        days = _days_of(self.question, self.values)
        return DayCases(values, weights, days, history, by_parts=by_parts, window=self._window)

    @property
    def _window(self) -> tuple[int, int]:
        """The first day of the window, and its number of days."""
        begin, end = self.question.bounds[0], self.question.bounds[-1]
        return begin.astimezone(self.question.zone).toordinal(), max(round((end - begin) / DAY), 1)

    def _numbers(self, method: EffectMethod) -> tuple[list[float], list[float]]:
        """Return the number and the weight of each case; of an availability those of each day."""
        kpi = self.question.kpi
        if kpi.aggregate is Aggregate.availability:
            events, exposures, _ = (
                [getattr(day_figures, name) for day_figures in self.days] for name in DAY_COLUMNS
            )
            return events, exposures
        weights = [float(case_value.weight) for case_value in self.values]
        if self.longer_than is not None:
            return [float(case_value.value > self.longer_than) for case_value in self.values], weights
        # A figure of three months per month is a third of each case's number.
        of_cases = method is not EffectMethod.share_by_day and kpi.aggregate is not Aggregate.of_budget
        unit = kpi.per / kpi.divisor if of_cases else 1
        return [case_value.value * unit for case_value in self.values], weights

    def cut_cases(self, method: EffectMethod) -> tuple[list[tuple[object, ...]], list[float]]:
        """Return the values of each case in the dimensions that the question is cut by, and its number."""
        return [tuple(case_value.cut) for case_value in self.values], self._numbers(method)[0]

    def _history(self, method: EffectMethod) -> DayCases | DayCounts | None:
        """Return what the method compares of the time before the window; None: it is not loaded."""
        if self.history is None:
            return None
        sample = self.history.sample(method)
        assert isinstance(sample, DayCases | DayCounts)
        return sample


DAY_COLUMNS = ("events", "exposure", "day")


def _days_of(question: KpiQuestion, values: Sequence[CaseValue]) -> list[int]:
    """Return the day that each case's time began on, as ordinals of the zone's dates."""
    if not values:
        return []
    first = min(case_value.began_at for case_value in values)
    starts = periods.day_starts(
        first, max(case_value.began_at for case_value in values) + timedelta.resolution, question.zone
    )
    ordinals = [begin.astimezone(question.zone).date().toordinal() for begin in (first, *starts)]
    return [ordinals[bisect_right(starts, case_value.began_at)] for case_value in values]


#: How effects on other figures of durations are measured.
METHOD_OF_FIGURE = {
    MeasuredFigure.p90: EffectMethod.p90_by_day,
    MeasuredFigure.share_longer: EffectMethod.share_by_day,
}


def method_of(kpi: Kpi, figure: MeasuredFigure = MeasuredFigure.kpi) -> EffectMethod:
    """Return how effects on the KPI, or on another figure of it, are measured now. Raises WrongValue, naming
    the KPI to take instead.
    """
    if figure in METHOD_OF_FIGURE:
        return METHOD_OF_FIGURE[figure]
    method = METHOD.get(kpi.aggregate)
    if method is None:
        raise WrongValue({"kpi": INSTEAD[kpi.key]}, pointer="/kpi", because="no_effect_of_kpi")
    if method is EffectMethod.rate_by_day and kpi.basis is Basis.standing:
        return EffectMethod.rate  # two instants have no days
    return method


async def cases_of_window(
    connection: Connection, question: KpiQuestion, method: EffectMethod, position: int | None = None
) -> WindowCases:
    """Return what the method (without a control) compares of the question's window, by the facts or as of
    `position`. Raises CannotAnswer.
    """
    kpi, now = question.kpi, question.now
    counted_cells = await answer.count_as_of(connection, question, now, position)
    figures = counted_cells.get((1, ()), Figures())
    if kpi.aggregate is Aggregate.availability:
        return WindowCases(question, figures, days=await _availability_by_day(connection, question, position))
    if method is EffectMethod.rate_by_day:
        counted = await _figures_by_day(connection, question, position)
        return WindowCases(question, figures, days=_counts_by_day(question, figures, counted))
    if method in BY_CASE:
        cut_by = (
            ()
            if position is not None
            else tuple(dimension for dimension in MIX if dimension in kpi.dimensions)
        )
        values = await case_values(connection, replace(question, by=cut_by), now, position)
        return WindowCases(question, figures, values, cut_by=cut_by)
    return WindowCases(question, figures)


async def cases_of_windows_as_of(
    connection: Connection, questions: Sequence[KpiQuestion], method: EffectMethod, position: int
) -> list[WindowCases]:
    """Return what the method compares of each question's window as of `position`. Raises CannotAnswer.

    All questions are about one KPI. Where its figures follow from its cases the log is read once for all of
    them.
    """
    kpi = questions[0].kpi
    if kpi.is_of_outages or kpi.aggregate in DIVIDED_BY_OTHERS:
        return [await cases_of_window(connection, question, method, position) for question in questions]
    windows_cases = []
    windows = await case_values_as_of(connection, questions, questions[0].now, position)
    for question, values in zip(questions, windows, strict=True):
        figures = figures_of(kpi, values, Figures())
        days: Sequence[DayCount] = ()
        if method is EffectMethod.rate_by_day:
            on = Counter(_days_of(question, values))
            counted = {day: Figures(cases=cases) for day, cases in on.items()}
            days = _counts_by_day(question, figures, counted)
        windows_cases.append(WindowCases(question, figures, values, days))
    return windows_cases


def _counts_by_day(question: KpiQuestion, figures: Figures, counted: Mapping[int, Figures]) -> list[DayCount]:
    """Return the days of a window; what events are divided by adds up to that of the window."""
    total_rate = _rate(question, figures)
    lengths = _lengths(question)
    by_day = {day: _rate(question, counted.get(day, Figures())) for day in lengths}
    exposures = {day: day_figures.exposure for day, day_figures in by_day.items()}
    if question.kpi.aggregate not in EXPOSED_BY_DAY or not sum(exposures.values()):
        exposures = lengths
    total = sum(exposures.values())
    return [
        DayCount(day, day_figures.events, total_rate.exposure * exposures[day] / total)
        for day, day_figures in by_day.items()
        if total
    ]


def _lengths(question: KpiQuestion) -> dict[int, float]:
    """Return the seconds of each day of the window that have gone by."""
    bounds = _day_bounds(question)
    return {
        begin.astimezone(question.zone).date().toordinal(): (end - begin).total_seconds()
        for begin, end in pairwise(bounds)
    }


def _day_bounds(question: KpiQuestion) -> tuple[datetime, ...]:
    begin, end = question.bounds[0], min(question.bounds[-1], question.now)
    return tuple(dict.fromkeys((begin, *periods.day_starts(begin, end, question.zone), end)))


async def _figures_by_day(
    connection: Connection, question: KpiQuestion, position: int | None
) -> dict[int, Figures]:
    """Return the figures of each day of the window that has any."""
    day_figures = dict[int, Figures]()
    for part in _parts(_day_bounds(question)):
        days = replace(question, grain=Grain.day, bounds=part)
        counted = await answer.count_as_of(connection, days, question.now, position)
        for (place, _), cell in counted.items():
            if 0 < place < len(part):
                day_figures[part[place - 1].astimezone(question.zone).date().toordinal()] = cell
    return day_figures


def _rate(question: KpiQuestion, figures: Figures) -> RateSample:
    """Return the events of the window and what they are divided by."""
    kpi = question.kpi
    exposure = figures.exposure or Exposure()
    if kpi.aggregate is Aggregate.mean_between:
        between = float(outage_figures.numerator(kpi, exposure))
        return RateSample(exposure.began or 0, between, is_inverse=True)
    if kpi.aggregate is Aggregate.per_1000_hours:
        return RateSample(exposure.began or 0, (exposure.agreed or 0) / SECONDS_OF_AN_HOUR / HOURS)
    if kpi.aggregate in {Aggregate.per_agent_day, Aggregate.per_day}:
        return RateSample(figures.total, divisor_of(kpi, figures))
    if kpi.aggregate is Aggregate.per_delivery:
        return RateSample(figures.total, figures.reference / kpi.per)
    if kpi.basis is Basis.standing:
        return RateSample(figures.open_cases or 0, 1)
    begin, end = question.bounds[0], min(question.bounds[-1], question.now)
    persons = figures.reference / kpi.per if kpi.aggregate is Aggregate.per_staff else 1
    return RateSample(figures.cases, persons * (end - begin).total_seconds() / SECONDS_OF_A_DAY)


async def _availability_by_day(
    connection: Connection, question: KpiQuestion, position: int | None
) -> list[DayCount]:
    """Return the agreed seconds of each day of the window, and those of them without outage."""
    figures = await _figures_by_day(connection, question, position)
    return [
        DayCount(
            day,
            float(day_figures.exposure.agreed - (day_figures.exposure.outage or 0)),
            float(day_figures.exposure.agreed),
        )
        for day, day_figures in sorted(figures.items())
        if day_figures.exposure is not None and day_figures.exposure.agreed
    ]


def _parts(bounds: tuple[datetime, ...]) -> list[tuple[datetime, ...]]:
    """Return the bounds in parts of no more periods than a question may have."""
    most = periods.LARGEST_NUMBER
    return [bounds[place : place + most + 1] for place, _ in enumerate(pairwise(bounds)) if place % most == 0]
