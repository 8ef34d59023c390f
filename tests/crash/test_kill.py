"""Real processes, killed at random instants under load: what was answered is there, once."""

from __future__ import annotations

import asyncio

from bench.kill import Load, prove
from bench.site import made_token
from tests.crash.chances import new_chance
from tests.extent import WHOLE
from tests.forked import Sites

CLIENTS = 12 if WHOLE else 6
KILLS, LEAST_ANSWERS, MOST_ANSWERS = (3, 20, 150) if WHOLE else (1, 8, 12)


async def test_what_was_answered_before_a_kill_is_there_once_after_it(site: Sites) -> None:
    """The API is killed, and once PostgreSQL, while clients insist on an answer."""
    chance = new_chance()
    with site() as installation:
        token = made_token(installation)
        await installation.serve()
        load = Load([f"http://127.0.0.1:{installation.ports['api']}"], token, chance)
        load.start(CLIENTS)
        for _ in range(KILLS):
            await load.until_answered(chance.randint(LEAST_ANSWERS, MOST_ANSWERS))
            installation.kill("api")
            await installation.serve()
        await load.until_answered(chance.randint(LEAST_ANSWERS, MOST_ANSWERS))
        installation.kill_postgresql()
        await asyncio.to_thread(installation.revive_postgresql)
        await load.until_answered(50 if WHOLE else 8)
        await load.end()
        proof = await prove(installation.url, load.answered)

    assert proof.faults() == dict.fromkeys(proof.faults(), 0), proof
    assert proof.done >= KILLS * LEAST_ANSWERS
    assert load.happened["no answer"] > 0, "nothing was killed while somebody waited, so nothing is proved"
    assert load.happened["failed"] == 0
