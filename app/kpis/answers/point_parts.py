"""Fields that many answers share, and the parts of a point: interval, survival, target (schemas)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.kpis.declaration.kpi import Comparator

PeriodBegin = Annotated[
    datetime, Field(serialization_alias="from", description="The first instant of the period.")
]
PeriodEnd = Annotated[datetime, Field(serialization_alias="to", description="The end, exclusive.")]
LogPosition = Annotated[int, Field(description="The position of the log up to which everything is in it.")]
LagSeconds = Annotated[
    float, Field(description="Age of the first event that is not in it yet; 0: there is none.")
]
LagNotice = Annotated[
    str | None,
    Field(
        description="The words that an import is not all in it yet, and how much is missing. Null: none is."
    ),
]


class KpiInterval(OutputModel):
    """The confidence interval of the value, with the cases taken as a sample; the wider, the less certain."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    low: float
    high: float
    level: float = Field(description="The probability that such an interval holds the true value.")


class KpiSurvival(OutputModel):
    """The time that cases take, open cases included, as estimated by Kaplan and Meier from their ages."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    ended: int = Field(description="Number of cases that have ended.")
    open: int = Field(description="Number of cases that have not ended: they count with their age.")
    median: int | None = Field(description="Number of seconds in which half end; null: fewer have.")
    p90: int | None = Field(description="Number of seconds in which nine in ten end; null: fewer have.")


class KpiBeside(OutputModel):
    """The figure of another KPI, of the same period and cut."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    value: int | float | None = Field(description="The value; null: there are no cases to compute it from.")
    cases: int = Field(description="Number of cases from which it was computed.")
    numerator: int | None
    denominator: int | None


class PointTarget(OutputModel):
    """The target for the value."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    comparator: Comparator
    value: int | float = Field(description="The value, in the unit of the KPI.")


class KpiPrevious(OutputModel):
    """The same cut in another period, and the change since then. A running period is compared with the same
    part of the other one: up to the 22nd with up to the 22nd.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    value: int | float | None
    change: float | None = Field(
        description="The relative difference of this value from that one: 0.1 is 10 % more. Null where there "
        "is no value, or that one is 0."
    )
