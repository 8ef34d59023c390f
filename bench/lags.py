"""Measurement of how far consumers lag behind while events are appended, and of PostgreSQL's commits
meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import psycopg

from bench.kill import PATIENCE_SECONDS

PgConnection = psycopg.Connection[tuple[float]]

# A trigger records each move of a checkpoint in the same transaction, shortly before its commit.
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
# For each event, the time until the last of the consumers had processed it; of these times the 99th
# percentile.
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
# A process reports its statistics to PostgreSQL within a second.
STATISTICS_SECONDS = 1.5


@dataclass
class LagWatch:
    """The log's positions at the beginning and end of the block, and PostgreSQL's commits within it."""

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
        """Returns the lag in milliseconds that one event in a hundred exceeds."""
        return _value(self.line, LAG, self.first, self.last)


def install_watch(line: PgConnection) -> None:
    """Installs the trigger that records moves of checkpoints."""
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
