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
#: Numbers elsewhere that other improvements name, among those with the same digits. One that was reverted
#: leaves its documents to the one that replaces it.
NUMBERS_OF_OTHERS = """
select n.number from (
  select record, external_numbers from fold.improvement_outcome
  union all select record, external_numbers from fold.pilot_readiness
  union all select record, external_numbers from fold.rollout_step) e
join fold.improvement i on e.record = 'improvement/' || i.id, unnest(e.external_numbers) n(number)
where i.id <> %(improvement)s and i.state <> 'reverted'
  and regexp_replace(normalize(n.number, NFKC), '[^0-9]', '', 'g') = any(%(digits)s)"""


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


async def numbers_of_others(reads: ReadContext, improvement: UUID, digits: Sequence[str]) -> list[str]:
    """Return the numbers of other systems, with any of these digits, that other improvements name as
    evidence.
    """
    guard = Unguarded("Of two improvements that name one document at once, the log shows both.")
    parameters = {"improvement": improvement, "digits": list(digits)}
    return [row["number"] for row in await reads.rows(NUMBERS_OF_OTHERS, parameters, guard=guard)]
