"""Reads of suggestions, plans and other improvements, for the actions on one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.foundation.process_names import spellings_of
from app.kernel.access.reads import BY_RECORD_VERSION, ReadContext, Versions

PROPOSERS = """
select distinct person_id from fold.suggestion_proposer
where record = any(%s) and person_id is not null order by person_id"""
FROZEN_BY = """
select i.number, h.stream, h.version from fold.improvement i
join log.stream_head h on h.stream = 'improvement/' || i.id
where lower(i.process) = any(%s) and i.id <> %s and i.cutover_at is not null and i.optimised_at is null
  and i.reverted_at is null
order by i.number limit 1"""
PLAN_TARGET = "select 1 from fold.improvement_plan_target where record = %s and name = %s"


async def proposers_of(reads: ReadContext, suggestions: Sequence[str]) -> tuple[UUID, ...]:
    """Return the persons who proposed the suggestions, which are in the read set, by their streams."""
    rows = await reads.rows(PROPOSERS, (list(suggestions),), guard=BY_RECORD_VERSION)
    return tuple(row["person_id"] for row in rows)


async def freezing_improvement(reads: ReadContext, process: str, besides: UUID) -> str | None:
    """Return the number of another improvement of the process that has cut over and is not optimised yet, so
    that the definition of the process is frozen; None if there is none.
    """
    row = await reads.row(FROZEN_BY, (spellings_of(process), besides), guard=Versions())
    return None if row is None else str(row["number"])


async def is_plan_target(reads: ReadContext, plan: str, name: str) -> bool:
    """Return whether the plan, which is in the read set, has a target of that name; `plan` is its stream."""
    return await reads.value(PLAN_TARGET, (plan, name), guard=BY_RECORD_VERSION) is not None
