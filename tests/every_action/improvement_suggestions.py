"""What is said of suggestions for improvements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.kernel.actions.payloads import Payload
from app.processes.improvement_suggestions.payloads import (
    AddEvidenceImprovementSuggestion,
    DeclineImprovementSuggestion,
    DeferImprovementSuggestion,
    EditImprovementSuggestion,
    MergeImprovementSuggestion,
    OfferImprovementSuggestion,
    SelectImprovementSuggestion,
    TakeOverImprovementSuggestion,
)
from app.processes.problems.payloads import DeclineProblemCandidate
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NOBODYS
from tests.people import act

AT = "/v1/improvement_suggestions"


def _offer() -> Json:
    return {
        "title": "Ask for the site first 先问地点",
        "scope": "process",
        "process": "incident",
        "aspect": "activity",
        "source": "staff",
        "what": "The desk asks for the site before anything else.",
        "why": "Half of all incidents go to the wrong team at first. 一半的事件最初分错了团队。",
        "evidence": "I have counted for a week.",
        "shown_by": [
            {"text": "It went to three teams 转了三个团队", "about": f"team/{IDS['team']}"},
            {"text": "38 % at first", "kpi": "incident_resolution_seconds", "period": "2026-10"},
        ],
    }


SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    OfferImprovementSuggestion: _offer,
    AddEvidenceImprovementSuggestion: lambda: {"shown_by": [{"text": "Once more 又一次"}]},
    EditImprovementSuggestion: lambda: {
        "title": "Ask for the site at first",
        "scope": "department",
        "process": None,
        "aspect": "interface",
        "source": "retrospective",
        "what": "Every desk asks for it.",
        "why": "It saves an hour. 节省一小时。",
        "evidence": "I have counted for a month. 统计了一个月。",
    },
    MergeImprovementSuggestion: lambda: {"into": NOBODYS},
    TakeOverImprovementSuggestion: lambda: {"merged": NOBODYS},
    SelectImprovementSuggestion: lambda: {"improvement": NOBODYS},
    DeclineImprovementSuggestion: lambda: {"reason": "We do that already. 已经在做。"},
    DeferImprovementSuggestion: lambda: {
        "reason": "The tool comes in spring. 工具春季到位。",
        "until_at": "2199-03-01T00:00:00Z",
    },
    DeclineProblemCandidate: lambda: {"reason": "It was the wrong door.", "process_fault": True},
}


def _manager() -> Caller:
    """Somebody who manages quality, and offers suggestions."""
    person_id = UUID(IDS["doer"])
    held = (RoleGrant(Role.admin), RoleGrant(Role.quality_manager))
    return Caller(f"person:{person_id}", person_id, roles=held)


async def another_suggestion(client: Client, offered_at: datetime | None = None) -> str:
    """The id of a suggestion that is there besides: offered then, or now."""
    body = OfferImprovementSuggestion.model_validate(_offer())
    ledger: Any = client.app.state.ledger
    person_id = UUID(IDS["it"])
    author = Caller(f"person:{person_id}", person_id, roles=(RoleGrant(Role.agent),))
    done = await act(ledger, author, "improvement_suggestion", "offer", body=body, now=offered_at)
    return str(done.record.id)


async def _other(client: Client, path: str) -> Json:
    return {"into": await another_suggestion(client)}


async def _merged(client: Client, path: str) -> Json:
    """One that is merged into it."""
    other = await another_suggestion(client)
    body = MergeImprovementSuggestion(into=path.rpartition("/")[2])
    await act(client.app.state.ledger, _manager(), "improvement_suggestion", "merge", other, body)
    return {"merged": other}


async def other_improvement(client: Client, path: str) -> Json:
    """An improvement that carries out another one."""
    ledger: Any = client.app.state.ledger
    fields = {
        "title": "The desk asks for the site",
        "suggestions": [await another_suggestion(client)],
        "reason": "It cannot wait.",
        "scope": "process",
        "process": "incident",
        "aspect": "activity",
    }
    body = ledger.lifecycles["improvement"]["select"].body.model_validate(fields)
    return {"improvement": str((await act(ledger, _manager(), "improvement", "select", body=body)).record.id)}


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    MergeImprovementSuggestion: _other,
    TakeOverImprovementSuggestion: _merged,
    SelectImprovementSuggestion: other_improvement,
}
