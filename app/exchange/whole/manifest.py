"""The manifest of an export of the whole installation: what it holds, and how one knows that it is whole."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from app.exchange.writers.whole_files import ExportRefused

FILE_NAME = "manifest.json"
FORMAT, FORMAT_VERSION = "ledgerdesk-export", 1
#: As PostgreSQL's COPY has it: comma-separated with a header, `\\N` for no value.
COPY_FORMAT = "format csv, header {header}, null '\\N'"
BLOCK = 1 << 20
Progress = Callable[[int], None]


class ManifestPart(BaseModel):
    """A part of a manifest: a key that is unknown is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ExportedTable(ManifestPart):
    """A file with the rows of a table: CSV, compressed by gzip. `size` is in bytes, `sha256` of the file."""

    table: str
    file: str
    columns: list[str]
    rows: int
    size: int
    sha256: str


class ExportManifest(ManifestPart):
    """An export: by which version of the program, of which schema, as of which position of the log; its
    tables; the numbers of rows that the log folds into; and why other tables are left out.
    """

    format: str
    format_version: int
    program: str
    database_schema: str
    made_at: datetime
    position: int
    recorded_at: datetime
    tables: list[ExportedTable]
    folded: dict[str, int]
    left_out: dict[str, str]

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(table.size for table in self.tables)


def read_manifest(folder: Path) -> ExportManifest:
    """Return the manifest of an export. Raises ExportRefused."""
    path = folder / FILE_NAME
    try:
        manifest = ExportManifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ExportRefused(f"{folder} contains no export: {path} cannot be read.") from error
    except ValidationError as error:
        raise ExportRefused(f"{path} is not the manifest of an export of this program.") from error
    if (manifest.format, manifest.format_version) != (FORMAT, FORMAT_VERSION):
        raise ExportRefused(
            f"{path} has the format {manifest.format} {manifest.format_version}; this version reads "
            f"{FORMAT} {FORMAT_VERSION}."
        )
    return manifest


def verify_files(folder: Path, manifest: ExportManifest, progress: Progress) -> None:
    """Compare every file with its digest. `progress` receives the number of further bytes. Raises
    ExportRefused, which names the first file that differs.
    """
    for table in manifest.tables:
        path, digest = folder / table.file, hashlib.sha256()
        if Path(table.file).name != table.file:
            raise ExportRefused(f"{table.file!r} is not a file in {folder}.")
        try:
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    digest.update(block)
                    progress(len(block))
        except OSError as error:
            raise ExportRefused(f"{path} cannot be read: {error.strerror}.") from error
        if digest.hexdigest() != table.sha256:
            raise ExportRefused(
                f"{path} was changed or is damaged: it does not match its digest in the manifest."
            )


class DigestedFile:
    """A new compressed file that counts and digests what is written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        self.size = 0
        # Without the time and the name, so that the same rows are the same bytes.
        self._gzip = gzip.GzipFile(fileobj=self, mode="wb", filename="", mtime=0, compresslevel=3)

    def write(self, block: bytes) -> int:
        """Take compressed bytes."""
        self._digest.update(block)
        self.size += len(block)
        return self._file.write(block)

    def flush(self) -> None:
        """Pass on what is written."""
        self._file.flush()

    def add(self, text: bytes | bytearray | memoryview) -> None:
        """Compress and write."""
        self._gzip.write(text)

    def close(self) -> str:
        """Write what is left. Return the digest of the file (hex)."""
        self._gzip.close()
        self._file.close()
        return self._digest.hexdigest()
