"""Causes of a KPI's change: its value without each team (or another part of its cases), and without its
heaviest cases.

The named part is left out without an estimate: the value is recomputed from all the other cases.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.kpis.answers.answer import count, cut_names, facts_position, snapshot_connection
from app.kpis.answers.point_parts import (
    FilterWarnings,
    LagNotice,
    LagSeconds,
    LogPosition,
    PeriodBegin,
    PeriodEnd,
)
from app.kpis.answers.series import DECIMALS_OF_RATIOS, cases_of, value_of
from app.kpis.cases.drill_down import case_numbers
from app.kpis.cases.values import CaseValue, case_values, figures_of
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.exposure import Exposure
from app.kpis.declaration.figures import Cut, Figures, Names
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.platform.db import Connection, Database

#: The parts and cases shown: those with the most cases, and those with the largest numbers.
MOST_PARTS, HEAVIEST = 50, 10
#: The denominator is not the sum of its parts: a person who works for two teams counts the day in both.
INDIVISIBLE_AGGREGATES = frozenset(
    {Aggregate.per_agent_day, Aggregate.year_over_year, Aggregate.per_delivery, Aggregate.per_staff}
)
#: Aggregates in which a case with a larger number has more influence; in a share or a count all cases weigh
#: the same.
WEIGHING = frozenset(
    {Aggregate.mean, Aggregate.median, Aggregate.per_case, Aggregate.of_budget, Aggregate.score}
)


class KpiWithout(OutputModel):
    """The KPI without a part of its cases."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    left_out: str | None = Field(
        description="Value of the requested dimension whose cases are left out; null for cases without "
        "a value."
    )
    cases: int = Field(description="Number of the cases that are left out.")
    value: int | float | None = Field(
        description="Value of the KPI for the other cases; null if there are no other cases."
    )
    moved: float | None = Field(
        description="Difference between the KPI with and without these cases, in its unit; null if the "
        "KPI has no value without these cases."
    )


class KpiHeavyCase(OutputModel):
    """One of the cases with the largest numbers, and the KPI without it."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: UUID
    kind: str = Field(description="Kind of the case, such as `request`.")
    number: str = Field(description="Number by which people know the case.")
    measure: int = Field(description="Value that is counted of the case: seconds, a number, or an amount.")
    value: int | float | None = Field(
        description="Value of the KPI for all other cases; null if there are no other cases."
    )
    moved: float | None = Field(
        description="Difference between the KPI with and without the case, in its unit; null if the KPI "
        "has no value without the case."
    )


class KpiInfluence(OutputModel):
    """The value of a KPI, and its value without each part of its cases."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    key: str = Field(description="Key of the KPI.")
    unit: str = Field(description="Unit of the values.")
    tz: str = Field(description="Time zone in which periods begin and end.")
    begin: PeriodBegin
    end: PeriodEnd
    by: Dimension
    position: LogPosition
    lag_seconds: LagSeconds
    behind: LagNotice = None
    warnings: FilterWarnings = None
    value: int | float | None = Field(
        description="Value of the KPI for all cases; null if there are no cases."
    )
    cases: int = Field(description="Number of cases from which the value was computed.")
    without: list[KpiWithout] = Field(
        description="Parts by their influence on the value, the largest first; if there are more than "
        f"{MOST_PARTS}, the parts with the most cases."
    )
    heaviest: list[KpiHeavyCase] = Field(
        description=f"The {HEAVIEST} cases with the largest numbers; empty if all cases weigh the same, as "
        "in a share or a count."
    )


async def influence(db: Database, question: KpiQuestion, dimension: Dimension, now: datetime) -> KpiInfluence:
    """Return what moved the KPI in the question's whole time. Raises CannotAnswer, DatabaseGone."""
    kpi, divided = question.kpi, replace(question, by=(dimension,))
    # By agreement or customer, customers' own agreements have agreed time that the whole has not.
    if kpi.aggregate in INDIVISIBLE_AGGREGATES or (kpi.is_of_outages and dimension is not Dimension.service):
        raise CannotAnswer("by", "not_by_parts")
    async with snapshot_connection(db) as connection:
        position, lag_seconds = await facts_position(connection)
        total_figures = (await count(connection, question, now, most=1)).get((1, ()), Figures())
        if kpi.is_of_outages:
            counted_cells = await count(connection, divided, now, most=MOST_PARTS)
            parts = {
                cut: (cases_of(kpi, part_figures), _without(total_figures, part_figures))
                for (_, cut), part_figures in counted_cells.items()
            }
            heavy: list[tuple[CaseValue, Figures]] = []
        else:
            values = await case_values(connection, divided, now)
            parts, heavy = await asyncio.to_thread(_left_out, kpi, values, total_figures)
        names = await cut_names(connection, divided, [(1, cut) for cut in parts])
        heaviest = await _heavy_cases(connection, question, heavy, value_of(kpi, total_figures))
    return KpiInfluence(
        key=kpi.key,
        unit=kpi.unit.value,
        tz=question.zone.key,
        begin=question.bounds[0],
        end=question.bounds[-1],
        by=dimension,
        position=position,
        lag_seconds=lag_seconds,
        value=value_of(kpi, total_figures),
        cases=cases_of(kpi, total_figures),
        without=_parts_out(kpi, parts, names, value_of(kpi, total_figures)),
        heaviest=heaviest,
    )


def _left_out(
    kpi: Kpi, values: Sequence[CaseValue], total_figures: Figures
) -> tuple[dict[Cut, tuple[int, Figures]], list[tuple[CaseValue, Figures]]]:
    """Return, by part, its number of cases and the figures without them; and the heaviest cases, each with
    the figures without it.
    """
    places: dict[Cut, int] = defaultdict(int)
    for value in values:
        places[value.cut] += 1
    parts = {}
    for cut in heapq.nlargest(MOST_PARTS, places, key=lambda cut: places[cut]):
        remaining = [value for value in values if value.cut != cut]
        parts[cut] = places[cut], figures_of(kpi, remaining, total_figures)
    heavy = []
    if kpi.aggregate in WEIGHING:
        for place in heapq.nlargest(HEAVIEST, range(len(values)), key=lambda place: values[place].value):
            remaining = [*values[:place], *values[place + 1 :]]
            heavy.append((values[place], figures_of(kpi, remaining, total_figures)))
    return parts, heavy


def _without(total_figures: Figures, part: Figures) -> Figures:
    """Return the figures of outages without those of a part."""
    total_exposure, less = total_figures.exposure or Exposure(), part.exposure or Exposure()
    exposure = Exposure(
        agreed=None if total_exposure.agreed is None else total_exposure.agreed - (less.agreed or 0),
        outage=None if total_exposure.outage is None else total_exposure.outage - (less.outage or 0),
        began=None if total_exposure.began is None else total_exposure.began - (less.began or 0),
        allowed=total_exposure.allowed - less.allowed,
        allowed_by_now=total_exposure.allowed_by_now - less.allowed_by_now,
    )
    return replace(total_figures, cases=total_figures.cases - part.cases, exposure=exposure)


def _parts_out(
    kpi: Kpi, parts: Mapping[Cut, tuple[int, Figures]], names: Names, value: float | None
) -> list[KpiWithout]:
    parts_left_out = []
    for (left_out,), (cases, figures) in parts.items():
        without = value_of(kpi, figures)
        name = None if left_out is None else names.get(left_out, str(left_out))
        parts_left_out.append(
            KpiWithout(left_out=name, cases=cases, value=without, moved=_moved(value, without))
        )
    return sorted(parts_left_out, key=lambda part: (-abs(part.moved or 0), part.left_out or ""))


async def _heavy_cases(
    connection: Connection,
    question: KpiQuestion,
    heavy: Sequence[tuple[CaseValue, Figures]],
    value: float | None,
) -> list[KpiHeavyCase]:
    numbers = await case_numbers(connection, question, [heavy_case.case_id for heavy_case, _ in heavy])
    cases_left_out = []
    for heavy_case, figures in heavy:
        kind, number = numbers[heavy_case.case_id]
        without = value_of(question.kpi, figures)
        cases_left_out.append(
            KpiHeavyCase(
                id=heavy_case.case_id,
                kind=kind,
                number=number,
                measure=heavy_case.value,
                value=without,
                moved=_moved(value, without),
            )
        )
    return cases_left_out


def _moved(value: float | None, without: float | None) -> float | None:
    return None if value is None or without is None else round(value - without, DECIMALS_OF_RATIOS)
