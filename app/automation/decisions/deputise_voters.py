"""Lets deputies vote on the questions that are open when they are named, for good or for an absence, and no
more when it ends, or when the account of one of the two or the key that named them does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.foundation.decisions.payloads import DeputiseVote
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of

#: The open decisions of a voter; a vote that their deputy has cast may still be changed, too. And those with
#: a deputy who may have lost the sight of the record.
OPEN = """
select distinct d.id, d.record from (
  select person_id from fold.deputy where id = %(named)s
  union all select person_id from fold.absence where id = %(named)s
  union all select person_id from fold.key where id = %(named)s
  union all select id from fold.person where id = %(named)s
  union all select instead_of_id from fold.voting_deputy where person_id = %(named)s and ended_at is null
) n join fold.vote v on v.person_id = n.person_id
join fold.decision d on d.id = v.decision_id
where ((v.closed_at is null or v.left_at is not null) and d.state = 'open') or exists (
  select from fold.voting_deputy y where y.decision_id = d.id and y.instead_of_id = n.person_id)
order by d.id"""


async def deputise_voters(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the action on each record with an open decision of the voter."""
    for row in await ledger.db.rows(OPEN, {"named": id_of(event.stream)}):
        yield RuleConsequence(
            kind_of(row["record"]),
            "deputise_vote",
            id_of(row["record"]),
            DeputiseVote(decision=row["id"]),
            about=row["id"],
        )


#: Events that name or remove a deputy, or that end or move an absence with a deputy.
EVENTS = (
    *("deputy.named", "deputy.ended", "deputy.suspended", "deputy.confirmed"),
    *("absence.planned", "absence.edited", "absence.rescheduled", "absence.withdrawn", "absence.removed"),
    *("absence.suspended", "absence.confirmed"),
    *("person.deactivated", "person.activated", "person.erased", "key.rotated"),
)
RULE = Rule("deputise_voters", EVENTS, deputise_voters)
