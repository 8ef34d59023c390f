"""Tells the owner of a complaint and the service level managers that it was not answered in time, and
escalates it to department heads and quality managers, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.common.people import Role
from app.kernel.access.reads import HOLDERS, grants_for, load
from app.kernel.actions.payloads import LONGEST_LIST, Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of
from app.platform.settings import Settings
from app.ticketing.records import Complaint, ComplaintState
from app.ticketing.satisfaction.complaints import EscalateComplaint

ACTIVE_OWNER = "select id from fold.person where id = %s and state = 'active' and deactivated_at is null"


def due(complaint: Complaint, settings: Settings) -> datetime | None:
    """Return when the complaint is escalated: when its time is over; None if it is settled, or was
    escalated.
    """
    if complaint.state is not ComplaintState.open or complaint.escalated_at is not None:
        return None
    return complaint.due_at


async def escalate(ledger: Ledger, complaint: Complaint, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that escalates the complaint, and its payload without the complaint's subjects."""
    recipients = [row["id"] for row in await ledger.db.rows(ACTIVE_OWNER, (complaint.owner_id,))]
    recipients += await _holders(ledger, complaint, [Role.service_level_manager])
    higher = await _holders(ledger, complaint, [Role.department_head, Role.quality_manager])
    return "escalate_complaint", EscalateComplaint(
        complaint=complaint.id,
        told=_names(recipients, complaint.person_id),
        escalated_to=_names(higher, complaint.person_id),
    )


async def _holders(ledger: Ledger, complaint: Complaint, roles: Sequence[Role]) -> list[UUID]:
    """Return active persons who hold one of the roles for the ticket."""
    name = complaint.record
    assert name is not None
    loaded = await load(ledger.db, ledger.lifecycles[kind_of(name)], str(id_of(name)))
    assert loaded is not None, "a complaint is about a ticket"
    grants = [grant for role in roles for grant in grants_for(role, loaded.record)]
    return [row["id"] for row in await ledger.db.rows(HOLDERS, (grants, LONGEST_LIST))]


def _names(persons: Sequence[UUID], without: UUID | None) -> tuple[str, ...]:
    """Return the persons as the payload names them, each once."""
    return tuple(str(person) for person in dict.fromkeys(persons) if person != without)[:LONGEST_LIST]


RULE = TimedRule(
    "escalate_overdue_complaints",
    "complaint",
    frozenset(),
    due,
    escalate,
    only="r.answered_at is null and r.merged_at is null and r.escalated_at is null",
    child_class=Complaint,
)
