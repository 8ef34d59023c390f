"""The reconciliation: compares every KPI from the facts with its raw definition over the events.

For each KPI, month and dimension all figures of the answer are compared, and for each case its number. Both
computations see the same snapshot of the database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.api.records.shapes import OutputModel
from app.kpis.answers import references
from app.kpis.answers.answer import consistent_snapshot, count, facts_position, with_budgets
from app.kpis.answers.days import end_instants
from app.kpis.answers.series import KpiPoint, PointContext, point
from app.kpis.catalogue import KPIS
from app.kpis.columns.mirror import FactsMirror, answering_by
from app.kpis.columns.mirror import compared_columns as opened_columns
from app.kpis.declaration.dimensions import COLUMN, Dimension
from app.kpis.declaration.figures import Distribution, Figures, PointKey
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.facts import backlog, query
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.facts.rota_days import covered_work, rota_days
from app.kpis.facts.tables import EXTENT
from app.kpis.outage_comparison import OutageComparison, names_of
from app.kpis.questions.periods import Grain, day_starts, first_day, next_period, start_of
from app.kpis.questions.question import DEFAULT_CURRENCY, KpiQuestion
from app.kpis.raw import aggregates, definitions, tables
from app.kpis.raw import days as raw_days
from app.kpis.raw.figures import ExpectedFigures, expected_figures
from app.kpis.raw.tables import Definitions
from app.kpis.statistics.survival import Survival
from app.log.events import id_of
from app.platform.db import Connection, connect
from app.service_levels.clocks.clock_check import differing_cases

LIMITS = "-c idle_in_transaction_session_timeout=60s -c jit=off -c timezone=UTC"
#: The number of differences listed, which is enough to find the cause; further ones are only counted.
MOST_DIFFERENCES = 1_000
MOST_CASES = 20
#: The number of differing cases kept per comparison of a KPI; more would be of no use.
MOST_DIFFERING = 100_000
MONTHS_AT_ONCE = 12
#: In the place of a KPI's key: a clock of a service level.
CLOCKS = "clocks"
UNLIMITED = 10_000_000


def compared_columns(kpi: Kpi, *, is_open: bool = False) -> dict[str, str]:
    """Return the columns compared for each case, by the name used in differences."""
    stored = {dimension.value: COLUMN[dimension] for dimension in kpi.dimensions if dimension in COLUMN}
    secondary = {"beside": "secondary"} if kpi.secondary is not None else {}
    flag_columns = {"on_hold": "on_hold"} if is_open else {"is_skewed": "skewed"} if kpi.may_be_skewed else {}
    return {"at": "at", "measure": "measure", **secondary, **flag_columns, "excluded": "excluded", **stored}


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """A difference between the two computations: in a `figure` of a KPI's month and cut, or in a case.

    `cases` are the first few ids of cases involved. If only one computation counts a case, `figure` is
    `counted`; for a case open at the end of a month, `begin` and `end` are that month's.
    """

    key: str
    begin: datetime | None
    end: datetime | None
    by: dict[str, str | None]
    figure: str
    fast: str
    raw: str
    cases: tuple[UUID, ...]


@dataclass(slots=True)
class ReconciliationReport:
    """The number of figures compared at a log position, the number that differ, and the first differences."""

    position: int
    compared: int = 0
    difference_count: int = 0
    differences: list[FigureDifference] = field(default_factory=list)

    def add(self, difference: FigureDifference) -> None:
        """Count the difference, and keep it if it is among the first."""
        self.difference_count += 1
        if len(self.differences) < MOST_DIFFERENCES:
            self.differences.append(difference)


#: Called before each KPI with its key, the number of KPIs done, and the number of all.
ProgressCallback = Callable[[str, int, int], None]


def _ignore_progress(key: str, done: int, total: int) -> None:
    """Ignore the progress, for callers that do not show it."""


async def reconcile(
    url: str,
    *,
    zone: ZoneInfo,
    now: datetime,
    currency: str = DEFAULT_CURRENCY,
    keys: Iterable[str] = (),
    progress: ProgressCallback = _ignore_progress,
    columns: Path | None = None,
) -> ReconciliationReport:
    """Compare these KPIs (default: all) month by month in the zone; with the folder of exported facts
    (`columns`) also answers from there. Raises DatabaseGone.
    """
    kpis = [KPIS[key] for key in keys] or list(KPIS.values())
    with opened_columns(columns) as mirror:
        return await _reconcile(url, kpis, (zone, now, currency), progress, mirror, clocks=not keys)


async def _reconcile(
    url: str,
    kpis: Sequence[Kpi],
    setting: tuple[ZoneInfo, datetime, str],
    progress: ProgressCallback,
    mirror: FactsMirror | None,
    *,
    clocks: bool,
) -> ReconciliationReport:
    zone, now, currency = setting
    async with reconciliation_connection(url) as connection:
        position, _ = await facts_position(connection)
        report = ReconciliationReport(position)
        parameters = {"position": position, "now": now, "currency": currency}
        definitions = Definitions(connection, kpis, parameters)
        for done, kpi in enumerate(kpis):
            progress(kpi.key, done, len(kpis))
            await _compare(_Comparison(connection, kpi, zone, now, currency, report, definitions, mirror))
        if clocks:
            await _compare_clocks(connection, now, report)
    return report


async def _compare_clocks(connection: Connection, now: datetime, report: ReconciliationReport) -> None:
    """Compare the clocks of all cases with the engine's result, and with their announcements."""
    check = await differing_cases(connection, now)
    report.compared += check.clocks
    for case, columns in check.differing:
        stream, _, clock = case.partition(" ")
        clock_columns = f"{clock}: {', '.join(columns)}"
        report.add(
            FigureDifference(CLOCKS, None, None, {}, clock_columns, "kept", "by the engine", (id_of(stream),))
        )
    report.difference_count += check.difference_count - len(check.differing)


@asynccontextmanager
async def reconciliation_connection(url: str) -> AsyncIterator[Connection]:
    """Provide a connection that sees one snapshot, and whose changes are rolled back."""
    connection = await connect(url, LIMITS)
    try:
        async with consistent_snapshot(connection, keeps=False):
            await tables.make_tables(connection)
            yield connection
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class _DifferingCase:
    """A case on which the computations differ: the values from each, by name; None: it is not counted."""

    case_id: UUID
    is_open: bool
    fast: dict[str, Any] | None
    raw: dict[str, Any] | None

    def lies_in(self, begin: datetime, end: datetime, by: Mapping[str, str | UUID | None]) -> bool:
        """Return whether either computation counts the case in the period and cut.

        Cuts by age cannot be checked, since an age depends on the instant, and are ignored.
        """
        for side in (self.fast, self.raw):
            case_row = side or {}
            # A case open at the instant at which a month ends counts for that month.
            timely = case_row and (
                begin < case_row["at"] <= end if self.is_open else begin <= case_row["at"] < end
            )
            cut = {name: case_row[name] for name in case_row.keys() & by.keys()}
            if timely and cut == {name: by[name] for name in cut}:
                return True
        return False


@dataclass(slots=True)
class _Comparison:
    """The comparison of one KPI. `differing` are the cases found so far on which the computations differ."""

    connection: Connection
    kpi: Kpi
    zone: ZoneInfo
    now: datetime
    currency: str
    report: ReconciliationReport
    definitions: Definitions
    mirror: FactsMirror | None
    differing: list[_DifferingCase] = field(default_factory=list)


async def _compare(task: _Comparison) -> None:
    months = await _months(task)
    if task.kpi.is_of_outages:
        await _compare_outages(task, months)
        return
    if task.kpi.fact is not None:
        await task.definitions.fill(tables.CASES, task.kpi, definitions.definition_names(task.kpi))
        await _compare_cases(task)
    for names in definitions.references_of(task.kpi):
        ends = (
            {"ends": references.ends_of(_question(task, months, ()))} if names is definitions.ACTIVE else {}
        )
        await task.definitions.fill(tables.REFERENCES[names], task.kpi, names, **ends)
    if task.kpi.aggregate is Aggregate.per_agent_day:
        await task.definitions.fill(tables.WORK, task.kpi, definitions.work_definition_names(task.kpi))
    if task.kpi.still_open is not None:
        moments = end_instants(_question(task, months, ()), task.now)
        await task.definitions.fill(
            tables.OPEN_CASES, task.kpi, definitions.open_names(task.kpi), ends=moments
        )
        for begin, moment in zip(months, moments, strict=False):
            await _compare_open_cases(task, begin, moment)
    for first in range(0, len(months) - 1, MONTHS_AT_ONCE):
        some = months[first : first + MONTHS_AT_ONCE + 1]
        for by in ((), *((dimension,) for dimension in task.kpi.dimensions)):
            await _compare_numbers(task, _question(task, some, by))


async def _compare_outages(task: _Comparison, months: Sequence[datetime]) -> None:
    """Compare what is counted by agreed time, month by month in every cut."""
    comparison = OutageComparison(task.connection, task.report.position)
    prepared = await task.definitions.prepare(task.kpi.process)
    for first in range(0, len(months) - 1, MONTHS_AT_ONCE):
        question = _question(task, months[first : first + MONTHS_AT_ONCE + 1], ())
        for difference in await comparison.differences(question, prepared):
            begin, end = question.bounds[difference.place[0] - 1], question.bounds[difference.place[0]]
            by = {name.value: None if cut is None else str(cut) for name, cut in names_of(difference).items()}
            cases = difference.cases[:MOST_CASES]
            task.report.add(
                FigureDifference(
                    task.kpi.key, begin, end, by, difference.figure, difference.fast, difference.raw, cases
                )
            )
    task.report.compared += comparison.compared


async def _months(task: _Comparison) -> Sequence[datetime]:
    """Return the bounds of all months with events of cases that the KPI counts; empty without any."""
    opened = " union all ".join(f"select at from kpi.{kind}_{EXTENT[kind][0]}" for kind in task.kpi.processes)
    text = f"""
select min(at), max(at) from (
  {opened} union all
  select occurred_at from log.told
  where split_part(stream, '/', 1) = any(%(kinds)s) and position <= %(position)s
) happened"""
    parameters = {"kinds": list(task.kpi.processes), "position": task.report.position}
    ((first, last),) = await fetch(task.connection, SqlStatement(text, parameters))
    if first is None:
        return []
    day = first_day(Grain.month, first.astimezone(task.zone).date())
    months = [start_of(day, task.zone)]
    while months[-1] <= last:
        day = next_period(Grain.month, day)
        months.append(start_of(day, task.zone))
    return months


def _question(task: _Comparison, months: Sequence[datetime], by: tuple[Dimension, ...]) -> KpiQuestion:
    return KpiQuestion(
        kpi=task.kpi,
        grain=Grain.month,
        zone=task.zone,
        bounds=tuple(months),
        by=by,
        filters={},
        now=task.now,
        currency=task.currency,
    )


async def _compare_cases(task: _Comparison) -> None:
    """Compare, for each case that the KPI counts, its number from the facts with that from the raw events."""
    question = await with_budgets(task.connection, _question(task, (), ()))
    fast, slow = f"{query.measure_column(task.kpi)} as measure", f"{task.kpi.measure.number.raw} as measure"
    if task.kpi.secondary_kpi is not None:
        fast += f", {query.measure_column(task.kpi.secondary_kpi)} as secondary"
        slow += f", {task.kpi.secondary_kpi.measure.number.raw} as secondary"
    await _compare_rows(
        task,
        f"select *, {fast} from {query.from_clause(task.kpi)} where {query.counted_condition(task.kpi)}",
        f"select *, {slow} from {tables.CASES}",
        query.question_parameters(question),
    )


async def _compare_open_cases(task: _Comparison, begin: datetime, moment: datetime) -> None:
    """Compare the cases open at the end of a month, with their ages in whole seconds and whether they are on
    hold.
    """
    age = "floor(extract(epoch from %(moment)s::timestamptz - opened_at))::bigint as measure"
    secondary = "null as secondary"  # open cases have no second measure
    columns = ["case_id", "opened_at", "on_hold"]
    columns += [COLUMN[dimension] for dimension in task.kpi.dimensions if dimension in COLUMN]
    stretches, parameters = backlog.open_stretches(_question(task, (), ()), {}, [moment], columns)
    await _compare_rows(
        task,
        f"select %(moment)s::timestamptz as at, {age}, {secondary}, null as excluded, *"
        f" from ({stretches}) stretch",
        f"select *, seconds as measure, {secondary} from {tables.OPEN_CASES} where at = %(moment)s",
        parameters | {"moment": moment},
        (begin, moment),
    )


async def _compare_rows(
    task: _Comparison,
    fast: str,
    slow: str,
    parameters: dict[str, Any] | None = None,
    month: tuple[datetime | None, datetime | None] = (None, None),
) -> None:
    """Compare two queries that should give the same cases, with the columns of `compared_columns`."""
    names = compared_columns(task.kpi, is_open=month[0] is not None)
    columns = list(names.values())
    of_fast, of_slow = (", ".join(f"{side}.{column}" for column in columns) for side in ("fast", "slow"))
    # A case may have several numbers; those of both queries are paired in the order of their columns.
    nth = f"*, row_number() over (partition by case_id order by {', '.join(columns)}) as nth"
    text = f"""
select case_id, fast.case_id is not null, slow.case_id is not null, {of_fast}, {of_slow}
from (select {nth} from ({fast}) every) fast
full join (select {nth} from ({slow}) every) slow using (case_id, nth)
where fast.case_id is null or slow.case_id is null or ({of_fast}) is distinct from ({of_slow})
limit {MOST_DIFFERING}"""
    width = len(columns)
    for case_id, in_fast, in_slow, *values in await fetch(
        task.connection, SqlStatement(text, parameters or {})
    ):
        case = _DifferingCase(
            case_id,
            month[0] is not None,
            dict(zip(names, values[:width], strict=True)) if in_fast else None,
            dict(zip(names, values[width:], strict=True)) if in_slow else None,
        )
        task.differing.append(case)
        for column_name, fast_value, slow_value in _differing_values(case):
            difference = FigureDifference(
                key=task.kpi.key,
                begin=month[0],
                end=month[1],
                by={},
                figure=column_name,
                fast=str(fast_value),
                raw=str(slow_value),
                cases=(case_id,),
            )
            task.report.add(difference)


def _differing_values(case: _DifferingCase) -> list[tuple[str, Any, Any]]:
    if case.fast is None or case.raw is None:
        return [("counted", case.fast is not None, case.raw is not None)]
    return [
        (column, fast, case.raw[column]) for column, fast in case.fast.items() if fast != case.raw[column]
    ]


async def _compare_numbers(task: _Comparison, question: KpiQuestion) -> None:
    """Compare all figures of the answer to a question with those computed from the raw events."""
    moments = end_instants(question, task.now) if task.kpi.still_open is not None else []
    with answering_by(None):
        fast = await count(task.connection, question, task.now, most=UNLIMITED)
    if task.mirror is not None:
        with answering_by(task.mirror):
            figures_of_columns = await count(task.connection, question, task.now, most=UNLIMITED)
        _compare_columns(task, question, fast, figures_of_columns)
    slow: dict[PointKey, aggregates.Cell] = {}
    slow_open: dict[PointKey, aggregates.Backlog] = {}
    observed: dict[PointKey, Survival] = {}
    if task.kpi.fact is not None:
        counted = aggregates.with_measure(task.kpi, aggregates.CaseSource(f"select * from {tables.CASES}"))
        slow = await aggregates.cells(task.connection, question.bounds, question.by, counted)
    if task.kpi.aggregate is Aggregate.per_agent_day:
        begin_days = day_starts(question.bounds[0], question.bounds[-1], task.zone)
        rota = await rota_days(task.connection, question, {})
        source = aggregates.CaseSource(f"select * from {tables.WORK}", rota.parameters(question))
        selection = (question.bounds, begin_days, question.by, source)
        worked = await raw_days.agent_days(task.connection, *selection, but=covered_work(question))
        raw_days.add_agent_days(slow, worked, rota.days)
    if task.kpi.aggregate is Aggregate.per_day:
        raw_days.add_days(slow, question.bounds, question.by, task.zone, task.now)
    if task.kpi.is_referenced:
        counter = references.of_raw(
            task.connection,
            task.kpi,
            lambda names, _: aggregates.CaseSource(
                f"select * from {tables.REFERENCES.get(tuple(names), tables.CASES)}"
            ),
        )
        await references.add_references(question, slow, counter, aggregates.Cell)
    if task.kpi.aggregate is Aggregate.kaplan_meier:
        observed = await aggregates.survival(task.connection, question.bounds, question.by)
    if task.kpi.still_open is not None:
        slow_open = await aggregates.open_cells(task.connection, moments, question.by)
    for place in fast.keys() | slow.keys() | slow_open.keys():
        none_open = 0 if place[0] <= len(moments) else None
        figures = fast.get(place, Figures(open_cases=none_open))
        judged = PointContext(None, Figures(), task.now)
        of_facts = _point_figures(task.kpi, point(question, place, figures, {}, judged))
        standing = slow_open.get(place, aggregates.Backlog(none_open))
        of_raw = expected_figures(task.kpi, slow.get(place, aggregates.Cell()), standing, observed.get(place))
        assert of_facts.keys() == of_raw.keys()
        task.report.compared += len(of_facts)
        for figure_name, number in of_facts.items():
            if number != of_raw[figure_name]:
                _report_number(task, question, place, (figure_name, number, of_raw[figure_name]))


def _compare_columns(
    task: _Comparison,
    question: KpiQuestion,
    fast: Mapping[PointKey, Figures],
    figures_of_columns: Mapping[PointKey, Figures],
) -> None:
    """Compare what is counted in the living facts with what is counted in exported ones."""
    for place in fast.keys() | figures_of_columns.keys():
        of_facts, of_columns = (
            _point_figures(
                task.kpi,
                point(
                    question,
                    place,
                    figures.get(place, Figures()),
                    {},
                    PointContext(None, Figures(), task.now),
                ),
            )
            for figures in (fast, figures_of_columns)
        )
        task.report.compared += len(of_facts)
        for name, number in of_facts.items():
            if number != of_columns[name]:
                _report_number(task, question, place, (f"columns: {name}", number, of_columns[name]))


_EMPTY = OutputModel()


def _point_figures(kpi: Kpi, kpi_point: KpiPoint) -> ExpectedFigures:
    elapsed = (
        (kpi_point.business if kpi.is_in_business_time else kpi_point.elapsed) or kpi_point.survival or _EMPTY
    ).model_dump()
    return {
        "value": kpi_point.value,
        "cases": kpi_point.cases,
        "numerator": kpi_point.numerator,
        "denominator": kpi_point.denominator,
        "rota_days": kpi_point.rota_days,
        **{name: elapsed.get(name) for name in Distribution.model_fields},
        "open_cases": kpi_point.open_cases,
        "oldest_open_seconds": kpi_point.oldest_open_seconds,
        "on_hold": kpi_point.on_hold,
        "skewed": kpi_point.skewed,
        **kpi_point.excluded,
    }


def _report_number(
    task: _Comparison, question: KpiQuestion, place: PointKey, unlike: tuple[str, float | None, float | None]
) -> None:
    begin, end = question.bounds[place[0] - 1], question.bounds[place[0]]
    figure_name, fast, slow = unlike
    by = dict(zip((dimension.value for dimension in question.by), place[1], strict=True))
    concerned = list(dict.fromkeys(case.case_id for case in task.differing if case.lies_in(begin, end, by)))
    names = {name: None if value is None else str(value) for name, value in by.items()}
    task.report.add(
        FigureDifference(
            task.kpi.key, begin, end, names, figure_name, str(fast), str(slow), tuple(concerned[:MOST_CASES])
        )
    )
