"""Queries of summaries: choices of persons, and so no events, like saved views (decision 0016).

A row is also an item to send: a worker claims it for some minutes, and moves `next_at` on once its mail was
handed over, or is not needed. A change by the person meanwhile is not overruled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.foundation.calendars.week import Weekday
from app.platform.db import Connection, Database, Row, fetch_rows
from app.summaries.schedule import Cadence, Schedule

#: The most summaries of a person.
MOST_SUMMARIES = 10
CLAIM_DURATION = timedelta(minutes=5)
CONCURRENT_SUMMARIES = 8
SELECT = "select * from plumbing.summary where person_id = %(me)s"
SAVE = """
insert into plumbing.summary as s (id, version, person_id, cadence, weekday, day_of_month, time_of_day,
  time_zone, view_id, only_when_needed, next_at, due_at, attempts, changed_at)
select %(id)s, 1, %(me)s, %(cadence)s, %(weekday)s, %(day_of_month)s, %(time_of_day)s, %(time_zone)s,
  %(view_id)s, %(only_when_needed)s, %(next_at)s, %(next_at)s, 0, %(now)s
where (select count(*) from plumbing.summary where person_id = %(me)s and id <> %(id)s) < %(most)s
on conflict (id) do update set version = s.version + 1, cadence = excluded.cadence,
  weekday = excluded.weekday, day_of_month = excluded.day_of_month, time_of_day = excluded.time_of_day,
  time_zone = excluded.time_zone, view_id = excluded.view_id, only_when_needed = excluded.only_when_needed,
  next_at = excluded.next_at, due_at = excluded.due_at, attempts = 0, why = null, failure = null,
  changed_at = excluded.changed_at
where s.person_id = excluded.person_id and (%(if_match)s::integer[] is null or s.version = any(%(if_match)s))
returning *"""
ZONE_OF_PERSON = "select time_zone from fold.person where id = %s"
REMOVE = "delete from plumbing.summary where id = %(id)s and person_id = %(me)s returning id"
REMOVE_OF_ERASED = """
delete from plumbing.summary s using fold.person p
where s.due_at <= %s and p.id = s.person_id and p.state = 'erased'"""
CLAIM = f"""
update plumbing.summary s set due_at = %s, attempts = s.attempts + 1 from (
  select id from plumbing.summary where due_at <= %s order by due_at limit {CONCURRENT_SUMMARIES}
  for update skip locked
) as due join plumbing.summary d using (id) join fold.person p on p.id = d.person_id
where s.id = due.id returning s.*, p.email, p.kind"""
OF_THIS_CLAIM = "id = %(id)s and version = %(version)s and next_at = %(next_at)s"
MOVE_ON = f"""
update plumbing.summary set next_at = %(following)s, due_at = %(following)s, attempts = 0, why = null,
  sent_at = coalesce(%(sent_at)s, sent_at), failure = %(failure)s,
  view_id = case when %(without_view)s then null else view_id end,
  version = version + (%(without_view)s)::integer
where {OF_THIS_CLAIM}"""
POSTPONE = f"update plumbing.summary set due_at = %(due_at)s, why = %(why)s where {OF_THIS_CLAIM}"


def schedule_of(row: Mapping[str, Any]) -> Schedule:
    """Return the schedule of a row."""
    return Schedule(
        Cadence(row["cadence"]),
        time.fromisoformat(row["time_of_day"]),
        ZoneInfo(row["time_zone"]),
        None if row["weekday"] is None else Weekday(row["weekday"]),
        row["day_of_month"],
    )


async def zone_of(db: Database, person_id: UUID) -> str | None:
    """Return the name of the person's time zone; None without one."""
    zone: str | None = await db.value(ZONE_OF_PERSON, (person_id,))
    return zone


async def summaries_of(db: Database, person_id: UUID | None) -> list[Row]:
    """Return the summaries of the person, in the order of their ids."""
    return await db.rows(f"{SELECT} order by id", {"me": person_id})


async def find_summary(db: Database, person_id: UUID | None, summary_id: UUID) -> Row | None:
    """Return the summary with that id; None if the person has no such summary."""
    return await db.row(f"{SELECT} and id = %(id)s", {"me": person_id, "id": summary_id})


async def save_summary(
    db: Database,
    person_id: UUID,
    summary_id: UUID,
    fields: Mapping[str, Any],
    if_match: frozenset[int] | None,
) -> Row | None:
    """Create or replace the summary; return None if it is somebody else's, has another version, or would
    exceed the limit.
    """
    versions = None if if_match is None else list(if_match)
    more = {"id": summary_id, "me": person_id, "if_match": versions, "most": MOST_SUMMARIES}
    rows = await db.rows_in_turn(f"summaries/{person_id}", SAVE, {**fields, **more})
    return rows[0] if rows else None


async def remove_summary(db: Database, person_id: UUID | None, summary_id: UUID) -> bool:
    """Delete the summary. Return False if the person has no summary with that id."""
    return bool(await db.rows(REMOVE, {"id": summary_id, "me": person_id}))


async def claim_due(connection: Connection, now: datetime) -> list[Row]:
    """Return some summaries that are due and that no other worker has, each with its person's kind and
    encrypted address. Those of erased persons are removed.
    """
    await connection.execute(REMOVE_OF_ERASED, (now,))
    return await fetch_rows(connection, CLAIM, (now + CLAIM_DURATION, now))


async def move_on(
    connection: Connection,
    row: Row,
    following: datetime,
    *,
    sent_at: datetime | None,
    failure: str | None,
    without_view: bool,
) -> None:
    """Note what became of a claimed summary, and when the following one is sent. `without_view`: from now on
    it is of everything.
    """
    outcome = {"sent_at": sent_at, "failure": failure, "without_view": without_view}
    await connection.execute(MOVE_ON.encode(), {**row, **outcome, "following": following})


async def postpone(connection: Connection, row: Row, due_at: datetime, why: str) -> None:
    """Note that a claimed summary is tried again then, and why it could not be sent."""
    await connection.execute(POSTPONE.encode(), {**row, "due_at": due_at, "why": why})
