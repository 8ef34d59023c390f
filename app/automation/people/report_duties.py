"""Reports what somebody holds whose account is deactivated or erased: to the leads of their teams, their
superior, and the managers of the kinds of records.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.foundation.people.succession.duties import KIND_DUTIES
from app.foundation.people.succession.leaving import ReportDuties
from app.foundation.people.succession.lookups import duties_of, people_to_notify
from app.kernel.actions.payloads import LONGEST_LIST
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of


async def report_duties(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the report on the person, if they hold any duties."""
    person = id_of(event.stream)
    duties = await duties_of(ledger.db, ledger.lifecycles.values(), person)
    if not duties:
        return
    roles = {role for kind in {duty.kind for duty in duties} for role in KIND_DUTIES[kind].managers}
    recipients = await people_to_notify(ledger.db.rows, person, roles)
    body = ReportDuties(
        holder=str(person),
        duty_count=len(duties),
        first_due_at=duties[0].due_at,
        persons=tuple(map(str, recipients[:LONGEST_LIST])),
    )
    yield RuleConsequence("person", "report_duties", person, body)


RULE = Rule("report_duties", ("person.deactivated", "person.erased"), report_duties)
