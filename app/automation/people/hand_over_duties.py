"""Puts a successor in the place of somebody who has left, in all records of the kinds that were named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from app.foundation.people.succession.handing_over import HandOverDuties
from app.foundation.people.succession.lookups import duties_of
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of


async def hand_over_duties(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the action on each record in which the person holds duties."""
    person, kinds = id_of(event.stream), set(event.payload["kinds"])
    lifecycles = [lifecycle for kind, lifecycle in ledger.lifecycles.items() if kind in kinds]
    if not lifecycles:
        return
    body = HandOverDuties(person=str(person), new_holder=str(event.payload["new_holder"]))
    duties = await duties_of(ledger.db.rows, lifecycles, person)
    records: dict[UUID, str] = {duty.id: duty.kind for duty in duties}
    for record, kind in records.items():
        yield RuleConsequence(kind, "hand_over_duties", record, body, ordered_by=event.person_id)


RULE = Rule("hand_over_duties", ("person.duties_handed_over",), hand_over_duties)
