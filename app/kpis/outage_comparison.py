"""The comparison of the two ways in which outages are counted, for the reconciliation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from psycopg.rows import tuple_row

from app.kpis.answers.series import PointContext, point
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.exposure import round_half_up
from app.kpis.declaration.figures import Figures, PointKey
from app.kpis.outages import counting, query
from app.kpis.outages.counting import Contribution
from app.kpis.outages.load_terms import load_terms
from app.kpis.outages.query import OF_BEGINNINGS, Window
from app.kpis.outages.terms import floor_to_second
from app.kpis.questions.question import KpiQuestion
from app.platform.db import Connection

#: The figures of a point that both ways must agree on.
COMPARED = ("value", "cases", "numerator", "denominator")


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of a period and cut of the question that differs, and the incidents that differ in it."""

    question: KpiQuestion
    place: PointKey
    figure: str
    fast: str
    raw: str
    cases: tuple[UUID, ...]


@dataclass(slots=True)
class OutageComparison:
    """The comparison of a question's KPI, period by period, in every cut. `compared` counts the figures."""

    connection: Connection
    position: int
    compared: int = 0

    async def differences(self, question: KpiQuestion, prepared: str) -> list[Difference]:
        """Return the figures that differ. `prepared` replaces the common CTEs of the raw definition."""
        spans = list(pairwise(question.bounds))
        windows = await counting.windows_of(self.connection, question, spans, self.position)
        rows = await counting.contributions(self.connection, question, windows, self.position, prepared)
        concerned = await self._differing_cases(question, rows, windows)
        all_differences: list[Difference] = []
        for by in ((), *((dimension,) for dimension in question.kpi.dimensions)):
            all_differences += await self._of_cut(replace(question, by=by), rows, windows, concerned)
        return all_differences

    async def _of_cut(
        self,
        question: KpiQuestion,
        rows: Sequence[Contribution],
        windows: Sequence[Window],
        concerned: dict[int, list[UUID]],
    ) -> list[Difference]:
        fast = await counting.count(self.connection, question, {}, self.position)
        slow = counting.grouped(rows, question, {}, windows)
        cut_differences = []
        for place in fast.keys() | slow.keys():
            of_facts, of_raw = (_shown(question, place, side.get(place, Figures())) for side in (fast, slow))
            self.compared += len(of_facts)
            cut_differences += [
                Difference(
                    question,
                    place,
                    figure_name,
                    str(number),
                    str(of_raw[figure_name]),
                    tuple(concerned[place[0]]),
                )
                for figure_name, number in of_facts.items()
                if number != of_raw[figure_name]
            ]
        return cut_differences

    async def _differing_cases(
        self, question: KpiQuestion, rows: Sequence[Contribution], windows: Sequence[Window]
    ) -> dict[int, list[UUID]]:
        """Return, by window, the incidents that the two ways do not count alike."""
        terms = await load_terms(self.connection, self.position)
        part = "began" if question.kpi.aggregate in OF_BEGINNINGS else "counted"
        case_ids: dict[int, list[UUID]] = defaultdict(list)
        for window in windows:
            now = floor_to_second(question.now)
            statement = query.counted_cases(question, {}, window, terms, now)
            async with self.connection.cursor(row_factory=tuple_row) as cursor:
                await cursor.execute(statement.text.encode(), statement.parameters, prepare=False)
                fast = sorted((str(row[0]), row[1], row[2]) for row in await cursor.fetchall())
            of_window = (row for row in rows if row.number == window.number and row.part == part)
            slow = sorted(_cases(of_window, each=part == "began"))
            unlike = {case for case, *_ in set(fast) ^ set(slow)}
            case_ids[window.number] = sorted(map(UUID, unlike))
        return case_ids


def _cases(rows: Iterator[Contribution], *, each: bool) -> Iterator[tuple[str, Any, int]]:
    """Yield each incident with the instant from which it counts, and its rounded sum, without customers' own
    terms.
    """
    sums: dict[tuple[str, Any], tuple[Any, Decimal]] = {}
    for row in rows:
        if row.customer_id is None:
            key = (str(row.case_id), row.occurred_at if each else None)
            began_at, seconds = sums.get(key, (row.occurred_at, Decimal(0)))
            sums[key] = (min(began_at, row.occurred_at), seconds + row.seconds)
    for (case, _), (began_at, seconds) in sums.items():
        yield case, began_at, round_half_up(seconds)


def _shown(question: KpiQuestion, place: PointKey, figures: Figures) -> dict[str, Any]:
    """Return the compared figures of a point, by name."""
    kpi_point = point(question, place, figures, {}, PointContext(None, Figures(), question.now))
    exposure = {} if kpi_point.exposure is None else kpi_point.exposure.model_dump()
    return {name: getattr(kpi_point, name) for name in COMPARED} | {
        name: exposure.get(name)
        for name in ("agreed_seconds", "outage_seconds", "outages", "expected", "at_least")
    }


def names_of(difference: Difference) -> dict[Dimension, Any]:
    """Return the cut of the difference, by dimension."""
    return dict(zip(difference.question.by, difference.place[1], strict=True))
