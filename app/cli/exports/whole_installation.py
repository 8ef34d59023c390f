"""`ledgerdesk export --all` and `ledgerdesk import --restore`: the whole installation, out and in again."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from app.cli.figures.kpi import catch_up
from app.cli.output import print_json, print_line, progress_bar
from app.cli.runtime import command_line_metadata
from app.conformance.facts.consumer import consumer
from app.exchange.whole.export import export_all
from app.exchange.whole.manifest import read_manifest, verify_files
from app.exchange.whole.restore import RestoredInstallation, restore_all
from app.exchange.writers.whole_files import ExportRefused, unfinished_beside
from app.kernel.access.vault import MASTER_KEY_FILE, master_key
from app.platform import installation, loop, settings
from app.platform.files.directories import secrets_directory
from app.registry import LIFECYCLES

UNFINISHED = "{left} is left of an export that was killed, or is being written. If no export runs, remove it."
KEY_APART = (
    "The export does not contain the master key: without {key}, names and texts are unreadable. Keep both, "
    "in different places."
)


def export_whole(folder: Path, *, as_json: bool) -> None:
    """Write the whole installation to a folder, and print what it contains."""
    current = settings.current()
    for left in unfinished_beside(folder.absolute()):
        typer.echo(UNFINISHED.format(left=left), err=True)
    with installation.open_installation(current) as place:
        installation.check(place, current)
        with progress_bar(TextColumn("{task.description}"), BarColumn()) as bar:
            task = bar.add_task("Exporting", total=None)

            def progress(table: str, rows: int, events: int) -> None:
                bar.update(task, description=f"{table}: {rows:,} rows", completed=rows, total=events)

            manifest = loop.run(
                export_all(
                    place.owner_url or place.url, folder, command_line_metadata().now, LIFECYCLES, progress
                )
            )
        key = place.secrets_dir / MASTER_KEY_FILE
    rows = sum(table.rows for table in manifest.tables)
    if as_json:
        figures = {"folder": str(folder), "position": manifest.position, "schema": manifest.database_schema}
        print_json(figures | {"tables": len(manifest.tables), "rows": rows, "bytes": manifest.size})
        return
    print_line(
        f"Exported to {folder}: position {manifest.position} of the log, {len(manifest.tables)} tables, "
        f"{rows:,} rows, {manifest.size / 1024**2:.1f} MiB."
    )
    print_line(KEY_APART.format(key=key))


def restore_whole(folder: Path, *, as_json: bool) -> None:
    """Restore the whole installation from a folder, and print the result. Raises ExportRefused."""
    current = settings.current()
    manifest = read_manifest(folder)
    secrets = secrets_directory(current)
    if not (secrets / MASTER_KEY_FILE).exists():
        raise ExportRefused(
            f"There is no {MASTER_KEY_FILE} in {secrets}. Without it, names and texts are unreadable. Copy "
            "the secrets that belong to the export to this folder."
        )
    with progress_bar(TextColumn("{task.description}"), BarColumn()) as bar:
        task = bar.add_task("Checking the files", total=manifest.size)
        verify_files(folder, manifest, lambda size: bar.advance(task, size))
    with installation.open_installation(current) as place:
        installation.check(place, current)
        owner_url = installation.owner_address(place, current)
        name = master_key(secrets).name
        with progress_bar(TextColumn("{task.description}"), BarColumn()) as bar:
            step = _Step(bar, bar.add_task("Restoring", total=manifest.size))
            restored = loop.run(restore_all(owner_url, folder, manifest, name, LIFECYCLES, step))
        loop.run(catch_up(place.url, consumer(LIFECYCLES)))
    _report(restored, as_json=as_json)


class _Step:
    """Shows which table is being restored, and how much of all."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def __call__(self, name: str, size: int) -> None:
        self._bar.update(self._task, description=f"Restoring {name}", advance=size)


def _report(restored: RestoredInstallation, *, as_json: bool) -> None:
    if as_json:
        print_json({"position": restored.position, "rows": restored.rows, "folded": restored.folded})
        return
    print_line(
        f"Restored: position {restored.position} of the log, {restored.rows:,} rows, and {restored.folded:,} "
        "rebuilt from the log. The facts are complete; full-text search is updated when a worker runs."
    )
    print_line("Everyone must sign in again. Run ledgerdesk reconcile to compare the KPIs with the log.")
