"""Output of `ledgerdesk kpi`: KPIs and their cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import typer

from app.cli.output import print_json, print_line, print_table
from app.common.files.csv_text import Cell, dump_csv
from app.kpis import tabular
from app.kpis.answers.answer import KpiAnswer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import CasePage, KpiCase
from app.kpis.declaration.kpi import Aggregate, Clock, Kpi, Unit
from app.kpis.declaration.measures import Measure
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import KpiQuestion

BAR = 20
NEAR_ALL = 0.99
LABELS = {Grain.month: "%Y-%m", Grain.year: "%Y"}


class FigureFormat(StrEnum):
    """The form of the output: for people, for programs, for spreadsheets."""

    words = "words"
    json = "json"
    csv = "csv"


def sheet(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print a table as CSV."""
    typer.echo(dump_csv(columns, rows), nl=False)


def print_answer(question: KpiQuestion, answer: KpiAnswer, form: FigureFormat) -> None:
    """Print the KPI's figures, period by period."""
    if form is FigureFormat.json:
        print_json(answer)
        return
    if form is FigureFormat.csv:
        sheet(*tabular.series_table(answer, question.by))
        return
    _print_heading(question)
    if not answer.points:
        print_line("There are no cases in this time.")
    else:
        columns = ["period", *(dimension.value for dimension in question.by), "value", "", "cases"]
        highest = max((point.value or 0 for point in answer.points), default=0)
        more = [_extra_columns(question.kpi, point) for point in answer.points]
        columns += more[0]
        rows = [
            [
                _period(question, point),
                *(value or "none" for value in point.by.values()),
                _number(question.kpi.unit, point.value),
                "█" * round(BAR * (point.value or 0) / highest) if highest else "",
                f"{point.cases:,}",
                *columns_of_its_own.values(),
            ]
            for point, columns_of_its_own in zip(answer.points, more, strict=True)
        ]
        print_table(columns, _right_aligned(columns, rows, len(question.by) + 1))
    _print_standing(answer.position, answer.lag_seconds)


#: Names of the days by which cases are divided.
DAYS = {Aggregate.per_day: "days", Aggregate.per_agent_day: "agent-days"}


def _extra_columns(kpi: Kpi, point: KpiPoint) -> dict[str, str]:
    """Return what the table shows of a point besides its value and cases, by column."""
    if kpi.is_timed:
        duration = point.business if kpi.clock is Clock.business else point.elapsed
        parts = {name: getattr(duration, name) if duration else None for name in ("median", "p90", "max")}
        columns = {name: _number(Unit.seconds, value) for name, value in parts.items()}
        columns |= {"open": _number(Unit.cases, point.open_cases)}
        return columns | ({"skewed": _number(Unit.cases, point.skewed)} if kpi.may_be_skewed else {})
    if kpi.is_of_outages:
        units = {"agreed_seconds": Unit.seconds, "outage_seconds": Unit.seconds}
        units |= {"expected": Unit.ratio, "at_least": Unit.seconds}
        return {name: _number(unit, getattr(point.exposure, name, None)) for name, unit in units.items()}
    if kpi.aggregate in DAYS:
        return {DAYS[kpi.aggregate]: _number(Unit.cases, point.denominator)}
    if point.numerator is not None:
        return {
            "together" if kpi.measure is Measure.cost else "of them": _number(
                _measure_unit(kpi), point.numerator
            )
        }
    if kpi.is_backlog:
        return {"on hold": _number(Unit.cases, point.on_hold)}
    return {reason: f"{cases:,}" for reason, cases in point.excluded.items()}


def print_cases(question: KpiQuestion, page: CasePage, form: FigureFormat) -> None:
    """Print the cases of the page."""
    head = {"key": question.kpi.key, "position": page.position, "lag_seconds": page.lag_seconds}
    if form is FigureFormat.json:
        print_json({**head, "items": page.cases, "complete": page.last is None})
        return
    if form is FigureFormat.csv:
        sheet(*tabular.cases_table({**head, "items": [case.model_dump(mode="json") for case in page.cases]}))
        return
    _print_heading(question)
    columns = ["number", "decided", "value", "remarks", "events (position in the log)"]
    rows = [
        [
            case.number,
            case.decided_at.astimezone(question.zone).isoformat(" ", "seconds"),
            _number(_measure_unit(question.kpi), case.measure),
            ", ".join(_remarks(case)),
            ", ".join(f"{event.type.partition('.')[2]} ({event.position})" for event in case.events),
        ]
        for case in page.cases
    ]
    print_table(columns, rows)
    if page.last is not None:
        print_line(f"There are more: these are the first {len(page.cases)}. Use --limit to see more.")
    _print_standing(page.position, page.lag_seconds)


def _measure_unit(kpi: Kpi) -> Unit:
    """Return the unit of a case's measure."""
    if kpi.measure is Measure.cost:
        return Unit.money
    if kpi.is_of_outages:
        return Unit.seconds if kpi.is_of_time else Unit.cases
    return Unit.seconds if kpi.unit is Unit.seconds else Unit.cases


def _remarks(case: KpiCase) -> list[str]:
    marks = {"on hold": bool(case.on_hold), "irregular": case.irregular}
    marks |= {"inferred": case.inferred, "skewed": case.skewed}
    return [*([case.excluded] if case.excluded else []), *(name for name, holds in marks.items() if holds)]


def _print_heading(question: KpiQuestion) -> None:
    words = question.kpi.texts("en")
    begin, end = (_local(bound, question.zone) for bound in (question.bounds[0], question.bounds[-1]))
    print_line(f"{words.name}: {words.definition}")
    print_line(f"From {begin} to before {end}, {question.zone.key}.")
    print_line("")


def _print_standing(position: int, lag_seconds: float) -> None:
    behind = f"; the log goes on, since {lag_seconds:.1f} s" if lag_seconds else ""
    print_line("")
    print_line(f"As of position {position} of the log{behind}.")


def _local(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return local.date().isoformat() if midnight else local.isoformat(" ")


def _period(question: KpiQuestion, point: KpiPoint) -> str:
    local = point.begin.astimezone(question.zone)
    if question.grain is Grain.all:
        return "all"
    if question.grain is Grain.quarter:
        return f"{local.year}-Q{(local.month + 2) // 3}"
    return local.strftime(LABELS.get(question.grain, "%Y-%m-%d"))


def _number(unit: Unit, value: float | None) -> str:
    """Return a number for people: `3d 04h`, `12 %`, `1,204`; a dash for None."""
    if value is None:
        return "–"
    if unit is Unit.ratio:
        # Shares near 100 % keep more digits: 99.9512 % and not 99.95 %.
        return f"{value:.4%}" if NEAR_ALL < value < 1 else f"{value:.2%}"
    if unit is Unit.money:
        return f"{value / 100:,.2f}"
    if unit is not Unit.seconds:
        return f"{value:,}"
    minutes, seconds = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(
        f"{number}{name}" if n == 0 else f"{number:02}{name}" for n, (number, name) in enumerate(parts[:2])
    )


def _right_aligned(columns: list[str], rows: list[list[str]], first: int) -> list[list[str]]:
    """Right-align all cells from column `first` on, in place, headings included; return the rows."""
    for n in range(first, len(columns)):
        if columns[n]:
            width = max(len(columns[n]), *(len(row[n]) for row in rows))
            columns[n] = columns[n].rjust(width)
            for row in rows:
                row[n] = row[n].rjust(width)
    return rows
