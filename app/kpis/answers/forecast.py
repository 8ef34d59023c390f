"""Forecasts: whether the running period can still meet its target, and what further cases must sum to."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.kpis.answers.answer import (
    count_as_of,
    facts_position,
    snapshot_connection,
    with_budgets,
    with_previous_period,
)
from app.kpis.answers.outlook import Outlook, Requirement, requirement_for
from app.kpis.answers.point_parts import (
    FilterWarnings,
    LagNotice,
    LagSeconds,
    LogPosition,
    PeriodBegin,
    PeriodEnd,
    PointTarget,
)
from app.kpis.answers.series import KpiStatus, PointContext, cases_of, point
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import REFERENCED_AGGREGATES, Aggregate, Basis, Kpi, TargetValue
from app.kpis.declaration.scale import largest_value, smallest_value
from app.kpis.questions import periods
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import KpiQuestion
from app.kpis.targets.validity import effective_target, targets
from app.platform.db import Database

DECIMALS = 3
UNPREDICTABLE = frozenset(
    {
        Aggregate.kaplan_meier,
        Aggregate.median,
        Aggregate.per_agent_day,
        Aggregate.per_day,
        *REFERENCED_AGGREGATES,
    }
)
#: The aggregates that more cases do not move, or not by a number of them.
UNCOUNTED = frozenset({Aggregate.number, Aggregate.per_agent_day, Aggregate.per_day})


class KpiForecast(OutputModel):
    """The outlook of the running period for its target, and the sum that further cases must bring."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    key: str = Field(description="Key of the KPI.")
    unit: str = Field(description="Unit of the values.")
    grain: str = Field(description="Length of the period.")
    tz: str = Field(description="Time zone in which periods begin and end.")
    position: LogPosition
    lag_seconds: LagSeconds
    behind: LagNotice = None
    warnings: FilterWarnings = None
    begin: PeriodBegin
    end: PeriodEnd
    value: int | float | None = Field(description="Value of the KPI so far; null if there are no cases.")
    cases: int = Field(description="Number of cases from which the value was computed.")
    target: PointTarget | None = Field(description="Present target; null if the KPI has no target.")
    status: KpiStatus | None = Field(
        description="Status of the present value against the target; null if there is no target."
    )
    more_cases: int | None = Field(
        description="Number of further cases assumed: the requested number, otherwise the pace of this "
        "period, or of the previous one if it has no cases yet. Null if the number makes "
        "no difference."
    )
    outlook: Outlook | None = Field(
        description="Outlook for the target; null if there is no target, or if this KPI has no forecast."
    )
    at_least: int | None = Field(
        description="Smallest sum that the further cases must bring: seconds for a mean, counting "
        "cases for a share, cost for a share of a budget, cases for a count, and the "
        "necessary change for a backlog. Null if there is no lower limit."
    )
    at_most: int | None = Field(
        description="Largest sum that the further cases may bring, in the same unit; null if there is "
        "no upper limit."
    )
    each: float | None = Field(
        description="Limit for each further case, for a mean, a number per case or a share of a "
        "budget; null for other KPIs."
    )


def running_bounds(grain: Grain, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first instant of the running period in the zone, and that of the next period."""
    day = periods.first_day(grain, now.astimezone(zone).date())
    return periods.start_of(day, zone), periods.start_of(periods.next_period(grain, day), zone)


async def forecast(db: Database, question: KpiQuestion, more_cases: int | None) -> KpiForecast:
    """Return the forecast for a question about the running period. Raises CannotAnswer, DatabaseGone."""
    kpi, now, (begin, end) = question.kpi, question.now, question.bounds
    async with snapshot_connection(db) as connection:
        layers = (await targets(connection, [kpi.key])).get(kpi.key, ())
        position, lag_seconds = await facts_position(connection)
        figures = await with_previous_period(
            question, now, lambda counted_question: count_as_of(connection, counted_question, now, None)
        )
        budget = (await with_budgets(connection, question)).budgets.amount_at(now)
    nothing = Figures(open_cases=0 if kpi.still_open else None)
    cell, before = figures.get((1, ()), nothing), figures.get((0, ()), nothing)
    target = effective_target(kpi, layers, now)
    standing = point(question, (1, ()), cell, {}, PointContext(target, before, now))
    if kpi.basis in {Basis.standing, Basis.exposure} or kpi.aggregate in UNCOUNTED | REFERENCED_AGGREGATES:
        more_cases = None
    elif more_cases is None:
        left = (end - now) / (end - begin)
        is_settled = cell.cases > 0 and left < 1
        more_cases = round(cell.cases * left / (1 - left) if is_settled else before.cases * left)
    requirement = requirement_of(kpi, target, cell, more_cases, budget)
    bound = requirement.at_most if requirement.at_least is None else requirement.at_least
    per_case = kpi.aggregate in {Aggregate.mean, Aggregate.per_case, Aggregate.of_budget, Aggregate.score}
    return KpiForecast(
        key=kpi.key,
        unit=kpi.unit.value,
        grain=question.grain.value,
        tz=question.zone.key,
        position=position,
        lag_seconds=lag_seconds,
        begin=begin,
        end=end,
        value=standing.value,
        cases=standing.cases,
        target=standing.target,
        status=standing.status,
        more_cases=more_cases,
        outlook=requirement.outlook,
        at_least=requirement.at_least,
        at_most=requirement.at_most,
        each=round(bound / more_cases, DECIMALS) if per_case and bound is not None and more_cases else None,
    )


def requirement_of(
    kpi: Kpi, target: TargetValue | None, cell: Figures, more_cases: int | None, budget: int | None
) -> Requirement:
    """Return the sum that the cases still to come must have to meet the target; empty without a target, or if
    it cannot be computed.

    `budget` is the cost that each further case may have, for KPIs that are measured by budgets.
    """
    # Medians and future person-days cannot be predicted from a number of cases; days are no cases.
    unknown = kpi.aggregate in UNPREDICTABLE or (kpi.is_of_outages and kpi.aggregate is not Aggregate.number)
    if target is None or unknown or kpi.is_of_ages or kpi.is_share_of_open:
        return Requirement()
    if kpi.basis is Basis.standing:
        standing = cases_of(kpi, cell)
        return requirement_for(target, so_far=standing, divisor=1, least=-standing, most=None)
    if more_cases is None:
        return requirement_for(target, so_far=cell.cases, divisor=1, least=0, most=None)
    divided_by = _divided_by(kpi, cell, more_cases, budget)
    if not divided_by:
        return Requirement()
    largest = largest_value(kpi) if more_cases else 0
    most = None if largest is None else round(more_cases * largest)
    least = round(more_cases * smallest_value(kpi))
    return requirement_for(target, so_far=cell.total, divisor=divided_by, least=least, most=most)


def _divided_by(kpi: Kpi, cell: Figures, more_cases: int, budget: int | None) -> int | None:
    """Return the divisor of the sum of all cases, once `more_cases` have come; None if further cases have no
    budget.
    """
    if kpi.aggregate is not Aggregate.of_budget:
        return cell.cases + more_cases
    if more_cases and budget is None:
        return None
    return (cell.secondary.total if cell.secondary else 0) + more_cases * (budget or 0)
