"""The figures of KPIs that are counted by agreed time, and the values that follow from them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.kpis.declaration.kpi import Aggregate, Kpi

#: Availability is close to 1, and a year of a service that is to be available all but 0.1 % of it has
#: 31,536,000 seconds: with six decimals half a minute would be lost.
DECIMALS = 9
DECIMALS_OF_SECONDS = 3
HOURS, SECONDS_OF_AN_HOUR = 1_000, 3_600


class KpiExposure(OutputModel):
    """The sums of time from which a KPI of outages was computed."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    agreed_seconds: int | None = Field(
        description="Number of seconds in which the services should have been available so far; null if "
        "the KPI is grouped by a dimension that services do not have, such as category."
    )
    outage_seconds: float | None = Field(
        description="Number of these seconds with an outage, in which degraded seconds count by their "
        "weight; null if not computed."
    )
    outages: int | None = Field(
        description="Number of outages that began, where adjoining outages of a service count once; "
        "null if not computed."
    )
    expected: float | None = Field(
        description="Share of a budget that would be used by now with even use; null for other KPIs."
    )
    at_least: int | None = Field(
        description="Number of seconds without a failure, if there was no failure: the time between "
        "failures is at least as long. Null otherwise."
    )


@dataclass(frozen=True, slots=True)
class Exposure:
    """The sums over the services and outages of one period and cut, in seconds; None: not asked for.

    `began` is the number of outages that began. For a budget, `allowed` is all that may be used, and
    `allowed_by_now` its part of the agreed seconds that are over.
    """

    agreed: int | None = None
    outage: Decimal | None = None
    began: int | None = None
    allowed: Decimal = Decimal(0)
    allowed_by_now: Decimal = Decimal(0)


def numerator(kpi: Kpi, exposure: Exposure) -> Decimal:
    """Return the dividend of the KPI's ratio; for availability the outage, of which it is the complement."""
    if kpi.aggregate is Aggregate.mean_between:
        return (exposure.agreed or 0) - (exposure.outage or Decimal(0))
    if kpi.aggregate is Aggregate.per_1000_hours:
        return Decimal(exposure.began or 0)
    return exposure.outage or Decimal(0)


def divisor(kpi: Kpi, exposure: Exposure) -> Decimal:
    """Return the divisor of the KPI's ratio: agreed seconds, outages, or allowed seconds of outage."""
    if kpi.aggregate is Aggregate.mean_between:
        return Decimal(exposure.began or 0)
    return exposure.allowed if kpi.aggregate is Aggregate.of_allowance else Decimal(exposure.agreed or 0)


def value(kpi: Kpi, exposure: Exposure) -> int | float | None:
    """Return the value of the KPI, or None."""
    if kpi.aggregate is Aggregate.number:
        return exposure.began or 0
    if kpi.aggregate is Aggregate.total:
        return _number(exposure.outage or Decimal(0), DECIMALS_OF_SECONDS)
    divided_by = divisor(kpi, exposure)
    if not divided_by:
        return None
    ratio = numerator(kpi, exposure) / divided_by
    if kpi.aggregate is Aggregate.availability:
        return _number(1 - ratio, DECIMALS)
    if kpi.aggregate is Aggregate.per_1000_hours:
        return _number(Decimal(rate(float(exposure.began or 0), exposure)), DECIMALS)
    return _number(ratio, DECIMALS_OF_SECONDS if kpi.aggregate is Aggregate.mean_between else DECIMALS)


def rate(outages: float, exposure: Exposure | None) -> float:
    """Return so many outages for each 1,000 agreed hours."""
    assert exposure is not None
    assert exposure.agreed
    return outages * HOURS * SECONDS_OF_AN_HOUR / exposure.agreed


def exposure_out(kpi: Kpi, exposure: Exposure) -> KpiExposure:
    """Return the member `exposure` of a point: the sums that its value was computed from."""
    of_allowance = kpi.aggregate is Aggregate.of_allowance and exposure.allowed
    none_began = kpi.aggregate is Aggregate.mean_between and not exposure.began and exposure.agreed
    return KpiExposure(
        agreed_seconds=exposure.agreed,
        outage_seconds=None if exposure.outage is None else _number(exposure.outage, DECIMALS_OF_SECONDS),
        outages=exposure.began,
        expected=_number(exposure.allowed_by_now / exposure.allowed, DECIMALS) if of_allowance else None,
        at_least=round_half_up(numerator(kpi, exposure)) if none_began else None,
    )


def round_half_up(number: Decimal) -> int:
    """Return the nearest whole number, half up."""
    return int(number.quantize(Decimal(1), ROUND_HALF_UP))


def _number(number: Decimal, decimals: int) -> float:
    return float(round(float(number), decimals))
