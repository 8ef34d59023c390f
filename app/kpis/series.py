"""The points of an answer: the figures of a period and cut as values, compared with target and period before.
Pure.

Counts are whole numbers, seconds have 3 decimals, ratios 6. Without cases there is no value, except that a
count is 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.api.shapes import OutputModel
from app.common.records import CodeEnum
from app.kpis import periods
from app.kpis.dimensions import ASSIGNMENT_DIMENSIONS
from app.kpis.kpi import EXCLUSIONS, Aggregate, Basis, Comparator, Kpi, Measure, Settling, Target, Unit
from app.kpis.question import NO_VALUE, Question
from app.kpis.statistics import intervals
from app.kpis.statistics.survival import Survival

DECIMALS_OF_SECONDS = 3
DECIMALS_OF_RATIOS = 6
#: With fewer cases than this a value is marked as a small sample (rule 6).
SMALL_SAMPLE = 10
#: A running period that meets its target by less than this fraction of the margin is at risk.
AT_RISK_MARGIN = 0.1
#: The number of days for which incidents are counted after the fix of a problem.
AFTERMATH_DAYS = 90
#: The number of days within which an incident after a change is looked at as caused by it.
VERDICT_DAYS = 2
#: By what settles a value, the days after its period in which it still moves.
SETTLING_DAYS = {Settling.at_once: 0, Settling.aftermath: AFTERMATH_DAYS, Settling.verdict: VERDICT_DAYS}


class KpiStatus(CodeEnum):
    """The status of a value relative to its target."""

    met = "met", "Met", "达标"
    at_risk = "at_risk", "At risk", "有风险"
    missed = "missed", "Missed", "未达标"
    no_data = "no_data", "No data", "无数据"


class NoValueReason(CodeEnum):
    """The reason why there is no value, which is not the same as zero."""

    no_cases = "no_cases", "No cases", "没有单据"
    not_reached = "not_reached", "Not half of the cases have ended", "结束的单据未达半数"
    no_days = "no_days", "Nobody worked on a day", "没有人日"
    not_begun = "not_begun", "The period has not begun", "期间尚未开始"


class Distribution(OutputModel):
    """The durations of the cases in one period and cut, in seconds, with percentiles as PostgreSQL's
    percentile_cont computes them.
    """

    model_config = ConfigDict(frozen=True)

    mean: float
    median: float
    p90: float
    max: float


class KpiInterval(OutputModel):
    """The confidence interval of the value, with the cases taken as a sample; the wider, the less certain."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    level: float = Field(description="How often such an interval holds what it is to hold.")


class KpiSurvival(OutputModel):
    """The time that cases take, open cases included, as estimated by Kaplan and Meier from their ages."""

    model_config = ConfigDict(frozen=True)

    ended: int = Field(description="How many of the cases have ended.")
    open: int = Field(description="How many have not: they count with their age.")
    median: int | None = Field(description="In how many seconds half end; null: not half have.")
    p90: int | None = Field(description="In how many seconds nine in ten end; null: not so many have.")


class KpiTarget(OutputModel):
    """The target for the value."""

    model_config = ConfigDict(frozen=True)

    comparator: Comparator
    value: int | float = Field(description="In the unit of the KPI.")


class KpiPrevious(OutputModel):
    """The same cut in another period, and the change since then. A running period is compared with the same
    part of the other one: up to the 22nd with up to the 22nd.
    """

    model_config = ConfigDict(frozen=True)

    value: int | float | None
    change: float | None = Field(
        description="By what part of that value this one is higher: 0.1 is 10 % more. "
        "Null where there is no value, or that one is 0."
    )


class KpiPoint(OutputModel):
    """The values of a period and cut."""

    model_config = ConfigDict(frozen=True)

    begin: datetime = Field(serialization_alias="from", description="The first instant of the period.")
    end: datetime = Field(serialization_alias="to", description="The first instant behind it.")
    by: dict[str, str | None] = Field(
        description="What the cases have in common: a team by its key, a priority by its code, null: none."
    )
    value: int | float | None = Field(description="The KPI; null: there are no cases to compute it from.")
    no_value: NoValueReason | None = Field(description="Why `value` is null; empty is not zero.")
    cases: int = Field(description="How many cases it was computed from.")
    numerator: int | None = Field(
        description="Of a share, a part of a budget, or a number per case or per agent and day."
    )
    denominator: int | None = Field(
        description="The same; what is divided by: cases, agent-days, or the budgets of the cases."
    )
    business: Distribution | None = Field(
        description="Of a duration, in business time: of requests by the calendar of their service; where "
        "there is none all time is."
    )
    elapsed: Distribution | None = Field(description="Of a duration, in calendar time.")
    survival: KpiSurvival | None = Field(description="Of a duration that takes open cases into account.")
    interval: KpiInterval | None = Field(
        description="Of a share by Wilson, of a count or a number per case or day by Garwood (Poisson, "
        "exact), of incidents prevented by Zou and Donner from the counts before and after. Null for a "
        "duration, whose distribution says more, and for money, which is no count."
    )
    small: bool = Field(description="Fewer than 10 cases: read it with care.")
    open_cases: int | None = Field(
        description="Of a duration: cases still to come, at the period's end, or now if that is earlier."
    )
    oldest_open_seconds: int | None = Field(
        description="Of a duration or a backlog: how long ago the oldest open case was opened, at that "
        "instant. Null: none is open."
    )
    on_hold: int | None = Field(
        description="Of a backlog: how many of its cases were on hold at that instant. They count like all."
    )
    skewed: int | None = Field(
        description="Of a time to respond or to restore: how many of the cases count otherwise than was "
        "told. By the clocks it took less than no time, and counts as 0; or nobody said when the outage "
        "began, and it counts from the opening. Null: the KPI is of something else."
    )
    excluded: dict[str, int] = Field(
        description="Cases that only volumes count, by reason; other KPIs leave them out."
    )
    target: KpiTarget | None = Field(description="The one that holds in the period; null: there is none.")
    status: KpiStatus | None = Field(
        description="How the value stands to the target; null: there is none. A running period that misses "
        "it as yet, or meets it narrowly, is `at_risk`."
    )
    previous: KpiPrevious
    final_after: datetime | None = Field(
        description="Until then the value can still move as a matter of course: the period runs, or a case "
        "may be reopened. What is told late or corrected moves it even later. Null: while a case is open; "
        "or of openings, while nobody has been given their cases."
    )


#: A cut: the values of the dimensions in `by`, in that order; a point's key is its period's number and cut.
#: The question's periods are numbered from 1; lower numbers are periods before it.
Cut = tuple[str | UUID | None, ...]
PointKey = tuple[int, Cut]
Names = Mapping[str | UUID | None, str]


@dataclass(slots=True)
class Figures:
    """The figures of one period and cut: one combination of values of the dimensions grouped by. `open_cases`
    is None if the period has not begun or the KPI needs none.

    `total` is the sum of the cases' numbers, the numerator of a mean or share; `excluded` counts the excluded
    cases by reason. `oldest_open_seconds` is None if no case is open. `on_hold` counts the open cases on
    hold, `skewed` the cases whose time was adjusted (see kpi.SKEWABLE_FACTS). `days` is the divisor of cases
    per day, or per agent and day. `elapsed` is the distribution of the KPI's measure, even if that is
    business time. `secondary` has the figures of the secondary measure, None if there is none or there are
    no cases.
    """

    cases: int = 0
    total: int = 0
    elapsed: Distribution | None = None
    survival: Survival | None = None
    open_cases: int | None = None
    oldest_open_seconds: int | None = None
    on_hold: int = 0
    skewed: int = 0
    days: int = 0
    secondary: Figures | None = None
    excluded: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EXCLUSIONS, 0))


@dataclass(frozen=True, slots=True)
class PointContext:
    """The context for judging a point: the target, the figures of the period before, and the present time."""

    target: Target | None
    before: Figures
    now: datetime


def add_cases(
    kpi: Kpi,
    of: Figures,
    excluded: str | None,
    counts: Sequence[int],
    total: Decimal | int | None,
    spread: Sequence[Any],
) -> None:
    """Add to the figures `of` the aggregates of the cases with this reason for exclusion (None: of those that
    count).

    `counts` are the number of cases and of the skewed ones among them; `total` is the sum of their numbers;
    `spread` is their median, p90 and maximum.
    """
    cases, skewed = counts
    if excluded is not None:
        of.excluded[excluded] = cases
    if excluded is None or kpi.counts_excluded:
        of.cases += cases
        of.total += int(total or 0)
        of.skewed += skewed
    if excluded is None and cases and kpi.is_timed:
        of.elapsed = distribution(float((total or 0) / cases), *spread)


def add_days(question: Question, figures: dict[PointKey, Figures]) -> None:
    """Set each period's number of days up to now; without cuts, add figures for the periods without cases."""
    days = [
        periods.days_within(begin, min(end, question.now), question.zone)
        for begin, end in pairwise(question.bounds)
    ]
    for period, number in enumerate(days, 1):
        if number and not question.by:
            figures.setdefault((period, ()), Figures())
    for (period, _), of in figures.items():
        of.days = days[period - 1]


def distribution(mean: float, median: float, p90: float, largest: float) -> Distribution:
    """Return the distribution of durations in seconds, rounded as in answers."""
    return Distribution(
        mean=round(mean, DECIMALS_OF_SECONDS),
        median=round(median, DECIMALS_OF_SECONDS),
        p90=round(p90, DECIMALS_OF_SECONDS),
        max=round(largest, DECIMALS_OF_SECONDS),
    )


def point(
    question: Question, place: PointKey, figures: Figures, names: Names, context: PointContext
) -> KpiPoint:
    """Return the point of a period and cut; `names` has the names of values, others stand for themselves."""
    period, cut = place
    kpi = question.kpi
    begin, end = question.bounds[period - 1], question.bounds[period]
    texts = (None if value is None else names.get(value, str(value)) for value in cut)
    value = value_of(kpi, figures)
    return KpiPoint(
        begin=begin,
        end=end,
        by=dict(zip((dimension.value for dimension in question.by), texts, strict=True)),
        value=value,
        no_value=None if value is not None else _no_value(kpi, figures, begun=begin < context.now),
        cases=cases_of(kpi, figures),
        numerator=figures.total if kpi.is_divided else None,
        denominator=_divisor(kpi, figures) if kpi.is_divided else None,
        **_times(kpi, figures),
        survival=_survival(figures),
        interval=_interval(kpi, figures),
        small=cases_of(kpi, figures) < SMALL_SAMPLE,
        open_cases=None if kpi.basis is Basis.standing else figures.open_cases,
        oldest_open_seconds=figures.oldest_open_seconds,
        on_hold=figures.on_hold if kpi.is_backlog and figures.open_cases is not None else None,
        skewed=figures.skewed if kpi.may_be_skewed else None,
        excluded=figures.excluded,
        **_target_fields(kpi, value, context, begin, end),
        final_after=_final_after(question, place, figures, context.now),
    )


def _times(kpi: Kpi, figures: Figures) -> dict[str, Any]:
    """Return the distributions of business and elapsed time, which are equal if no calendar applies."""
    beside = figures.secondary.elapsed if kpi.secondary is not None and figures.secondary else figures.elapsed
    business, elapsed = figures.elapsed, beside
    if not kpi.is_in_business_time:
        business, elapsed = beside, figures.elapsed
    return {"business": business, "elapsed": elapsed}


def _survival(figures: Figures) -> KpiSurvival | None:
    return None if figures.survival is None else KpiSurvival(**asdict(figures.survival))


def _no_value(kpi: Kpi, figures: Figures, *, begun: bool) -> NoValueReason:
    if not begun:
        return NoValueReason.not_begun
    if not cases_of(kpi, figures):
        return NoValueReason.no_cases
    return NoValueReason.no_days if kpi.aggregate is Aggregate.per_agent_day else NoValueReason.not_reached


def value_of(kpi: Kpi, figures: Figures) -> int | float | None:
    """Return the KPI's value computed from the figures; None if there is none."""
    if kpi.is_timed:
        return _centre(kpi, figures)
    if kpi.basis is Basis.standing and not kpi.is_share_of_open:
        return figures.open_cases
    if kpi.aggregate is Aggregate.number:
        return figures.cases
    if kpi.aggregate is Aggregate.kaplan_meier:
        return None if figures.survival is None else figures.survival.median
    divisor = _divisor(kpi, figures)
    return round(figures.total / divisor, DECIMALS_OF_RATIOS) if divisor else None


def _centre(kpi: Kpi, figures: Figures) -> float | None:
    """Return the mean or the median of the durations; None without cases."""
    if figures.elapsed is None:
        return None
    return figures.elapsed.median if kpi.aggregate is Aggregate.median else figures.elapsed.mean


def _divisor(kpi: Kpi, figures: Figures) -> int:
    """Return the divisor of the sum of the cases' numbers."""
    if kpi.aggregate in {Aggregate.per_agent_day, Aggregate.per_day}:
        return figures.days
    if kpi.aggregate is Aggregate.of_budget:
        return figures.secondary.total if figures.secondary else 0
    return cases_of(kpi, figures) * kpi.divisor


def cases_of(kpi: Kpi, figures: Figures) -> int:
    """Return the number of cases that the value is computed from."""
    return (figures.open_cases or 0) if kpi.basis is Basis.standing else figures.cases


def status(
    kpi: Kpi, target: Target | None, value: float | None, *, begun: bool = True, running: bool = False
) -> KpiStatus | None:
    """Return the status of a period's value relative to its target."""
    if target is None:
        return None
    if value is None or not begun:
        return KpiStatus.no_data
    met = target.met_by(value)
    if not running:
        return KpiStatus.met if met else KpiStatus.missed
    grows = kpi.aggregate is Aggregate.number and kpi.basis is not Basis.standing
    if not met:
        return KpiStatus.missed if grows and not target.is_minimum else KpiStatus.at_risk
    # A ratio that must be high is measured against its distance from 1, or every such value would seem at
    # risk.
    room = 1 - target.value if kpi.unit is Unit.ratio and target.is_minimum else abs(target.value)
    return KpiStatus.at_risk if abs(value - target.value) < AT_RISK_MARGIN * room else KpiStatus.met


def _target_fields(
    kpi: Kpi, value: float | None, context: PointContext, begin: datetime, end: datetime
) -> dict[str, Any]:
    """Return the fields that compare a value with its target and with the period before."""
    target, now = context.target, context.now
    return {
        "target": target and KpiTarget(comparator=target.comparator, value=target.value),
        "status": status(kpi, target, value, begun=begin < now, running=begin < now < end),
        "previous": compare(value, value_of(kpi, context.before)),
    }


def compare(value: float | None, before: float | None) -> KpiPrevious:
    """Return the comparison with the value `before`: that value, and the relative change since then."""
    change = None if value is None or not before else round(value / before - 1, DECIMALS_OF_RATIOS)
    return KpiPrevious(value=before, change=change)


def _interval(kpi: Kpi, figures: Figures) -> KpiInterval | None:
    """Return the confidence interval of the value, None if there is none for this KPI."""
    cases = cases_of(kpi, figures)
    if value_of(kpi, figures) is None or kpi.is_timed or kpi.aggregate is Aggregate.kaplan_meier:
        return None
    if kpi.measure is Measure.cost:  # a sum of money is no count, so no count's interval applies
        return None
    if kpi.aggregate is Aggregate.number:
        low, high = intervals.poisson(cases)
        digits = DECIMALS_OF_SECONDS
    elif kpi.aggregate is Aggregate.share:
        low, high = intervals.wilson(figures.total, cases)
        digits = DECIMALS_OF_RATIOS
    else:
        low, high = (bound / _divisor(kpi, figures) for bound in _sum_interval(kpi, figures))
        digits = DECIMALS_OF_RATIOS
    return KpiInterval(low=round(low, digits), high=round(high, digits), level=intervals.LEVEL)


def _sum_interval(kpi: Kpi, figures: Figures) -> intervals.Bounds:
    """Return the interval of the sum of the cases' numbers: a count, or the drop in incidents since a fix."""
    if kpi.measure is not Measure.prevented:
        return intervals.poisson(figures.total)
    assert figures.secondary is not None
    before = figures.secondary.total
    return intervals.poisson_difference(before, before - figures.total)


def _final_after(question: Question, place: PointKey, figures: Figures, now: datetime) -> datetime | None:
    period, cut = place
    end = question.bounds[period]
    waits = end > now or (figures.survival is not None and figures.survival.open > 0)
    if (question.kpi.settling is Settling.ending and waits) or _is_unassigned(question, cut, figures):
        return None
    days = SETTLING_DAYS.get(question.kpi.settling, question.reopen_days)
    return periods.days_after(end, days, question.zone)


def _is_unassigned(question: Question, cut: Cut, figures: Figures) -> bool:
    """Return whether the point counts openings of cases without a first team or assignee as yet.

    Such a point changes when these cases are assigned.
    """
    if question.kpi.basis is not Basis.opened or not (figures.cases or any(figures.excluded.values())):
        return False
    values = dict(zip(question.by, cut, strict=True))
    return any(
        values[one] is None if one in values else NO_VALUE in question.filters.get(one, ())
        for one in ASSIGNMENT_DIMENSIONS
    )
