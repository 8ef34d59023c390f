"""What service levels ask of tickets: for whom they wait, why a target was missed, what is complained of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from app.common.people import Caller
from app.kernel.actions.payloads import Payload
from app.processes.incidents.payloads import HoldIncident
from app.processes.requests.payloads import HoldRequest
from app.registry import LIFECYCLES_BY_KIND
from app.ticketing.breach_causes import StateBreachCause
from app.ticketing.records import ComplaintSubject
from app.ticketing.satisfaction.complaints import (
    AnswerComplaint,
    AssignComplaint,
    ComplainTicket,
    EscalateComplaint,
    MergeComplaint,
)
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NOBODYS
from tests.people import act


def _hold() -> Json:
    return {
        "reason": "awaiting_vendor",
        "supplier": IDS["supplier"],
        "wake_up_at": "2199-01-01T00:00:00Z",
    }


SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    HoldIncident: _hold,
    HoldRequest: _hold,
    StateBreachCause: lambda: {
        "cause": "vendor",
        "agreement_type": "SLA",
        "metric": "resolution",
        "explanation": "The relay came late. 到货延迟。",
    },
    AssignComplaint: lambda: {"complaint": NOBODYS, "owner": IDS["doer"]},
    MergeComplaint: lambda: {"complaint": NOBODYS, "into": NOBODYS},
    EscalateComplaint: lambda: {"complaint": NOBODYS, "told": [], "escalated_to": []},
    AnswerComplaint: lambda: {
        "complaint": NOBODYS,
        "findings": "Nobody was there.",
        "remedy": "Somebody is now.",
    },
}


async def _complained(client: Client, path: str) -> Json:
    """Whoever asked for it complains."""
    requester = UUID((await client.read(path))["requester"]["id"])
    body = ComplainTicket(subject=ComplaintSubject.conduct, about="They shouted.")
    caller = Caller(f"person:{requester}", requester)
    _, _, plural, record = path.split("/")
    (kind,) = (lifecycle.kind for lifecycle in LIFECYCLES_BY_KIND.values() if lifecycle.plural == plural)
    done = await act(client.app.state.ledger, caller, kind, "complain", record, body)
    (key,) = done.event.data["set"]
    return {"complaint": key.partition("/")[2]}


async def _complained_twice(client: Client, path: str) -> Json:
    """Whoever asked for it says the same once more."""
    first, second = await _complained(client, path), await _complained(client, path)
    return {"complaint": second["complaint"], "into": first["complaint"]}


#: What is done before, and what of it is said then.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    AssignComplaint: _complained,
    MergeComplaint: _complained_twice,
    EscalateComplaint: _complained,
    AnswerComplaint: _complained,
}
