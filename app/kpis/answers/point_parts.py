"""Parts of a point of an answer: interval, survival, target, and the figures beside it (schemas)."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.kpis.declaration.kpi import Comparator


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


class KpiBeside(OutputModel):
    """The figure of another KPI, of the same period and cut."""

    model_config = ConfigDict(frozen=True)

    value: int | float | None = Field(description="Null: there are no cases to compute it from.")
    cases: int = Field(description="How many cases it was computed from.")
    numerator: int | None
    denominator: int | None


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
