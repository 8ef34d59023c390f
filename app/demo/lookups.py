"""Reads of records that the demo's commands have opened besides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from app.platform.db import Database, Row

ROUND_OF_PLAN = "select id from fold.maintenance where plan_id = %s and planned_at = %s"
INCIDENT_OF_ROUND = """
select i.id from fold.incident i where i.title = %s and i.opened_at = %s"""
PART_OF_TARGET = "select id from fold.quality_target where parent_id = %s and answerable_id = %s"
KNOWN_ERROR = "select id from fold.problem where state = 'known_error' order by opened_at desc, id limit 1"
NEXT_FREEZE = """
select id, from_at from fold.freeze where state = 'declared' and from_at > %s order by from_at limit 1"""
FOLLOW_UPS = """
select t.id, t.assignee_id, t.due_at, split_part(t.record, '/', 2)::uuid as incident
from fold.task t join fold.incident i on i.id = split_part(t.record, '/', 2)::uuid
where t.record like 'incident/%%' and i.state = 'closed' and t.due_at < %s
  and t.completed_at is null and t.dropped_at is null order by t.due_at, t.id"""

FURTHER_SUGGESTIONS = """
select a.suggestion_id from fold.assessed_suggestion a
join fold.improvement_suggestion s on s.id = a.suggestion_id
where a.record = 'improvement_assessment/' || %s and s.state in ('offered', 'deferred')
  and a.suggestion_id <> all(%s) order by a.number"""


async def round_of_plan(db: Database, plan: UUID, planned_at: datetime) -> UUID:
    """Return the maintenance round of the plan that begins then."""
    opened: UUID = await db.value(ROUND_OF_PLAN, (plan, planned_at))
    return opened


async def incident_found(db: Database, title: str, found_at: datetime) -> UUID:
    """Return the incident of that title that a maintenance round opened then."""
    opened: UUID = await db.value(INCIDENT_OF_ROUND, (title, found_at))
    return opened


async def part_of_target(db: Database, target: UUID, answerable: str) -> UUID:
    """Return the part of the quality target that the person answers for."""
    part: UUID = await db.value(PART_OF_TARGET, (target, answerable))
    return part


async def open_follow_ups(db: Database, before: datetime) -> Sequence[Row]:
    """Return the open tasks of closed incidents that were due before that time, the earliest first."""
    return await db.rows(FOLLOW_UPS, (before,))


async def next_freeze(db: Database, after: datetime) -> tuple[UUID, datetime]:
    """Return the first freeze that begins after that time, and its begin."""
    row = await db.row(NEXT_FREEZE, (after,))
    assert row is not None, "a freeze over the next holidays is declared"
    return row["id"], row["from_at"]


async def newest_known_error(db: Database) -> UUID:
    """Return the known error that was opened last."""
    problem: UUID = await db.value(KNOWN_ERROR)
    return problem


async def further_suggestions(db: Database, assessment: UUID, judged: Iterable[UUID]) -> list[UUID]:
    """Return the open suggestions of the assessment without those that were judged."""
    rows = await db.rows(FURTHER_SUGGESTIONS, (assessment, list(judged)))
    return [row["suggestion_id"] for row in rows]
