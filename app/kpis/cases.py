"""A number opened down to its cases: exactly those counted, each with its measure and its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.db import Connection, Database
from app.kpis import query
from app.kpis.answer import fetch, looking, resolved, stands_at
from app.kpis.kpi import Basis
from app.kpis.query import Statement
from app.kpis.question import Question

LARGEST_PAGE = 200


class Evidence(BaseModel):
    """An event of the log."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    position: int
    type: str


class Case(BaseModel):
    """A case that was counted. `events`: its opening, and the one that decided, where that is another."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    number: str
    at: datetime = Field(
        description="The instant that decided the period; of what is open, when it was opened."
    )
    measure: int = Field(description="What it brought: seconds, 1 or 0 of a share, a number, 1 of a count.")
    excluded: str | None = Field(description="Why no other KPI counts it; only volumes have such cases.")
    irregular: bool = Field(description="An event of its history did not fit the lifecycle.")
    inferred: bool = Field(
        description="The response was told by another system, which does not say who answered."
    )
    events: list[Evidence]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the cases, in the order of `at`, then id.

    `last` is where the page ended, null if there are no more. `position` is how far the facts have followed
    the log.
    """

    cases: list[Case]
    last: tuple[datetime, UUID] | None
    position: int


async def cases(
    db: Database,
    question: Question,
    now: datetime,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page:
    """The cases behind `after` that the whole time of the question counts, whatever it is cut by.

    Of a backlog those that are open at its end, or now if that is earlier. Raises CannotAnswer, DatabaseGone.
    """
    assert 1 <= limit <= LARGEST_PAGE
    async with looking(db) as connection:
        position, _ = await stands_at(connection)
        rows = await fetch(connection, await _statement(connection, question, now, after, limit + 1))
        more, rows = len(rows) > limit, rows[:limit]
        numbers = await _numbers(connection, question, [row[0] for row in rows])
        events = await _events(connection, [position for row in rows for position in row[6:8]])
    counted = [_case(row, numbers, events) for row in rows]
    return Page(counted, (counted[-1].at, counted[-1].id) if more else None, position)


async def _statement(
    connection: Connection, question: Question, now: datetime, after: tuple[datetime, UUID] | None, limit: int
) -> Statement:
    filters = await resolved(connection, question)
    if question.kpi.basis is Basis.standing:
        rows = query.standing_cases(question, filters, min(question.bounds[-1], now))
    else:
        rows = query.counted_cases(question, filters)
    behind = "" if after is None else "where (at, case_id) > (%(after_at)s, %(after_id)s)"
    at, case_id = after or (None, None)
    return Statement(
        f"select * from ({rows.text}) counted {behind} order by at, case_id limit %(limit)s",
        rows.parameters | {"after_at": at, "after_id": case_id, "limit": limit},
    )


async def _numbers(connection: Connection, question: Question, ids: list[UUID]) -> dict[UUID, str]:
    text = f"select id, number from fold.{question.kpi.process} where id = any(%(ids)s::uuid[])"
    return dict(await fetch(connection, Statement(text, {"ids": ids})))


async def _events(connection: Connection, positions: list[int]) -> dict[int, Evidence]:
    text = "select id, position, type from log.told where position = any(%(positions)s::bigint[])"
    rows = await fetch(connection, Statement(text, {"positions": positions}))
    return {
        position: Evidence(id=event_id, position=position, type=kind) for event_id, position, kind in rows
    }


def _case(row: tuple[Any, ...], numbers: dict[UUID, str], events: dict[int, Evidence]) -> Case:
    case_id, at, measure, excluded, irregular, inferred, opened, decided = row
    return Case(
        id=case_id,
        number=numbers[case_id],
        at=at,
        measure=measure,
        excluded=excluded,
        irregular=irregular,
        inferred=inferred,
        events=[events[position] for position in dict.fromkeys((opened, decided))],
    )
