"""Reads of deputies: who may vote in the name of the voters of a decision."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from app.foundation.decisions.records import Decision, VotingDeputy
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext

# Standing deputies, and those of absences. Of these only whom the absent person has named themselves: nobody
# gives away another's vote.
DEPUTIES = """
select d.* from (
  select id, deputy_id, person_id, from_at, until_at, named_at from fold.deputy
  where state = 'named' and person_id = any(%(voters)s)
    and (decisions is null or %(decision)s = any(decisions))
  union all
  select id, deputy_id, person_id, from_at, until_at, planned_at from fold.absence
  where state = 'planned' and person_id = any(%(voters)s) and deputy_named_by_id = person_id
) d join fold.person p on p.id = d.deputy_id
where d.until_at > %(now)s and d.from_at < %(due)s
  and p.kind = 'human' and p.state = 'active' and p.deactivated_at is null
order by d.named_at, d.id"""


async def deputies_of(
    reads: ReadContext,
    decision: Decision,
    voters: Collection[UUID],
    kept_apart: Collection[UUID],
    ctx: ActionContext,
) -> tuple[VotingDeputy, ...]:
    """Return the deputies whom the voters have named for a time before the decision is due, standing ones and
    those of their absences, but for those who are kept apart from it themselves.
    """
    kind = None if decision.decision is None else decision.decision.value
    guard = Unguarded("A deputy who is named meanwhile is added by the rule that follows it.")
    parameters = {"voters": list(voters), "now": ctx.now, "due": decision.due_at, "decision": kind}
    rows = await reads.rows(DEPUTIES, parameters, guard=guard)
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


def deputation_key(row: VotingDeputy) -> tuple[Any, ...]:
    """Return what tells a deputy of a voter from another: an absence may get another deputy, or time."""
    return row.deputation_id, row.person_id, row.from_at, row.until_at
