"""`ledgerdesk kpi`: prints a KPI as a table, JSON or CSV, or the cases that it was computed from."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError

from app.api.listings.list_queries import AsOf
from app.cli.figures.engines import EngineOption, FactsOption, answer_by_spark, check_engine
from app.cli.figures.kpi_output import FigureFormat, print_answer, print_cases, sheet
from app.cli.output import names_hint, print_json, print_table, progress_bar
from app.cli.runtime import command_line_metadata
from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.answers.as_of import log_moment
from app.kpis.cases.drill_down import LARGEST_PAGE, CasePage, cases
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Kpi
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.access import question_of
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters
from app.kpis.shapes import describe_kpi
from app.log import read
from app.log.follow import FOLLOW_LIMITS, Consumer, process_next_batch, reset
from app.log.histories import analyse
from app.platform import installation, loop, settings
from app.platform.db import Database, connect

T = TypeVar("T")

OPTIONS = {"grain": "--grain", "from": "--from", "to": "--to", "tz": "--tz", "by": "--by"} | {
    "as_of": "--as-of"
}
AS_OF_ADAPTER: TypeAdapter[int | datetime] = TypeAdapter(AsOf)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def kpi(  # noqa: PLR0913  # the options of a command
    key: Annotated[str | None, typer.Argument(help="KPI by key. Default: list all KPIs.")] = None,
    *,
    grain: Annotated[
        str | None,
        typer.Option(help="Period length: day, week, month, quarter, year or all. [default: month]"),
    ] = None,
    begin: Annotated[str | None, typer.Option("--from", help="Start: a date, or a time with a zone.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="End, exclusive.")] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of the periods.")] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Dimensions such as priority or team, separated by commas.")
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="Only these cases, such as team=network,mail or team=none."),
    ] = None,
    show_cases: Annotated[bool, typer.Option("--cases", help="List the cases of the whole time.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Highest number of cases, with --cases.")] = 50,
    as_of: Annotated[
        str | None, typer.Option(help="Figures as known then: a log position, or a time with a time zone.")
    ] = None,
    engine: EngineOption = None,
    facts: FactsOption = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table for spreadsheets.")] = False,
) -> None:
    """Print a KPI by period, or its cases; without a key, list all KPIs."""
    check_engine(engine, facts, other=show_cases or as_of is not None)
    if as_of is not None and show_cases:
        raise typer.BadParameter("cases are available only for the present", param_hint="--as-of")
    form = _form(as_json=as_json, as_csv=as_csv)
    if key is None:
        _list(form)
        return
    kpi = find_kpi(key)
    parameters = QuestionParameters(
        grain=grain,
        begin=begin,
        end=end,
        zone=tz,
        by=_split(by or ()),
        filters=dict(_filter(text) for text in filters or ()),
    )
    now = command_line_metadata().now
    try:
        question = question_of(settings.current(), kpi, parameters, now)
        if show_cases:
            print_cases(question, _with_facts(lambda db: _cases(db, question, now, limit)), form)
        elif facts is not None:
            print_answer(question, _with_facts(lambda db: answer_by_spark(db, question, now, facts)), form)
        elif as_of is None:
            print_answer(question, _with_facts(lambda db: answer(db, question, now)), form)
        else:
            then = _parse_as_of(as_of)
            print_answer(*_with_facts(lambda db: _answer_as_of(db, kpi, parameters, then, now)), form)
    except CannotAnswer as error:
        hint = OPTIONS.get(error.field, f"--filter {error.field}=…")
        raise typer.BadParameter(error.sentence("en"), param_hint=hint) from error


def _form(*, as_json: bool, as_csv: bool) -> FigureFormat:
    if as_csv and as_json:
        raise typer.BadParameter("choose one output format", param_hint="--csv")
    return FigureFormat.csv if as_csv else FigureFormat.json if as_json else FigureFormat.words


def _parse_as_of(text: str) -> int | datetime:
    try:
        return AS_OF_ADAPTER.validate_python(text)
    except ValidationError as error:
        raise CannotAnswer("as_of", "as_of") from error


async def _answer_as_of(
    db: Database, kpi: Kpi, parameters: QuestionParameters, as_of: int | datetime, now: datetime
) -> tuple[KpiQuestion, KpiAnswer]:
    """Return the KPI's question, made from the parameters, and its answer as the log knew it at the
    time `as_of`. Raises CannotAnswer if that time lies ahead.
    """
    if await read.is_beyond_head(db, as_of, now):
        raise CannotAnswer("as_of", "ahead_of_the_log")
    then = await log_moment(db, as_of, now)
    question = question_of(settings.current(), kpi, parameters, then.instant)
    return question, await answer(db, question, then.instant, position=then.position)


def find_kpi(key: str) -> Kpi:
    """Return the KPI with that key. Raises BadParameter, which names keys that exist."""
    if key not in KPIS:
        raise typer.BadParameter(f"there is no KPI {key!r}; {names_hint(key, KPIS, 'ledgerdesk kpi')}")
    return KPIS[key]


async def catch_up(url: str, *further: Consumer, anew: bool = False) -> None:
    """Process the log up to its end into facts, since there may be no worker. Raises DatabaseGone. `further`
    are consumers that keep further facts. `anew`: from the log's beginning.
    """
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        # A log that has just grown, as the demo's, is read ten times as fast.
        await analyse(connection)
        with progress_bar() as bar:
            task = bar.add_task("Following the log", total=None)
            for follower in (FACTS, *further):
                if anew:
                    await reset(connection, follower)
                while (span := await process_next_batch(connection, follower)) is not None:
                    bar.update(task, description=f"Following the log, at {span.last}")
    finally:
        await connection.close()


def _with_facts(work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Run the work with facts that are up to date with the log."""

    async def run(url: str) -> T:
        await catch_up(url)
        db = Database(url, 1)
        await db.open()
        try:
            return await work(db)
        finally:
            await db.close()

    current = settings.current()
    with installation.open_installation(current) as place:
        installation.check(place, current)
        return loop.run(run(place.url))


async def _cases(db: Database, question: KpiQuestion, now: datetime, limit: int) -> CasePage:
    """Return the first cases, up to the limit."""
    page = await cases(db, question, now, limit=min(limit, LARGEST_PAGE))
    while page.last is not None and len(page.cases) < limit:
        more = await cases(
            db, question, now, after=page.last, limit=min(limit - len(page.cases), LARGEST_PAGE)
        )
        page = CasePage([*page.cases, *more.cases], more.last, more.position, more.lag_seconds)
    return page


def _list(form: FigureFormat) -> None:
    kpis = [describe_kpi(kpi, "en") for kpi in KPIS.values()]
    if form is FigureFormat.json:
        print_json(kpis)
    elif form is FigureFormat.csv:
        sheet(("key", "unit", "name"), [(kpi.key, kpi.unit.value, kpi.name) for kpi in kpis])
    else:
        print_table(("key", "unit", "name"), [(kpi.key, kpi.unit.value, kpi.name) for kpi in kpis])


def _split(texts: Sequence[str]) -> list[str]:
    return [piece for text in texts for piece in text.split(",") if piece]


def _filter(text: str) -> tuple[str, list[str]]:
    name, separator, values = text.partition("=")
    if not separator or not _split([values]):
        raise typer.BadParameter(f"{text!r} must have the form team=network,mail", param_hint="--filter")
    return name, _split([values])
