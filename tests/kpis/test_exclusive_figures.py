"""Pairs of figures that cannot both be: no case counts in both, or none in the one without the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.kpis.answers.answer import count_as_of, snapshot_connection
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import Figures
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import QuestionParameters, parse_question
from tests.extent import WHOLE
from tests.kpis.conftest import Books
from tests.kpis.effects.test_measuring import END, NOW
from tests.kpis.histories import BEGIN

#: Shares of the same cases, of which a case counts in one at most.
EXCLUSIVE = (
    ("change_first_pass", "change_failure_rate"),
    ("service_accuracy", "request_rework"),
    ("first_contact_resolution", "reassigned_share"),
)
#: Numbers of the same cases, of which the first is never above the second.
INCLUDED = (
    ("ping_pong_rate", "reassigned_share"),
    ("request_rework", "request_rework_rounds"),
)
#: After so many of the events everything is counted again.
MOMENTS = 12 if WHOLE else 3


#: In `make test` the cuts by these alone: the others are of the same cases.
CUTS = frozenset(Dimension) if WHOLE else frozenset({Dimension.team, Dimension.verdict})


@pytest.mark.parametrize("pair", [*EXCLUSIVE, *INCLUDED])
async def test_two_figures_that_cannot_both_be_never_are(books: Books, pair: tuple[str, str]) -> None:
    first, second = (KPIS[key] for key in pair)
    assert first.dimensions == second.dimensions
    counted = 0
    async with snapshot_connection(books.db) as connection:
        for moment in range(1, MOMENTS + 1):
            position = len(books.events) * moment // MOMENTS
            for dimension in (None, *(each for each in first.dimensions if each in CUTS)):
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
                    other = cells[1].get(place, Figures())
                    if pair in INCLUDED:
                        assert figures.total <= other.total
                    else:
                        assert figures.total + other.total <= max(figures.cases, other.cases)
                    counted += figures.cases
    assert counted > 0, "there is something to compare"
