"""Reads of records that the demo's commands have opened besides."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.platform.db import Database

ROUND_OF_PLAN = "select id from fold.maintenance where plan_id = %s and planned_at = %s"
INCIDENT_OF_ROUND = """
select i.id from fold.incident i where i.title = %s and i.opened_at = %s"""
PART_OF_TARGET = "select id from fold.quality_target where parent_id = %s and answerable_id = %s"


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
