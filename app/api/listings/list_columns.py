"""Storage of the columns that a person has chosen for the list of a kind.

Like saved views, they are bookkeeping and not event-sourced (decision 0016).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.platform.db import Database

SAVE = """
insert into plumbing.list_columns (person_id, kind, columns) values (%(person)s, %(kind)s, %(columns)s)
on conflict (person_id, kind) do update set columns = excluded.columns returning kind
"""
REMOVE = "delete from plumbing.list_columns where person_id = %(person)s and kind = %(kind)s returning kind"
CHOSEN = "select columns from plumbing.list_columns where person_id = %s and kind = %s"


async def chosen_columns(db: Database, person_id: UUID | None, kind: str) -> list[str]:
    """Return the columns that the person has chosen for lists of that kind, in their order; empty means the
    default columns.
    """
    row = await db.row(CHOSEN, (person_id, kind))
    return [] if row is None else list(row["columns"])


async def choose_columns(db: Database, person_id: UUID | None, kind: str, columns: Sequence[str]) -> None:
    """Keep the columns for the person; without any, the usual ones are shown again."""
    parameters = {"person": person_id, "kind": kind, "columns": list(columns)}
    await db.rows(SAVE if columns else REMOVE, parameters)


async def remove_all_of(db: Database, person_id: UUID) -> None:
    """Delete what the person has chosen, at their erasure."""
    await db.rows("delete from plumbing.list_columns where person_id = %s returning kind", (person_id,))
