"""Results of targets that a KPI measures: availability, satisfaction, and any other by its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from app.common.times.clocks import AgreementType
from app.kpis.answers.answer import LARGEST_ANSWER, count
from app.kpis.answers.series import KpiPoint, PointContext, point
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import Kpi
from app.kpis.questions.question import KpiQuestion
from app.platform.db import Connection
from app.platform.settings import Settings
from app.service_levels.agreements.records import Agreement, TargetComparator, TargetMetric
from app.service_reports.clock_targets import decimal_text, described
from app.service_reports.content import ReportForecast, ReportTarget, ReportTrend, TargetVerdict
from app.service_reports.periods import Period

#: KPI that measures a metric, unless the target names another one.
USUAL_KPI = {TargetMetric.availability: "service_availability", TargetMetric.satisfaction: "csat"}


@dataclass(frozen=True, slots=True)
class KpiResult:
    """The result of a KPI in a period. `value` is exact where it is one number divided by another."""

    value: Fraction | None
    text: str | None
    cases: int

    def verdict(self, target: Mapping[str, Any]) -> TargetVerdict:
        """Return whether the value meets the target."""
        if self.value is None:
            return TargetVerdict.no_cases
        met = TargetComparator(target["comparator"]).met_by(self.value, Fraction(target["threshold"]))
        return TargetVerdict.met if met else TargetVerdict.missed


def kpi_of(target: Mapping[str, Any]) -> Kpi | None:
    """Return the KPI that measures the target; None if its key is unknown."""
    return KPIS.get(target["kpi"] or USUAL_KPI.get(TargetMetric(target["metric"]), ""))


def filters_of(
    kpi: Kpi, target: Mapping[str, Any], agreement: Agreement, editions: Sequence[UUID]
) -> dict[Dimension, tuple[str, ...]]:
    """Return the filters that narrow the KPI to the agreement and to the target's conditions: the agreement
    itself where the KPI has that dimension, else its services and party, as far as it has these.
    """
    party = {
        AgreementType.sla: (Dimension.customer, agreement.customer_id),
        AgreementType.ola: (Dimension.team, agreement.team_id),
        AgreementType.uc: (Dimension.team, agreement.supplier_id),
    }[agreement.agreement_type or AgreementType.sla]
    filters: dict[Dimension, tuple[str, ...]] = {}
    if Dimension.agreement in kpi.dimensions:
        filters[Dimension.agreement] = tuple(str(edition) for edition in editions)
    else:
        if agreement.services:
            filters[Dimension.service] = tuple(agreement.services)
        if agreement.catalogue_items:
            filters[Dimension.catalogue_item] = tuple(agreement.catalogue_items)
        if party[1] is not None:
            filters[party[0]] = (str(party[1]),)
    for dimension in (Dimension.service, Dimension.priority, Dimension.category, Dimension.catalogue_item):
        if target[dimension.value] is not None:
            filters[dimension] = (target[dimension.value],)
    return {dimension: values for dimension, values in filters.items() if dimension in kpi.dimensions}


@dataclass(frozen=True, slots=True)
class KpiReader:
    """Reader of KPIs for one agreement, in one snapshot."""

    connection: Connection
    settings: Settings
    agreement: Agreement
    editions: Sequence[UUID]
    now: datetime

    async def results(
        self, kpi: Kpi, target: Mapping[str, Any], period: Period, spans: Sequence[tuple[datetime, datetime]]
    ) -> list[KpiResult]:
        """Return the KPI's results in these spans, in their order."""
        filters = filters_of(kpi, target, self.agreement, self.editions)
        results = []
        for span in spans:
            question = KpiQuestion(
                kpi=kpi,
                grain=period.grain,
                zone=period.zone,
                bounds=span,
                filters=filters,
                now=self.now,
                reopen_days=self.settings.reopen_days,
                currency=self.settings.currency,
            )
            figures = await count(self.connection, question, self.now, most=LARGEST_ANSWER)
            figure = figures.get((1, ()), Figures(open_cases=0 if kpi.still_open else None))
            results.append(
                _result(point(question, (1, ()), figure, {}, PointContext(None, Figures(), self.now)))
            )
        return results


def _result(answer: KpiPoint) -> KpiResult:
    if answer.value is None:
        return KpiResult(None, None, answer.cases)
    exact = Fraction(Decimal(repr(answer.value)))
    if answer.numerator is not None and answer.denominator and 0 <= exact <= 1:
        # The value shown is rounded: 0.9989999 misses a target of 0.999.
        divided = Fraction(answer.numerator, answer.denominator)
        exact = divided if abs(divided - exact) < Fraction(1, 10**5) else exact
    return KpiResult(exact, decimal_text(Decimal(repr(answer.value))), answer.cases)


def kpi_target(
    kpi: Kpi,
    target: Mapping[str, Any],
    scope: Sequence[str],
    result: KpiResult,
    trend: Sequence[tuple[Period, KpiResult]],
    running: tuple[Period, KpiResult] | None,
) -> ReportTarget:
    """Return a target that a KPI measures with its result."""
    before = [
        ReportTrend(period=period.label, result=past.text, cases=past.cases, verdict=past.verdict(target))
        for period, past in trend
    ]
    while before and before[0].result is None:
        del before[0]
    return ReportTarget(
        **described(target) | {"kpi": kpi.key},
        unit=kpi.unit.value,
        result=result.text,
        verdict=result.verdict(target),
        cases=result.cases,
        met=None,
        missed=None,
        excluded=None,
        scope=list(scope),
        breaches=[],
        breaches_left_out=0,
        trend=before,
        forecast=None if running is None else _forecast(*running),
    )


def _forecast(period: Period, result: KpiResult) -> ReportForecast:
    """Return the result of the running period so far; such a figure has no further forecast."""
    return ReportForecast(
        period=period.label, result=result.text, cases=result.cases, more_cases=None, outlook=None
    )


def unmeasured_target(target: Mapping[str, Any]) -> ReportTarget:
    """Return a target that cannot be measured, since its KPI does not exist any more."""
    return ReportTarget(
        **described(target),
        unit=None,
        result=None,
        verdict=TargetVerdict.not_measured,
        cases=0,
        met=None,
        missed=None,
        excluded=None,
        scope=[],
        breaches=[],
        breaches_left_out=0,
        trend=[],
        forecast=None,
    )
