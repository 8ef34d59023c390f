"""Tickets that were resolved long ago: whoever acts does so by a clock of then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.processes.incidents.payloads import ResolveIncident
from app.ticketing.satisfaction.complaints import ComplainTicket
from app.ticketing.satisfaction.ratings import RateTicket
from app.ticketing.work.assignment import AssignTicket
from tests.client import Api, Client
from tests.kernel.incidents import a_report
from tests.people import act

RESOLVE = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."})
SLOW = ComplainTicket.model_validate({"subject": "speed", "about": "Nobody called back."})


def as_caller(client: Client, *roles: Role) -> Caller:
    """The client's person, with these roles."""
    return Caller(f"person:{client.id}", UUID(client.id), tuple(RoleGrant(role) for role in roles))


async def resolved_long_ago(api: Api, requester: Client, agent: Client, days: float, **changed: Any) -> UUID:
    """The id of an incident that was reported and resolved so many days ago."""
    ledger, now = api.ledger, datetime.now(UTC) - timedelta(days=days)
    reported = await act(
        ledger, as_caller(requester), "incident", "report", body=a_report(**changed), now=now
    )
    incident: UUID = reported.record.id
    works = as_caller(agent, Role.agent, Role.engineer)
    for action, body in (("assign", AssignTicket(person="me")), ("acknowledge", None), ("resolve", RESOLVE)):
        await act(ledger, works, "incident", action, incident, body, now=now)
    return incident


async def rated_long_ago(api: Api, requester: Client, incident: UUID, days: float) -> None:
    """The requester rates the incident so many days ago."""
    now = datetime.now(UTC) - timedelta(days=days)
    await act(api.ledger, as_caller(requester), "incident", "rate", incident, RateTicket(score=2), now=now)


async def complained_long_ago(api: Api, requester: Client, incident: UUID, days: float) -> str:
    """The requester complains about the incident so many days ago. Gives the complaint's id."""
    now = datetime.now(UTC) - timedelta(days=days)
    done = await act(api.ledger, as_caller(requester), "incident", "complain", incident, SLOW, now=now)
    (key,) = done.event.data["set"]
    return str(key.partition("/")[2])
