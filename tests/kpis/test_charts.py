"""The chart of a KPI: what is over is judged, what runs is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from app.kpis.answers.answer import answer
from app.kpis.answers.charts import KpiBehaviour, behaviour
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import DefinitionChange
from app.kpis.questions.question import QuestionParameters, parse_question
from tests.kpis.conftest import Books
from tests.kpis.kinds import aggregate_of
from tests.selection import selected

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


async def charted(books: Books, key: str, now: datetime = NOW) -> KpiBehaviour:
    parameters = QuestionParameters(grain="week", begin="2026-01-26", end="2026-05-04")
    question = parse_question(KPIS[key], parameters, now=now, organisation_zone="Europe/Berlin")
    return behaviour(KPIS[key], await answer(books.db, question, now), now)


async def test_what_runs_or_is_to_come_is_neither_in_the_limits_nor_a_signal(books: Books) -> None:
    control_chart = await charted(books, "incidents_opened")
    over = [point for point in control_chart.points if not point.running]
    assert [point.end <= NOW for point in control_chart.points] == [True] * 9 + [False] * 5
    assert control_chart.limits is not None
    assert control_chart.limits.centre == round(sum(point.value or 0 for point in over) / len(over), 6)
    assert all(point.signals == [] for point in control_chart.points if point.running)
    assert (await charted(books, "incidents_opened", datetime(2026, 3, 1, tzinfo=UTC))).limits is None


async def test_limits_are_no_lower_or_higher_than_a_value_can_be(books: Books) -> None:
    for key in selected("limits", KPIS, lambda key: (aggregate_of(key), KPIS[key].unit)):
        kpi, control_chart = KPIS[key], await charted(books, key)
        assert control_chart.unit == kpi.unit
        if control_chart.limits is None:
            continue  # few of these histories have anything to do with it
        assert control_chart.limits.low <= control_chart.limits.centre <= control_chart.limits.high
        values = [point.value for point in control_chart.points if point.value is not None]
        # Some of these histories end before they begin.
        assert control_chart.limits.low >= min(0, *values)
        assert (
            control_chart.limits.high <= 1
            or kpi.unit.value != "ratio"
            or kpi.key == "availability_budget_used"
        )


async def test_periods_without_a_value_are_left_out(books: Books) -> None:
    parameters = QuestionParameters(grain="month", begin="2025-06-01", end="2026-05-01")
    question = parse_question(
        KPIS["incident_resolution_seconds"], parameters, now=NOW, organisation_zone="UTC"
    )
    behaviour_made = behaviour(question.kpi, await answer(books.db, question, NOW), NOW)
    assert behaviour_made.points[0].value is None
    assert behaviour_made.limits is None, "three months have values"


async def test_limits_restart_where_the_definition_changed_and_points_name_their_version(
    books: Books,
) -> None:
    parameters = QuestionParameters(grain="week", begin="2026-01-26", end="2026-05-04")
    question = parse_question(KPIS["incidents_opened"], parameters, now=NOW, organisation_zone="UTC")
    series = await answer(books.db, question, NOW)
    changes = (
        DefinitionChange("2026-02-16", "in every period.", "所有期间。", of_every_period=True),
        DefinitionChange("2026-03-02", "another one.", "另一种。"),
    )
    redefined = behaviour(replace(question.kpi, changes=changes), series, NOW)
    assert [(mark.id, mark.change) for mark in redefined.rebases] == [(None, "incidents_opened v3")]
    assert [stretch.values for stretch in redefined.stretches] == [5, 4]
    assert [point.version for point in redefined.points] == [2] * 5 + [3] * 9
    assert behaviour(question.kpi, series, NOW).rebases == []


def test_every_new_definition_says_whether_periods_stay_comparable() -> None:
    """The facts count these by their time; the words of every other change are about every period."""
    breaking = {
        key for key, kpi in KPIS.items() if any(change.breaks_at is not None for change in kpi.changes)
    }
    assert breaking == {
        "repeat_incident_rate",
        "incident_unit_cost",
        "incident_unit_cost_of_budget",
        "request_rework",
        "request_rework_rounds",
        "service_accuracy",
    }
