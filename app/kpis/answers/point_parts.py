"""Fields that many answers share, and the parts of a point: interval, survival, target (schemas)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.api.listings.unknown_names import FilterWarning
from app.api.records.shapes import OutputModel
from app.kpis.declaration.kpi import Comparator

PeriodBegin = Annotated[
    datetime, Field(serialization_alias="from", description="First instant of the period.")
]
PeriodEnd = Annotated[datetime, Field(serialization_alias="to", description="End of the period, exclusive.")]
LogPosition = Annotated[int, Field(description="Position of the log up to which the figures are complete.")]
LagSeconds = Annotated[
    float,
    Field(
        description="Age in seconds of the oldest event that the figures do not include yet; 0 if they "
        "are complete."
    ),
]
LagNotice = Annotated[
    str | None,
    Field(
        description="Notice that the figures do not include all of an import yet, and how much is "
        "missing; null if they are complete."
    ),
]

FilterWarnings = Annotated[
    list[FilterWarning] | None,
    Field(
        exclude_if=lambda warnings: warnings is None,
        description="Values in the filters that no record has and that no case of the KPI ever had; left "
        "out if there are none.",
    ),
]


class KpiInterval(OutputModel):
    """The confidence interval of the value, with the cases as a sample: the wider, the less certain."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    low: float = Field(description="Lower end of the interval.")
    high: float = Field(description="Upper end of the interval.")
    level: float = Field(description="Probability that such an interval contains the true value.")


class KpiSurvival(OutputModel):
    """The durations of cases including open ones, as estimated by Kaplan and Meier from their ages."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    ended: int = Field(description="Number of cases that have ended.")
    open: int = Field(description="Number of open cases, which count with their ages.")
    median: int | None = Field(
        description="Number of seconds in which half of the cases end; null if fewer have ended."
    )
    p90: int | None = Field(
        description="Number of seconds in which nine of ten cases end; null if fewer have ended."
    )


class KpiBeside(OutputModel):
    """The figure of another KPI for the same period and group."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    value: int | float | None = Field(description="Value of the other KPI; null if there are no cases.")
    cases: int = Field(description="Number of cases from which the value was computed.")
    numerator: int | None = Field(description="Numerator of the value; null if the KPI is no ratio.")
    denominator: int | None = Field(description="Denominator of the value; null if the KPI is no ratio.")


class ServiceValue(OutputModel):
    """The value of one service."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    service: str = Field(description="Key of the service.")
    value: int | float = Field(description="Value of the KPI for the service alone.")


class PointTarget(OutputModel):
    """The target for the value."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    comparator: Comparator
    value: int | float = Field(description="Target value, in the unit of the KPI.")


class KpiPrevious(OutputModel):
    """The same group in another period, and the change since then. A running period is compared with the same
    part of the other one, for example the first 22 days with the first 22 days.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    value: int | float | None = Field(
        description="Value of the other period; null if the KPI has no value there."
    )
    change: float | None = Field(
        description="Relative difference from the other value: 0.1 is 10 % more. Null if a value is "
        "missing, or if the other value is 0."
    )
