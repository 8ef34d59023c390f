"""Reads of deputies: who may vote in the name of the voters of a decision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.foundation.decisions.records import Decision, VotingDeputy
from app.kernel.access.reads import ReadContext, Unguarded, Versions
from app.kernel.actions.context import ActionContext

# Standing deputies and deputies of absences. An absence counts only deputies named by the absent person,
# and only for the time they chose, so a third person cannot pass on a vote. An absence from before that time
# was stored has its own time. Each deputation ends with the credential by which it was made, whose end may
# have been moved forward, and with its person's account.
DEPUTATIONS = """
  select n.id, n.version, n.stream, n.deputy_id, n.person_id, n.from_at, n.decisions, n.named_at,
    least(n.until_at, k.expires_at) as until_at
  from (
    select id, version, 'deputy/' || id as stream, deputy_id, person_id, from_at, until_at, named_at,
      decisions, key_id
    from fold.deputy where state = 'named' and suspended_by_rotation is not true
    union all
    select id, version, 'absence/' || id, deputy_id, person_id, coalesce(votes_from_at, from_at),
      coalesce(votes_until_at, until_at), planned_at, null, key_id
    from fold.absence where state = 'planned' and deputy_named_by_id = person_id
      and suspended_by_rotation is not true
  ) n join fold.person v on v.id = n.person_id and v.state = 'active' and v.deactivated_at is null
  left join fold.key k on k.id = n.key_id"""
DEPUTIES = f"""
select d.* from ({DEPUTATIONS}) d join fold.person p on p.id = d.deputy_id
where d.person_id = any(%(voters)s) and (d.decisions is null or %(decision)s = any(d.decisions))
  and d.until_at > %(now)s and d.from_at < greatest(%(due)s, %(now)s)
  and p.kind = 'human' and p.state = 'active' and p.deactivated_at is null
order by d.named_at, d.id"""
IN_FORCE = f"""
select d.id, d.person_id, d.stream, d.version from ({DEPUTATIONS}) d
where d.id = any(%(deputations)s) and d.deputy_id = %(me)s
  and d.from_at <= %(now)s and d.until_at > %(now)s"""


@dataclass(frozen=True, slots=True)
class DeputiesNow:
    """The deputies of a decision's voters at an instant, and when they change next (None: never)."""

    rows: tuple[VotingDeputy, ...]
    change_at: datetime | None


async def deputies_in_force(
    reads: ReadContext, rows: Sequence[VotingDeputy], ctx: ActionContext
) -> tuple[VotingDeputy, ...]:
    """Return those of a decision's deputies that are the caller, and that the voter still names for this
    instant: a rule follows the voters' changes, and a vote does not wait for the rule.
    """
    own = [row for row in rows if row.person_id == ctx.caller.person_id and row.ended_at is None]
    if not own:
        return ()
    deputations = [row.deputation_id for row in own]
    parameters = {"deputations": deputations, "me": ctx.caller.person_id, "now": ctx.now}
    standing = await reads.rows(IN_FORCE, parameters, guard=Versions())
    in_force = {(row["id"], row["person_id"]) for row in standing}
    return tuple(row for row in own if (row.deputation_id, row.instead_of_id) in in_force)


async def deputies_of(
    reads: ReadContext,
    decision: Decision,
    voters: Collection[UUID],
    kept_apart: Collection[UUID],
    ctx: ActionContext,
) -> DeputiesNow:
    """Return the deputies that the voters have named for this instant, standing ones and those of their
    absences, except people who are excluded from the matter; and when that changes next.
    """
    kind = None if decision.decision is None else decision.decision.value
    guard = Unguarded("A deputy who is named meanwhile is added by the rule that follows it.")
    parameters = {"voters": list(voters), "now": ctx.now, "due": decision.due_at, "decision": kind}
    rows = await reads.rows(DEPUTIES, parameters, guard=guard)
    rows = [row for row in rows if row["deputy_id"] not in kept_apart]
    changes = [row["until_at" if row["from_at"] <= ctx.now else "from_at"] for row in rows]
    deputies = tuple(
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
        if row["from_at"] <= ctx.now
    )
    return DeputiesNow(deputies, min(changes, default=None))


def deputation_key(row: VotingDeputy) -> tuple[Any, ...]:
    """Return the values that distinguish a voter's deputies: an absence may get another deputy, or time."""
    return row.deputation_id, row.person_id, row.from_at, row.until_at
