"""Folders of backups: the description of each backup, and a list of them.

<folder>/2026-11-27T14-55-00Z/backup.json    what the backup is, written last
<folder>/2026-11-27T14-55-00Z/postgres/      the files of PostgreSQL
<folder>/wal/                                the log of PostgreSQL, as it was received
<folder>/erased.json                         persons who were erased, as far as is known
<folder>/restored.json                       the last restore from this folder
<folder>/.partial-…/                         a backup that is being made, or was broken off
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.platform.failures import OperationRefused

DESCRIPTION, MANIFEST, ERASED, RESTORED = "backup.json", "backup_manifest", "erased.json", "restored.json"
WAL, PARTIAL = "wal", ".partial-"
#: A name that sorts by time, and that every file system takes.
NAME_FORMAT = "%Y-%m-%dT%H-%M-%SZ"


@dataclass(frozen=True, slots=True)
class BackupDescription:
    """A base backup: when its copying began and was finished, of which version of the program and which
    schema, and of which database. `first_wal` is the first file of PostgreSQL's log that it needs.
    """

    began_at: str
    finished_at: str
    version: str
    schema: str | None
    position: int
    system: str
    timeline: int
    first_wal: str
    bytes: int


@dataclass(frozen=True, slots=True)
class BaseBackup:
    """A base backup in a folder of backups. `description` is None if `pg_basebackup` was run by hand."""

    folder: Path
    finished_at: datetime
    description: BackupDescription | None


def list_backups(folder: Path) -> list[BaseBackup]:
    """Return the backups that are whole, oldest first. Raises OSError if the folder cannot be read."""
    backups = []
    for place in folder.iterdir():
        if place.name.startswith(".") or not place.is_dir():
            continue
        if (place / DESCRIPTION).exists():
            description = BackupDescription(**json.loads((place / DESCRIPTION).read_text("utf-8")))
            backups.append(BaseBackup(place, datetime.fromisoformat(description.finished_at), description))
        elif (place / MANIFEST).exists():  # pg_basebackup writes it last
            written = datetime.fromtimestamp((place / MANIFEST).stat().st_mtime, UTC)
            backups.append(BaseBackup(place, written, None))
    return sorted(backups, key=lambda backup: backup.finished_at)


def write_description(folder: Path, description: BackupDescription) -> None:
    """Write what the backup in that folder is."""
    write_json(folder / DESCRIPTION, asdict(description))


def read_erased(folder: Path) -> set[str]:
    """Return the ids of the persons that are known to be erased."""
    path = folder / ERASED
    return set(json.loads(path.read_text("utf-8"))) if path.exists() else set()


def add_erased(folder: Path, ids: Iterable[str]) -> None:
    """Note persons as erased, besides those that are noted already."""
    noted, more = read_erased(folder), set(ids)
    if more - noted:
        write_json(folder / ERASED, sorted(noted | more))


def read_restored_at(folder: Path) -> datetime | None:
    """Return when the last restore from that folder was done; None: never."""
    path = folder / RESTORED
    return datetime.fromisoformat(json.loads(path.read_text("utf-8"))["at"]) if path.exists() else None


def write_json(path: Path, content: Any) -> None:
    """Write a file as a whole: it is on the disk before it has its name."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Have the content of a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class BackupRefused(OperationRefused):
    """The backup cannot be made or restored; the message has the reason and the remedy."""
