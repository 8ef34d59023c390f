"""Counts of several lists in one statement: each list with filters of its own, counted up to a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.api.listings.filters import WhereClause, narrow
from app.api.listings.list_queries import ListSelection
from app.api.listings.lists import Listing
from app.api.listings.paging import count_sql
from app.api.records.shapes import Renderer
from app.platform.db import Database
from app.search.query import wait_for_index


@dataclass(frozen=True, slots=True)
class CountedList:
    """A list to count: its records, its caller, and the chosen filters."""

    listing: Listing
    renderer: Renderer
    selection: ListSelection


async def counts(db: Database, lists: Sequence[CountedList], most: int) -> list[int]:
    """Return the number of records in each list that the caller may see. Counting stops at `most` + 1, so
    that the costs do not grow with the lists.
    """
    parameters: dict[str, Any] = {}
    statements, is_prepared = [], True
    for counted in lists:
        where = WhereClause(parameters=parameters)
        await narrow(where, counted.listing.parameters, counted.selection, counted.renderer)
        await _wait(db, counted, where)
        _name_states(where)
        is_prepared = is_prepared and where.prepare is None
        statements.append(f"({count_sql(counted.renderer, where, most + 1)})")
    statement = f"select {', '.join(statements)}"
    (row,) = await db.tuples(statement, parameters, prepare=None if is_prepared else False)
    return list(row)


def _name_states(where: WhereClause) -> None:
    """Write the states into the statement, so that the indexes of open records also serve a kept plan."""
    if where.states is not None:
        names = ", ".join(f"'{name}'" for name in sorted(where.states))
        where.conditions.append(f"r.state in ({names})" if names else "false")
        where.states = None


async def _wait(db: Database, counted: CountedList, where: WhereClause) -> None:
    """Wait a moment until the list includes what is in the log now."""
    extension = counted.listing.extension
    if extension is not None and extension.is_requested("", counted.selection):
        await extension.wait(db)
    if where.searches:
        await wait_for_index(db)
