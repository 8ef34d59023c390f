"""What moved a KPI: what it says a value would be without a part is the value of all the other parts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.kpis.answers.answer import answer
from app.kpis.cases.influence import influence
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.questions.question import CannotAnswer, Question, QuestionParameters, parse_question
from tests.kpis.conftest import Books
from tests.kpis.histories import BORDERS

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OF_TEAMS = (
    "incident_resolution_seconds",
    "incident_resolution_km",
    "reopen_rate",
    "backlog",
    "backlog_age_seconds",
    "reassignments_per_case",
    "incident_unit_cost_of_budget",
)


def _question(key: str, **said: Any) -> Question:
    begin, end = BORDERS[0].isoformat(), BORDERS[-1].isoformat()
    asked = QuestionParameters(grain="all", begin=begin, end=end, **said)
    return parse_question(KPIS[key], asked, now=NOW, organisation_zone="UTC", reopen_days=7)


@pytest.mark.parametrize(
    ("key", "dimension"),
    [*((key, Dimension.team) for key in OF_TEAMS), ("service_availability", Dimension.service)],
)
async def test_the_value_without_a_part_is_that_of_all_other_parts(
    books: Books, key: str, dimension: Dimension
) -> None:
    found = await influence(books.db, _question(key), dimension, NOW)
    parts = [one.left_out or "none" for one in found.without]
    assert len(parts) > 1
    for one in found.without:
        others = [part for part in parts if part != (one.left_out or "none")]
        question = _question(key, filters={dimension.value: others})
        (point,) = (await answer(books.db, question, NOW)).points
        assert one.value == point.value
        assert found.cases - one.cases == point.cases
        if found.value is not None and one.value is not None:
            assert one.moved == round(found.value - one.value, 6)
    moved = [abs(one.moved or 0) for one in found.without]
    assert moved == sorted(moved, reverse=True)


async def test_the_heaviest_cases_are_those_with_the_largest_numbers(books: Books) -> None:
    found = await influence(books.db, _question("incident_resolution_seconds"), Dimension.team, NOW)
    measures = [one.measure for one in found.heaviest]
    assert measures == sorted(measures, reverse=True)
    assert len(measures) == 10
    assert found.value is not None
    for one in found.heaviest:
        assert one.number.startswith("INC-")
        without = (found.value * found.cases - one.measure) / (found.cases - 1)
        assert one.value == pytest.approx(without, abs=0.01)
    # Of a share all cases weigh alike.
    assert not (await influence(books.db, _question("reopen_rate"), Dimension.team, NOW)).heaviest


@pytest.mark.parametrize(
    ("key", "dimension"),
    [("requests_per_agent_day", Dimension.team), ("service_availability", Dimension.customer)],
)
async def test_what_is_no_sum_over_parts_is_refused(books: Books, key: str, dimension: Dimension) -> None:
    with pytest.raises(CannotAnswer, match="not_by_parts"):
        await influence(books.db, _question(key), dimension, NOW)
