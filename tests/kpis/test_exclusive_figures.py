"""Pairs of figures that no case can be in at once: together they are never more than all cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.kpis.answers.answer import count_as_of, snapshot_connection
from app.kpis.catalogue import KPIS
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import QuestionParameters, parse_question
from tests.extent import WHOLE
from tests.kpis.conftest import Books
from tests.kpis.effects.test_measuring import END, NOW
from tests.kpis.histories import BEGIN

#: Shares of the same cases, of which a case counts in one at most.
EXCLUSIVE = (("change_first_pass", "change_failure_rate"),)
#: After so many of the events everything is counted again.
MOMENTS = 12 if WHOLE else 3


@pytest.mark.parametrize("pair", EXCLUSIVE)
async def test_no_case_counts_in_both_figures(books: Books, pair: tuple[str, str]) -> None:
    first, second = (KPIS[key] for key in pair)
    assert first.dimensions == second.dimensions
    counted = 0
    async with snapshot_connection(books.db) as connection:
        for moment in range(1, MOMENTS + 1):
            position = len(books.events) * moment // MOMENTS
            for dimension in (None, *first.dimensions):
                cells = []
                for kpi in (first, second):
                    question = parse_question(
                        kpi,
                        QuestionParameters(
                            grain=Grain.month.value, begin=BEGIN.isoformat(), end=END.isoformat(), zone="UTC"
                        ),
                        now=NOW,
                        organisation_zone="UTC",
                    )
                    question = replace(question, by=() if dimension is None else (dimension,))
                    as_of_position = None if moment == MOMENTS else position
                    cells.append(await count_as_of(connection, question, NOW, as_of_position))
                for place, figures in cells[0].items():
                    assert figures.total + cells[1][place].total <= max(figures.cases, cells[1][place].cases)
                    counted += figures.cases
    assert counted > 0, "there is something to compare"
