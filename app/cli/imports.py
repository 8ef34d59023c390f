"""`ledgerdesk import`: imports the histories of other systems into the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.cli import import_output as imports_shown
from app.cli.exits import LARGELY_REFUSED, REFUSED
from app.cli.exports.whole_installation import restore_whole
from app.cli.output import print_json, print_line, progress_bar
from app.cli.runtime import command_line_metadata, with_ledger
from app.common.times.written_times import DateOrder
from app.exchange import kpi_catch_up, load
from app.exchange.discoveries import from_files as discoveries
from app.exchange.kinds import Process
from app.exchange.kpi_catch_up import PATIENCE_SECONDS, CatchUpResult
from app.exchange.mapping import FileMapping, read_mapping
from app.exchange.readers.delimited import Delimited
from app.exchange.readers.lines import ENCODINGS, UTF8
from app.exchange.readers.ndjson import Ndjson
from app.exchange.readers.rows import FileRefused, Reader
from app.exchange.readers.servicenow import ServiceNow
from app.exchange.readers.times import zone_of_file
from app.exchange.readers.xes import Xes
from app.exchange.report import ImportReport
from app.foundation.discoveries.payloads import RecordDiscovery
from app.foundation.discoveries.records import Discovery
from app.kernel.actions.refusals import Refusal
from app.kernel.ledger import Ledger
from app.platform.db import DatabaseGone

KPIS = {
    CatchUpResult.caught_up: "The KPIs include all of it.",
    CatchUpResult.behind: "The KPIs do not include all of it yet, and have not changed for "
    f"{PATIENCE_SECONDS:.0f} s. See the output of the worker for the reason.",
    CatchUpResult.no_worker: "No worker is running, so the KPIs do not include it yet. Start ledgerdesk "
    "work or ledgerdesk serve. The commands ledgerdesk kpi and ledgerdesk reconcile also update the KPIs "
    "first.",
}
RESUME_HINT = "The rows before that are imported. Start the same import again to continue from there."

imports = typer.Typer(
    help="Import the histories of other systems, or a whole installation.", no_args_is_help=True
)


@imports.callback(invoke_without_command=True)
def formats(
    context: typer.Context,
    restore_from: Annotated[
        Path | None,
        typer.Option(
            "--restore",
            metavar="DIR",
            help="Restore an installation that ledgerdesk export --all wrote, into an empty one; "
            "positions, times and ids stay the same. Copy the master key to its place first.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Import the histories of other systems, or restore a whole installation."""
    if context.invoked_subcommand is None:
        if restore_from is None:
            raise typer.BadParameter("enter a command, or a folder to restore", param_hint="--restore")
        restore_whole(restore_from, as_json=as_json)
    elif restore_from is not None:
        raise typer.BadParameter("is not possible together with a command", param_hint="--restore")


def _zone(name: str) -> str:
    try:
        zone_of_file(name)
    except FileRefused as error:
        raise typer.BadParameter(str(error)) from error
    return name


def _source(name: str) -> str:
    if not load.SOURCE_NAME.fullmatch(name):
        raise typer.BadParameter(load.WRONG_SOURCE_NAME.format(name=name))
    return name


def _optional(check: Callable[[str], str]) -> Callable[[str | None], str | None]:
    return lambda name: None if name is None else check(name)


def _encoding(name: str) -> str:
    if name not in ENCODINGS:
        raise typer.BadParameter(f"use one of {', '.join(ENCODINGS)}.")
    return name


def _mapping(path: Path) -> FileMapping:
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise FileRefused(f"{path.name} cannot be read as UTF-8: {error}.") from error
    return read_mapping(text, path.name)


File = Annotated[
    Path,
    typer.Argument(
        exists=True, dir_okay=False, readable=True, help="File to import; gz and zip are possible."
    ),
]
Mapping = Annotated[
    Path,
    typer.Option(
        "--mapping", exists=True, dir_okay=False, readable=True, help="Mapping of the columns, as TOML."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only report the result; write nothing.")]
Encoding = Annotated[str, typer.Option(callback=_encoding, help=f"One of {', '.join(ENCODINGS)}.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
AllowRefused = Annotated[
    bool,
    typer.Option("--allow-refused", help="Exit with 0 even if more than a tenth of the rows is refused."),
]
OptionalZone = Annotated[
    str | None,
    typer.Option(
        callback=_optional(_zone), help="Time zone of times without one, instead of the one in the mapping."
    ),
]
OptionalSource = Annotated[
    str | None,
    typer.Option(
        callback=_optional(_source), help="Name of the other system, instead of the one in the mapping."
    ),
]


@imports.command()
def servicenow(
    file: File,
    zone: Annotated[
        str,
        typer.Option(callback=_zone, help="Time zone of the times in the file, such as Asia/Shanghai."),
    ],
    dry_run: DryRun = False,
    source: Annotated[
        str, typer.Option(callback=_source, help="Name of the other system. It cannot be changed later.")
    ] = "servicenow",
    date_order: Annotated[
        DateOrder | None, typer.Option(help="Order of day and month, if the first rows do not show it.")
    ] = None,
    encoding: Encoding = UTF8,
    as_json: AsJson = False,
    allow_refused: AllowRefused = False,
) -> None:
    """Import ServiceNow's audit of incidents as CSV. Importing it again adds only what is new."""
    reader = ServiceNow(zone, command_line_metadata().now, date_order, encoding)
    _run_import(file, reader, source, _ImportOptions(dry_run, as_json, allow_refused))


@imports.command()
def csv(
    file: File,
    mapping: Mapping,
    zone: OptionalZone = None,
    source: OptionalSource = None,
    dry_run: DryRun = False,
    encoding: Encoding = UTF8,
    as_json: AsJson = False,
    allow_refused: AllowRefused = False,
) -> None:
    """Import a delimited file that a mapping explains. Importing it again adds only what is new."""
    explained = _mapping(mapping)
    reader = Delimited(explained, command_line_metadata().now, zone, encoding)
    _run_import(
        file, reader, source or _source_of(explained), _ImportOptions(dry_run, as_json, allow_refused)
    )


@imports.command()
def xes(
    file: File,
    mapping: Mapping,
    zone: OptionalZone = None,
    source: OptionalSource = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    allow_refused: AllowRefused = False,
) -> None:
    """Import an event log (XES) that a mapping explains. Importing it again adds only what is new."""
    explained = _mapping(mapping)
    reader = Xes(explained, command_line_metadata().now, zone)
    _run_import(
        file, reader, source or _source_of(explained), _ImportOptions(dry_run, as_json, allow_refused)
    )


@imports.command()
def ndjson(
    file: File,
    source: Annotated[
        str, typer.Option(callback=_source, help="Name of the other system. It cannot be changed later.")
    ],
    process: Annotated[Process, typer.Option(help="Kind of cases in the file.")] = "incident",
    dry_run: DryRun = False,
    as_json: AsJson = False,
    allow_refused: AllowRefused = False,
) -> None:
    """Import a history in our own format, a JSON object per line. A repeated import adds only new rows."""
    reader = Ndjson(command_line_metadata().now, process)
    _run_import(file, reader, source, _ImportOptions(dry_run, as_json, allow_refused))


@imports.command()
def discovery(
    file: File,
    about: Annotated[
        Path,
        typer.Option(
            exists=True, dir_okay=False, readable=True, help="Description of the discovery, as JSON."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Compare the configuration items that a tool found with the records. After a crash, start it again to
    continue.
    """
    body = RecordDiscovery.model_validate_json(about.read_bytes())

    async def work(ledger: Ledger) -> Discovery:
        with progress_bar(TextColumn("Comparing"), BarColumn(), TaskProgressColumn()) as bar:
            task = bar.add_task("Comparing", total=None)
            return await discoveries.compare_file(
                ledger,
                file,
                body,
                command_line_metadata(),
                lambda done, size: bar.update(task, completed=done, total=size),
            )

    try:
        compared = with_ledger(work)
    except Refusal as refused:
        raise FileRefused(refused.sentence("en")) from refused
    if as_json:
        print_json(discoveries.figures_of(compared))
    elif compared.failure is None:
        for name, figure in discoveries.figures_of(compared).items():
            print_line(f"{name}: {figure}")
    else:
        print_line(f"The file cannot be compared: {compared.failure.en}.")
    if compared.failure is not None:
        raise typer.Exit(REFUSED)


def _source_of(mapping: FileMapping) -> str:
    if mapping.source is None:
        raise typer.BadParameter("enter the name of the other system here, or as source in the mapping.")
    return mapping.source


@dataclass(frozen=True, slots=True)
class _ImportOptions:
    """Options that all formats have."""

    dry_run: bool
    as_json: bool
    allow_refused: bool


def _run_import(file: Path, reader: Reader, source: str, options: _ImportOptions) -> None:
    now, dry_run = command_line_metadata().now, options.dry_run

    async def work(ledger: Ledger) -> tuple[ImportReport, CatchUpResult | None]:
        with _bar() as progress:
            report = await load.load(
                ledger, file, reader, source=source, now=now, dry_run=dry_run, progress=progress
            )
            return report, None if dry_run else await kpi_catch_up.wait_for_kpis(ledger.db, progress.follow)

    with _resumable(dry_run=dry_run):
        report, kpis = with_ledger(work)
    if options.as_json:
        document = {"file": str(file), "source": source, "zone": reader.zone, "dry_run": dry_run}
        print_json(document | imports_shown.as_json(report) | {"kpis": None if kpis is None else kpis.value})
    else:
        imports_shown.print_report(report, file.name, dry_run=dry_run)
        if kpis is not None:
            print_line(f"\n{KPIS[kpis]}")
    if report.read == report.refused.total():
        raise typer.Exit(REFUSED)  # every row was refused
    if report.is_largely_refused and not options.allow_refused:
        raise typer.Exit(LARGELY_REFUSED)


class _Bar:
    """A progress bar on the terminal."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("Importing", total=None, told="")

    def __call__(self, progress: load.LoadProgress) -> None:
        status = f"{progress.rows:,} rows, {progress.events:,} events"
        elapsed = self._bar.tasks[self._task].elapsed
        if elapsed:
            status += f", {progress.rows / elapsed:,.0f} rows/s"
        self._bar.update(self._task, completed=progress.done, total=progress.size, told=status)

    def follow(self, done: int, total: int) -> None:
        """Show that the KPIs have processed `done` of `total` imported events."""
        status = f"{done:,} of {total:,} events"
        self._bar.update(self._task, description="KPIs follow", completed=done, total=total, told=status)


@contextmanager
def _bar() -> Iterator[_Bar]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with progress_bar(*columns) as bar:
        yield _Bar(bar)


@contextmanager
def _resumable(*, dry_run: bool) -> Iterator[None]:
    """Add to an interruption how to resume the import."""
    try:
        yield
    except load.ImportInterrupted as error:
        raise DatabaseGone(str(error) if dry_run else f"{error} {RESUME_HINT}") from error
    except KeyboardInterrupt:
        if not dry_run:
            Console(stderr=True, soft_wrap=True, highlight=False).print(RESUME_HINT)
        raise
