"""The manifest of an export of facts: its content, and its position of the log. Pure except for reading it
and the files that it names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

#: The manifest's name within the folder of exports; its `folder` is the export that counts.
NAME = "manifest.json"
#: Facts as DuckDB reads them, within an export; the other files are Parquet.
TABLES_FILE = "facts.duckdb"
FORMAT = 1
LARGEST_MANIFEST = 64 * 1024 * 1024
_CHUNK = 1024 * 1024


class ExportDamaged(Exception):
    """An export cannot be read. The message describes the fault."""


class ExportedFile(BaseModel):
    """A file of an export: its bytes, and their SHA-256 in hexadecimal."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class ExportedRelation(BaseModel):
    """A table or view of facts: the types of its columns, as DuckDB names them, and the number of rows."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    columns: dict[str, str]
    rows: int = Field(ge=0)


class Manifest(BaseModel):
    """Content of an export. `checkpoints` are the positions of all consumers in its snapshot; `noting` is the
    id of the noting of later changes, None without one.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    format: int
    folder: str = Field(pattern="^facts-[0-9]+-[0-9a-f]{8}$")
    position: int = Field(ge=0)
    shape: int
    noting: UUID | None
    made_at: datetime
    seconds: float
    checkpoints: dict[str, int]
    relations: dict[str, ExportedRelation]
    files: dict[str, ExportedFile]


def parse(text: str | bytes) -> Manifest:
    """Return the manifest. Raises ExportDamaged."""
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise ExportDamaged(f"{NAME} is not the manifest of an export: {error.errors()[0]['msg']}") from error
    if manifest.format != FORMAT:
        raise ExportDamaged(f"{NAME} has the format {manifest.format}; this program reads {FORMAT}.")
    return manifest


def read(folder: Path) -> Manifest | None:
    """Return the manifest in the folder of exports, or None. Raises ExportDamaged."""
    path = folder / NAME
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise ExportDamaged(f"{NAME} is larger than {LARGEST_MANIFEST} bytes.")
        return parse(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ExportDamaged(f"{path} cannot be read: {error.strerror}.") from error


def described_files(folder: Path) -> Iterator[tuple[str, ExportedFile]]:
    """Return the files in the folder by their path within it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), describe(path)


def describe(path: Path) -> ExportedFile:
    """Return the size and the checksum of the file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
            size += len(piece)
    return ExportedFile(size=size, sha256=digest.hexdigest())


def checked_file(folder: Path, manifest: Manifest, name: str) -> Path:
    """Return the path of the export's file, which has been read whole. Raises ExportDamaged."""
    path, told_file = folder / manifest.folder / name, manifest.files.get(name)
    try:
        if told_file is None or describe(path) != told_file:
            raise ExportDamaged(f"{path} differs from the manifest: it is damaged or incomplete.")
    except OSError as error:
        raise ExportDamaged(f"{path} cannot be read: {error.strerror}.") from error
    return path
