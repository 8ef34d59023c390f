"""Restoring of the embedded database from a folder of backups, to its newest state or to an instant."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from app.platform.backup.manifest import verify_files
from app.platform.backups import WAL, BackupRefused, BaseBackup, list_backups, sync
from app.platform.embedded import (
    CLUSTER,
    EmbeddedError,
    Tools,
    embedded_server,
    installed_tools,
    make_data_dir,
)

STAGING = "restoring"
SEGMENT_NAME = 24
SEGMENTS_PER_FILE = 0x100
#: A log of a day may take hours to be replayed; a server that dies is noticed at once.
LONGEST_SECONDS = 86_400.0
NOT_REACHED = "recovery ended before configured recovery target was reached"
# The copy contains all of the log, but PostgreSQL requires a command that would fetch more.
RECOVERY = {"restore_command": "false", "recovery_target_action": "promote", "hot_standby": "off"}
LAST_CHANGE = "select pg_last_xact_replay_timestamp()"


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The outcome of a restore: the backup, the instant of the last change that was replayed (None: no
    change), and whether the log went as far as the requested instant.
    """

    backup: BaseBackup
    last_change_at: datetime | None
    reached: bool


def choose_backup(folder: Path, until: datetime | None) -> BaseBackup:
    """Return the newest backup that was finished by that instant. Raises BackupRefused."""
    try:
        backups = [backup for backup in list_backups(folder) if backup.description is not None]
    except OSError as error:
        raise BackupRefused(f"{folder} cannot be read: {error.strerror}.") from error
    if not backups:
        raise BackupRefused(f"{folder} has no backup made by `ledgerdesk backup`.")
    early = [backup for backup in backups if until is None or backup.finished_at <= until]
    if not early:
        raise BackupRefused(
            f"The oldest backup in {folder} was completed at {backups[0].finished_at.isoformat()}; no "
            "earlier time can be restored."
        )
    return early[-1]


def refuse_living(data_dir: Path) -> None:
    """Raise BackupRefused if there is a database in that data directory."""
    if (data_dir / CLUSTER).exists():
        raise BackupRefused(
            f"{data_dir} already has a database, which is never overwritten. Move the folder "
            f"{data_dir / CLUSTER} away, or set LEDGERDESK_DATA_DIR to an empty folder."
        )


def restore_database(
    folder: Path,
    data_dir: Path,
    until: datetime | None,
    *,
    prepare: Callable[[Path], None],
    with_log: bool = True,
) -> RestoreResult:
    """Restore the database into an empty data directory, from the newest backup that was finished by the
    instant, and the log that was received since. `with_log=False`: the backup alone. `prepare` is called with
    the data directory of the copy, for what must be done before anybody can start it. The directory has a
    database only when all of that is done. Raises BackupRefused, EmbeddedError, and what `prepare` raises.
    """
    tools = installed_tools()
    refuse_living(data_dir)
    backup = choose_backup(folder, until)
    verify_files(backup.folder / CLUSTER, Tools(tools.bin, None))
    segments = _segments(backup, folder / WAL) if with_log else {}
    staging = data_dir / STAGING
    _clear(staging)
    for place in (data_dir, staging):
        make_data_dir(place, tools)
    _copy(backup, segments, staging / CLUSTER, tools)
    target = {} if until is None else {"recovery_target_time": until.isoformat()}
    try:
        last_change_at, reached = _recover(staging, target), True
    except EmbeddedError as error:
        if until is None or NOT_REACHED not in str(error):
            raise
        last_change_at, reached = _recover(staging, {}), False
    prepare(staging)
    (staging / CLUSTER).rename(data_dir / CLUSTER)
    sync(data_dir)
    shutil.rmtree(staging)
    return RestoreResult(backup, last_change_at, reached)


def _clear(staging: Path) -> None:
    """Remove what a restore that was killed has left, after the server that may still be at it."""
    if (staging / "server.lock").exists():
        with suppress(EmbeddedError), embedded_server(staging, RECOVERY, LONGEST_SECONDS):
            pass  # Its last user stops it.
    shutil.rmtree(staging, ignore_errors=True)


def _segments(backup: BaseBackup, wal: Path) -> dict[str, Path]:
    """Return the files of the log that go on from the backup, by name. Raises BackupRefused if one of them is
    missing.
    """
    assert backup.description is not None
    first = backup.description.first_wal
    own = {path.name for path in (backup.folder / CLUSTER / "pg_wal").iterdir() if path.is_file()}
    received = {
        path.name[:SEGMENT_NAME]: path
        for path in sorted(wal.glob("*"), reverse=True)  # the whole file goes before the partial one
        if path.name[:SEGMENT_NAME] >= first and path.name[SEGMENT_NAME:] in ("", ".partial")
    }
    expected = first
    for name in sorted(received.keys() | {name for name in own if len(name) == SEGMENT_NAME}):
        if name != expected:
            raise BackupRefused(
                f"The received log has a gap: {expected} is missing. Restore only the backup with "
                "--base-only, or restore an earlier time from an older backup."
            )
        expected = _next_segment(name)
    return received


def _next_segment(name: str) -> str:
    """Return the name of the file of the log that follows: timeline, file of 4 GiB, segment of it."""
    number = int(name[8:16], 16) * SEGMENTS_PER_FILE + int(name[16:], 16) + 1
    return f"{name[:8]}{number // SEGMENTS_PER_FILE:08X}{number % SEGMENTS_PER_FILE:08X}"


def _copy(backup: BaseBackup, segments: dict[str, Path], cluster: Path, tools: Tools) -> None:
    shutil.copytree(backup.folder / CLUSTER, cluster)
    cluster.chmod(0o700)
    for name, path in segments.items():
        shutil.copyfile(path, cluster / "pg_wal" / name)
    (cluster / "recovery.signal").touch()
    if tools.user is None:
        return
    for place, folders, files in os.walk(cluster):
        for name in (".", *folders, *files):
            os.chown(Path(place, name), tools.user.pw_uid, tools.user.pw_gid)


def _recover(staging: Path, target: dict[str, str]) -> datetime | None:
    """Have PostgreSQL replay the log that is in the copy, and return the instant of the last change."""
    with (
        embedded_server(staging, RECOVERY | target, LONGEST_SECONDS) as server,
        psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection,
    ):
        row = connection.execute(LAST_CHANGE).fetchone()
    return None if row is None else row[0]
