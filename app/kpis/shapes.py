"""Answers about several KPIs at once, and about the periods that have any cases."""

from __future__ import annotations

from pydantic import Field

from app.api.records.shapes import OutputModel
from app.common.people import Role
from app.kpis.answers.point_parts import (
    KpiPrevious,
    LagNotice,
    LagSeconds,
    LogPosition,
    PeriodBegin,
    PeriodEnd,
)
from app.kpis.answers.series import KpiPoint
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Aggregate, Basis, Clock, Direction, Kpi, Unit


class KpiOut(OutputModel):
    """The definition of a KPI."""

    key: str
    name: str = Field(description="The name, in the language asked for.")
    definition: str = Field(description="The definition in a sentence, in the language asked for.")
    pitfalls: str = Field(description="A caution about how it can mislead, in the language asked for.")
    process: str = Field(description="The kind of record that is counted.")
    also: list[str] = Field(description="Other kinds that are counted with it.")
    owner: Role = Field(description="The role that answers for it.")
    unit: Unit
    direction: Direction = Field(description="The direction in which it is better.")
    aggregate: Aggregate = Field(description="The aggregate of the cases' numbers.")
    basis: Basis = Field(description="The instant that decides in which period a case counts.")
    dimensions: list[Dimension] = Field(description="The dimensions by which it can be cut and filtered.")
    clock: Clock | None = Field(
        description="The clock of the value of a mean or median of durations: a point's median and 90th "
        "percentile of that clock are in the member called so. Null: it is no duration."
    )


def describe_kpi(kpi: Kpi, language: str) -> KpiOut:
    """Return the definition of the KPI in the language."""
    words = kpi.texts(language)
    return KpiOut(
        key=kpi.key,
        name=words.name,
        definition=words.definition,
        pitfalls=words.pitfalls,
        process=kpi.process,
        also=list(kpi.also),
        owner=kpi.owner,
        unit=kpi.unit,
        direction=kpi.direction,
        aggregate=kpi.aggregate,
        basis=kpi.basis,
        clock=kpi.clock,
        dimensions=list(kpi.dimensions),
    )


class KpiSummary(KpiOut):
    """The definition of a KPI, with its figures for this month."""

    present: KpiPoint = Field(description="The month up to now, beside the same days of the month before.")
    last_year: KpiPrevious = Field(description="The same days of that month of the year before.")


class KpiPage(OutputModel):
    """The KPIs that the caller may see, all on one page."""

    tz: str = Field(description="The time zone by which the month is cut.")
    position: LogPosition
    lag_seconds: LagSeconds
    behind: LagNotice = None
    items: list[KpiSummary]
    next_cursor: None = Field(description="Null: there is no other page.")


class KpiDefinitionPage(OutputModel):
    """The definitions of the KPIs that the caller may see, all on one page."""

    items: list[KpiOut]
    next_cursor: None = Field(description="Null: there is no other page.")


class KpiPeriod(OutputModel):
    """A period in which a case was opened or ended."""

    begin: PeriodBegin
    end: PeriodEnd


class KpiPeriodPage(OutputModel):
    """The periods that have any cases, newest first; at most 1,000, all on one page."""

    tz: str = Field(description="The time zone by which periods are cut.")
    grain: str
    position: LogPosition
    lag_seconds: LagSeconds
    items: list[KpiPeriod]
    next_cursor: None = Field(description="Null: there is no other page.")
