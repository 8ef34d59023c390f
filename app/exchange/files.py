"""Opening a file of any kind: plain, gzip, or a zip with one file in it. Read as a stream, never as a
whole.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.exchange.readers.rows import FileRefused

BUFFER = 1024 * 1024
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_DAMAGED = (EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)


class SourceFile:
    """A file that is being read. `size` and `bytes_read` are bytes of the file as it lies on the disk."""

    def __init__(self, raw: BinaryIO, unpacked: BinaryIO, size: int) -> None:
        self._raw = raw
        self._unpacked = unpacked
        self.size = size

    @property
    def bytes_read(self) -> int:
        """How much of it has been read."""
        return min(self._raw.tell(), self.size)

    def block(self, size: int) -> bytes:
        """Up to so many more bytes of what is in it; none at its end. Raises FileRefused if it is damaged."""
        try:
            return self._unpacked.read(size)
        except _DAMAGED as error:
            raise FileRefused(f"The file is damaged after {self.bytes_read:,} bytes: {error}.") from error


@dataclass(frozen=True, slots=True)
class InMemoryFile:
    """A file that is in memory."""

    name: str
    body: bytes


@contextlib.contextmanager
def source_file(path: Path | InMemoryFile) -> Iterator[SourceFile]:
    """The file, open. Raises FileRefused if it cannot be opened, or is a zip with more or less than one
    file.
    """
    with contextlib.ExitStack() as stack:
        try:
            raw: BinaryIO = io.BytesIO(path.body) if isinstance(path, InMemoryFile) else path.open("rb")
            stack.enter_context(raw)
            first = raw.read(4)
            raw.seek(0)
            unpacked: BinaryIO = raw
            if first.startswith(_GZIP):
                unpacked = io.BufferedReader(stack.enter_context(gzip.GzipFile(fileobj=raw)), BUFFER)
            elif first == _ZIP:
                unpacked = stack.enter_context(
                    _single_member(stack.enter_context(zipfile.ZipFile(raw)), path.name)
                )
            size = len(path.body) if isinstance(path, InMemoryFile) else path.stat().st_size
        except _DAMAGED as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise FileRefused(f"{path.name} cannot be opened: {why}.") from error
        yield SourceFile(raw, unpacked, size)


def _single_member(archive: zipfile.ZipFile, name: str) -> BinaryIO:
    # What begins so is what macOS puts beside every file.
    inside = [
        one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")
    ]
    if len(inside) != 1:
        raise FileRefused(
            f"{name} holds {len(inside)} files; a zip to be imported holds one. (A spreadsheet is a zip too: "
            "save it as CSV.)"
        )
    return archive.open(inside[0])  # type: ignore[return-value]  # it is one in all but name
