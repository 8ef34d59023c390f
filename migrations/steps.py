"""How a migration runs the SQL files in the folder of its number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alembic import op

HERE = Path(__file__).parent


def run(revision: str, steps: Sequence[str]) -> None:
    """Runs versions/<revision>/<step>.sql for each of them, in their order."""
    # The driver itself takes many statements at once; SQLAlchemy would prepare them as one.
    cursor = op.get_bind().connection.cursor()
    for step in steps:
        cursor.execute((HERE / "versions" / revision / f"{step}.sql").read_text(encoding="utf-8"))
