"""What each case brings: values follow from their cases, and at a position both paths tell the same."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from app.kpis.answers import answer
from app.kpis.answers.series import value_of
from app.kpis.cases.values import CaseValue, case_values, figures_of, percentile
from app.kpis.catalogue import KPIS
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import Kpi
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from tests.cases import each_case
from tests.extent import WHOLE
from tests.kpis.conftest import Books
from tests.kpis.histories import BORDERS
from tests.kpis.kinds import aggregate_of

CASE = UUID(int=1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
WINDOWS = [(BORDERS[0], BORDERS[-1]), *(pairwise(BORDERS[:3]) if WHOLE else ())]
OF_CASES = sorted(key for key, kpi in KPIS.items() if not kpi.is_of_outages)


def _question(kpi: Kpi, window: tuple[datetime, datetime], **query: Any) -> KpiQuestion:
    begin, end = (instant.isoformat() for instant in window)
    parameters = QuestionParameters(grain="all", begin=begin, end=end, **query)
    return parse_question(kpi, parameters, now=NOW, organisation_zone="Asia/Shanghai", reopen_days=7)


@each_case("key", OF_CASES, one_of_each=aggregate_of)
async def test_a_value_follows_from_its_cases_and_both_paths_tell_the_same(books: Books, key: str) -> None:
    kpi = KPIS[key]
    for window in WINDOWS:
        question = _question(kpi, window, by=["team"] if "team" in kpi.dimensions else [])
        async with answer.snapshot_connection(books.db) as connection:
            all_figures = await answer.count(connection, _question(kpi, window), NOW, most=10)
            counted = all_figures.get((1, ()), Figures())
            fast = await case_values(connection, question, NOW)
            if WHOLE:
                slow = await case_values(connection, question, NOW, len(books.events))
                assert Counter(fast) == Counter(slow)
        assert value_of(kpi, figures_of(kpi, fast, counted)) == value_of(kpi, counted)


async def test_a_value_without_a_team_is_that_of_the_other_teams(books: Books) -> None:
    kpi = KPIS["incident_resolution_seconds"]
    window = (BORDERS[0], BORDERS[-1])
    async with answer.snapshot_connection(books.db) as connection:
        values = await case_values(connection, _question(kpi, window, by=["team"]), NOW)
        cut = await answer.count(connection, _question(kpi, window, by=["team"]), NOW, most=99)
    teams = {case_value.cut for case_value in values}
    assert len(teams) > 2
    for team in teams:
        chosen_values = [kept_value for kept_value in values if kept_value.cut != team]
        figures = figures_of(kpi, chosen_values, Figures())
        assert figures.cases == sum(cell.cases for (_, other), cell in cut.items() if other != team)
        assert figures.total == sum(cell.total for (_, other), cell in cut.items() if other != team)


def test_a_percentile_lies_between_the_two_nearest_cases() -> None:
    assert percentile([10], 0.9) == 10
    assert percentile([0, 10], 0.5) == 5
    assert percentile([1, 2, 3, 4, 100], 0.9) == pytest.approx(4 + 0.6 * 96)


def test_no_cases_have_no_value() -> None:
    for key in (
        "incident_resolution_seconds",
        "incident_resolution_km",
        "reopen_rate",
        "deployment_frequency",
    ):
        assert value_of(KPIS[key], figures_of(KPIS[key], [], Figures())) is None
    single_value = CaseValue(CASE, 5, 1, NOW, ())
    assert figures_of(KPIS["reassignments_per_case"], [single_value, single_value], Figures()).total == 10
