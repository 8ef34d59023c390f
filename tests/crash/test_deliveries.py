"""Deliveries of a tool, shuffled and repeated, while the worker and PostgreSQL are killed."""

from __future__ import annotations

from bench.deliveries import shuffled_posts, soak_deliveries
from tests.crash.chances import new_chance
from tests.extent import WHOLE, in_test_all
from tests.forked import Sites

pytestmark = in_test_all

POSTS, CLIENTS, KILLS = 500 if WHOLE else 200, 32, 2


async def test_each_delivery_answered_has_its_effect_once_though_all_is_killed_meanwhile(site: Sites) -> None:
    posts = shuffled_posts(POSTS, new_chance())
    kills: list[None] = []
    with site() as installation:
        load, proof = await soak_deliveries(
            installation, posts, clients=CLIENTS, kills=KILLS, killed=lambda: kills.append(None)
        )
    assert proof.faults() == dict.fromkeys(proof.faults(), 0), proof
    assert (load.done, len(kills)) == (POSTS, KILLS)
    assert load.happened["refused"] == 0
    assert len(load.answered) == proof.deliveries == POSTS * 7 // 10
    assert load.happened["no answer"] > 0, "PostgreSQL was not killed while somebody waited"
