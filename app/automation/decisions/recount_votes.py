"""Counts open votes again when the account of a voter is deactivated, erased or activated again, or when
somebody gets a post whose holder has left.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.foundation.decisions.payloads import RecountVotes
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of

OPEN = """
select d.id, d.record from fold.vote v join fold.decision d on d.id = v.decision_id
join fold.person p on p.id = v.person_id
where v.person_id = %s and d.state = 'open' and case
  when p.state = 'active' and p.deactivated_at is null then v.left_at is not null
  else v.verdict is null and (v.closed_at is null or v.left_at is not null) end
order by d.id"""
#: The open decisions that a voter has left: the new holder of the post may take the seat.
VACATED = """
select distinct d.id, d.record from fold.vote v join fold.decision d on d.id = v.decision_id
join fold.person p on p.id = v.person_id
where d.state = 'open' and p.state <> 'active' and v.verdict is null
  and (v.closed_at is null or v.left_at is not null)
order by d.id"""
#: Fields of posts by which people are asked.
POSTS = {
    "team": frozenset({"lead_id"}),
    "service": frozenset({"owner_id"}),
    "ci": frozenset({"owner_id"}),
    "person": frozenset({"manager_id"}),
    "improvement": frozenset({"sponsor_id", "process_owner_id"}),
    "process_change": frozenset({"process_owner_id"}),
}


async def recount_votes(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the action on each record with an open decision of the voter."""
    if event.type in EVENTS:
        rows = await ledger.db.rows(OPEN, (id_of(event.stream),))
    else:
        rows = await ledger.db.rows(VACATED)
    for row in rows:
        yield RuleConsequence(
            kind_of(row["record"]),
            "recount_votes",
            id_of(row["record"]),
            RecountVotes(decision=row["id"]),
            about=row["id"],
        )


EVENTS = ("person.deactivated", "person.activated", "person.erased")
RULE = Rule("recount_votes", EVENTS, recount_votes, fields=POSTS)
