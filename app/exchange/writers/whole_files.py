"""Files that have their name only when they are whole and on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.platform.backups import sync
from app.platform.failures import OperationRefused

UNFINISHED_SUFFIX = ".part"


class ExportRefused(OperationRefused):
    """The export cannot be made or read; the message has the reason and the remedy."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Provide the path of a new file that takes the place of `path` at the end of the block; if the block
    fails, what was there stays. Raises ExportRefused if the folder cannot be written to.
    """
    part = path.with_name(f"{path.name}{UNFINISHED_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        part.touch()
    except OSError as error:
        raise ExportRefused(f"{path} cannot be written: {error.strerror}.") from error
    try:
        yield part
        sync(part)
        part.replace(path)
        sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Provide a new folder that has the name `path` at the end of the block; if the block fails, nothing
    stays. Raises ExportRefused if there is something of that name, or it cannot be written.
    """
    part = path.with_name(f"{path.name}{UNFINISHED_SUFFIX}")
    if path.exists():
        raise ExportRefused(f"{path} already exists. Choose a folder that does not exist yet.")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise ExportRefused(f"{path} cannot be written: {error.strerror}.") from error
    try:
        yield part
        sync(part)
        part.rename(path)
        sync(path.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def unfinished_beside(path: Path) -> list[Path]:
    """Return the files and folders next to `path` that an export which was killed has left. The next export
    to the same name removes its own.
    """
    own = f"{path.name}{UNFINISHED_SUFFIX}"
    return sorted(left for left in path.parent.glob(f"*{UNFINISHED_SUFFIX}") if left.name != own)
