"""An improvement adds to a plan's target only by the cases that both are about, and only with evidence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.kpis.answers.answer import snapshot_connection
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.processes.improvement_plans.contributions import weighted_effect
from tests.kpis.conftest import Books
from tests.kpis.effects.test_measuring import asked

EFFECT = Decimal(-100)


def served(scope: dict[str, list[str]], books: Books, **changes: Any) -> dict[str, Any]:
    _, questions = asked(KPIS["incident_resolution_seconds"])
    begin, end = questions.after.bounds
    measured = {
        "state": "standardised",
        "verdict": "improved",
        "scope": scope,
        "from_at": begin,
        "until_at": end,
        "result": {"scale": "difference", "effect": str(EFFECT)},
    }
    return measured | changes


async def test_only_cases_of_both_scopes_add_to_a_target(books: Books) -> None:
    _, questions = asked(KPIS["incident_resolution_seconds"], scope={"team": ["team 0"]})
    target = questions.after
    async with snapshot_connection(books.db) as connection:

        async def adds(scope: dict[str, list[str]], **changes: Any) -> Decimal | None:
            return await weighted_effect(connection, target, served(scope, books, **changes))

        assert await adds({}) == await adds({"team": ["team 0", "team 1"]}) == EFFECT
        assert await adds({"team": ["team 1"]}) == 0
        part = await adds({"service": ["mail"]})
        assert part is not None
        assert EFFECT < part < 0
        assert await adds({}, verdict="no_evidence") is None
        assert await adds({}, state="reverted") is None
        target = replace(target, filters={})
        teams = [await adds({Dimension.team.value: [f"team {n}"]}) for n in range(3)]
        assert all(team is not None for team in teams)
        assert EFFECT <= sum(team for team in teams if team is not None) < 0
