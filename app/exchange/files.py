"""Files to import, opened as streams: plain, gzip, or a zip with exactly one file in it."""

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
    """A file that is being read. `size` and `bytes_read` are bytes of the file on disk, compressed or not."""

    def __init__(self, raw: BinaryIO, unpacked: BinaryIO, size: int) -> None:
        self._raw = raw
        self._unpacked = unpacked
        self.size = size

    @property
    def bytes_read(self) -> int:
        """Return how many bytes of the file on disk have been read."""
        return min(self._raw.tell(), self.size)

    def block(self, size: int) -> bytes:
        """Return up to `size` further bytes of the uncompressed content; empty at its end. Raises FileRefused
        if the file is damaged.
        """
        try:
            return self._unpacked.read(size)
        except _DAMAGED as error:
            raise FileRefused(f"The file is damaged after {self.bytes_read:,} bytes: {error}.") from error


@dataclass(frozen=True, slots=True)
class InMemoryFile:
    """A file whose bytes are in memory, such as an upload."""

    name: str
    body: bytes


@contextlib.contextmanager
def source_file(path: Path | InMemoryFile) -> Iterator[SourceFile]:
    """Opens the file until the block ends. Raises FileRefused if it cannot be opened, or if it is a zip that
    does not contain exactly one file.
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
    # macOS adds entries with these names to a zip for every file in it.
    inside = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(inside) != 1:
        raise FileRefused(
            f"{name} contains {len(inside)} files, but a zip file to import must contain one. (A "
            "spreadsheet is a zip file, too: save it as CSV.)"
        )
    return archive.open(inside[0])  # type: ignore[return-value]  # it is one in all but name
