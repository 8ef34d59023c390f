"""All KPIs of the current month, compared with the same days of the previous month and of the previous year.

Each table of facts is read once for all KPIs that use it, and only these three months of the history are
read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from app.kpis.answers import point_intervals
from app.kpis.answers.answer import (
    LARGEST_ANSWER,
    add_survival,
    count,
    count_open,
    facts_position,
    snapshot_connection,
    with_budgets,
)
from app.kpis.answers.comparisons import load_services
from app.kpis.answers.days import add_agent_days, add_days
from app.kpis.answers.point_parts import KpiPrevious
from app.kpis.answers.recorded import compare, first_record_of, first_records, recording_of
from app.kpis.answers.references import add_references, of_facts
from app.kpis.answers.series import KpiPoint, PointContext, point, value_of
from app.kpis.catalogue import KPIS
from app.kpis.declaration.figures import Figures, PointKey, add_cases
from app.kpis.declaration.kpi import Aggregate, Kpi, Settling
from app.kpis.facts import query
from app.kpis.facts.fetching import fetch
from app.kpis.outages import counting
from app.kpis.questions.periods import Grain, comparable_end, first_day, months_later, next_period, start_of
from app.kpis.questions.question import DEFAULT_CURRENCY, KpiQuestion
from app.kpis.targets.validity import effective_target, targets
from app.platform.db import Connection, Database

#: The numbers of a month's spans: see `this_month`.
YEAR_BEFORE, MONTH_BEFORE, PRESENT = SPANS = range(3)
MONTHS_OF_A_YEAR = 12
#: The aggregates that cannot be counted together with others in one read of their table.
SEPARATE_AGGREGATES = {Aggregate.kaplan_meier: add_survival, Aggregate.per_agent_day: add_agent_days}


@dataclass(frozen=True, slots=True)
class Month:
    """A month. `spans`, in UTC: the month a year before and the previous month, and the month itself. While
    it runs, the others are each up to the same time of the month as now.
    """

    zone: ZoneInfo
    now: datetime
    spans: tuple[tuple[datetime, datetime], ...]
    reopen_days: int
    currency: str

    def question(self, kpi: Kpi, period: int) -> KpiQuestion:
        """Return the question for the KPI in one of the spans: while the month runs, as of the span's end, so
        that the cases of each have the same age.
        """
        question = self._question(kpi, self.spans[period])
        runs = self.spans[PRESENT][1] > self.now
        return replace(question, now=min(self.now, self.spans[period][1])) if runs else question

    def question_at_span_ends(self, kpi: Kpi) -> KpiQuestion:
        """Return the question for the KPI with one period up to the end of each span."""
        return self._question(kpi, (self.spans[YEAR_BEFORE][0], *(end for _, end in self.spans)))

    def _question(self, kpi: Kpi, bounds: tuple[datetime, ...]) -> KpiQuestion:
        return KpiQuestion(
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
    """All KPIs of the current month, each with its point and the comparison with the year before; and the log
    position that the facts have reached.
    """

    position: int
    lag_seconds: float
    kpis: list[tuple[Kpi, KpiPoint, KpiPrevious]]


def this_month(zone: ZoneInfo, now: datetime, reopen_days: int, currency: str = DEFAULT_CURRENCY) -> Month:
    """Return the running month in the zone, with its spans."""
    day = first_day(Grain.month, now.astimezone(zone).date())
    begin, end = start_of(day, zone), start_of(next_period(Grain.month, day), zone)
    spans = []
    for other in (months_later(day, -MONTHS_OF_A_YEAR), months_later(day, -1)):
        before, over = start_of(other, zone), start_of(next_period(Grain.month, other), zone)
        spans.append((before, min(comparable_end(now, begin, before, zone), over)))
    return Month(zone, now, (*spans, (begin, end)), reopen_days, currency)


def last_month(zone: ZoneInfo, now: datetime, reopen_days: int, currency: str = DEFAULT_CURRENCY) -> Month:
    """Return the last month that is over in the zone, with its spans, which are whole months."""
    day = months_later(first_day(Grain.month, now.astimezone(zone).date()), -1)
    days = (months_later(day, -MONTHS_OF_A_YEAR), months_later(day, -1), day)
    spans = tuple(
        (start_of(first_date, zone), start_of(next_period(Grain.month, first_date), zone))
        for first_date in days
    )
    return Month(zone, now, spans, reopen_days, currency)


async def overview(db: Database, kpis: Sequence[Kpi], month: Month) -> Overview:
    """Return the points of these KPIs for the month. Raises DatabaseGone."""
    await point_intervals.load_for(kpis)
    async with snapshot_connection(db) as connection:
        target_layers = await targets(connection, [kpi.key for kpi in kpis])
        position, lag_seconds = await facts_position(connection)
        figures = await _figures(connection, kpis, month)

        async def counted(question: KpiQuestion) -> dict[PointKey, Figures]:
            return await count(connection, question, month.now, most=LARGEST_ANSWER)

        records = await first_records(connection, {kind for kpi in kpis for kind in kpi.processes})
        services = {
            kpi.key: await load_services(month.question(kpi, PRESENT), counted)
            for kpi in kpis
            if kpi.pools_services
        }
    kpi_overviews = []
    for kpi in kpis:
        target = effective_target(
            kpi, target_layers.get(kpi.key, ()), min(month.spans[PRESENT][1], month.now)
        )
        first_record = first_record_of(kpi, records)
        recordings = [recording_of(*span, first_record) for span in month.spans]
        span_figures = {period: figures[kpi.key, period] for period in SPANS}
        companions = [
            (KPIS[key], figures[key, PRESENT]) for key in kpi.companions if (key, PRESENT) in figures
        ]
        then = span_figures[YEAR_BEFORE] if kpi.compares_years else None
        of_services = services.get(kpi.key)
        judged = PointContext(
            target,
            span_figures[MONTH_BEFORE],
            month.now,
            last_year=then,
            companions=companions,
            services=None if of_services is None else of_services.get((1, ()), {}),
            recordings=(recordings[MONTH_BEFORE], recordings[YEAR_BEFORE]),
        )
        question = replace(month.question(kpi, PRESENT), first_record=first_record)
        present = point(question, (1, ()), span_figures[PRESENT], {}, judged)
        then_value = value_of(kpi, span_figures[YEAR_BEFORE])
        last_year = compare(present.value, then_value, present.recording, recordings[YEAR_BEFORE])
        kpi_overviews.append((kpi, present, last_year))
    return Overview(position, lag_seconds, kpi_overviews)


async def _figures(
    connection: Connection, kpis: Sequence[Kpi], month: Month
) -> dict[tuple[str, int], Figures]:
    """Return the figures by KPI and span."""
    figures = {(kpi.key, period): Figures(secondary=Figures()) for kpi in kpis for period in SPANS}
    tables = defaultdict(list)
    for kpi in kpis:
        if kpi.fact is not None and not kpi.is_of_outages and not _is_separate(kpi):
            tables[query.fact_table(kpi)].append(kpi)
    for of_table in tables.values():
        companions = [kpi.secondary_kpi for kpi in of_table if kpi.secondary_kpi is not None]
        budgeted = next((kpi for kpi in of_table if kpi.budgets_of is not None), of_table[0])
        question = await with_budgets(connection, month.question(budgeted, PRESENT))
        statement = query.combined_cells([*of_table, *companions], month.spans, question)
        for number, excluded, *columns in await fetch(connection, statement):
            period = number - 1
            kpi_figures = [figures[kpi.key, period] for kpi in of_table]
            kpi_figures += [figures[kpi.key, period].secondary or Figures() for kpi in companions]
            for kpi, into, place in zip(
                [*of_table, *companions], kpi_figures, range(0, len(columns), 4), strict=True
            ):
                *counts, total, spread = columns[place : place + 4]
                add_cases(kpi, into, excluded, counts, total, spread)
    for kpi in kpis:
        if kpi.aggregate is Aggregate.per_day:
            for period in SPANS:
                add_days(month.question(kpi, period), {(1, ()): figures[kpi.key, period]})
        if kpi.is_referenced:
            for period in SPANS:
                question = month.question(kpi, period)
                figure: dict[PointKey, Figures] = {(1, ()): figures[kpi.key, period]}
                await add_references(question, figure, of_facts(connection, {}), Figures)
        if _is_separate(kpi):
            await _add_separate(connection, kpi, month, figures)
    await _add_outages(connection, [kpi for kpi in kpis if kpi.is_of_outages], month, figures)
    await _add_open(connection, kpis, month, figures)
    return figures


def _is_separate(kpi: Kpi) -> bool:
    """Return whether the KPI cannot be counted with others: by its aggregate, or by the age of its cases."""
    return kpi.aggregate in SEPARATE_AGGREGATES or kpi.settling is Settling.ending


async def _add_separate(
    connection: Connection,
    kpi: Kpi,
    month: Month,
    figures: dict[tuple[str, int], Figures],
) -> None:
    """Add the figures of a KPI that cannot be counted with others."""
    for period in SPANS:
        if kpi.aggregate not in SEPARATE_AGGREGATES:
            counted = await count(connection, month.question(kpi, period), month.now, most=1)
            figures[kpi.key, period] = counted.get((1, ()), figures[kpi.key, period])
            continue
        cells: dict[PointKey, Figures] = {(1, ()): figures[kpi.key, period]}
        await SEPARATE_AGGREGATES[kpi.aggregate](connection, month.question(kpi, period), {}, cells)


async def _add_outages(
    connection: Connection, kpis: Sequence[Kpi], month: Month, figures: dict[tuple[str, int], Figures]
) -> None:
    """Add the figures of the KPIs that are counted by agreed time."""
    if not kpis:
        return
    position, _ = await facts_position(connection)
    questions = [month.question(kpi, PRESENT) for kpi in kpis]
    for kpi, kpi_cells in zip(
        kpis, await counting.count_spans(connection, questions, month.spans, position), strict=True
    ):
        for period, cell in zip(SPANS, kpi_cells, strict=True):
            figures[kpi.key, period] = cell or figures[kpi.key, period]


async def _add_open(
    connection: Connection, kpis: Sequence[Kpi], month: Month, figures: dict[tuple[str, int], Figures]
) -> None:
    """Add the open cases at the end of each span; KPIs that count the same open cases share one read."""
    kinds = defaultdict(list)
    for kpi in kpis:
        if kpi.still_open is not None:
            kinds[kpi.process, kpi.still_open, kpi.is_of_ages, kpi.is_share_of_open].append(kpi)
    for of_kind in kinds.values():
        cells: dict[PointKey, Figures] = {(period + 1, ()): Figures() for period in SPANS}
        await count_open(connection, month.question_at_span_ends(of_kind[0]), {}, month.now, cells)
        for kpi in of_kind:
            for period in SPANS:
                cell = figures[kpi.key, period]
                cell.open_cases = cells[period + 1, ()].open_cases
                cell.oldest_open_seconds = cells[period + 1, ()].oldest_open_seconds
                cell.on_hold = cells[period + 1, ()].on_hold
                if kpi.is_share_of_open:
                    cell.total = cells[period + 1, ()].total
                if kpi.is_of_ages:
                    cell.elapsed = cells[period + 1, ()].elapsed
