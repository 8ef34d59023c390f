"""What is compared of a window: the KPI's cases as a sample, by the kind of the KPI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from app.db import Connection
from app.kernel.refusals import WrongValue
from app.kpis import answer, periods
from app.kpis.case_values import CaseValue, case_values, case_values_as_of, figures_of
from app.kpis.figures import Figures
from app.kpis.kpi import REFERENCED_AGGREGATES, Aggregate, Basis, Kpi
from app.kpis.outages import figures as outage_figures
from app.kpis.outages.figures import HOURS, SECONDS_OF_AN_HOUR, Exposure
from app.kpis.periods import Grain
from app.kpis.question import Question
from app.kpis.series import cases_of, divisor_of, value_of
from app.kpis.statistics.effects.codes import EffectMethod
from app.kpis.statistics.effects.samples import RateSample, RatioSample, Sample, ShareSample, ValueSample

SECONDS_OF_A_DAY = 86_400
METHOD = {
    Aggregate.share: EffectMethod.share,
    Aggregate.of_decided: EffectMethod.share,
    Aggregate.mean: EffectMethod.duration,
    Aggregate.median: EffectMethod.duration,
    Aggregate.score: EffectMethod.mean,
    Aggregate.per_case: EffectMethod.mean,
    Aggregate.of_budget: EffectMethod.mean,
    Aggregate.availability: EffectMethod.mean,
    Aggregate.number: EffectMethod.rate,
    Aggregate.per_day: EffectMethod.rate,
    Aggregate.per_agent_day: EffectMethod.rate,
    Aggregate.year_over_year: EffectMethod.rate,
    Aggregate.per_delivery: EffectMethod.rate,
    Aggregate.per_staff: EffectMethod.rate,
    Aggregate.per_1000_hours: EffectMethod.rate,
    Aggregate.mean_between: EffectMethod.rate,
}
BY_CASE = frozenset({EffectMethod.duration, EffectMethod.mean})
#: What these are divided by are not their cases: days, persons, or other cases.
DIVIDED_BY_OTHERS = frozenset({Aggregate.per_agent_day, Aggregate.per_day, *REFERENCED_AGGREGATES})
#: The KPIs that no window has cases of to compare, each with the one whose effect says the same.
INSTEAD = {
    "incident_resolution_km": "incident_resolution_seconds",
    "problem_cause_km": "problem_cause_seconds",
    "complaint_answer_km": "complaint_answer_seconds",
    "idea_to_standard_seconds": "idea_to_standard_ended_seconds",
    "availability_budget_used": "service_availability",
    "outage_seconds": "service_availability",
}


@dataclass(frozen=True, slots=True)
class WindowCases:
    """A window: its figures, and the sample to compare.

    `ends_at` is the instant of its end, or that of the question if that is earlier.
    """

    question: Question
    figures: Figures
    sample: Sample

    @property
    def value(self) -> float | None:
        """The KPI of the window; None if it has none."""
        return value_of(self.question.kpi, self.figures)

    @property
    def cases(self) -> int:
        """The number of cases that the value is computed from."""
        return cases_of(self.question.kpi, self.figures)


def method_of(kpi: Kpi) -> EffectMethod:
    """Return how effects on the KPI are measured. Raises WrongValue, naming the KPI to take instead."""
    method = METHOD.get(kpi.aggregate)
    if method is None:
        raise WrongValue({"kpi": INSTEAD[kpi.key]}, pointer="/kpi", because="no_effect_of_kpi")
    return method


async def cases_of_window(
    connection: Connection, question: Question, position: int | None = None
) -> WindowCases:
    """Return the cases of the question's window, by the facts or as of `position`. Raises CannotAnswer."""
    kpi, now = question.kpi, question.now
    found = await answer.count_as_of(connection, question, now, position)
    figures = found.get((1, ()), Figures())
    if kpi.aggregate is Aggregate.availability:
        return WindowCases(question, figures, await _availability_by_day(connection, question, position))
    values = []
    if method_of(kpi) in BY_CASE:
        values = await case_values(connection, question, now, position)
    return WindowCases(question, figures, _sample(question, figures, values))


async def cases_of_windows_as_of(
    connection: Connection, questions: Sequence[Question], position: int
) -> list[WindowCases]:
    """Return the cases of each question's window as of `position`. Raises CannotAnswer.

    All questions are about one KPI. Where its figures follow from its cases the log is read once for all of
    them.
    """
    kpi = questions[0].kpi
    if kpi.is_of_outages or kpi.aggregate in DIVIDED_BY_OTHERS:
        return [await cases_of_window(connection, question, position) for question in questions]
    found = []
    windows = await case_values_as_of(connection, questions, questions[0].now, position)
    for question, values in zip(questions, windows, strict=True):
        figures = figures_of(kpi, values, Figures())
        found.append(WindowCases(question, figures, _sample(question, figures, values)))
    return found


def _sample(question: Question, figures: Figures, values: Sequence[CaseValue]) -> Sample:
    """Return what is compared; `values` are asked for by the methods BY_CASE alone."""
    kpi, method = question.kpi, method_of(question.kpi)
    if method is EffectMethod.share:
        return ShareSample(figures.total, divisor_of(kpi, figures))
    if method is EffectMethod.rate:
        return _rate(question, figures)
    if kpi.aggregate is Aggregate.of_budget:
        return RatioSample([one.value for one in values], [one.weight for one in values])
    # A figure of three months per month is a third of each case's number.
    return ValueSample([one.value / kpi.divisor * kpi.per for one in values])


def _rate(question: Question, figures: Figures) -> RateSample:
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
    connection: Connection, question: Question, position: int | None
) -> RatioSample:
    """Return the agreed seconds of each day of the window, and those of them without outage."""
    begin, end = question.bounds[0], min(question.bounds[-1], question.now)
    starts = periods.day_starts(begin, end, question.zone)
    bounds = tuple(dict.fromkeys((begin, *starts, end)))
    values, weights = list[float](), list[float]()
    for part in _parts(bounds):
        days = replace(question, grain=Grain.day, bounds=part)
        found = await answer.count_as_of(connection, days, question.now, position)
        for of in (found[place].exposure for place in sorted(found)):
            if of is not None and of.agreed:
                values.append(float(of.agreed - (of.outage or 0)))
                weights.append(float(of.agreed))
    return RatioSample(values, weights)


def _parts(bounds: tuple[datetime, ...]) -> list[tuple[datetime, ...]]:
    """Return the bounds in parts of no more periods than a question may have."""
    most = periods.LARGEST_NUMBER
    return [bounds[place : place + most + 1] for place, _ in enumerate(pairwise(bounds)) if place % most == 0]
