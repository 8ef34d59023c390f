"""Placebo worlds: where nothing was changed little is claimed, and what was halved is found.

`make soak` tries a thousand windows of each world (`python -m bench.placebo`); here are the first of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from app.kpis.statistics.effects.compare import newest_version
from bench.placebo import FOUND, WORLDS, claims_at_some_look, false_claims, found_claims
from tests.extent import ALL_EXAMPLES, WHOLE, first_of, in_test_all

PAGE = Path(__file__).parents[4] / "bench" / "placebo.md"
#: Windows of a world; and in per cent what a binomial of so many at 7 % passes in one of a thousand, and what
#: one at 80 % fails.
WINDOWS, MOST_FALSE, LEAST_FOUND = (60, 18.4, 63.3)
if WHOLE:
    WINDOWS, MOST_FALSE, LEAST_FOUND = (1_000, 7.0, 80.0) if ALL_EXAMPLES else (400, 11.3, 73.5)


@pytest.mark.parametrize("world", first_of([*WORLDS], 1))
def test_little_is_claimed_where_nothing_was_changed(world: str) -> None:
    assert false_claims(world, WINDOWS) <= MOST_FALSE


@pytest.mark.parametrize("world", first_of([*FOUND], 1))
def test_durations_that_were_halved_are_found(world: str) -> None:
    assert found_claims(world, WINDOWS) >= LEAST_FOUND


@in_test_all
def test_who_looks_each_week_is_told_something_more_often() -> None:
    """Such claims are not held to the bound: an effect says how often it was looked at."""
    looked = min(WINDOWS, 100)
    assert claims_at_some_look(looked) <= 30


def test_the_page_has_the_rates_of_each_world_by_the_version_of_now() -> None:
    page = PAGE.read_text()
    for world, world_rates in WORLDS.items():
        assert f"| {world} | {world_rates.method.value} {newest_version(world_rates.method)} |" in page
