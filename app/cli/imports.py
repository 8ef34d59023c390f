"""`ledgerdesk import`: brings the histories of other systems into the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.cli.exits import REFUSED
from app.cli.place import context, with_ledger
from app.cli.say import document, say, table
from app.db import DatabaseGone
from app.exchange import load
from app.exchange.mapping import FileMapping, read_mapping
from app.exchange.readers.lines import ENCODINGS, UTF8
from app.exchange.readers.mapped import Delimited
from app.exchange.readers.ndjson import Ndjson
from app.exchange.readers.rows import FileRefused, Reader
from app.exchange.readers.servicenow import ServiceNow
from app.exchange.readers.times import DateOrder, zone_named
from app.exchange.readers.xes import Xes
from app.exchange.report import Report
from app.kernel.ledger import Ledger

GOES_ON = "What was told before that stays. Start the same import again, and it goes on from there."

imports = typer.Typer(help="Bring in the histories of other systems.", no_args_is_help=True)


@imports.callback()
def formats() -> None:
    """Bring in the histories of other systems."""


def _zone(name: str) -> str:
    try:
        zone_named(name)
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
    typer.Argument(exists=True, dir_okay=False, readable=True, help="The file; also as gz or zip."),
]
Mapping = Annotated[
    Path,
    typer.Option(
        "--mapping", exists=True, dir_okay=False, readable=True, help="What its columns mean here, as TOML."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would come of it; write nothing.")]
Encoding = Annotated[str, typer.Option(callback=_encoding, help=f"One of {', '.join(ENCODINGS)}.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
OptionalZone = Annotated[
    str | None,
    typer.Option(
        callback=_optional(_zone), help="The time zone (IANA) of times without one; before the mapping's."
    ),
]
OptionalSource = Annotated[
    str | None,
    typer.Option(callback=_optional(_source), help="The name of that system here; before the mapping's."),
]


@imports.command()
def servicenow(
    file: File,
    zone: Annotated[
        str,
        typer.Option(callback=_zone, help="The time zone (IANA) of the file's times, such as Asia/Shanghai."),
    ],
    dry_run: DryRun = False,
    source: Annotated[
        str, typer.Option(callback=_source, help="The name of that system here. It is never changed.")
    ] = "servicenow",
    date_order: Annotated[
        DateOrder | None,
        typer.Option(help="How the file writes dates, where its first rows do not show it."),
    ] = None,
    encoding: Encoding = UTF8,
    as_json: AsJson = False,
) -> None:
    """Bring in ServiceNow's audit of incidents as CSV. Doing it again adds only what is new."""
    reader = ServiceNow(zone, context().now, date_order, encoding)
    _bring(file, reader, source, dry_run=dry_run, as_json=as_json)


@imports.command()
def csv(
    file: File,
    mapping: Mapping,
    zone: OptionalZone = None,
    source: OptionalSource = None,
    dry_run: DryRun = False,
    encoding: Encoding = UTF8,
    as_json: AsJson = False,
) -> None:
    """Bring in a delimited file that a mapping explains. Doing it again adds only what is new."""
    explained = _mapping(mapping)
    reader = Delimited(explained, context().now, zone, encoding)
    _bring(file, reader, source or _source_of(explained), dry_run=dry_run, as_json=as_json)


@imports.command()
def xes(
    file: File,
    mapping: Mapping,
    zone: OptionalZone = None,
    source: OptionalSource = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring in an event log (XES) that a mapping explains. Doing it again adds only what is new."""
    explained = _mapping(mapping)
    reader = Xes(explained, context().now, zone)
    _bring(file, reader, source or _source_of(explained), dry_run=dry_run, as_json=as_json)


@imports.command()
def ndjson(
    file: File,
    source: Annotated[
        str, typer.Option(callback=_source, help="The name of that system here. It is never changed.")
    ],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring in a history in our own form, a JSON object per line. Doing it again adds only what is new."""
    _bring(file, Ndjson(context().now), source, dry_run=dry_run, as_json=as_json)


def _source_of(mapping: FileMapping) -> str:
    if mapping.source is None:
        raise typer.BadParameter("say which system this is from, here or as `source` in the mapping.")
    return mapping.source


def _bring(file: Path, reader: Reader, source: str, *, dry_run: bool, as_json: bool) -> None:
    now = context().now

    async def work(ledger: Ledger) -> Report:
        with _bar() as progress:
            return await load.load(
                ledger, file, reader, source=source, now=now, dry_run=dry_run, progress=progress
            )

    with _resumable(dry_run=dry_run):
        report = with_ledger(work)
    if as_json:
        told = {"file": str(file), "source": source, "zone": reader.zone, "dry_run": dry_run}
        document(told | _as_json(report))
    else:
        _tell(report, file.name, dry_run=dry_run)
    if report.read == report.refused.total():
        raise typer.Exit(REFUSED)  # nothing in it could be taken


class _Bar:
    """How far it is, on the terminal of whoever waits."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("Importing", total=None, told="")

    def __call__(self, progress: load.Progress) -> None:
        told = f"{progress.rows:,} rows, {progress.events:,} events"
        elapsed = self._bar.tasks[self._task].elapsed
        if elapsed:
            told += f", {progress.rows / elapsed:,.0f} rows/s"
        self._bar.update(self._task, completed=progress.done, total=progress.size, told=told)


@contextmanager
def _bar() -> Iterator[_Bar]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar)


@contextmanager
def _resumable(*, dry_run: bool) -> Iterator[None]:
    """What ends it on the way says how to go on."""
    try:
        yield
    except load.BrokenOff as error:
        raise DatabaseGone(str(error) if dry_run else f"{error} {GOES_ON}") from error
    except KeyboardInterrupt:
        if not dry_run:
            Console(stderr=True, soft_wrap=True, highlight=False).print(GOES_ON)
        raise


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "run": str(report.run),
        "rows": {
            "read": report.read,
            "applied": report.applied,
            "repeated": report.repeated,
            "refused": report.refused.total(),
        },
        "cases": report.cases,
        "events": report.events,
        "persons": report.added_persons,
        "teams": report.added_teams,
        "seconds": round(report.seconds, 3),
        "estimated": report.estimated,
        "irregular": dict(report.irregular.most_common()),
        "refused": dict(report.refused.most_common()),
        "first_refused": [
            {"line": line, "code": code, "reason": reason} for line, code, reason in report.first_refused
        ],
    }


def _tell(report: Report, name: str, *, dry_run: bool) -> None:
    refused = report.refused.total()
    rate = f", {report.events / report.seconds:,.0f} events/s" if report.events and report.seconds else ""
    say(f"{name}: {report.read:,} rows in {report.seconds:.1f} s{rate}.")
    if dry_run:
        say("This was a dry run: nothing was written.")
    if report.estimated:
        say("So many cases are mixed in the file that the numbers of new cases and events are upper limits.")
    say(f"  new            {report.applied:,} rows: {report.events:,} events, {report.cases:,} new cases")
    say(f"  told before    {report.repeated:,} rows")
    say(f"  refused        {refused:,} rows")
    say(f"  added          {report.added_persons:,} persons, {report.added_teams:,} teams")
    if report.irregular:
        say("\nMarked as irregular, by what does not fit the lifecycle:")
        table(("what", "events"), [(code, f"{n:,}") for code, n in report.irregular.most_common()])
    if refused:
        say("\nRefused rows, the first ones:")
        table(("line", "code", "reason"), report.first_refused)
        if refused > len(report.first_refused):
            say(f"Of all: {', '.join(f'{code} {n:,}' for code, n in report.refused.most_common())}.")
        if not dry_run:
            say(f"They are kept, encrypted, in plumbing.refused_row, as of the import {report.run}.")
