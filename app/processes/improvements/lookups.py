"""Reads of suggestions, plans and other improvements, for the actions on one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.kernel.access.reads import BY_RECORD_VERSION, ReadContext, ReadGuard, Unguarded

PROPOSERS = """
select distinct person_id from fold.suggestion_proposer
where record = any(%s) and person_id is not null order by person_id"""
PROPOSERS_SETTLED = Unguarded("What was selected gets no more proposers.")
PLAN_TARGET = "select 1 from fold.improvement_plan_target where record = %s and name = %s"


async def proposers_of(
    reads: ReadContext, suggestions: Sequence[str], *, guard: ReadGuard = BY_RECORD_VERSION
) -> tuple[UUID, ...]:
    """Return the persons who proposed the suggestions, by their streams. Without another guard, these are in
    the read set.
    """
    rows = await reads.rows(PROPOSERS, (list(suggestions),), guard=guard)
    return tuple(row["person_id"] for row in rows)


async def is_plan_target(reads: ReadContext, plan: str, name: str) -> bool:
    """Return whether the plan, which is in the read set, has a target of that name; `plan` is its stream."""
    return await reads.value(PLAN_TARGET, (plan, name), guard=BY_RECORD_VERSION) is not None
