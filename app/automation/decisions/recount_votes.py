"""Counts open votes again when the account of a voter is deactivated, erased or activated again."""

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
  else v.closed_at is null end
order by d.id"""


async def recount_votes(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the action on each record with an open decision of the voter."""
    for row in await ledger.db.rows(OPEN, (id_of(event.stream),)):
        yield RuleConsequence(
            kind_of(row["record"]),
            "recount_votes",
            id_of(row["record"]),
            RecountVotes(decision=row["id"]),
            about=row["id"],
        )


RULE = Rule("recount_votes", ("person.deactivated", "person.activated", "person.erased"), recount_votes)
