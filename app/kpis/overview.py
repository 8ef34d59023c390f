"""How all KPIs stand this month, beside the same days of the month before and of the year before.

Each table of facts is read once, whatever many KPIs come from it, and of the log's history no more than these
three months.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.db import Connection, Database
from app.kpis import query
from app.kpis.answer import (
    add_agent_days,
    add_survival,
    count_open,
    fetch,
    looking,
    stands_at,
    with_budgets,
)
from app.kpis.kpi import Aggregate, Kpi
from app.kpis.periods import Grain, as_far, first_day, following, months_later, start_of
from app.kpis.points import (
    Figures,
    Judged,
    KpiPoint,
    KpiPrevious,
    Place,
    add_cases,
    compared,
    point,
    value_of,
)
from app.kpis.question import USUAL_CURRENCY, Question
from app.kpis.targets.validity import holding, targets

#: The spans of a month: see `this_month`.
YEAR_BEFORE, BEFORE, PRESENT = COUNTED = range(3)
MONTHS_OF_A_YEAR = 12
#: What is not counted from one reading of its table with others.
APART = {Aggregate.kaplan_meier: add_survival, Aggregate.per_agent_day: add_agent_days}


@dataclass(frozen=True, slots=True)
class Month:
    """The running month. `spans`, in UTC, are of the month a year before and of the one before, of each as
    much as is over of the running one, and of that one, whole.
    """

    zone: ZoneInfo
    now: datetime
    spans: tuple[tuple[datetime, datetime], ...]
    reopen_days: int
    currency: str

    def question(self, kpi: Kpi, period: int) -> Question:
        """The KPI in one of the spans."""
        return self._asked(kpi, self.spans[period])

    def ends(self, kpi: Kpi) -> Question:
        """The KPI up to the end of each span."""
        return self._asked(kpi, (self.spans[YEAR_BEFORE][0], *(end for _, end in self.spans)))

    def _asked(self, kpi: Kpi, bounds: tuple[datetime, ...]) -> Question:
        return Question(
            kpi=kpi,
            grain=Grain.month,
            zone=self.zone,
            bounds=bounds,
            filters={},
            now=self.now,
            reopen_days=self.reopen_days,
            currency=self.currency,
        )


@dataclass(frozen=True, slots=True)
class Overview:
    """Each KPI with its point and the same days of the year before; and where the facts stand."""

    position: int
    lag_seconds: float
    kpis: list[tuple[Kpi, KpiPoint, KpiPrevious]]


def this_month(zone: ZoneInfo, now: datetime, reopen_days: int, currency: str = USUAL_CURRENCY) -> Month:
    """The month that runs in the zone."""
    day = first_day(Grain.month, now.astimezone(zone).date())
    begin, end = start_of(day, zone), start_of(following(Grain.month, day), zone)
    spans = []
    for other in (months_later(day, -MONTHS_OF_A_YEAR), months_later(day, -1)):
        before, over = start_of(other, zone), start_of(following(Grain.month, other), zone)
        spans.append((before, min(as_far(now, begin, before, zone), over)))
    return Month(zone, now, (*spans, (begin, end)), reopen_days, currency)


async def overview(db: Database, kpis: Sequence[Kpi], month: Month) -> Overview:
    """How these KPIs stand. Raises DatabaseGone."""
    async with looking(db) as connection:
        said = await targets(connection, [kpi.key for kpi in kpis])
        position, lag_seconds = await stands_at(connection)
        figures = await _figures(connection, kpis, month)
    found = []
    for kpi in kpis:
        target = holding(kpi, said.get(kpi.key, ()), min(month.spans[PRESENT][1], month.now))
        of = {period: figures[kpi.key, period] for period in COUNTED}
        judged = Judged(target, of[BEFORE], month.now)
        present = point(month.question(kpi, PRESENT), (1, ()), of[PRESENT], {}, judged)
        last_year = compared(present.value, value_of(kpi, of[YEAR_BEFORE]))
        found.append((kpi, present, last_year))
    return Overview(position, lag_seconds, found)


async def _figures(
    connection: Connection, kpis: Sequence[Kpi], month: Month
) -> dict[tuple[str, int], Figures]:
    """By KPI and period."""
    figures = {(kpi.key, period): Figures(beside=Figures()) for kpi in kpis for period in COUNTED}
    tables = defaultdict(list)
    for kpi in kpis:
        if kpi.fact is not None and kpi.aggregate not in APART:
            tables[query.table(kpi)].append(kpi)
    for of_table in tables.values():
        beside = [kpi.aside for kpi in of_table if kpi.aside is not None]
        budgeted = next((kpi for kpi in of_table if kpi.budgets_of is not None), of_table[0])
        question = await with_budgets(connection, month.question(budgeted, PRESENT))
        statement = query.together([*of_table, *beside], month.spans, question)
        for number, excluded, *columns in await fetch(connection, statement):
            period = number - 1
            of = [figures[kpi.key, period] for kpi in of_table]
            of += [figures[kpi.key, period].beside or Figures() for kpi in beside]
            for kpi, into, place in zip([*of_table, *beside], of, range(0, len(columns), 4), strict=True):
                *counts, total, spread = columns[place : place + 4]
                add_cases(kpi, into, excluded, counts, total, spread)
    for kpi in kpis:
        if kpi.aggregate in APART:
            await _add_apart(connection, kpi, month, figures)
    await _add_open(connection, kpis, month, figures)
    return figures


async def _add_apart(
    connection: Connection,
    kpi: Kpi,
    month: Month,
    figures: dict[tuple[str, int], Figures],
) -> None:
    """Adds what is counted for one KPI alone."""
    for period in COUNTED:
        found: dict[Place, Figures] = {(1, ()): figures[kpi.key, period]}
        await APART[kpi.aggregate](connection, month.question(kpi, period), {}, found)


async def _add_open(
    connection: Connection, kpis: Sequence[Kpi], month: Month, figures: dict[tuple[str, int], Figures]
) -> None:
    """Adds what is open at the end of each period; KPIs that ask for the same share the looking."""
    kinds = defaultdict(list)
    for kpi in kpis:
        if kpi.still_open is not None:
            kinds[kpi.process, kpi.still_open, kpi.is_of_ages, kpi.is_share_of_open].append(kpi)
    for of_kind in kinds.values():
        found: dict[Place, Figures] = {(period + 1, ()): Figures() for period in COUNTED}
        await count_open(connection, month.ends(of_kind[0]), {}, month.now, found)
        for kpi in of_kind:
            for period in COUNTED:
                of = figures[kpi.key, period]
                of.open_cases = found[period + 1, ()].open_cases
                of.oldest_open_seconds = found[period + 1, ()].oldest_open_seconds
                of.on_hold = found[period + 1, ()].on_hold
                if kpi.is_share_of_open:
                    of.total = found[period + 1, ()].total
                if kpi.is_of_ages:
                    of.elapsed = found[period + 1, ()].elapsed
