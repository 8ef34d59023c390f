"""Answers about several KPIs at once, and about the periods that have any cases."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.records.shapes import OutputModel
from app.common.people import Role
from app.kpis.answers.lag_notice import LAG_DESCRIPTION
from app.kpis.answers.point_parts import KpiPrevious
from app.kpis.answers.series import KpiPoint
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Aggregate, Basis, Clock, Direction, Unit


class KpiOut(OutputModel):
    """The definition of a KPI."""

    key: str
    name: str = Field(description="What people call it, in the language asked for.")
    definition: str = Field(description="What it is, in a sentence, in the language asked for.")
    pitfalls: str = Field(description="How it can mislead, in the language asked for.")
    process: str = Field(description="The kind of record that is counted.")
    also: list[str] = Field(description="Other kinds that are counted with it.")
    owner: Role = Field(description="Who answers for it.")
    unit: Unit
    direction: Direction = Field(description="Which way is better.")
    aggregate: Aggregate = Field(description="What becomes of the cases' numbers.")
    basis: Basis = Field(description="Which instant decides the period that a case counts in.")
    dimensions: list[Dimension] = Field(description="What it can be cut and filtered by.")
    clock: Clock | None = Field(
        description="Of a mean or median of durations, the clock of the value: a point's median and 90th "
        "percentile of that clock are in the member called so. Null: it is no duration."
    )


class KpiSummary(KpiOut):
    """The definition of a KPI, with its figures for this month."""

    present: KpiPoint = Field(description="This month up to now, beside the same days of the month before.")
    last_year: KpiPrevious = Field(description="The same days of that month of the year before.")


class KpiPage(OutputModel):
    """The KPIs that the caller may see, all on one page."""

    tz: str = Field(description="The time zone that the month is cut in.")
    position: int = Field(description="Up to which position of the log everything is in it.")
    lag_seconds: float = Field(description="Age of the first event that is not in it yet; 0: there is none.")
    behind: str | None = Field(default=None, description=LAG_DESCRIPTION)
    items: list[KpiSummary]
    next_cursor: None = Field(description="There is no other page.")


class KpiPeriod(OutputModel):
    """A period in which a case was opened or ended."""

    begin: datetime = Field(serialization_alias="from", description="The first instant of the period.")
    end: datetime = Field(serialization_alias="to", description="The first instant behind it.")


class KpiPeriodPage(OutputModel):
    """The periods that have any cases, newest first; at most 1,000, all on one page."""

    tz: str = Field(description="The time zone that periods are cut in.")
    grain: str
    position: int = Field(description="Up to which position of the log everything is in it.")
    lag_seconds: float = Field(description="Age of the first event that is not in it yet; 0: there is none.")
    items: list[KpiPeriod]
    next_cursor: None = Field(description="There is no other page.")
