"""`ledgerdesk export xes` and `ocel`: the cases of processes as event logs for process mining."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.cli.output import Json, names_hint, print_json, print_line, progress_bar
from app.cli.runtime import command_line_metadata
from app.conformance.facts.consumer import consumer
from app.conformance.kinds import with_cases
from app.conformance.parameters import ConformanceStepQuery, StepKind
from app.conformance.questions import BEGIN_SNAPSHOT, ConformanceQuestion, facts_position, parse
from app.exchange.writers.cases import ExportedCases
from app.exchange.writers.ocel import WrittenObjects, write_ocel
from app.exchange.writers.xes import WrittenCases, write_xes
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.questions.question import CannotAnswer
from app.log.follow import FOLLOW_LIMITS, process_next_batch
from app.platform import installation, loop, settings
from app.platform.db import Connection, connect
from app.registry import LIFECYCLES

T = TypeVar("T")
#: The kinds of cases, by their names.
PROCESSES = {lifecycle.kind: lifecycle for lifecycle in with_cases(LIFECYCLES)}
#: Kinds whose cases an object-centric log contains by default.
USUAL = ("incident", "request", "problem", "change")
UNLIMITED = "-c jit=off -c timezone=UTC -c plan_cache_mode=force_custom_plan"

Begin = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="Start: a date, or a time with a time zone. Default: twelve months before the end.",
    ),
]
End = Annotated[str | None, typer.Option("--to", help="End, exclusive. Default: the end of this month.")]
Zone = Annotated[
    str | None, typer.Option(help="Time zone of dates, such as Asia/Shanghai. Default: the organisation's.")
]
OpenCases = Annotated[
    bool, typer.Option("--open", help="Export open cases instead of cases that ended in that time.")
]
Steps = Annotated[StepKind, typer.Option(help="Export all events, or only changes of the state.")]
Source = Annotated[
    str | None,
    typer.Option(
        help="Origin of the cases: ours, or an imported history such as import:legacy. Default: all."
    ),
]
OutputFile = Annotated[Path, typer.Option("--out", dir_okay=False, metavar="FILE", help="File to write.")]


def _processes(names: list[str] | None) -> list[str] | None:
    return names and [_process(name) for name in names]


def _process(name: str) -> str:
    if name not in PROCESSES:
        raise typer.BadParameter(f"there is no process {name!r} with cases; {names_hint(name, PROCESSES)}")
    return name


@dataclass(frozen=True, slots=True)
class Selection:
    """The cases to export according to the options: their time range, and which of their events."""

    begin: str | None
    end: str | None
    zone: str | None
    open: bool
    steps: StepKind
    source: str | None

    def query(self) -> ConformanceStepQuery:
        """Return it as conformance asks."""
        source = None if self.source is None else [self.source]
        return ConformanceStepQuery.model_validate(
            {
                "from": self.begin,
                "to": self.end,
                "tz": self.zone,
                "open": self.open,
                "steps": self.steps,
                "source": source,
            }
        )


def xes(  # noqa: PLR0913  # the options of a command
    process: Annotated[
        str, typer.Argument(callback=_process, help=f"Kind of cases: {', '.join(PROCESSES)}.")
    ],
    *,
    out: OutputFile,
    begin: Begin = None,
    end: End = None,
    tz: Zone = None,
    open_cases: OpenCases = False,
    steps: Steps = StepKind.all,
    source: Source = None,
    as_json: Json = False,
) -> None:
    """Write the cases of a process that ended in a time as an event log (XES): their steps with times, who
    took them and which team had the case; persons by their ids, and no texts.
    """
    selection = Selection(begin, end, tz, open_cases, steps, source)

    async def work(connection: Connection) -> WrittenCases:
        cases = await selected_cases(connection, PROCESSES[process], selection)
        with case_bar() as progress:
            return await write_xes(connection, cases, out, progress)

    written = with_facts_of_cases(work)
    if as_json:
        print_json({"file": str(out), "process": process} | asdict(written))
        return
    print_line(
        f"{written.cases:,} cases, {written.events:,} events, {written.variants:,} variants, up to position "
        f"{written.position} of the log: {out}."
    )


def ocel(  # noqa: PLR0913  # the options of a command
    *,
    out: OutputFile,
    process: Annotated[
        list[str] | None,
        typer.Option(
            callback=_processes, help=f"Kind of cases; can be repeated. Default: {', '.join(USUAL)}."
        ),
    ] = None,
    begin: Begin = None,
    end: End = None,
    tz: Zone = None,
    open_cases: OpenCases = False,
    steps: Steps = StepKind.all,
    source: Source = None,
    as_json: Json = False,
) -> None:
    """Write the cases of several processes that ended in a time as an object-centric event log (OCEL 2.0),
    with the persons, teams, services and items that they name; persons by their ids, and no texts.
    """
    selection = Selection(begin, end, tz, open_cases, steps, source)

    async def work(connection: Connection) -> WrittenObjects:
        cases = [
            await selected_cases(connection, PROCESSES[kind], selection)
            for kind in dict.fromkeys(process or USUAL)
        ]
        with case_bar() as progress:
            return await write_ocel(connection, LIFECYCLES, cases, out, progress)

    written = with_facts_of_cases(work)
    if as_json:
        print_json({"file": str(out)} | asdict(written))
        return
    for kind, counts in written.processes.items():
        print_line(f"{kind}: {counts['cases']:,} cases, {counts['variants']:,} variants.")
    print_line(
        f"{written.objects:,} objects, {written.events:,} events, {written.relations_of_events:,} relations "
        f"of events and {written.relations_of_objects:,} of objects, up to position {written.position} of "
        f"the log: {out}."
    )


async def selected_cases(
    connection: Connection, lifecycle: Lifecycle[Any], selection: Selection
) -> ExportedCases:
    """Return the cases of that kind that are selected. Raises BadParameter."""
    now, zone = command_line_metadata().now, settings.current().time_zone
    try:
        question: ConformanceQuestion = await parse(connection, lifecycle, selection.query(), now, zone)
    except CannotAnswer as error:
        raise typer.BadParameter(error.sentence("en"), param_hint=f"--{error.field}") from error
    position, _ = await facts_position(connection)
    return ExportedCases(question, position)


def with_facts_of_cases(work: Callable[[Connection], Awaitable[T]]) -> T:
    """Let the facts of conformance follow the log to its end, since there may be no worker, and run `work` in
    one snapshot of both; return its result.
    """

    async def run(url: str) -> T:
        await _follow(url)
        # A connection of its own instead of one of the pool: an export may take longer than any request.
        connection = await connect(url, UNLIMITED)
        try:
            async with connection.transaction():
                await connection.execute(BEGIN_SNAPSHOT.encode())
                return await work(connection)
        finally:
            await connection.close()

    current = settings.current()
    with installation.open_installation(current) as place:
        installation.check(place, current)
        return loop.run(run(place.url))


async def _follow(url: str) -> None:
    follower = consumer(LIFECYCLES)
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        with progress_bar() as bar:
            task = bar.add_task("Following the log", total=None)
            while (span := await process_next_batch(connection, follower)) is not None:
                bar.update(task, description=f"Following the log, at {span.last}")
    finally:
        await connection.close()


@contextmanager
def case_bar() -> Iterator[Callable[[int, int], None]]:
    """Provide a function that shows how many of all cases are written."""
    columns = (TextColumn("Writing cases"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with progress_bar(*columns) as bar:
        task = bar.add_task("Writing cases", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
