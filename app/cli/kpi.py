"""`ledgerdesk kpi`: any KPI as a table or as JSON, and the cases that it was computed from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from app import installation, settings
from app.cli.place import context
from app.cli.say import document, say, table
from app.db import Database, connect
from app.kpis.answer import KpiAnswer, answer
from app.kpis.cases import LARGEST_PAGE, KpiCase, Page, cases
from app.kpis.catalogue import KPIS
from app.kpis.facts import FACTS
from app.kpis.kpi import Aggregate, Kpi, Unit
from app.kpis.periods import Grain
from app.kpis.points import KpiPoint
from app.kpis.question import CannotAnswer, Question, Said, ask
from app.kpis.router import declared
from app.log.follow import FOLLOW_LIMITS, reset, take_next

T = TypeVar("T")

BAR = 20
OPTIONS = {"grain": "--grain", "from": "--from", "to": "--to", "tz": "--tz", "by": "--by"}
LABELS = {Grain.month: "%Y-%m", Grain.year: "%Y"}
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def kpi(  # noqa: PLR0913  # the options of a command
    key: Annotated[str | None, typer.Argument(help="The KPI's key; none: list them.")] = None,
    *,
    grain: Annotated[
        str | None, typer.Option(help="day, week, month, quarter, year, or all. [default: month]")
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="From when: a date, or a time with a zone.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Up to when, exclusive.")] = None,
    tz: Annotated[str | None, typer.Option(help="The time zone that periods are cut in.")] = None,
    by: Annotated[list[str] | None, typer.Option(help="Cut by: priority, team, … (several: commas).")] = None,
    filters: Annotated[
        list[str] | None, typer.Option("--filter", help="Only these cases: team=network,mail or team=none.")
    ] = None,
    show_cases: Annotated[
        bool, typer.Option("--cases", help="List the cases that the whole time counts.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="With --cases: how many at the most.")] = 50,
    as_json: Json = False,
) -> None:
    """Print a KPI as of now, period by period, or the cases that it counts; without a key all KPIs."""
    if key is None:
        _list(as_json)
        return
    found = known(key)
    said = Said(
        grain=grain,
        begin=begin,
        end=end,
        zone=tz,
        by=_split(by or ()),
        filters=dict(_filter(text) for text in filters or ()),
    )
    current = settings.current()
    now = context().now
    try:
        question = ask(
            found,
            said,
            now=now,
            organisation_zone=current.time_zone,
            reopen_days=current.reopen_days,
            currency=current.currency,
        )
        if show_cases:
            page = _with_facts(lambda db: _cases(db, question, now, limit))
            _print_cases(question, page, as_json)
        else:
            _print_answer(question, _with_facts(lambda db: answer(db, question, now)), as_json)
    except CannotAnswer as error:
        hint = OPTIONS.get(error.field, f"--filter {error.field}=…")
        raise typer.BadParameter(error.sentence("en"), param_hint=hint) from error


def known(key: str) -> Kpi:
    """The KPI of that key. Raises BadParameter with those that there are."""
    if key not in KPIS:
        raise typer.BadParameter(f"there is no {key!r}; there are {', '.join(KPIS)}")
    return KPIS[key]


async def catch_up(url: str, *, anew: bool = False) -> None:
    """Lets the facts follow the log up to its end, since there may be no worker. Raises DatabaseGone.

    `anew`: from its beginning.
    """
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        if anew:
            await reset(connection, FACTS)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Following the log", total=None)
            while (span := await take_next(connection, FACTS)) is not None:
                bar.update(task, description=f"Following the log, at {span.last}")
    finally:
        await connection.close()


def _with_facts(work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Does the work on facts that have followed the log."""

    async def run(url: str) -> T:
        await catch_up(url)
        db = Database(url, 1)
        await db.open()
        try:
            return await work(db)
        finally:
            await db.close()

    current = settings.current()
    with installation.found(current) as place:
        installation.check(place, current)
        return asyncio.run(run(place.url))


async def _cases(db: Database, question: Question, now: datetime, limit: int) -> Page:
    """The first cases, as many as are wanted."""
    page = await cases(db, question, now, limit=min(limit, LARGEST_PAGE))
    while page.last is not None and len(page.cases) < limit:
        more = await cases(
            db, question, now, after=page.last, limit=min(limit - len(page.cases), LARGEST_PAGE)
        )
        page = Page([*page.cases, *more.cases], more.last, more.position, more.lag_seconds)
    return page


def _list(as_json: bool) -> None:
    shown = [declared(one, "en") for one in KPIS.values()]
    if as_json:
        document(shown)
    else:
        table(("key", "unit", "name"), [(one.key, one.unit.value, one.name) for one in shown])


def _split(texts: Sequence[str]) -> list[str]:
    return [piece for text in texts for piece in text.split(",") if piece]


def _filter(text: str) -> tuple[str, list[str]]:
    name, there, values = text.partition("=")
    if not there or not _split([values]):
        raise typer.BadParameter(f"{text!r} is not of the form team=network,mail", param_hint="--filter")
    return name, _split([values])


def _print_answer(question: Question, found: KpiAnswer, as_json: bool) -> None:
    if as_json:
        document(found)
        return
    _print_heading(question)
    if not found.points:
        say("There are no cases in that time.")
    else:
        columns = ["period", *(dimension.value for dimension in question.by), "value", "", "cases"]
        highest = max((point.value or 0 for point in found.points), default=0)
        more = [_more(question.kpi, point) for point in found.points]
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
            for point, columns_of_its_own in zip(found.points, more, strict=True)
        ]
        table(columns, _right(columns, rows, len(question.by) + 1))
    _print_standing(found.position, found.lag_seconds)


def _more(kpi: Kpi, point: KpiPoint) -> dict[str, str]:
    """What there is to say of a point besides its value and its cases, by column."""
    if kpi.aggregate is Aggregate.mean:
        of = point.elapsed
        parts = {name: getattr(of, name) if of else None for name in ("median", "p90", "max")}
        shown = {name: _number(Unit.seconds, value) for name, value in parts.items()}
        return shown | {"open": _number(Unit.cases, point.open_cases)}
    if kpi.aggregate is Aggregate.per_agent_day:
        return {"agent-days": _number(Unit.cases, point.denominator)}
    if point.numerator is not None:
        return {"together" if kpi.unit is Unit.money else "of them": _number(_brought(kpi), point.numerator)}
    return {reason: f"{cases:,}" for reason, cases in point.excluded.items()} if kpi.fact else {}


def _print_cases(question: Question, page: Page, as_json: bool) -> None:
    if as_json:
        standing = {"position": page.position, "lag_seconds": page.lag_seconds}
        document({"key": question.kpi.key, **standing, "items": page.cases, "complete": page.last is None})
        return
    _print_heading(question)
    columns = ["number", "decided", "brings", "remarks", "events (position in the log)"]
    rows = [
        [
            case.number,
            case.decided_at.astimezone(question.zone).isoformat(" ", "seconds"),
            _number(_brought(question.kpi), case.measure),
            ", ".join(_remarks(case)),
            ", ".join(f"{event.type.partition('.')[2]} ({event.position})" for event in case.events),
        ]
        for case in page.cases
    ]
    table(columns, rows)
    if page.last is not None:
        say(f"There are more: these are the first {len(page.cases)}. Say --limit to see more.")
    _print_standing(page.position, page.lag_seconds)


def _brought(kpi: Kpi) -> Unit:
    """What a case's number is a number of."""
    return kpi.unit if kpi.unit in {Unit.seconds, Unit.money} else Unit.cases


def _remarks(case: KpiCase) -> list[str]:
    marks = {"irregular": case.irregular, "response inferred": case.inferred}
    return [*([case.excluded] if case.excluded else []), *(name for name, holds in marks.items() if holds)]


def _print_heading(question: Question) -> None:
    words = question.kpi.words("en")
    begin, end = (_local(bound, question.zone) for bound in (question.bounds[0], question.bounds[-1]))
    say(f"{words.name}: {words.definition}")
    say(f"From {begin} to before {end}, {question.zone.key}.")
    say("")


def _print_standing(position: int, lag_seconds: float) -> None:
    behind = f"; the log goes on, since {lag_seconds:.1f} s" if lag_seconds else ""
    say("")
    say(f"As of position {position} of the log{behind}.")


def _local(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return local.date().isoformat() if midnight else local.isoformat(" ")


def _period(question: Question, point: KpiPoint) -> str:
    local = point.begin.astimezone(question.zone)
    if question.grain is Grain.all:
        return "all"
    if question.grain is Grain.quarter:
        return f"{local.year}-Q{(local.month + 2) // 3}"
    return local.strftime(LABELS.get(question.grain, "%Y-%m-%d"))


def _number(unit: Unit, value: float | None) -> str:
    """A number for people: `3d 04h`, `12 %`, `1,204`; what has no value is a dash."""
    if value is None:
        return "–"
    if unit is Unit.ratio:
        return f"{value:.2%}"
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


def _right(columns: list[str], rows: list[list[str]], first: int) -> list[list[str]]:
    """The rows with the numbers, from that column on, under one another."""
    for n in range(first, len(columns)):
        if columns[n]:
            width = max(len(columns[n]), *(len(row[n]) for row in rows))
            columns[n] = columns[n].rjust(width)
            for row in rows:
                row[n] = row[n].rjust(width)
    return rows
