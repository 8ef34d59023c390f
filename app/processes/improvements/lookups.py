"""Reads of suggestions, plans and other improvements, for the actions on one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.kernel.access.reads import BY_RECORD_VERSION, ReadContext, Unguarded

PROPOSERS = """
select distinct person_id from fold.suggestion_proposer
where record = any(%s) and person_id is not null order by person_id"""
#: People who made the proposal themselves; people whose suggestion was merged into another's did not.
OWN_PROPOSERS = """
select distinct p.person_id from fold.suggestion_proposer p
left join fold.improvement_suggestion m on m.id = p.merged_from_id
where p.record = %s and p.person_id is not null and (m.id is null or m.decided_by_id = p.person_id)"""
PROPOSERS_SETTLED = Unguarded("What was selected gets no more proposers.")
PLAN_TARGET = "select 1 from fold.improvement_plan_target where record = %s and name = %s"


async def proposers_of(reads: ReadContext, suggestions: Sequence[str]) -> tuple[UUID, ...]:
    """Return the persons who proposed the suggestions, which are in the read set, by their streams."""
    rows = await reads.rows(PROPOSERS, (list(suggestions),), guard=BY_RECORD_VERSION)
    return tuple(row["person_id"] for row in rows)


async def own_proposers_of(reads: ReadContext, suggestion: str) -> frozenset[UUID]:
    """Return who proposed the suggestion by acts of their own, by its stream."""
    return frozenset(
        row["person_id"] for row in await reads.rows(OWN_PROPOSERS, (suggestion,), guard=PROPOSERS_SETTLED)
    )


async def is_plan_target(reads: ReadContext, plan: str, name: str) -> bool:
    """Return whether the plan, which is in the read set, has a target of that name; `plan` is its stream."""
    return await reads.value(PLAN_TARGET, (plan, name), guard=BY_RECORD_VERSION) is not None
