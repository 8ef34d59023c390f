"""Figures as of positions of the log, kept with their positions: discussed figures can be seen again, however
long the log has become since.

Kept are counts and sums of cases, from which answers are made again: no words, and nothing that depends on
the reader. Access to a KPI is decided before.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg.rows import tuple_row
from pydantic import TypeAdapter, ValidationError

from app.kpis.declaration.figures import Cut, Figures, PointKey
from app.kpis.questions.question import KpiQuestion
from app.platform.db import Connection, Database

#: Largest number of kept answers, size of the largest one in bytes, and days for which an unread answer is
#: kept.
MOST_ANSWERS, LARGEST_BYTES, DAYS_UNREAD = 20_000, 100_000, 400
SELECT_FIGURES = "select figures, used_on < current_date from plumbing.kept_figures where question = %s"
INSERT = """
insert into plumbing.kept_figures (question, kpi, position, figures)
select * from unnest(%(questions)s::bytea[], %(kpis)s::text[], %(positions)s::bigint[], %(figures)s::jsonb[])
on conflict (question) do nothing"""
NOTE_USE = "update plumbing.kept_figures set used_on = current_date where question = any(%(questions)s)"
REMOVE_UNREAD = f"""
delete from plumbing.kept_figures where used_on < current_date - {DAYS_UNREAD} or question in (
  select question from plumbing.kept_figures order by used_on desc, kept_at desc offset %(most)s)"""
FIGURES: TypeAdapter[Figures] = TypeAdapter(Figures)
#: Periods, cuts (texts, or ids in a list), and figures.
CELLS: TypeAdapter[list[tuple[int, list[str | list[UUID] | None], Figures]]] = TypeAdapter(
    list[tuple[int, list[str | list[UUID] | None], Figures]]
)


@dataclass(slots=True)
class KeptFigures:
    """The kept figures, as an answer reads and adds to them."""

    _added: dict[bytes, tuple[str, int, str]] = field(default_factory=dict)
    _read: set[bytes] = field(default_factory=set)

    async def find_figures(
        self, connection: Connection, question: KpiQuestion, position: int
    ) -> dict[PointKey, Figures] | None:
        """Return the figures that are kept of the question as of that position, or None."""
        name = _name(question, position)
        async with connection.cursor(row_factory=tuple_row) as cursor:
            row = await (await cursor.execute(SELECT_FIGURES.encode(), (name,))).fetchone()
        if row is None:
            return None
        figures, is_first_today = row
        try:
            cells = CELLS.validate_json(json.dumps(figures))
        except ValidationError:  # as another version wrote them
            return None
        if is_first_today:
            self._read.add(name)
        return {(period, _cut(values)): cell for period, values, cell in cells}

    def add(
        self, question: KpiQuestion, position: int, figures: dict[PointKey, Figures]
    ) -> dict[PointKey, Figures]:
        """Keep the figures of the question as of that position once the answer is made; return them."""
        cells = [(period, [_value(value) for value in cut], cell) for (period, cut), cell in figures.items()]
        text = CELLS.dump_json(cells).decode()
        if len(text) <= LARGEST_BYTES:
            self._added[_name(question, position)] = question.kpi.key, position, text
        return figures

    async def save(self, db: Database) -> None:
        """Write what was added, note what was read, and remove what is too much or too old. Raises
        DatabaseGone.
        """
        if self._read:
            await db.rows(f"{NOTE_USE} returning question", {"questions": list(self._read)})
        if not self._added:
            return
        kpis, positions, figures = zip(*self._added.values(), strict=True)
        columns = {"kpis": list(kpis), "positions": list(positions), "figures": list(figures)}
        await db.rows(f"{INSERT} returning question", {"questions": list(self._added), **columns})
        await db.rows(f"{REMOVE_UNREAD} returning question", {"most": MOST_ANSWERS})


@asynccontextmanager
async def keeping(db: Database) -> AsyncIterator[KeptFigures]:
    """Provide the kept figures for an answer. New ones are written at the end, even if the answer as a whole
    takes too long: the next request begins where it ended. Raises DatabaseGone.
    """
    memory = KeptFigures()
    try:
        yield memory
    finally:
        await memory.save(db)


async def differs(
    memory: KeptFigures,
    connection: Connection,
    question: KpiQuestion,
    position: int,
    anew: dict[PointKey, Figures],
) -> bool:
    """Return whether figures that were recomputed differ from those kept, in six digits or more; keep these
    if there are no kept ones.
    """
    before = await memory.find_figures(connection, question, position)
    if before is None:
        memory.add(question, position, anew)
        return False
    return _rounded(before) != _rounded(anew)


def _rounded(figures: dict[PointKey, Figures]) -> dict[PointKey, Any]:
    """Return the figures that are not nothing, as they are compared."""
    compared = {place: _digits(FIGURES.dump_python(cell)) for place, cell in figures.items()}
    nothing = _digits(FIGURES.dump_python(Figures()))
    return {
        place: cell
        for place, cell in compared.items()
        if {**cell, "open_cases": cell["open_cases"] or None} != nothing
    }


def _digits(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _digits(part) for name, part in value.items()}
    return f"{float(value):.6g}" if isinstance(value, float | Decimal) else value


def _name(question: KpiQuestion, position: int) -> bytes:
    """Return the name of all that decides the figures."""
    decisive = [
        question.kpi.key,
        position,
        question.now.isoformat(),
        [bound.isoformat() for bound in question.bounds],
        question.grain.value,
        question.zone.key,
        [dimension.value for dimension in question.by],
        sorted((dimension.value, sorted(values)) for dimension, values in question.filters.items()),
        question.reopen_days,
        question.currency,
    ]
    return sha256(json.dumps(decisive).encode()).digest()


def _value(value: str | UUID | None) -> str | list[UUID] | None:
    return [value] if isinstance(value, UUID) else value


def _cut(values: list[str | list[UUID] | None]) -> Cut:
    return tuple(value[0] if isinstance(value, list) else value for value in values)
