"""What moved a KPI: what it says a value would be without a part is the value of all the other parts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.kpis.answers.answer import answer
from app.kpis.cases.influence import influence
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters, parse_question
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


def _question(key: str, **query: Any) -> KpiQuestion:
    begin, end = BORDERS[0].isoformat(), BORDERS[-1].isoformat()
    parameters = QuestionParameters(grain="all", begin=begin, end=end, **query)
    return parse_question(KPIS[key], parameters, now=NOW, organisation_zone="UTC", reopen_days=7)


@pytest.mark.parametrize(
    ("key", "dimension"),
    [*((key, Dimension.team) for key in OF_TEAMS), ("service_availability", Dimension.service)],
)
async def test_the_value_without_a_part_is_that_of_all_other_parts(
    books: Books, key: str, dimension: Dimension
) -> None:
    influences = await influence(books.db, _question(key), dimension, NOW)
    parts = [part_influence.left_out or "none" for part_influence in influences.without]
    assert len(parts) > 1
    for part_left_out in influences.without:
        chosen_parts = [part for part in parts if part != (part_left_out.left_out or "none")]
        question = _question(key, filters={dimension.value: chosen_parts})
        (point,) = (await answer(books.db, question, NOW)).points
        assert part_left_out.value == point.value
        assert influences.cases - part_left_out.cases == point.cases
        if influences.value is not None and part_left_out.value is not None:
            assert part_left_out.moved == round(influences.value - part_left_out.value, 6)
    moved = [abs(part_influence.moved or 0) for part_influence in influences.without]
    assert moved == sorted(moved, reverse=True)


async def test_the_heaviest_cases_are_those_with_the_largest_numbers(books: Books) -> None:
    influences = await influence(books.db, _question("incident_resolution_seconds"), Dimension.team, NOW)
    measures = [part_influence.measure for part_influence in influences.heaviest]
    assert measures == sorted(measures, reverse=True)
    assert len(measures) == 10
    assert influences.value is not None
    for heavy_case in influences.heaviest:
        assert heavy_case.number.startswith("INC-")
        without = (influences.value * influences.cases - heavy_case.measure) / (influences.cases - 1)
        assert heavy_case.value == pytest.approx(without, abs=0.01)
    # Of a share all cases weigh alike.
    assert not (await influence(books.db, _question("reopen_rate"), Dimension.team, NOW)).heaviest


@pytest.mark.parametrize(
    ("key", "dimension"),
    [("requests_per_agent_day", Dimension.team), ("service_availability", Dimension.customer)],
)
async def test_what_is_no_sum_over_parts_is_refused(books: Books, key: str, dimension: Dimension) -> None:
    with pytest.raises(CannotAnswer, match="not_by_parts"):
        await influence(books.db, _question(key), dimension, NOW)
