"""The log handed to consumers in pieces, as their group hands it to them while a worker is running.

What is written already is cut as a test says: each consumer is asked whether a piece concerns it, and what
does not is passed over. What a consumer makes of a log must not depend on where it was cut.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from app.log import consumer_group as group
from app.log.batches import Batch, PositionRange, Tail
from app.log.follow import (
    FOLLOW_LIMITS,
    MOVE_CHECKPOINTS,
    Consumer,
    catch_up,
    process_next_batch,
    reset,
)
from app.platform.db import Connection, connect, fetch_tuples

HEAD = "select position from log.head"
CHECKPOINT = "select position from log.checkpoint where consumer = %(consumer)s"
COLUMNS = """
select attname from pg_attribute where attrelid = %(of)s::regclass and attnum > 0 and not attisdropped
order by attnum"""


@dataclass
class Followers:
    """Consumers of a log: each may go on `alone`, or be handed a piece of the log `together` with the others,
    each on a connection as that way of following has it.
    """

    consumers: Sequence[Consumer]
    alone: Connection
    together: Connection

    async def take_whole(self) -> None:
        """All take the whole log, from its beginning."""
        await self.begin(None)

    async def take_in_pieces(self, lengths: Iterator[int], first: int = 1) -> None:
        """All take the log from its beginning: the `first` events at once, then pieces of these lengths."""
        await self.begin(first)
        ((head,),) = await fetch_tuples(self.together, HEAD, {})
        while first < head:
            first = min(first + next(lengths), head)
            await self.take(first)

    async def take(self, last: int) -> None:
        """All are handed what is new up to that position, but for those whom it does not concern."""
        async with self.together.transaction():
            for consumer in self.consumers:
                ((done,),) = await fetch_tuples(self.together, CHECKPOINT, {"consumer": consumer.name})
                if done < last:
                    await self._hand(consumer, PositionRange(done + 1, last))
            names = [consumer.name for consumer in self.consumers]
            await self.together.execute(MOVE_CHECKPOINTS.encode(), (last, names))

    async def _hand(self, consumer: Consumer, span: PositionRange) -> None:
        tail = Tail()
        await tail.read_to(self.together, span)
        batch = Batch(self.together, span, tail, shares_transaction=True)
        if batch.may_concern(consumer.types, consumer.kinds):
            await consumer.handle_batch(self.together, batch)

    async def begin(self, first: int | None) -> None:
        """Each begins anew alone, with the `first` events (None: with all), and removes what it had made."""
        for consumer in self.consumers:
            await reset(self.alone, consumer)
            if first is None:
                await catch_up(self.alone, consumer)
            else:
                await process_next_batch(self.alone, replace(consumer, batch=first))


@asynccontextmanager
async def followers(url: str, *consumers: Consumer) -> AsyncIterator[Followers]:
    """These consumers, with connections of their own."""
    alone, together = await connect(url, FOLLOW_LIMITS), await connect(url, group.LIMITS)
    together.prepare_threshold, together.prepared_max = 0, group.MOST_PLANS
    try:
        yield Followers(consumers, alone, together)
    finally:
        await alone.close()
        await together.close()


def one_by_one() -> Iterator[int]:
    """Each event is a piece."""
    while True:
        yield 1


def at_random(seed: int = 1) -> Iterator[int]:
    """Pieces of some events."""
    chance = random.Random(seed)
    while True:
        yield chance.choice((1, 2, 3, 5, 20, 100))


async def contents(
    connection: Connection,
    tables: Sequence[str],
    but_for: Mapping[str, frozenset[str]] | None = None,
    only: Mapping[str, str] | None = None,
) -> dict[str, list[str]]:
    """All that is in these tables; of some, all `but_for` certain columns, or `only` the rows for which a
    condition holds.
    """
    found = {}
    for table in tables:
        names = [name for (name,) in await fetch_tuples(connection, COLUMNS, {"of": table})]
        kept = ", ".join(name for name in names if name not in (but_for or {}).get(table, ()))
        where = (only or {}).get(table, "true")
        text = f"select t::text from (select {kept} from {table} where {where}) t order by 1"
        found[table] = [row for (row,) in await fetch_tuples(connection, text, {})]
    return found
