"""Answers about several KPIs at once, and about the periods that have any cases."""

from __future__ import annotations

from datetime import date

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

    key: str = Field(description="Key of the KPI.")
    name: str = Field(description="Name of the KPI, in the requested language.")
    definition: str = Field(description="Definition in one sentence, in the requested language.")
    pitfalls: str = Field(description="Caution about a misleading reading, in the requested language.")
    version: int = Field(description="Version of the definition, from 1.")
    version_since: date | None = Field(
        description="Day from which the version counts cases; null for the first version."
    )
    process: str = Field(description="Kind of the records that are counted.")
    also: list[str] = Field(description="Other kinds that are counted too.")
    owner: Role = Field(description="Role that is responsible for the KPI.")
    unit: Unit
    direction: Direction = Field(description="Direction of improvement.")
    aggregate: Aggregate = Field(description="Way in which the numbers of the cases become one value.")
    basis: Basis = Field(description="Event whose time decides in which period a case counts.")
    dimensions: list[Dimension] = Field(
        description="Dimensions by which the KPI can be grouped and filtered."
    )
    clock: Clock | None = Field(
        description="Clock of a mean or median duration; the member of a point with this name has the "
        "median and 90th percentile. Null if the KPI is not a duration."
    )


def describe_kpi(kpi: Kpi, language: str) -> KpiOut:
    """Return the definition of the KPI in the language."""
    words = kpi.texts(language)
    return KpiOut(
        key=kpi.key,
        name=words.name,
        definition=words.definition,
        pitfalls=words.pitfalls,
        version=kpi.version,
        version_since=date.fromisoformat(kpi.changes[-1].since) if kpi.changes else None,
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
    """The definition of a KPI, with its figures for the current month."""

    present: KpiPoint = Field(
        description="Current month so far, compared with the same days of the previous month."
    )
    last_year: KpiPrevious = Field(
        description="Same days of the month one year earlier; null if they have no value."
    )


class KpiPage(OutputModel):
    """The KPIs that the caller may see, all on one page."""

    tz: str = Field(description="Time zone in which the month begins and ends.")
    position: LogPosition
    lag_seconds: LagSeconds
    behind: LagNotice = None
    items: list[KpiSummary]
    next_cursor: None = Field(description="Always null: there is only one page.")


class KpiDefinitionPage(OutputModel):
    """The definitions of the KPIs that the caller may see, all on one page."""

    items: list[KpiOut]
    next_cursor: None = Field(description="Always null: there is only one page.")


class KpiPeriod(OutputModel):
    """A period in which a case was opened or ended."""

    begin: PeriodBegin
    end: PeriodEnd


class KpiPeriodPage(OutputModel):
    """The periods with cases, the newest first: at most 1,000, on one page."""

    tz: str = Field(description="Time zone in which periods begin and end.")
    grain: str = Field(description="Length of the periods.")
    position: LogPosition
    lag_seconds: LagSeconds
    items: list[KpiPeriod]
    next_cursor: None = Field(description="Always null: there is only one page.")
