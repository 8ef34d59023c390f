"""Reports what somebody holds whose account is deactivated or erased, or for which they are not eligible
any more without a role or team that they had: to the leads of their teams, their superior, and the managers
of the kinds of records. Work that comes back to them later is reported again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from app.common.people import Person, PersonState
from app.foundation.people.succession.duties import KIND_DUTIES
from app.foundation.people.succession.leaving import ReportDuties
from app.foundation.people.succession.lookups import LEAVERS, duties_of, people_to_notify
from app.kernel.access.reads import load
from app.kernel.actions.payloads import LONGEST_LIST
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of

#: Events after which a record whose duties were over has open ones again.
REOPENED = ("incident.reopened", "problem.reopened", "request.reopened")


async def report_duties(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the reports on those who hold duties: the person, or those named in a reopened record who have
    left.
    """
    kind, record = kind_of(event.stream), id_of(event.stream)
    persons = [record] if kind == "person" else await _leavers(ledger, kind, record)
    for person in persons:
        async for consequence in _report(ledger, person):
            yield consequence


async def _leavers(ledger: Ledger, kind: str, record: UUID) -> list[UUID]:
    """Return the people who hold a duty by the record and have left."""
    fields = ", ".join(f"r.{name}" for name in KIND_DUTIES[kind].fields)
    query = LEAVERS.format(table=ledger.lifecycles[kind].table, fields=fields)
    return [row["id"] for row in await ledger.db.rows(query, (record,))]


async def _report(ledger: Ledger, person: UUID) -> AsyncIterator[RuleConsequence]:
    loaded = await load(ledger.db, ledger.lifecycles[Person.KIND], str(person))
    assert loaded is not None, "no person is ever taken out of the log"
    duties = await duties_of(
        ledger.db.rows,
        ledger.lifecycles.values(),
        person,
        zone=ledger.numbers.zone,
        outgrown=loaded.record.state is PersonState.active,
    )
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


#: Events by which a person may lose a role or team, and with it the eligibility for what they hold.
MOVED = (
    *("person.role_revoked", "person.role_granted", "person.team_left", "person.team_joined"),
    *("person.grants_provided", "person.edited"),
)
RULE = Rule("report_duties", ("person.deactivated", "person.erased", *MOVED, *REOPENED), report_duties)
