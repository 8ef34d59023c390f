"""How far consumers are behind while others write, and how often PostgreSQL commits for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import psycopg

from bench.kill import PATIENCE_SECONDS

PgConnection = psycopg.Connection[tuple[float]]

# Each move of a checkpoint is noted in the transaction that makes it, a moment before it ends.
WATCH = """
drop schema if exists watched cascade;
create schema watched;
create table watched.move (consumer text, position bigint, at timestamptz);
create index on watched.move (consumer, position);
create function watched.note() returns trigger language plpgsql security definer as $$
begin
  insert into watched.move values (new.consumer, new.position, clock_timestamp());
  return new;
end $$;
create or replace trigger watched after insert or update on log.checkpoint
for each row execute function watched.note();"""
# Of each event, how long it took until the last of the consumers had it.
LAG = """
select percentile_cont(0.99) within group (order by milliseconds) from (
  select extract(epoch from max(move.at) - e.recorded_at) * 1000 as milliseconds
  from log.event e cross join (select distinct consumer from watched.move) c
  cross join lateral (
    select at from watched.move where consumer = c.consumer and position >= e.position
    order by position limit 1) move
  where e.position > %s and e.position <= %s group by e.position, e.recorded_at) lags"""
CONSUMERS_BEHIND = """
select count(*) filter (where c.position < h.position) + (count(*) = 0)::integer
from log.head h, log.checkpoint c"""
HEAD = "select position from log.head"
COMMITS = "select xact_commit from pg_stat_database where datname = current_database()"
# A process tells the statistics of what it has done after a second at the latest.
STATISTICS_SECONDS = 1.5


@dataclass
class LagWatch:
    """What was seen between two moments: the log's first and last position, and PostgreSQL's commits."""

    line: PgConnection
    first: int = 0
    last: int = 0
    commits: int = 0

    async def __aenter__(self) -> LagWatch:
        await asyncio.sleep(STATISTICS_SECONDS)
        self.first, self._before = int(_value(self.line, HEAD)), int(_value(self.line, COMMITS))
        return self

    async def __aexit__(self, *error: object) -> None:
        self.last = int(_value(self.line, HEAD))
        await asyncio.sleep(STATISTICS_SECONDS)
        self.commits = int(_value(self.line, COMMITS)) - self._before

    def p99_ms(self) -> float:
        """The reader's lag, of which one in a hundred events has more."""
        return _value(self.line, LAG, self.first, self.last)


def install_watch(line: PgConnection) -> None:
    """From now on moves of checkpoints are noted."""
    line.execute(WATCH.encode())


async def wait_until_caught_up(line: PgConnection) -> None:
    """Waits until all consumers are at the end of the log. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while _value(line, CONSUMERS_BEHIND):  # noqa: ASYNC110  # nobody tells of a checkpoint
            await asyncio.sleep(0.05)


def _value(line: PgConnection, query: str, *parameters: int) -> float:
    row = line.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return float(row[0])
