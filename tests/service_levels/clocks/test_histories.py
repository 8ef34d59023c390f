"""Whatever happens, in whatever order it is entered: rows and streams are what the engine says."""

from __future__ import annotations

import random

import pytest

from tests.extent import ALL_EXAMPLES, WHOLE, first_of
from tests.service_levels.clocks.checks import rows_are_what_the_engine_says, streams_say_what_they_ought_to
from tests.service_levels.clocks.random_desk import RandomDesk
from tests.service_levels.clocks.world import Desk

SEEDS = first_of(range(40 if ALL_EXAMPLES else 5), 1)


@pytest.mark.parametrize("seed", SEEDS)
async def test_rows_and_streams_are_what_the_engine_says(desk: Desk, seed: int) -> None:
    life = RandomDesk(desk, random.Random(seed))
    await life.begin()
    await life.play(120 if WHOLE else 50)
    await desk.work()
    assert await rows_are_what_the_engine_says(desk.connection) > 2
    assert await streams_say_what_they_ought_to(desk.connection, desk.ledger, desk.clock.now) > 5
    assert await desk.timers() == {} or min((await desk.timers()).values()) > desk.clock.now
