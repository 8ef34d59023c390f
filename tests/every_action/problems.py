"""What is said in a problem, and in a candidate for one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from app.kernel.actions.payloads import Payload
from app.processes.problems.payloads import (
    AcceptProblemCandidate,
    AcceptRiskProblem,
    CloseProblem,
    DetectAgainProblemCandidate,
    DetectProblemCandidate,
    DocumentWorkaroundProblem,
    EditProblem,
    IdentifyCauseProblem,
    InvestigateProblem,
    LapseRiskProblem,
    RaiseProblem,
    ReopenProblem,
    ResolveProblem,
)
from tests.client import Client, Json, an_incident
from tests.clocks import from_now
from tests.every_action.world_data import IDS, NOBODYS, NUMBERS, TEAM, another_incident

#: As the API takes them.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    RaiseProblem: lambda: {
        "title": "The relay loses mail",
        "description": "Every night some of it is gone. 邮件丢失。",
        "origin": "trend",
        "service": "mail",
        "ci": "mx-1",
        "category": "e-mail",
        "affected_services": ["mail", "calendar"],
        "affected_customers": [TEAM],
        "affected_users": 120,
        "tried": "It was restarted.",
        "impact": "2",
        "urgency": "1",
        "custom": {"room": "B 2.017", "visitors": 12},
    },
    DetectProblemCandidate: lambda: {
        "dimension": "service",
        "value": f"mail-{next(NUMBERS)}",
        "since_at": "2026-01-01T00:00:00Z",
    },
    DetectAgainProblemCandidate: lambda: {"since_at": "2026-02-01T00:00:00Z"},
    AcceptProblemCandidate: lambda: {
        "title": "Mail is lost again and again",
        "description": "Every few days some of it is gone.",
        "affected_services": ["mail"],
        "affected_customers": [TEAM],
        "affected_users": 120,
        "tried": "Each time it was restarted.",
        "incidents": [NOBODYS],
    },
    InvestigateProblem: lambda: {"team": TEAM, "assignee": "me"},
    IdentifyCauseProblem: lambda: {
        "technique": "five_whys",
        "cause": "The queue is cut at midnight. 队列在午夜被截断。",
        "cause_category": "configuration",
        "evidence": "The log of the relay.",
    },
    DocumentWorkaroundProblem: lambda: {
        "symptoms": "Mail sent about midnight does not arrive.",
        "workaround": "Send it again in the morning. 早上重发。",
        "workaround_visibility": "public",
    },
    ResolveProblem: lambda: {"prevention": "The rotation keeps the queue."},
    AcceptRiskProblem: lambda: {
        "reason": "The relay is replaced in spring.",
        "until_at": from_now(300),
    },
    CloseProblem: lambda: {"lessons": "Look at what runs at midnight."},
    ReopenProblem: lambda: {"incident": NOBODYS, "reason": "It was lost again."},
    LapseRiskProblem: lambda: {"owner": IDS["person"]},
    EditProblem: lambda: {"title": "The relay loses mail at night", "description": "At midnight. 午夜。"},
}


async def _of_a_service(client: Client, path: str) -> Json:
    """Candidates are found for services that there are."""
    key = f"mail-{next(NUMBERS)}"
    names = {"key": key, "name_en": key, "name_zh": key, "criticality": "low", "owner": IDS["doer"]}
    service = await client.post_ok("/v1/services", names)
    await client.post_ok(f"/v1/services/{service['id']}/go_live")
    return {"value": key}


async def _recurring(client: Client, path: str) -> Json:
    candidate = await client.read(path)
    incident = an_incident() | {candidate["dimension"]: candidate["value"]}
    return {"incidents": [(await client.post_ok("/v1/incidents", incident))["number"]]}


async def _back_in(client: Client, path: str) -> Json:
    return {"incident": (await another_incident(client, path))["other"]}


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    ReopenProblem: _back_in,
    DetectProblemCandidate: _of_a_service,
    AcceptProblemCandidate: _recurring,
}
