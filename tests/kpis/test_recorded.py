"""Nothing is known before the first record of a kind; periods that are recorded in part are not compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.kernel.ledger import Ledger
from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.answers.charts import behaviour
from app.kpis.answers.recorded import OPENINGS, Recording, first_records, recording_of
from app.kpis.answers.series import NoValueReason
from app.kpis.behaviours import FiguresRead, behaviours, chart_question
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Aggregate
from app.kpis.facts.consumer import FACTS
from app.kpis.overview import overview, this_month
from app.kpis.questions.question import QuestionParameters, parse_question
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.kpis.histories import Scripted, write

NOW = datetime(2026, 12, 1, tzinfo=UTC)
FIRST = datetime(2024, 11, 5, tzinfo=UTC)
COUNTS = ("incidents_opened", "incidents_resolved", "backlog", "reassignments", "major_incidents")


@pytest.fixture
async def desk(follower: Connection, db: Database) -> Database:
    """A desk that recorded an incident every fourth day since November 2024."""
    opened = [FIRST + timedelta(days=4 * n) for n in range(187)]
    cases = [Scripted.begin(opened_at).then("resolved", minutes=60, state="resolved") for opened_at in opened]
    await write(follower, [event for case in cases for event in case.events])
    await catch_up(follower, FACTS)
    return db


async def answered(db: Database, key: str, position: int | None = None, **parameters: Any) -> KpiAnswer:
    parsed = QuestionParameters(**parameters)
    question = parse_question(KPIS[key], parsed, now=NOW, organisation_zone="UTC")
    return await answer(db, question, NOW, position=position)


@pytest.mark.parametrize("key", COUNTS)
async def test_before_the_first_record_a_count_is_unknown_and_not_zero(desk: Database, key: str) -> None:
    points = (await answered(desk, key, begin="2024-08-01", end="2025-03-01")).points
    assert [point.value for point in points[:3]] == [None] * 3
    assert {point.no_value for point in points[:3]} == {NoValueReason.not_recorded}
    assert {point.previous.value for point in points[:4]} == {None}
    assert all(point.value is not None for point in points[3:])
    chart = behaviour(KPIS[key], await answered(desk, key, begin="2023-01-01", end="2026-12-01"), NOW)
    assert [stretch.values for stretch in chart.stretches] == [24], "December 2024 is the first whole month"


async def test_the_past_knows_only_what_was_recorded_then(desk: Database) -> None:
    async with desk.connection() as connection:
        assert await first_records(connection, ["incident", "audit"]) == {"incident": FIRST}
        assert await first_records(connection, ["incident"], 0) == {"incident": None}
        assert set(await first_records(connection, OPENINGS)) == set(OPENINGS)


async def test_a_year_of_two_months_is_marked_and_not_compared_with_a_whole_one(desk: Database) -> None:
    years = answered(desk, "incidents_opened", grain="year", begin="2023-01-01", end="2027-01-01")
    points = (await years).points
    recordings = [point.recording for point in points]
    assert recordings == [Recording.nothing, Recording.partly, Recording.whole, Recording.whole]
    assert points[2].previous.value == points[1].value == 15
    assert (points[1].previous.change, points[2].previous.change) == (None, None)
    assert points[3].previous.change is not None


async def test_the_overview_does_not_compare_with_a_month_that_was_recorded_in_part(desk: Database) -> None:
    now = datetime(2025, 11, 20, tzinfo=UTC)
    month = this_month(ZoneInfo("UTC"), now, 7)
    ((_, present, last_year),) = (await overview(desk, [KPIS["incidents_opened"]], month)).kpis
    assert present.previous.change is not None
    assert (last_year.value, last_year.change) == (4, None)


async def test_a_chart_of_a_month_that_was_recorded_in_part_judges_nothing(
    desk: Database, ledger: Ledger
) -> None:
    now = datetime(2024, 12, 1, 7, tzinfo=UTC)
    parameters = QuestionParameters(begin="2023-12-01", end="2025-01-01")
    question = chart_question(ledger.settings, KPIS["incidents_opened"], parameters, now, "en")
    judged_at = datetime(2024, 11, 10, tzinfo=UTC)
    (chart,) = (await behaviours(ledger, [question], judged_at, now, FiguresRead())).items
    assert chart.judged is not None
    assert (chart.judged.value, chart.judged.recording) == (7, Recording.partly)
    assert chart.change is None


def test_records_that_begin_after_a_long_weekend_count_as_whole() -> None:
    begin, end = datetime(2024, 11, 1, tzinfo=UTC), datetime(2024, 12, 1, tzinfo=UTC)
    assert recording_of(begin, end, begin + timedelta(days=3)) is Recording.whole
    assert recording_of(begin, end, begin + timedelta(days=4)) is Recording.partly
    assert recording_of(begin, end, end) is Recording.nothing
    assert recording_of(begin, end, None) is Recording.whole, "nothing was recorded at all"


def test_every_kind_whose_count_can_be_zero_has_a_first_record() -> None:
    counted = {Aggregate.number, Aggregate.per_day, Aggregate.total, Aggregate.availability}
    kinds = {kpi.process for kpi in KPIS.values() if kpi.aggregate in counted}
    assert kinds == set(OPENINGS)
