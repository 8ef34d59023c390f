"""Results of targets that clocks measure, with trend and forecast. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.kpis.answers.outlook import requirement_for
from app.kpis.declaration.kpi import Comparator, TargetValue
from app.service_reports.content import ReportBreach, ReportForecast, ReportTarget, ReportTrend, TargetVerdict
from app.service_reports.lines import TargetLine
from app.service_reports.periods import Period
from app.service_reports.reading import ClockCount

#: Decimals of a share.
DECIMALS = 6
FULL_COMPLIANCE = "1"
NO_CLOCKS = ClockCount()
#: Part of a period after which its cases so far show a pace: a case in its first hours shows none.
SETTLED_SHARE = Fraction(1, 10)


def share_text(part: int, total: int) -> str | None:
    """Return the share as a decimal text; None of nothing."""
    return None if total == 0 else decimal_text(round(Fraction(part, total), DECIMALS))


def decimal_text(value: Fraction | Decimal | float) -> str:
    """Return the number as a decimal text without trailing zeros."""
    if isinstance(value, Fraction):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
    else:
        exact = Decimal(repr(value)) if isinstance(value, float) else value
    text = f"{exact:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def clock_verdict(count: ClockCount, compliance: str | None) -> TargetVerdict:
    """Return whether the agreed share of cases was in time; equal is met."""
    if count.cases == 0:
        return TargetVerdict.no_cases
    agreed = Fraction(compliance or FULL_COMPLIANCE)
    return TargetVerdict.met if Fraction(count.met, count.cases) >= agreed else TargetVerdict.missed


def clock_target(
    line: TargetLine,
    count: ClockCount,
    breaches: Sequence[ReportBreach],
    trend: Sequence[ReportTrend],
    forecast: ReportForecast | None,
) -> ReportTarget:
    """Return a target of clocks with its result."""
    target = line.target
    return ReportTarget(
        **described(target) | {"id": line.name},
        edition=line.edition.edition or 1,
        unit="ratio",
        result=share_text(count.met, count.cases),
        verdict=clock_verdict(count, target["compliance"]),
        cases=count.cases,
        met=count.met,
        missed=count.missed,
        excluded=count.excluded,
        scope=["agreement"],
        breaches=list(breaches),
        breaches_left_out=count.missed - len(breaches),
        trend=list(trend),
        forecast=forecast,
    )


def described(target: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a target that a report repeats."""
    names = ("id", "metric", "process", "priority", "category", "service", "catalogue_item", "kpi")
    more = ("threshold_seconds", "threshold", "comparator", "compliance")
    return {name: target[name] for name in (*names, *more)}


def clock_trend(target: Mapping[str, Any], counts: Iterable[tuple[Period, ClockCount]]) -> list[ReportTrend]:
    """Return the target in the periods before, from the first one with a case on."""
    trend = [
        ReportTrend(
            period=period.label,
            result=share_text(count.met, count.cases),
            cases=count.cases,
            verdict=clock_verdict(count, target["compliance"]),
        )
        for period, count in counts
    ]
    while trend and trend[0].cases == 0:
        del trend[0]
    return trend


def clock_forecast(
    target: Mapping[str, Any], period: Period, count: ClockCount, before: ClockCount, now: datetime
) -> ReportForecast:
    """Return whether the running period can still meet the target, if cases keep coming at its pace so far;
    in its first tenth, and without any so far, at the pace of the period before.
    """
    left = Fraction(
        round((period.end - now).total_seconds()), round((period.end - period.begin).total_seconds())
    )
    left = min(max(left, Fraction(0)), Fraction(1))
    is_settled = 1 - left >= SETTLED_SHARE or (not before.cases and left < 1)
    has_pace = count.cases > 0 and is_settled
    more = round(count.cases * left / (1 - left)) if has_pace else round(before.cases * left)
    agreed = TargetValue(Comparator.ge, float(target["compliance"] or FULL_COMPLIANCE))
    outlook = None
    if count.cases + more:
        outlook = requirement_for(
            agreed, so_far=count.met, divisor=count.cases + more, least=0, most=more
        ).outlook
    return ReportForecast(
        period=period.label,
        result=share_text(count.met, count.cases),
        cases=count.cases,
        more_cases=more,
        outlook=outlook,
    )


def breach_of(row: Mapping[str, Any], number: str | None) -> ReportBreach:
    """Return a breach as a report lists it."""
    return ReportBreach(
        kind=row["kind"],
        case_id=row["case_id"],
        number=number,
        round=row["round"],
        priority=row["priority"],
        target_seconds=row["target_seconds"],
        elapsed_seconds=row["elapsed_seconds"],
        breached_at=row["breached_at"],
        stopped_at=row["stopped_at"],
    )
