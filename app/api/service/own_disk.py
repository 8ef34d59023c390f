"""The disk of an embedded database, examined when that database is gone: a full disk makes PostgreSQL end
itself, and then PostgreSQL cannot report the reason.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

#: PostgreSQL writes its log ahead in files of this size, and ends if it cannot make the next one.
LEAST_FREE_BYTES = 16 * 1024**2


@dataclass(frozen=True)
class OwnDisk:
    """The disk that a folder is on. `folder` None: the database has a server and disks of its own."""

    folder: Path | None

    @property
    def is_full(self) -> bool:
        """Whether the database cannot write there."""
        if self.folder is None or not self.folder.exists():
            return False
        return shutil.disk_usage(self.folder).free < LEAST_FREE_BYTES
