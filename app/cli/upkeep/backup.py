"""`ledgerdesk backup`: copies the embedded database into a folder of backups, or receives its log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.output import Json, print_json, print_line
from app.cli.runtime import command_line_metadata
from app.platform import installation, settings
from app.platform.backup import base_backup
from app.platform.backups import WAL, BackupRefused
from app.platform.embedded import embedded_server
from app.platform.files.directories import secrets_directory
from app.platform.files.secret_files import copy_secrets, refuse_together
from app.platform.installation import DATABASE, SUPERUSER
from app.platform.settings import Settings

NOT_EMBEDDED = (
    "This installation uses an external PostgreSQL. Back it up with pg_basebackup and archived WAL, or "
    "with the tools of your provider. The documentation on backups has the commands."
)
NO_FOLDER = "Enter a folder with --to DIR, or set LEDGERDESK_BACKUP_DIR."
SECRETS_APART = "The backup does not contain the secrets. Copy them to another place with --secrets-to DIR."


def backup(
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Folder of backups. Default: LEDGERDESK_BACKUP_DIR."),
    ] = None,
    secrets_to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Also copy the secrets to this folder, in a place apart from the backups."
        ),
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Delete all but this number of the newest backups.")
    ] = None,
    receive_wal: Annotated[
        bool,
        typer.Option(
            "--wal", help="Receive the log of PostgreSQL until stopped, to restore any point in time."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Back up the embedded database while it is in use. A backup gets its name when it is complete and
    verified.

    A backup and the secrets together reveal names and texts, even of people who are erased later.
    """
    current = settings.current()
    folder = to or current.backup_dir
    if folder is None:
        raise typer.BadParameter(NO_FOLDER, param_hint="--to")
    if secrets_to is not None:
        refuse_together(secrets_to, folder)
    with _superuser_url(current) as url:
        if receive_wal:
            print_line(f"Receiving PostgreSQL's log into {folder / WAL}.")
            base_backup.receive_log(url, folder, lambda: base_backup.note_erased(url, folder))
            return
        with Console(stderr=True).status("Copying the database"):
            base = base_backup.make_backup(url, folder, version("ledgerdesk"), _now)
    deleted = base_backup.drop_old_backups(folder, keep) if keep is not None else []
    secrets = secrets_directory(current)
    copied = copy_secrets(secrets, secrets_to) if secrets_to is not None else []
    assert base.description is not None, "whoever makes a backup describes it"
    if as_json:
        print_json({"folder": base.folder, **asdict(base.description), "deleted": deleted, "secrets": copied})
        return
    size = base.description.bytes / 1024**2
    print_line(f"Backed up to {base.folder}: {size:.0f} MiB, position {base.description.position}, verified.")
    print_line(f"Secrets copied to {secrets_to}: {', '.join(copied)}." if copied else SECRETS_APART)
    for path in deleted:
        print_line(f"Deleted: {path}.")


def _now() -> datetime:
    return command_line_metadata().now


@contextmanager
def _superuser_url(current: Settings) -> Iterator[str]:
    """Provide the address of the embedded database as its superuser. Raises BackupRefused."""
    if current.database_url is not None:
        raise BackupRefused(NOT_EMBEDDED)
    with installation.open_unchanged(current) as place:
        assert place.data_dir is not None, "it is embedded"
        with embedded_server(place.data_dir) as server:
            yield server.url(DATABASE, SUPERUSER)
