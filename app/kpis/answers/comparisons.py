"""The figures shown next to a KPI's own: those of the same period of the year before, and those of the other
KPIs without which it would mislead.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from app.kpis.answers.references import running_year_before, year_before
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import Figures, PointKey
from app.kpis.declaration.kpi import Kpi
from app.kpis.questions import periods
from app.kpis.questions.question import CannotAnswer, KpiQuestion

#: The number of the comparable part of the period before a running one, which sorts before all others.
PARTIAL_PREVIOUS = -1
#: Counts the figures of every period and cut of a question that has any cases.
CountFigures = Callable[[KpiQuestion], Awaitable[dict[PointKey, Figures]]]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """The figures of the year before, by period and cut (None: they are not shown), and those of each KPI
    that is shown next to it. `services` are those of each service, where the KPI pools them.
    """

    last_year: Mapping[PointKey, Figures] | None = None
    companions: Sequence[tuple[Kpi, Mapping[PointKey, Figures]]] = field(default_factory=tuple)
    services: Mapping[PointKey, Mapping[str, Figures]] | None = None

    def year_before(self, place: PointKey) -> Figures | None:
        """Return the figures of the year before of that period and cut; None if they are not shown."""
        return None if self.last_year is None else self.last_year.get(place, Figures())

    def services_of(self, place: PointKey) -> Mapping[str, Figures] | None:
        """Return the figures of each service of that period and cut; None if they are not shown."""
        return None if self.services is None else self.services.get(place, {})

    def figures_beside(self, place: PointKey) -> list[tuple[Kpi, Figures]]:
        """Return the figures of each KPI that is shown next to it, of that period and cut."""
        return [(kpi, cells.get(place, Figures())) for kpi, cells in self.companions]


async def load_comparisons(question: KpiQuestion, count: CountFigures) -> Comparisons:
    """Return the comparisons that the question's KPI has or that the question asks for."""
    kpi = question.kpi
    last_year = None
    if question.last_year or kpi.compares_years:
        last_year = await count(replace(question, bounds=year_before(question)))
        if (running := running_year_before(question)) is not None:
            last_year = {place: cell for place, cell in last_year.items() if place[0] != running[0]}
            last_year |= await same_part_of_last_year(question, count)
    companions = [(KPIS[key], await count(replace(question, kpi=KPIS[key]))) for key in kpi.companions]
    return Comparisons(last_year, companions, await load_services(question, count))


async def same_part_of_last_year(question: KpiQuestion, count: CountFigures) -> dict[PointKey, Figures]:
    """Return the figures of the part of last year's period that the running one is compared with, at its
    number; empty without a running period.
    """
    running = running_year_before(question)
    if running is None or running[1][0] >= running[1][1]:
        return {}
    period, part = running
    cells = await count(replace(question, bounds=part, now=part[1]))
    return {(period, cut): cell for (_, cut), cell in cells.items()}


async def load_services(
    question: KpiQuestion, count: CountFigures
) -> Mapping[PointKey, Mapping[str, Figures]] | None:
    """Return the figures of each service, if the KPI pools them and the question does not divide by them;
    otherwise, or with too many points, None.
    """
    if not question.kpi.pools_services or Dimension.service in question.by:
        return None
    try:
        cells = await count(replace(question, by=(*question.by, Dimension.service)))
    except CannotAnswer as error:
        if error.code != "too_many_points":
            raise
        return None
    services: dict[PointKey, dict[str, Figures]] = {}
    for (period, cut), cell in cells.items():
        services.setdefault((period, cut[:-1]), {})[str(cut[-1])] = cell
    return services


async def comparable_period_figures(
    question: KpiQuestion, now: datetime, counted: CountFigures
) -> dict[PointKey, Figures]:
    """Return the figures of the part of the previous period that the running one is compared with, as number
    PARTIAL_PREVIOUS; empty if it is compared with the whole one.
    """
    part = comparable_part(question, now)
    if part is None:
        return {}
    cells = await counted(replace(question, bounds=part, now=part[1]))
    return {(PARTIAL_PREVIOUS, cut): cell for (_, cut), cell in cells.items()}


def running_period(question: KpiQuestion, now: datetime) -> int | None:
    """Return the number of the period that has begun and is not over, or None."""
    spans = enumerate(pairwise(question.bounds), start=1)
    return next((n for n, (begin, end) in spans if begin < now < end), None)


def comparable_part(question: KpiQuestion, now: datetime) -> tuple[datetime, datetime] | None:
    """Return the part of the previous period that the running one is compared with; None if that is the whole
    previous period, or if no period is running.
    """
    period = running_period(question, now)
    if period is None:
        return None
    begins = (previous_bounds(question)[0], *question.bounds)
    end = periods.comparable_end(now, begins[period], begins[period - 1], question.zone)
    return None if end >= begins[period] else (begins[period - 1], end)


def previous_bounds(question: KpiQuestion) -> tuple[datetime, ...]:
    """Return the bounds of the period before the question's first, and of what lies between."""
    return periods.previous_bounds(question.grain, question.bounds[0], question.bounds[-1], question.zone)
