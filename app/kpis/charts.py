"""The XmR chart of a KPI over its completed periods, which tells signals from noise (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import ConfigDict, Field

from app.api.shapes import OutputModel
from app.kpis.answer import KpiAnswer
from app.kpis.kpi import Aggregate, Kpi
from app.kpis.lag_notice import LAG_DESCRIPTION
from app.kpis.outages.figures import DECIMALS
from app.kpis.series import DECIMALS_OF_RATIOS
from app.kpis.statistics.behaviour import LEAST_VALUES, Chart, Signal, chart


class KpiLimits(OutputModel):
    """The natural limits of the process: its usual variation while nothing changes it. Independent of
    targets.
    """

    model_config = ConfigDict(frozen=True)

    centre: float = Field(description="The mean of the values of the periods that are over.")
    low: float = Field(description="The lower natural limit; no lower than a value can be.")
    high: float = Field(description="The upper natural limit; no higher than a value can be.")
    moving_range: float = Field(description="How much a value differs from the next, on average.")


class KpiChartPoint(OutputModel):
    """A period of the chart."""

    model_config = ConfigDict(frozen=True)

    begin: datetime = Field(serialization_alias="from", description="The first instant of the period.")
    end: datetime = Field(serialization_alias="to", description="The first instant behind it.")
    value: int | float | None = Field(description="The KPI; null: there were no cases.")
    cases: int = Field(description="How many cases it was computed from.")
    running: bool = Field(description="It is not over, or has not begun: it is on no side of any limit.")
    signals: list[Signal] = Field(
        description="The rules by which the value is no chance; none: look for no cause."
    )


class KpiBehaviour(OutputModel):
    """The XmR chart of a KPI: which of its values signal that something has changed."""

    model_config = ConfigDict(frozen=True)

    key: str
    unit: str
    grain: str
    tz: str
    position: int = Field(description="Up to which position of the log everything is in it.")
    lag_seconds: float = Field(description="Age of the first event that is not in it yet; 0: there is none.")
    behind: str | None = Field(default=None, description=LAG_DESCRIPTION)
    limits: KpiLimits | None = Field(
        description=f"Null: fewer than {LEAST_VALUES} periods that are over have a value."
    )
    points: list[KpiChartPoint]


def behaviour(kpi: Kpi, found: KpiAnswer, now: datetime) -> KpiBehaviour:
    """Return the chart of an answer that has no cuts."""
    over = [point for point in found.points if point.end <= now and point.value is not None]
    values = [point.value for point in over if point.value is not None]
    made = chart(values)
    signals = {point.begin: of for point, of in zip(over, made.signals, strict=True)}
    return KpiBehaviour(
        key=found.key,
        unit=found.unit,
        grain=found.grain,
        tz=found.tz,
        position=found.position,
        lag_seconds=found.lag_seconds,
        limits=_limits(kpi, values, made),
        points=[
            KpiChartPoint(
                begin=point.begin,
                end=point.end,
                value=point.value,
                cases=point.cases,
                running=point.end > now,
                signals=signals.get(point.begin, []),
            )
            for point in found.points
        ],
    )


def _limits(kpi: Kpi, values: Sequence[float], made: Chart) -> KpiLimits | None:
    centre, moving_range, reach = made.centre, made.moving_range, made.reach
    if centre is None or moving_range is None or reach is None:
        return None
    # A KPI is below 0 only if an imported history says that a case ended before it began, unless it is a
    # change against the year before: that is at least -1.
    lowest = -1.0 if kpi.aggregate is Aggregate.year_over_year else min(0.0, *values)
    low, high = max(centre - reach, lowest), centre + reach
    if kpi.aggregate in {Aggregate.share, Aggregate.availability}:
        high = min(high, 1.0)
    # Availability is near 1: what matters of it stands far behind the point.
    digits = DECIMALS if kpi.is_of_outages else DECIMALS_OF_RATIOS
    rounded = (round(number, digits) for number in (centre, low, high, moving_range))
    return KpiLimits(**dict(zip(("centre", "low", "high", "moving_range"), rounded, strict=True)))
