"""Reads of deputies: who may vote in the name of the voters of a decision."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from app.foundation.decisions.records import Decision, VotingDeputy
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext

DEPUTIES = """
select d.id, d.deputy_id, d.person_id, d.from_at, d.until_at
from fold.deputy d join fold.person p on p.id = d.deputy_id
where d.person_id = any(%s) and d.state = 'named' and d.until_at > %s and d.from_at < %s
  and (d.decisions is null or %s = any(d.decisions))
  and p.kind = 'human' and p.state = 'active' and p.deactivated_at is null
order by d.named_at, d.id"""


async def deputies_of(
    reads: ReadContext,
    decision: Decision,
    voters: Collection[UUID],
    kept_apart: Collection[UUID],
    ctx: ActionContext,
) -> tuple[VotingDeputy, ...]:
    """Return the deputies whom the voters have named for a time before the decision is due, but for those who
    are kept apart from it themselves.
    """
    kind = None if decision.decision is None else decision.decision.value
    guard = Unguarded("A deputy who is named meanwhile is added by the rule that follows it.")
    rows = await reads.rows(DEPUTIES, (list(voters), ctx.now, decision.due_at, kind), guard=guard)
    return tuple(
        VotingDeputy(
            id=ctx.new_id(),
            record=decision.record,
            decision_id=decision.id,
            person_id=row["deputy_id"],
            instead_of_id=row["person_id"],
            deputation_id=row["id"],
            asked_at=decision.asked_at,
            due_at=decision.due_at,
            from_at=row["from_at"],
            until_at=row["until_at"],
        )
        for row in rows
        if row["deputy_id"] not in kept_apart
    )
