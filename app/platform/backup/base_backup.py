"""Base backups of the embedded database, and the receiving of its log (PostgreSQL's write-ahead log)."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from app.platform.backup.manifest import verify_files
from app.platform.backups import (
    NAME_FORMAT,
    PARTIAL,
    WAL,
    BackupDescription,
    BackupRefused,
    BaseBackup,
    add_erased,
    list_backups,
    sync,
    write_description,
)
from app.platform.embedded import CLUSTER, EmbeddedError, Tools, installed_tools

#: The replication slot for which PostgreSQL keeps its log until it is received.
SLOT = "ledgerdesk_backup"
LONGEST_SECONDS = 7 * 86_400.0
RECEIVER_SECONDS = 60.0
FIRST_WAL = re.compile(r"\(file ([0-9A-F]{24})\)")
#: Identity of the database in a backup, read as a superuser.
IDENTITY = """
select s.system_identifier::text, c.timeline_id, to_regclass('fold.person') is not null
from pg_control_system() s, pg_control_checkpoint() c"""
STATE = """
select (select version_num from plumbing.migration), (select position from log.head),
  array(select id::text from fold.person where state = 'erased')"""


def client_tools() -> Tools:
    """Return the programs that only ask a server, which any user runs, root too. Raises EmbeddedError."""
    return Tools(installed_tools().bin, None)


@contextlib.contextmanager
def locked(folder: Path, name: str) -> Iterator[int]:
    """Hold a lock in the folder of backups. The processes that inherit it hold it, too: one that outlives us
    keeps others away. Raises BackupRefused if somebody has it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BackupRefused(
            f"Another backup into {folder} is running, or its receiver still runs."
        ) from error
    else:
        yield lock
    finally:
        os.close(lock)


def make_backup(url: str, folder: Path, version: str, now: Callable[[], datetime]) -> BaseBackup:
    """Copy the database of that address, as a superuser, into the folder of backups, and verify the copy. It
    has its name only when it is whole. Raises BackupRefused, EmbeddedError.
    """
    tools = client_tools()
    with locked(folder, "backup") as lock:
        for broken_off in folder.glob(f"{PARTIAL}*"):
            shutil.rmtree(broken_off)
        with psycopg.connect(url, autocommit=True) as connection:
            system, timeline, is_migrated = _row(connection, IDENTITY)
            _refuse_other_database(folder, system, timeline)
            began = now()
            new = folder / f"{PARTIAL}{began.strftime(NAME_FORMAT)}"
            new.mkdir(mode=0o700)
            cluster = new / CLUSTER
            command = [str(tools.bin / "pg_basebackup"), "-d", url, "-D", str(cluster), "--wal-method=stream"]
            command += ["--checkpoint=fast", "--manifest-checksums=SHA256", "--no-password"]
            tools.run(*command, seconds=LONGEST_SECONDS, keep=(lock,))
            verify_files(cluster, tools)
            schema, position, erased = _row(connection, STATE) if is_migrated else (None, 0, [])
        add_erased(folder, erased)
        label = FIRST_WAL.search((cluster / "backup_label").read_text("utf-8"))
        assert label is not None, "PostgreSQL says there where its log begins"
        finished = now()
        size = sum(path.stat().st_size for path in cluster.rglob("*") if path.is_file())
        description = BackupDescription(
            *(began.isoformat(), finished.isoformat(), version, schema, position),
            *(system, timeline, label[1], size),
        )
        write_description(new, description)
        place = folder / began.astimezone(UTC).strftime(NAME_FORMAT)
        new.rename(place)
        sync(folder)
        return BaseBackup(place, finished, description)


def _row(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row


def _refuse_other_database(folder: Path, system: str, timeline: int) -> None:
    """Raise BackupRefused if the folder has backups of another database, or of this one before it was
    restored: its log would not go on from theirs.
    """
    for backup in list_backups(folder):
        described = backup.description
        if described is None or (described.system, described.timeline) != (system, timeline):
            raise BackupRefused(
                f"{backup.folder} is a backup of another database, or of this one before a restore. Choose "
                "a new folder, and keep the old one while you may need it."
            )


def drop_old_backups(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest backups of that number, and the log that only they need. Return those that
    are gone.
    """
    backups = list_backups(folder)
    old, newest = backups[:-keep], backups[-keep:]
    for backup in old:
        # It loses its name first, so that half of it is never taken for the whole.
        removed = backup.folder.with_name(f"{PARTIAL}{backup.folder.name}-old")
        backup.folder.rename(removed)
        shutil.rmtree(removed)
    first = newest[0].description.first_wal if newest and newest[0].description else None
    for path in (folder / WAL).glob("*"):
        if first is not None and path.name[:24] < first:
            path.unlink()
    return [backup.folder for backup in old]


def receive_log(url: str, folder: Path, note: Callable[[], None]) -> None:
    """Receive the log of the server at that address into the folder of backups, until it is stopped by an
    exception; call `note` every minute. Raises BackupRefused, EmbeddedError.
    """
    tools, place = client_tools(), folder / WAL
    with locked(folder, WAL) as lock:
        with psycopg.connect(url, autocommit=True) as connection:
            system, timeline, _ = _row(connection, IDENTITY)
        _refuse_other_database(folder, system, timeline)
        place.mkdir(exist_ok=True, mode=0o700)
        command = [str(tools.bin / "pg_receivewal"), "-d", url, "-D", str(place), f"--slot={SLOT}"]
        tools.run(*command, "--create-slot", "--if-not-exists")
        receiver = subprocess.Popen(  # noqa: S603  # the command is ours, and no shell reads the paths
            [*command, "--no-password", "--status-interval=1"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(lock,),
        )
        try:
            while receiver.poll() is None:
                note()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    receiver.wait(RECEIVER_SECONDS)
        finally:
            receiver.send_signal(signal.SIGINT)
            receiver.wait()
    raise EmbeddedError("pg_receivewal stopped. The reason is in its output above.")


def note_erased(url: str, folder: Path) -> None:
    """Note who is erased in the database of that address, as far as it answers."""
    with contextlib.suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as connection:
        add_erased(folder, _row(connection, STATE)[2])
