"""The keys of teams: by which people name them in filters, and answers in cuts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import tuple_row

from app.kpis.declaration.dimensions import TEAMS
from app.kpis.declaration.figures import PointKey
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.platform.db import Connection

SELECT_NAMED = "select id, key from fold.team where key = any(%(named)s) or id::text = any(%(named)s)"
SELECT_KEYS = "select id, key from fold.team where id = any(%(ids)s::uuid[])"


async def team_ids(connection: Connection, field: str, named: Sequence[str]) -> list[UUID]:
    """Return the ids of the teams that the parameter `field` names. Raises CannotAnswer."""
    rows = await _rows(connection, SELECT_NAMED, {"named": list(named)})
    known_names = {text for team_id, key in rows for text in (str(team_id), key)}
    for name in named:
        if name not in known_names:
            raise CannotAnswer(field, "unknown_value", value=name)
    return [team_id for team_id, _ in rows]


async def team_keys(
    connection: Connection, question: KpiQuestion, places: Iterable[PointKey]
) -> dict[str | UUID | None, str]:
    """Return, by id, the keys of the teams that occur in the cuts."""
    columns = [n for n, dimension in enumerate(question.by) if dimension in TEAMS]
    ids = {place[1][n] for place in places for n in columns} - {None}
    return dict(await _rows(connection, SELECT_KEYS, {"ids": list(ids)})) if ids else {}


async def _rows(connection: Connection, statement: str, parameters: dict[str, Any]) -> list[tuple[UUID, str]]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(statement.encode(), parameters, prepare=False)
        return await cursor.fetchall()
