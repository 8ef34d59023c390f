"""The numbers of agreements: by which people name them in filters, and answers in cuts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from psycopg.rows import tuple_row

from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import PointKey
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.platform.db import Connection

SELECT_NAMED = "select id, number from fold.sla where number = any(%(named)s) or id::text = any(%(named)s)"


async def agreement_ids(connection: Connection, named: Sequence[str]) -> list[UUID]:
    """Return the ids of the agreements with these numbers or ids. Raises CannotAnswer."""
    rows = await _named(connection, named)
    known_names = {text for agreement_id, number in rows for text in (str(agreement_id), number)}
    for name in named:
        if name not in known_names:
            raise CannotAnswer(Dimension.agreement.value, "unknown_value", value=name)
    return [agreement_id for agreement_id, _ in rows]


async def agreement_numbers(
    connection: Connection, question: KpiQuestion, places: Iterable[PointKey]
) -> dict[str | UUID | None, str]:
    """Return, by id, the numbers of the agreements that occur in the cuts."""
    columns = [n for n, dimension in enumerate(question.by) if dimension is Dimension.agreement]
    ids = {str(place[1][n]) for place in places for n in columns if place[1][n] is not None}
    return dict(await _named(connection, list(ids))) if ids else {}


async def _named(connection: Connection, named: Collection[str]) -> list[tuple[UUID, str]]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(SELECT_NAMED.encode(), {"named": list(named)}, prepare=False)
        return await cursor.fetchall()
