"""Whoever follows the log makes the same of it while it grows step by step as of any other pieces of it."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from app.automation.agreements import watch_clocks
from app.kernel.ledger import Ledger
from app.kpis.facts.tables import TABLES
from app.log.follow import Consumer
from app.platform.db import Connection, fetch_tuples
from app.service_levels.clocks import projection
from app.worker import TIMED_RULES, projections
from tests.cuts import HEAD, Followers, at_random, contents, followers
from tests.extent import ALL_EXAMPLES, first_of, in_test_all
from tests.service_levels.clocks.log_clock import LogClock
from tests.service_levels.clocks.random_desk import RandomDesk
from tests.service_levels.clocks.world import Desk

#: What they keep. Only this may differ: how far a recomputation is, when an entry of the index was made, and
#: when a clock is looked at next, which depends on what it has said.
KEPT = (
    *TABLES.split(", "),
    *projection.TABLES,
    *("search.record", "vault.address", "plumbing.timer"),
)
BUT_FOR = {"search.record": frozenset({"made_at"})}
#: What is not removed by who begins anew.
FORGET = b"delete from vault.address"
ONLY = {"plumbing.timer": f"rule <> '{watch_clocks.NAME}'"}


@dataclass
class FollowedDesk(Desk):
    """A desk whose log is followed together, as by the group of consumers."""

    followers: Followers | None = None

    async def follow(self) -> None:
        """All are handed what is new."""
        assert self.followers is not None
        ((head,),) = await fetch_tuples(self.connection, HEAD, {})
        await self.followers.take(head)


class FollowedLife(RandomDesk):
    """What happens, with the log followed after each step."""

    async def step(self, action: str) -> None:
        """One thing happens, and all follow."""
        await super().step(action)
        await self.desk.follow()


def who_follows(ledger: Ledger) -> tuple[Consumer, ...]:
    """The followers of a worker whose tables depend on the log alone. Who is told of an event depends on when
    it is followed.
    """
    return (
        *projections(ledger),
        *(rule.consumer(ledger) for rule in TIMED_RULES),
    )


@in_test_all
@pytest.mark.parametrize("seed", first_of(range(20 if ALL_EXAMPLES else 3), 1))
async def test_whoever_follows_makes_the_same_of_any_pieces(
    ledger: Ledger, follower: Connection, log_clock: LogClock, seed: int
) -> None:
    async with followers(ledger.db.url, *who_follows(ledger)) as following:
        created = await Desk.create(ledger, follower, log_clock)
        desk = FollowedDesk(ledger, follower, log_clock, created.agent, followers=following)
        life = FollowedLife(desk, random.Random(seed))
        await life.begin()
        await following.begin(1)
        await life.play(80)
        await desk.work()
        step_by_step = await contents(follower, KEPT, BUT_FOR, ONLY)
        await follower.execute(FORGET)
        await following.take_whole()
        assert await contents(follower, KEPT, BUT_FOR, ONLY) == step_by_step
        await follower.execute(FORGET)
        await following.take_in_pieces(at_random(seed))
        assert await contents(follower, KEPT, BUT_FOR, ONLY) == step_by_step
