"""`ledgerdesk restore`: restores the embedded database from a folder of backups."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from app.cli.erase import erase_person
from app.cli.exits import DIFFERENT
from app.cli.figures.reconcile import compare_figures
from app.cli.output import Json, print_json, print_line
from app.cli.runtime import command_line_metadata, open_runtime_ledger
from app.cli.upkeep.backup import NOT_EMBEDDED
from app.cli.upkeep.rebuild import compare_rows
from app.foundation.people.persons import LIFECYCLE
from app.kernel.access.reads import load
from app.kernel.access.vault import MASTER_KEY_FILE
from app.kernel.ledger import Ledger
from app.kpis.questions.question import zone_named
from app.log import read
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform import loop, settings
from app.platform.backup import restoring
from app.platform.backups import RESTORED, BackupRefused, read_erased, write_json
from app.platform.db import connect
from app.platform.embedded import installed_tools, make_data_dir
from app.platform.files.directories import data_directory, secrets_directory
from app.platform.files.secret_files import copy_secrets
from app.platform.settings import Settings
from app.search import index

NO_FOLDER = "Enter the folder of the backup, or set LEDGERDESK_BACKUP_DIR."


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """Result of a verification: the log's position after a restore, the people who were erased again, and the
    numbers of differing rows and figures.
    """

    position: int
    erased: list[str]
    differing_rows: int
    differing_figures: int


def restore(
    from_folder: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Folder of backups. Default: LEDGERDESK_BACKUP_DIR."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S.%f%z"],
            metavar="INSTANT",
            help="Point in time with a time zone, such as 2026-11-27T14:55:00Z. Default: the latest "
            "possible.",
        ),
    ] = None,
    secrets_from: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also restore the secrets from this folder.")
    ] = None,
    base_only: Annotated[
        bool, typer.Option("--base-only", help="Restore only the backup, without the log received since.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Restore the embedded database into an empty installation, to its newest state or to a point in time.
    Also erase the people again who were erased after the backup, rebuild the rows from the log, and
    reconcile the KPIs.
    """
    current = settings.current()
    folder = from_folder or current.backup_dir
    if folder is None:
        raise typer.BadParameter(NO_FOLDER, param_hint="--from")
    if current.database_url is not None:
        raise BackupRefused(NOT_EMBEDDED)
    data_dir = data_directory(current).absolute()
    restoring.refuse_living(data_dir)
    secrets = secrets_directory(current)
    if not ((secrets_from or secrets) / MASTER_KEY_FILE).exists():
        raise BackupRefused(
            f"There is no {MASTER_KEY_FILE} in {secrets_from or secrets}. Without it, names and texts are "
            "unreadable. Restore the secrets that belong to the backup with --secrets-from DIR."
        )
    if secrets_from is not None:
        make_data_dir(data_dir, installed_tools())  # which PostgreSQL's user may pass through
        copy_secrets(secrets_from, secrets)
    erased: list[str] = []

    def erase_again(copy: Path) -> None:
        apart = current.model_copy(update={"data_dir": copy, "secrets_dir": secrets})
        erased.extend(loop.run(_erase_again(apart, read_erased(folder))))

    with Console(stderr=True).status("Restoring the database"):
        restored = restoring.restore_database(
            folder, data_dir, until, prepare=erase_again, with_log=not base_only
        )
    with Console(stderr=True).status("Rebuilding the rows and reconciling the KPIs"):
        verified = loop.run(_verify(current, erased))
    with contextlib.suppress(OSError):  # the folder may be read only
        write_json(folder / RESTORED, {"at": command_line_metadata().now.isoformat()})
    _report(restored, verified, until, as_json=as_json)
    if verified.differing_rows or verified.differing_figures:
        raise typer.Exit(DIFFERENT)


async def _verify(current: Settings, erased: list[str]) -> VerificationResult:
    """Verify what is there now that those were erased again."""
    async with open_runtime_ledger() as ledger:
        rows, _ = await compare_rows(ledger.db.url, None, lambda _: None)
        zone = zone_named(current.time_zone)
        figures = await compare_figures(ledger.db.url, zone, current.currency, [], anew=False)
        position = await read.head(ledger.db)
    return VerificationResult(position, erased, sum(rows.differing.values()), figures.difference_count)


async def _erase_again(copy: Settings, person_ids: set[str]) -> list[str]:
    """Erase the persons in the copy, and return those who were erased; those who are already, or who came
    only later, are not among them.
    """
    if not person_ids:
        return []
    async with open_runtime_ledger(copy) as ledger:
        erased = [person_id for person_id in sorted(person_ids) if await _is_erased_again(ledger, person_id)]
        if erased:
            await _update_index(ledger)
    return erased


async def _update_index(ledger: Ledger) -> None:
    """Take the words of erased persons out of the search index, which is in a backup in the clear: no worker
    need run for it.
    """
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    try:
        await catch_up(connection, index.consumer(ledger))
    finally:
        await connection.close()


async def _is_erased_again(ledger: Ledger, person_id: str) -> bool:
    loaded = await load(ledger.db, LIFECYCLE, person_id)
    return loaded is not None and await erase_person(ledger, loaded.record)


def _report(
    restored: restoring.RestoreResult, verified: VerificationResult, until: datetime | None, *, as_json: bool
) -> None:
    last = restored.last_change_at.isoformat() if restored.last_change_at else None
    if as_json:
        document: dict[str, Any] = {"backup": restored.backup.folder, "until": until, "last_change_at": last}
        document |= {"reached": restored.reached, "position": verified.position}
        document |= {"erased_again": verified.erased, "differing_rows": verified.differing_rows}
        print_json({**document, "differing_figures": verified.differing_figures})
        return
    print_line(f"Restored from {restored.backup.folder}, position {verified.position} of the log.")
    if last is not None:
        print_line(f"The last restored change was made at {last}.")
    if not restored.reached and until is not None:
        print_line(f"No later change is known up to {until.isoformat()}.")
    for person in verified.erased:
        print_line(f"Erased again: {person}.")
    if verified.differing_rows or verified.differing_figures:
        print_line(f"Differing rows: {verified.differing_rows}; figures: {verified.differing_figures}.")
    else:
        print_line("The log gives exactly the restored rows, and the KPIs agree.")
    print_line(
        "Make a backup to a new folder now, because the log of this database differs from the old one from "
        "here on."
    )
