"""Reading the log: one stream, or all events in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.log.events import COLUMNS, Recorded, recorded
from app.platform.db import Database


async def head(db: Database, *, seconds: float | None = None) -> int:
    """Return the position of the newest event, or 0. Raises DatabaseGone, after `seconds` at the latest if
    that is set.
    """
    return int(await db.value("select position from log.head", seconds=seconds))


AGE_AFTER = """
select greatest(extract(epoch from clock_timestamp() - recorded_at), 0)::float8
from log.event where position = %(position)s + 1"""


async def age_after(db: Database, position: int) -> float:
    """Return the age in seconds of the first event after the position, or 0. Raises DatabaseGone."""
    return float(await db.value(AGE_AFTER, {"position": position}) or 0)


async def is_beyond_head(db: Database, as_of: int | datetime, now: datetime) -> bool:
    """Return whether the position, or the instant, is one that the log has not reached. Raises
    DatabaseGone.
    """
    if not isinstance(as_of, datetime):
        return as_of > await head(db)
    # Events are stamped with the database's clock, which may be ahead of this process's and never goes back.
    return as_of > now and bool(await db.value("select recorded_at < %s from log.head", (as_of,)))


# Binary search: positions have no gaps and their times ascend. Some twenty events are read, and no index on
# the times is needed.
POSITION_AT = """
with recursive search(low, high) as (
  select 0::bigint, position from log.head
  union all
  select case when told.recorded_at <= %(at)s then middle else low end,
    case when told.recorded_at <= %(at)s then high else middle - 1 end
  from search
  cross join lateral (select (low + high + 1) / 2 as middle) half
  join log.event told on told.position = middle
  where low < high
)
select low from search where low = high
"""


async def position_at(db: Database, instant: datetime) -> int:
    """Return the position of the last event recorded at or before that instant, or 0."""
    return int(await db.value(POSITION_AT, {"at": instant}))


@dataclass(frozen=True, slots=True)
class Lag:
    """A consumer's lag: the number of events after its checkpoint, and the age of the first of them."""

    consumer: str
    events: int
    seconds: float


LAGS = """
select c.consumer, h.position - c.position as events,
       coalesce(greatest(extract(epoch from clock_timestamp() - e.recorded_at), 0), 0)::float8 as seconds
from log.head h cross join log.checkpoint c left join log.event e on e.position = c.position + 1
where right(c.consumer, 5) <> '_next'  -- what is made beside (remake.py) keeps nobody waiting
order by c.consumer
"""


async def lags(db: Database, *, seconds: float | None = None) -> list[Lag]:
    """Return the lag of each consumer that has a checkpoint. Raises DatabaseGone, as `head` does."""
    return [Lag(**row) for row in await db.rows(LAGS, seconds=seconds)]


async def stream_events(
    db: Database,
    stream: str,
    *,
    after_version: int = 0,
    up_to_version: int | None = None,
    as_of: int | datetime | None = None,
    limit: int | None = None,
    actor: str | None = None,
    for_staff: bool = True,
) -> list[Recorded]:
    """Return the events of one stream after `after_version`, in the order of their versions; with
    `for_staff=False` without those that are for staff only. `as_of`: only events recorded by that position or
    instant. `actor`: only events of that actor.
    """
    query = f"select {COLUMNS} from log.event where stream = %(stream)s and version > %(after)s"
    parameters: dict[str, Any] = {"stream": stream, "after": after_version, "as_of": as_of}
    if up_to_version is not None:
        query += " and version <= %(up_to)s"
        parameters["up_to"] = up_to_version
    if actor is not None:
        query += " and actor = %(actor)s"
        parameters["actor"] = actor
    query += f"{_bounds(as_of, for_staff=for_staff)} order by version"
    if limit is not None:
        query += " limit %(limit)s"
        parameters["limit"] = limit
    return [recorded(row) for row in await db.rows(query, parameters)]


async def newest_stream_events(
    db: Database,
    stream: str,
    *,
    before_version: int | None = None,
    as_of: int | datetime | None = None,
    limit: int,
    for_staff: bool = True,
) -> list[Recorded]:
    """Return the newest events of one stream, or those before `before_version`, the newest first, at most
    `limit`. `as_of`, `for_staff`: as for `stream_events`.
    """
    query = f"select {COLUMNS} from log.event where stream = %(stream)s"
    if before_version is not None:
        query += " and version < %(before)s"
    query += f"{_bounds(as_of, for_staff=for_staff)} order by version desc limit %(limit)s"
    parameters = {"stream": stream, "before": before_version, "as_of": as_of, "limit": limit}
    return [recorded(row) for row in await db.rows(query, parameters)]


def _bounds(as_of: int | datetime | None, *, for_staff: bool) -> str:
    """Return the conditions on events recorded by then, and on those that are not for staff only."""
    recorded_by = "recorded_at" if isinstance(as_of, datetime) else "position"
    past = "" if as_of is None else f" and {recorded_by} <= %(as_of)s"
    return past if for_staff else f"{past} and not staff_only"


async def events_of_streams(db: Database, streams: Sequence[str]) -> list[Recorded]:
    """Return all events of these streams, of each in the order of their versions."""
    query = f"select {COLUMNS} from log.event where stream = any(%s) order by stream, version"
    return [recorded(row) for row in await db.rows(query, (list(streams),))]


async def events_told(db: Database, stream: str, source: str, reference: str) -> list[Recorded]:
    """Return the events of one stream from the source, whose `source_ref` begins with the reference, in the
    order of their versions.
    """
    query = (
        f"select {COLUMNS} from log.event where stream = %(stream)s and source = %(source)s"
        " and starts_with(source_ref, %(reference)s) order by version"
    )
    parameters = {"stream": stream, "source": source, "reference": reference}
    return [recorded(row) for row in await db.rows(query, parameters)]


async def events_about(
    db: Database,
    stream: str,
    *,
    after_position: int | None = None,
    newest_first: bool = False,
    as_of: int | datetime | None = None,
    limit: int,
    for_staff: bool = True,
) -> list[Recorded]:
    """Return the events of streams that are about the record of that stream and have no record of their own,
    in the order of the log, or in the reverse order if `newest_first`: the first `limit` of those that follow
    `after_position` in this order. `as_of`, `for_staff`: as for `stream_events`.
    """
    conditions = f"stream = h.stream{_bounds(as_of, for_staff=for_staff)}"
    if after_position is not None:
        conditions += f" and position {'<' if newest_first else '>'} %(after)s"
    # Each stream by its own index: a record has a few such streams, with a few events each.
    query = f"""select e.* from log.stream_head h cross join lateral (
        select {COLUMNS} from log.event where {conditions} offset 0) e
      where h.about = %(stream)s order by e.position{" desc" if newest_first else ""} limit %(limit)s"""
    parameters = {"stream": stream, "after": after_position, "as_of": as_of, "limit": limit}
    return [recorded(row) for row in await db.rows(query, parameters)]


async def record_about(db: Database, stream: str) -> str:
    """Return the stream of the record that a stream without one of its own is about."""
    about: str = await db.value("select about from log.stream_head where stream = %s", (stream,))
    return about


async def events_after(db: Database, position: int, limit: int) -> list[Recorded]:
    """Return the next events after `position`, at most `limit`, in the order of the log."""
    query = f"select {COLUMNS} from log.event where position > %s order by position limit %s"
    return [recorded(row) for row in await db.rows(query, (position, limit))]


async def keys_by_route(db: Database, route: str) -> dict[tuple[str, str], str]:
    """Return the commands applied through that route: by principal and key, the stream that each wrote to."""
    query = "select principal, key, stream from log.idempotency where route = %s"
    return {(row["principal"], row["key"]): row["stream"] for row in await db.rows(query, (route,))}
