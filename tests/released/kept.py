"""What is kept of a release: when it answered what, at which migration, and keys that sign in."""

from __future__ import annotations

import json
import lzma
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CLIENT, ROWS, SCHEMA, ANSWERS = "client.zip", "rows.sql.xz", "schema.sql.xz", "answers.json.xz"


@dataclass(frozen=True)
class Kept:
    """A release as it was filled: `keys` by the name of whom they are of, `counts` of events by type,
    `answers` by address.
    """

    read_at: datetime
    migration: str
    keys: dict[str, str]
    counts: dict[str, int]
    answers: dict[str, Any]

    def write(self, folder: Path) -> None:
        """Write it to the folder."""
        document = asdict(self) | {"read_at": self.read_at.isoformat()}
        text = json.dumps(document, ensure_ascii=False, sort_keys=True)
        (folder / ANSWERS).write_bytes(lzma.compress(text.encode(), preset=9))


def read_kept(folder: Path) -> Kept:
    """The release in that folder."""
    document = json.loads(lzma.decompress((folder / ANSWERS).read_bytes()))
    return Kept(**document | {"read_at": datetime.fromisoformat(document["read_at"])})


def folder_of(version: str) -> Path:
    """Where a release of that version is kept."""
    return HERE / version


def released_folders() -> list[Path]:
    """Every release that is kept."""
    return sorted(path.parent for path in HERE.glob(f"*/{ANSWERS}"))
