"""The natural limits of a KPI: those of its chart, no lower or higher than a value can be (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.kpis.answers.series import DECIMALS_OF_RATIOS
from app.kpis.declaration.exposure import DECIMALS
from app.kpis.declaration.kpi import Kpi
from app.kpis.declaration.scale import largest_value, smallest_value
from app.kpis.statistics.behaviour import LIMIT_FACTOR

#: The factor from the mean moving range to the upper range limit: D4 of two values.
RANGE_FACTOR = 3.268


class KpiLimits(OutputModel):
    """The natural limits of a process: its usual variation while nothing changes, independent of targets."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    centre: float = Field(
        description="Mean of the values of completed periods, without exceptions beyond the limits."
    )
    low: float = Field(description="Lower natural limit, not lower than the smallest possible value.")
    high: float = Field(description="Upper natural limit, not higher than the largest possible value.")
    moving_range: float = Field(description="Mean difference between consecutive values, without exceptions.")
    upper_range: float = Field(
        description="Upper limit of the difference between consecutive values; a larger difference is "
        "not chance."
    )


def natural_limits(kpi: Kpi, values: Sequence[float], centre: float, moving_range: float) -> KpiLimits:
    """Return the limits of the KPI around that centre, with that mean moving range; `values` are those that
    they are shown with.
    """
    reach = LIMIT_FACTOR * moving_range
    # A KPI is below its scale only if an imported history has a case that ended before it began.
    low = max(centre - reach, min(smallest_value(kpi), *values))
    most = largest_value(kpi)
    high = centre + reach if most is None else min(centre + reach, most)
    # Availability is near 1: what matters of it stands far behind the point.
    digits = DECIMALS if kpi.is_of_outages else DECIMALS_OF_RATIOS
    return KpiLimits(
        centre=round(centre, digits),
        low=round(low, digits),
        high=round(high, digits),
        moving_range=round(moving_range, digits),
        upper_range=round(RANGE_FACTOR * moving_range, digits),
    )
