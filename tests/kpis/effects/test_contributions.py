"""An improvement adds to a plan's target only by the cases that both are about, and only with evidence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.kpis.answers.answer import snapshot_connection
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.processes.improvement_plans.contributions import as_far_as, on_baseline, weighted_effect
from tests.kpis.conftest import Books
from tests.kpis.effects.test_measuring import asked

EFFECT, BEFORE = Decimal(-100), Decimal(400)


def served(scope: dict[str, list[str]], books: Books, **changes: Any) -> dict[str, Any]:
    _, questions = asked(KPIS["incident_resolution_seconds"])
    begin, _ = questions.after.bounds
    measured = {
        "state": "standardised",
        "verdict": "improved",
        "scope": scope,
        "from_at": begin,
        "result": {"scale": "difference", "effect": str(EFFECT), "before": {"compared": str(BEFORE)}},
    }
    return measured | changes


async def test_only_cases_of_both_scopes_add_to_a_target(books: Books) -> None:
    _, questions = asked(KPIS["incident_resolution_seconds"], scope={"team": ["team 0"]})
    target = questions.after
    async with snapshot_connection(books.db) as connection:

        async def adds(scope: dict[str, list[str]], **changes: Any) -> Decimal | None:
            return await weighted_effect(connection, target, BEFORE, served(scope, books, **changes))

        assert await adds({}) == await adds({"team": ["team 0", "team 1"]}) == EFFECT
        assert await adds({"team": ["team 1"]}) == 0
        part = await adds({"service": ["mail"]})
        assert part is not None
        assert EFFECT < part < 0
        assert await adds({}, verdict="no_evidence") is None
        assert await adds({}, state="reverted") is None
        begin, end = target.bounds
        later = await adds({}, from_at=begin + (end - begin) / 2)
        assert later is not None
        assert EFFECT < later < 0, "it was in force for part of the plan's time"
        assert await adds({}, from_at=end) == 0
        earlier = await adds({}, from_at=begin - (end - begin))
        assert earlier == EFFECT, "of cases before the plan began none counts"
        target = replace(target, filters={})
        teams = [await adds({Dimension.team.value: [f"team {n}"]}) for n in range(3)]
        assert all(team is not None for team in teams)
        assert EFFECT <= sum(team for team in teams if team is not None) < 0


def effect_of(effect: float, before: float) -> dict[str, Any]:
    return {"effect": str(effect), "before": {"compared": str(before)}}


def test_an_effect_is_that_part_of_the_plans_own_baseline() -> None:
    time = KPIS["first_resolution_seconds"]
    assert on_baseline(time, effect_of(-3592, 4012), Decimal(2692)) == pytest.approx(Decimal(-2410), abs=1)
    assert on_baseline(time, effect_of(-5000, 4012), Decimal(2692)) == -2692, "no time is below 0"
    assert on_baseline(time, effect_of(-3592, 4012), None) == -3592
    share = KPIS["first_contact_resolution"]
    assert on_baseline(share, effect_of(0.1, 0.5), Decimal("0.8")) == Decimal("0.1")
    assert on_baseline(share, effect_of(0.4, 0.5), Decimal("0.8")) == Decimal("0.2"), "no share is above 1"


def test_no_contribution_is_longer_than_the_way() -> None:
    distance, went = Decimal(-892), Decimal(132)
    assert as_far_as(Decimal(-3592), [distance, went]) == distance
    assert as_far_as(Decimal(-500), [distance, went]) == -500
    assert as_far_as(Decimal(-1200), [distance, Decimal(-1500)]) == -1200, (
        "the KPI went further than its goal"
    )
    assert as_far_as(Decimal(400), [distance]) == 400, "it leads away from the goal"
    assert as_far_as(Decimal(0), [distance]) == 0
