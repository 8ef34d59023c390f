"""Cells and counts of wide questions: from the newest export, and from PostgreSQL for what changed since.

Both are read in the snapshot of the answer, in which PostgreSQL lists the cases that have changed since the
export. Their facts are left out of the columns and taken from the live ones, so an answer is as fresh as
without columns.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson

from app.kpis.columns import dialect, mirror
from app.kpis.columns.mirror import Columns, NoColumns
from app.kpis.columns.relations import file_name, has_cells, is_answered
from app.kpis.declaration.dimensions import IDS
from app.kpis.facts import query
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.fetching import fetch, fetch_grouped
from app.kpis.facts.noting.changed_cases import CHANGED
from app.kpis.facts.query import Filters, SqlStatement
from app.kpis.questions.question import KpiQuestion
from app.platform.db import Connection

#: With more changed cases PostgreSQL is asked for everything: it is quicker than both together.
MOST_CHANGED = 50_000
Rows = Sequence[tuple[Any, ...]]


async def cells(connection: Connection, question: KpiQuestion, filters: Filters, most: int) -> Rows | None:
    """Return the rows of query.cells; None: PostgreSQL is to be asked."""
    return await _answered(connection, question, filters, lambda wide_question: wide_question.cells(most))


async def counts(connection: Connection, question: KpiQuestion, filters: Filters) -> Rows | None:
    """Return the rows of query.counts; None: PostgreSQL is to be asked."""
    return await _answered(connection, question, filters, lambda wide_question: wide_question.counts())


async def _answered(
    connection: Connection,
    question: KpiQuestion,
    filters: Filters,
    ask: Callable[[_Asked], Awaitable[Rows]],
) -> Rows | None:
    """Return what columns answer, and count by what it was answered; None: PostgreSQL is to be asked."""
    columns = mirror.current()
    if columns is None:
        return None
    try:
        wide_question = await _begin(connection, question, filters, columns)
        if wide_question is None:
            return None
        rows = await ask(wide_question)
    except NoColumns as reason:
        columns.answers[str(reason)] += 1
        return None
    columns.answers["columns"] += 1
    return rows


class _Asked:
    """A question that goes to columns, with the cases whose facts are taken from PostgreSQL."""

    def __init__(
        self,
        connection: Connection,
        question: KpiQuestion,
        filters: Filters,
        columns: tuple[Columns, Any, str | None],
    ) -> None:
        self._connection, self._question, self._filters = connection, question, filters
        self.columns, self._generation, self._changed = columns

    async def cells(self, most: int) -> Rows:
        """Return the rows of query.cells. Raises NoColumns."""
        question, parameters = self._question, dict[str, Any]()
        rows = self._exported_facts(parameters)
        if self._changed and question.kpi.is_timed:
            rows = f"{rows} union all {await self._changed_facts(parameters)}"
        text = dialect.cells(question, rows, most, self.columns.engine)
        exported = [
            dialect.as_cells(question, row)
            for row in await self.columns.rows(self._generation, text, parameters)
        ]
        if not self._changed or question.kpi.is_timed:
            return exported
        statement = query.cells(question, self._filters, most, None, changed_since=self._position)
        changed = await fetch_grouped(self._connection, statement)
        return _added(exported, changed, 2 + len(question.by))

    async def counts(self) -> Rows:
        """Return the rows of query.counts. Raises NoColumns."""
        parameters = dict[str, Any]()
        text = dialect.counts(self._question, self._exported_facts(parameters))
        width = 1 + len(self._question.by)
        exported = [
            dialect.as_counts(self._question, row)
            for row in await self.columns.rows(self._generation, text, parameters)
        ]
        if not self._changed:
            return exported
        statement = query.counts(self._question, self._filters, None, changed_since=self._position)
        return _added(exported, await fetch_grouped(self._connection, statement), width)

    @property
    def _position(self) -> int:
        return int(self._generation.manifest.position)

    def _exported_facts(self, parameters: dict[str, Any]) -> str:
        """Return the exported facts of the question, without those of the changed cases."""
        table = file_name(query.fact_table(self._question.kpi))
        if self._changed:
            parameters["changed"] = self._changed
            changed = f"select {dialect.unnested('changed', 'uuid')} as case_id"
            table = f"(select * from {table} anti join ({changed}) changed using (case_id))"
        text = dialect.facts(self._question, self._filters, self.columns.engine, parameters)
        return text.replace("{facts}", table, 1)

    async def _changed_facts(self, parameters: dict[str, Any]) -> str:
        """Return the facts of the changed cases, as PostgreSQL has them, as rows in DuckDB."""
        question = self._question
        statement = query.rows(question, self._filters, changed_since=self._position)
        rows = await fetch(self._connection, statement)
        types = ["bigint", *("uuid" if name in IDS else "varchar" for name in question.by), "varchar"]
        types += ["bigint"] * len(query.measure_columns(question.kpi))
        if question.kpi.may_be_skewed:
            types.append("boolean")
        columns = list(zip(*rows, strict=True)) or [()] * len(types)
        texts = []
        for n, (kind, column) in enumerate(zip(types, columns, strict=True)):
            parameters[f"told_{n}"] = orjson.dumps(column).decode()
            texts.append(dialect.unnested(f"told_{n}", kind))
        return f"select {', '.join(texts)}"


async def _begin(
    connection: Connection, question: KpiQuestion, filters: Filters, columns: Columns
) -> _Asked | None:
    """Return the question for the columns; None if columns cannot answer it. Raises NoColumns."""
    if columns.answers_alone and has_cells(question.kpi):
        return _Asked(connection, question, filters, (columns, columns.generation(), None))
    if not is_answered(question.kpi) or len(question.bounds) > dialect.MOST_PERIODS:
        return None
    generation = columns.generation()
    if not await _is_wide(connection, question, filters, columns.least_rows):
        raise NoColumns("narrow")
    return _Asked(
        connection, question, filters, (columns, generation, await _changed(connection, generation))
    )


async def _is_wide(connection: Connection, question: KpiQuestion, filters: Filters, least_rows: int) -> bool:
    if least_rows == 0:
        return True
    (((plan,),),) = await fetch(connection, query.planned_rows(question, filters))
    return float(plan["Plan"]["Plan Rows"]) >= least_rows


async def _changed(connection: Connection, generation: Any) -> str | None:
    """Return the cases whose facts have changed since the export, as a JSON array, or None.

    Raises NoColumns if the changes are unknown.
    """
    manifest = generation.manifest
    if manifest.shape != FACTS.shape:
        raise NoColumns("old")
    asked_of = {"exported": manifest.position, "noting": manifest.noting, "consumer": FACTS.name}
    noted = await fetch(connection, SqlStatement(CHANGED, asked_of))
    if not noted:
        raise NoColumns("old")
    cases: str | None = noted[0][0]
    if cases is not None and cases.count(",") >= MOST_CHANGED:
        raise NoColumns("old")
    return cases


def _added(exported: Rows, changed: Rows, width: int) -> Rows:
    """Return the rows of both, those of the same period, cut and reason as one: their numbers are sums."""
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for row in (*exported, *changed):
        place, numbers = row[:width], row[width:]
        before = sums.setdefault(place, [None] * len(numbers))
        sums[place] = [_sum(number, other) for number, other in zip(before, numbers, strict=True)]
    return [(*place, *numbers) for place, numbers in sums.items()]


def _sum(number: Any, other: Any) -> Any:
    return number if other is None else other if number is None else number + other
