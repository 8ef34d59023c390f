"""The points of an answer: the figures of a period and cut as values, compared with target and period before.
Pure.

Counts are whole numbers, seconds have 3 decimals, ratios 6. Without cases there is no value, except that a
count is 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.common.records import CodeEnum
from app.kpis.answers import point_intervals
from app.kpis.answers.point_parts import (
    KpiBeside,
    KpiInterval,
    KpiPrevious,
    KpiSurvival,
    PeriodBegin,
    PeriodEnd,
    PointTarget,
    ServiceValue,
)
from app.kpis.answers.recorded import Recording, compare, recording_of
from app.kpis.declaration import exposure as outage_figures
from app.kpis.declaration.dimensions import ASSIGNMENT_DIMENSIONS
from app.kpis.declaration.exposure import Exposure, KpiExposure
from app.kpis.declaration.figures import Cut, Distribution, Figures, Names, PointKey
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi, Settling, TargetValue, Unit
from app.kpis.declaration.measures import Measure
from app.kpis.declaration.scale import largest_value
from app.kpis.questions import periods
from app.kpis.questions.question import NO_VALUE, KpiQuestion

DECIMALS_OF_RATIOS = 6
#: With fewer cases than this a value is marked as a small sample.
SMALL_SAMPLE = 10
#: Largest number of services that are named next to a pooled value.
MOST_WORST = 3
#: A running period that meets its target by less than this fraction of the margin is at risk.
AT_RISK_MARGIN = 0.1
#: The number of days for which incidents are counted after the fix of a problem.
AFTERMATH_DAYS = 90
#: The number of days within which an incident after a change is looked at as caused by it.
VERDICT_DAYS = 2
#: The number of days within which a ticket can follow a visit.
VISIT_DAYS = 1
#: The number of days within which a case is rated, or its rating changed.
RATING_DAYS = 30
#: By what settles a value, the days after its period in which it still moves.
SETTLING_DAYS = {
    Settling.at_once: 0,
    Settling.aftermath: AFTERMATH_DAYS,
    Settling.verdict: VERDICT_DAYS,
    Settling.rating: RATING_DAYS,
    Settling.visit: VISIT_DAYS,
}


class KpiStatus(CodeEnum):
    """The status of a value relative to its target."""

    met = "met", "Met", "达标"
    at_risk = "at_risk", "At risk", "有风险"
    missed = "missed", "Missed", "未达标"
    no_data = "no_data", "No data", "无数据"


class NoValueReason(CodeEnum):
    """The reason for a missing value, which is not the same as zero."""

    no_cases = "no_cases", "No cases", "没有单据"
    not_reached = "not_reached", "Fewer than half of the cases have ended", "结束的单据未达半数"
    no_days = "no_days", "No one worked in the period", "没有人日"
    undecided = "undecided", "No decisions yet", "尚未判定"
    no_agreed_time = "no_agreed_time", "No agreed service time", "没有约定服务时间"
    no_outage = "no_outage", "No outage", "没有中断"
    nothing_allowed = "nothing_allowed", "No outage is allowed", "不允许中断"
    not_begun = "not_begun", "The period has not started", "期间尚未开始"
    not_recorded = "not_recorded", "Before the first record", "早于首条记录"
    not_loaded = "not_loaded", "No records of the year before", "没有上年同期的记录"
    too_few = "too_few", "Fewer than 10 in the year before", "上年同期不足 10 件"
    none_delivered = "none_delivered", "Nothing was delivered", "没有交付的单据"
    no_staff = "no_staff", "No active people", "没有在职人员"


#: The reason why there is no value of what is divided, though there are cases.
NOTHING_TO_DIVIDE_BY = {
    Aggregate.per_delivery: NoValueReason.none_delivered,
    Aggregate.per_staff: NoValueReason.no_staff,
    Aggregate.of_decided: NoValueReason.undecided,
    Aggregate.per_agent_day: NoValueReason.no_days,
}


class KpiPoint(OutputModel):
    """The values of a period and group."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    begin: PeriodBegin
    end: PeriodEnd
    by: dict[str, str | None] = Field(
        description="Values of the cases in each dimension of the group: a team by its key, a priority "
        "by its code, and null for cases without a value."
    )
    value: int | float | None = Field(description="Value of the KPI; null if there are no cases.")
    no_value: NoValueReason | None = Field(
        description="Reason why `value` is null; a missing value is not zero. Null if there is a value."
    )
    cases: int = Field(description="Number of cases from which the value was computed.")
    numerator: int | None = Field(
        description="Numerator of a share, a share of a budget, a mean score, a change from the "
        "previous year, or a number per case, person or agent-day; null for other KPIs."
    )
    denominator: int | None = Field(
        description="Denominator of the same KPIs: cases, agent-days, elapsed days (of a running period "
        "rounded), the budgets of the cases, the "
        "cases of the previous year, delivered cases, or active persons. For availability, "
        "the value is 1 minus the outage (numerator) divided by the agreed time "
        "(denominator), both in seconds. Null for other KPIs."
    )
    rota_days: int | None = Field(
        description="Number of agent-days in the rota, for a number per agent-day; other agent-days "
        "are days with work by persons outside of a rota. Null for other KPIs."
    )
    business: Distribution | None = Field(
        description="Distribution of a duration in business time, which for requests follows the "
        "calendar of their service; without a calendar, all time is business time. Null "
        "for other KPIs."
    )
    elapsed: Distribution | None = Field(
        description="Distribution of a duration in calendar time; null for other KPIs."
    )
    survival: KpiSurvival | None = Field(
        description="Estimate of a duration that includes open cases; null for other KPIs."
    )
    exposure: KpiExposure | None = Field(
        description="Agreed time and outages from which a KPI of outages was computed; null for other "
        "KPIs, and for a period that has not begun."
    )
    interval: KpiInterval | None = Field(
        description="Confidence interval: Wilson for a share; Garwood (exact Poisson) for a count or a "
        "number per case or day; Zou and Donner from the counts before and after for "
        "prevented incidents; exact Poisson from both counts for a change from the "
        "previous year; Wilson, wider than necessary, for a mean score. Null for "
        "durations, which have a distribution, and for money."
    )
    small: bool = Field(description="True if there are fewer than 10 cases, so that the value is uncertain.")
    open_cases: int | None = Field(
        description="Number of open cases at the end of the period, or now if that is earlier, for a "
        "duration; null for other KPIs."
    )
    oldest_open_seconds: int | None = Field(
        description="Age in seconds of the oldest open case at that time, for a duration or a backlog; "
        "null if no case is open."
    )
    on_hold: int | None = Field(
        description="Number of cases on hold at that time, for a backlog, in which they count; null "
        "for other KPIs."
    )
    arrived_in_hours: int | None = Field(
        description="Number of cases that arrived within the hours of their calendar, for the share of "
        "responses in time; other cases had time until the next hours. Null for other KPIs."
    )
    undecided: int | None = Field(
        description="Number of undecided cases: for a share of decided cases, those among `cases` "
        "without a decision; for a share of opened cases, those still open. Null for other "
        "KPIs."
    )
    skewed: int | None = Field(
        description="Number of cases with a corrected time to respond or to restore: a negative time, "
        "which counts as 0, or an unknown beginning of the outage, for which the opening "
        "counts. Null for other KPIs."
    )
    excluded: dict[str, int] = Field(
        description="Number of cases that only volumes count, by reason; other KPIs leave them out."
    )
    target: PointTarget | None = Field(description="Target of the period; null if the period has no target.")
    status: KpiStatus | None = Field(
        description="Status of the value against the target; null if there is no target. A running "
        "period that misses its target so far, or meets it narrowly, is `at_risk`."
    )
    previous: KpiPrevious
    last_year: KpiPrevious | None = Field(
        description="Same period one year earlier, for KPIs that compare with it, or on request; null "
        "otherwise."
    )
    beside: dict[str, KpiBeside] = Field(
        description="Figures of other KPIs for the same group, by key, which are needed to interpret "
        "the value."
    )
    worst_services: list[ServiceValue] | None = Field(
        description="The three services with the worst value, worst first, for availability and the time "
        "between failures, which pool all services. Services without a failure have no time between "
        "failures, and services without a flaw are left out. Null for other KPIs, and with `by=service`."
    )
    final_after: datetime | None = Field(
        description="Time until which the value can still change normally, because the period is "
        "running or a case may be reopened; later entries and corrections can change it "
        "even after that. Null while a case is open, or, for openings, while no team has "
        "the cases."
    )
    recording: Recording = Field(
        description="Part of the period that records of this kind of case cover. A period that is only "
        "partly recorded is not compared with others, and neither is another one with it."
    )


@dataclass(frozen=True, slots=True)
class PointContext:
    """The context for judging a point: the target, the figures of the period before, and the present time.

    `last_year` are the figures of the same period of the year before, None if they were not requested;
    `companions` are those of the KPIs that are shown next to the value, each with its KPI; `services` those
    of each service, None if they were not requested. `recordings` are whether the records cover the period
    before and the year before.
    """

    target: TargetValue | None
    before: Figures
    now: datetime
    last_year: Figures | None = None
    companions: Sequence[tuple[Kpi, Figures]] = ()
    services: Mapping[str, Figures] | None = None
    recordings: tuple[Recording, Recording] = (Recording.whole, Recording.whole)


def point(
    question: KpiQuestion, place: PointKey, figures: Figures, names: Names, context: PointContext
) -> KpiPoint:
    """Return the point of a period and cut; `names` has the names of values, others stand for themselves."""
    period, cut = place
    kpi = question.kpi
    begin, end = question.bounds[period - 1], question.bounds[period]
    texts = (None if value is None else names.get(value, str(value)) for value in cut)
    recording = recording_of(begin, end, question.first_record)
    value = value_of(kpi, figures)
    reason = None if value is not None else _no_value(kpi, figures, begun=begin < context.now)
    if value is not None and recording is Recording.nothing and not cases_of(kpi, figures):
        value, reason = None, NoValueReason.not_recorded
    return KpiPoint(
        begin=begin,
        end=end,
        by=dict(zip((dimension.value for dimension in question.by), texts, strict=True)),
        value=value,
        no_value=reason,
        cases=cases_of(kpi, figures),
        recording=recording,
        **_numerator_and_denominator(kpi, figures),
        rota_days=figures.rota_days if kpi.aggregate is Aggregate.per_agent_day else None,
        **_times(kpi, figures),
        survival=_survival(figures),
        exposure=_exposure(kpi, figures),
        interval=point_intervals.interval_of(
            kpi, figures, value=value, cases=cases_of(kpi, figures), divisor=divisor_of(kpi, figures)
        ),
        small=cases_of(kpi, figures) < SMALL_SAMPLE and not kpi.is_of_time,
        open_cases=None if kpi.basis is Basis.standing else figures.open_cases,
        oldest_open_seconds=figures.oldest_open_seconds,
        on_hold=figures.on_hold if kpi.is_backlog and figures.open_cases is not None else None,
        arrived_in_hours=_arrived_in_hours(kpi, figures),
        undecided=_undecided(kpi, figures),
        skewed=figures.skewed if kpi.may_be_skewed else None,
        excluded=figures.excluded,
        **_target_fields(kpi, value, context, (begin, end), recording),
        worst_services=None if context.services is None else _worst_services(kpi, context.services),
        final_after=_final_after(question, place, figures, context.now),
    )


def is_too_small(kpi: Kpi, kpi_point: KpiPoint) -> bool:
    """Return whether the value is that of too few cases to be judged by its target."""
    return kpi_point.small and kpi.is_of_single_cases


def _numerator_and_denominator(kpi: Kpi, figures: Figures) -> dict[str, Any]:
    """Return the numerator and the denominator, where there are such."""
    if not kpi.is_divided or (kpi.is_of_outages and figures.exposure is None):
        return {"numerator": None, "denominator": None}
    if figures.exposure is not None:
        exposure = figures.exposure
        return {
            "numerator": outage_figures.round_half_up(outage_figures.numerator(kpi, exposure)),
            "denominator": outage_figures.round_half_up(outage_figures.divisor(kpi, exposure)),
        }
    return {"numerator": figures.total, "denominator": round(divisor_of(kpi, figures))}


def _times(kpi: Kpi, figures: Figures) -> dict[str, Any]:
    """Return the distributions of business and elapsed time, which are equal if no calendar applies."""
    secondary = (
        figures.secondary.elapsed if kpi.secondary is not None and figures.secondary else figures.elapsed
    )
    business, elapsed = figures.elapsed, secondary
    if not kpi.is_in_business_time:
        business, elapsed = secondary, figures.elapsed
    return {"business": business, "elapsed": elapsed}


def _arrived_in_hours(kpi: Kpi, figures: Figures) -> int | None:
    if kpi.secondary is not Measure.in_hours:
        return None
    return figures.secondary.total if figures.secondary else 0


def _undecided(kpi: Kpi, figures: Figures) -> int | None:
    if kpi.aggregate is not Aggregate.of_decided and kpi.secondary is not Measure.ended:
        return None
    return figures.cases - (figures.secondary.total if figures.secondary else 0)


def _exposure(kpi: Kpi, figures: Figures) -> KpiExposure | None:
    return None if figures.exposure is None else outage_figures.exposure_out(kpi, figures.exposure)


def _survival(figures: Figures) -> KpiSurvival | None:
    return None if figures.survival is None else KpiSurvival(**asdict(figures.survival))


def _no_value(kpi: Kpi, figures: Figures, *, begun: bool) -> NoValueReason:
    if not begun:
        return NoValueReason.not_begun
    if kpi.is_of_outages:
        return _no_exposure(kpi, figures)
    if kpi.is_referenced:
        return _no_reference(kpi, figures)
    if not cases_of(kpi, figures):
        return NoValueReason.no_cases
    return NOTHING_TO_DIVIDE_BY.get(kpi.aggregate, NoValueReason.not_reached)


def _no_reference(kpi: Kpi, figures: Figures) -> NoValueReason:
    if kpi.aggregate in NOTHING_TO_DIVIDE_BY:
        return NOTHING_TO_DIVIDE_BY[kpi.aggregate]
    return NoValueReason.too_few if figures.loaded else NoValueReason.not_loaded


def _no_exposure(kpi: Kpi, figures: Figures) -> NoValueReason:
    if figures.exposure is None or not figures.exposure.agreed:
        return NoValueReason.no_agreed_time
    if kpi.aggregate is Aggregate.mean_between:
        return NoValueReason.no_outage
    return NoValueReason.nothing_allowed


def value_of(kpi: Kpi, figures: Figures) -> int | float | None:
    """Return the KPI's value computed from the figures, or None."""
    if kpi.is_of_outages:
        return None if figures.exposure is None else outage_figures.value(kpi, figures.exposure)
    if kpi.is_timed:
        return _centre(kpi, figures)
    counts = kpi.basis is Basis.standing and not kpi.is_share_of_open
    if counts or kpi.aggregate is Aggregate.number:
        return figures.open_cases if counts else figures.cases
    if kpi.aggregate is Aggregate.kaplan_meier:
        return None if figures.survival is None else figures.survival.median
    return _ratio(kpi, figures)


def _ratio(kpi: Kpi, figures: Figures) -> float | None:
    """Return the sum of the cases' numbers over what it is divided by, or the change since the year before;
    None if there is too little to divide by.
    """
    divisor = divisor_of(kpi, figures)
    if kpi.aggregate is Aggregate.year_over_year:
        is_comparable = figures.loaded and divisor >= SMALL_SAMPLE
        return round(figures.total / divisor - 1, DECIMALS_OF_RATIOS) if is_comparable else None
    return round(kpi.per * figures.total / divisor, DECIMALS_OF_RATIOS) if divisor else None


def _centre(kpi: Kpi, figures: Figures) -> float | None:
    """Return the mean or the median of the durations; None without cases."""
    if figures.elapsed is None:
        return None
    return figures.elapsed.median if kpi.aggregate is Aggregate.median else figures.elapsed.mean


def divisor_of(kpi: Kpi, figures: Figures) -> int | float:
    """Return the divisor of the sum of the cases' numbers."""
    if kpi.is_of_outages:
        return outage_figures.round_half_up(outage_figures.divisor(kpi, figures.exposure or Exposure()))
    if kpi.aggregate in {Aggregate.per_agent_day, Aggregate.per_day}:
        return figures.days
    if kpi.aggregate in {Aggregate.of_budget, Aggregate.of_decided}:
        return figures.secondary.total if figures.secondary else 0
    if kpi.is_referenced:
        return figures.reference
    return cases_of(kpi, figures) * kpi.divisor


def cases_of(kpi: Kpi, figures: Figures) -> int:
    """Return the number of cases that the value is computed from."""
    return (figures.open_cases or 0) if kpi.basis is Basis.standing else figures.cases


def status(
    kpi: Kpi, target: TargetValue | None, value: float | None, *, begun: bool = True, running: bool = False
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
    kpi: Kpi,
    value: float | None,
    context: PointContext,
    span: tuple[datetime, datetime],
    recording: Recording,
) -> dict[str, Any]:
    """Return the fields that compare a value with its target and with the period before."""
    target, now, (begin, end) = context.target, context.now, span
    of_before, of_year_before = context.recordings
    return {
        "target": target and PointTarget(comparator=target.comparator, value=target.value),
        "status": status(kpi, target, value, begun=begin < now, running=begin < now < end),
        "previous": compare(value, value_of(kpi, context.before), recording, of_before),
        "last_year": context.last_year
        and compare(value, value_of(kpi, context.last_year), recording, of_year_before),
        "beside": {
            other_kpi.key: _additional_figure(other_kpi, figures) for other_kpi, figures in context.companions
        },
    }


def _worst_services(kpi: Kpi, services: Mapping[str, Figures]) -> list[ServiceValue]:
    """Return the services with the worst values, of equal ones in the order of their keys; none that
    is without a flaw.
    """
    values = {service: value_of(kpi, figures) for service, figures in services.items()}
    flawless = largest_value(kpi)
    ordered = sorted(
        ((value, service) for service, value in values.items() if value is not None and value != flawless),
        key=lambda pair: (pair[0] if kpi.direction is Direction.up else -pair[0], pair[1]),
    )
    return [ServiceValue(service=service, value=value) for value, service in ordered[:MOST_WORST]]


def _additional_figure(kpi: Kpi, figures: Figures) -> KpiBeside:
    return KpiBeside(
        value=value_of(kpi, figures),
        cases=cases_of(kpi, figures),
        numerator=figures.total if kpi.is_divided else None,
        denominator=round(divisor_of(kpi, figures)) if kpi.is_divided else None,
    )


def _final_after(question: KpiQuestion, place: PointKey, figures: Figures, now: datetime) -> datetime | None:
    period, cut = place
    end = question.bounds[period]
    still_open = _undecided(question.kpi, figures) if figures.survival is None else figures.survival.open
    waits = end > now or bool(still_open)
    if (question.kpi.settling is Settling.ending and waits) or _is_unassigned(question, cut, figures):
        return None
    return final_after_of(question, end)


def final_after_of(question: KpiQuestion, end: datetime) -> datetime:
    """Return until when the value of a period that ends then still moves as a matter of course."""
    days = SETTLING_DAYS.get(question.kpi.settling, question.reopen_days)
    return periods.days_after(end, days, question.zone)


def _is_unassigned(question: KpiQuestion, cut: Cut, figures: Figures) -> bool:
    """Return whether the point counts openings of cases without a first team or assignee as yet.

    Such a point changes when these cases are assigned.
    """
    if not question.kpi.is_of_assigned_openings or not (figures.cases or any(figures.excluded.values())):
        return False
    values = dict(zip(question.by, cut, strict=True))
    return any(
        values[dimension] is None if dimension in values else NO_VALUE in question.filters.get(dimension, ())
        for dimension in ASSIGNMENT_DIMENSIONS
    )
