"""What is said in a request, and what must have been done before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.kernel.actions.payloads import Payload
from app.processes.requests.payloads import (
    AgreeToRequirementsRequest,
    AskMemberRequest,
    AssessRequest,
    BeginImplementationRequest,
    ChangeRequirementsRequest,
    CheckQualityRequest,
    ConfirmRequirementsRequest,
    EditRequest,
    FulfilRequest,
    NameAcceptanceGroupRequest,
    ProposeRequirementsRequest,
    ProposeSolutionRequest,
    RecordAcceptanceRequest,
    RecordTrainingRequest,
    ReportProgressRequest,
    ReturnRequirementsRequest,
    ReviewSolutionRequest,
    SubmitForAcceptanceRequest,
    SubmitRequest,
)
from app.processes.requests.records import RequestState
from app.ticketing.projects.actions import FlagMilestone
from tests.client import Client, Json
from tests.every_action.world_data import GROUP, IDS, NOBODYS, TEAM
from tests.people import act

AHEAD = "2199-01-01T00:00:00Z"


def requirements() -> Json:
    """As they are proposed to the requester, or were confirmed elsewhere."""
    return {
        "background": "Leave is asked for on paper. 目前以纸质方式请假。",
        "functional": "Ask, approve, see what is left.",
        "performance": "Two thousand people on a Monday morning.",
        "interfaces": "The payroll system.",
        "data": "Who has how many days.",
        "heard": [IDS.get("buyer", "me")],
        "criteria": [
            {"text": "A day can be asked for.", "shown_by": "demonstration"},
            {"text": "What is left is right.", "shown_by": "data_check"},
        ],
        "acceptance_group": GROUP,
    }


#: As the API takes them.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    NameAcceptanceGroupRequest: lambda: {"acceptance_group": GROUP},
    FlagMilestone: lambda: {"milestone": NOBODYS},
    SubmitRequest: lambda: {
        "title": "A laptop for a new colleague",
        "description": "She begins on Monday. 她周一入职。",
        "channel": "portal",
        "urgency": "2",
        "service": "workplace",
        "ci": "pool-1",
        "custom": {"room": "B 2.017", "visitors": 12},
    },
    AssessRequest: lambda: {
        "category": "hardware",
        "impact": "3",
        "urgency": "2",
        "path": "standard",
        "team": TEAM,
        "assignee": "me",
    },
    FulfilRequest: lambda: {"delivered": "A laptop, set up. 已配置的笔记本电脑。"},
    ConfirmRequirementsRequest: lambda: {
        **requirements(),
        "confirmed_at": datetime.now(UTC).isoformat(),
        "confirmation_method": "telephone",
    },
    ProposeRequirementsRequest: requirements,
    AgreeToRequirementsRequest: dict,
    ReturnRequirementsRequest: lambda: {"reason": "Half days are missing. 缺少半天假。"},
    ChangeRequirementsRequest: lambda: {"changed": "Half days, too.", "reason": "The law has changed."},
    ProposeSolutionRequest: lambda: {
        "architecture": "One service and one table. 一个服务和一张表。",
        "steps": "Build, try, roll out.",
        "resources": "Two people.",
        "schedule": "Three months.",
        "planned_at": AHEAD,
        "risks": [{"risk": "Payroll changes.", "response": "Agree on a format."}],
    },
    ReviewSolutionRequest: lambda: {
        "side": "business",
        "verdict": "approve",
        "feasibility": "good",
        "business_fit": "good",
        "cost_and_benefit": "acceptable",
        "comment": "Go on. 同意。",
    },
    BeginImplementationRequest: lambda: {
        "plan": "In two steps.",
        "milestones": [{"title": "It runs", "due_at": AHEAD}],
        "tasks": [
            {"title": "Build it", "assignee": IDS["doer"], "milestone": 1, "due_at": AHEAD},
        ],
        "planned_cost": "120000.00",
        "currency": "CNY",
        "report_every_days": 7,
    },
    ReportProgressRequest: lambda: {
        "milestones": [],
        "expected_at": AHEAD,
        "text": "It half runs.",
        "cost_to_date": "50000.00",
        "problems": [{"title": "Get a licence", "owner": IDS["doer"], "due_at": AHEAD}],
    },
    CheckQualityRequest: lambda: {
        "checkpoint": "Unit tests",
        "passed": True,
        "findings": "All of them pass.",
    },
    AskMemberRequest: lambda: {"member": IDS["person"]},
    SubmitForAcceptanceRequest: lambda: {"manual": "SHELF-3", "wanted_at": AHEAD},
    RecordAcceptanceRequest: lambda: {
        "participants": ["me", IDS["business"]],
        "results": [{"criterion": NOBODYS, "shown_by": "demonstration", "passed": True, "note": "Well."}],
        "verdict": "accepted",
        "conclusion": "It is what we asked for.",
        "early_reason": "The group is away next week.",
    },
    RecordTrainingRequest: lambda: {
        "audience": "All heads of teams.",
        "topics": "Approving leave.",
        "material": "The slides.",
        "attended": 12,
    },
    EditRequest: lambda: {"title": "A laptop", "description": "With a large screen. 大屏幕。"},
}
#: What is said besides, where an action leads to several states, to be led to one of them.
TOWARDS: dict[tuple[type[Payload], str], Json] = {
    (AssessRequest, "analysing"): {"path": "project"},
    (ReviewSolutionRequest, "revising"): {"verdict": "revise"},
    (RecordAcceptanceRequest, "rectifying"): {
        "verdict": "failed",
        "issues": [{"title": "Mend the sum", "due_at": AHEAD}],
    },
}


#: What must be proposed in the same state before it is answered.
PROPOSED_FIRST = frozenset({"agree_to_requirements", "return_requirements"})


async def _engineer(client: Client, path: str) -> Caller:
    """An engineer of the request's team who has nothing else to do with it."""
    team, person = (await client.read(path))["team"], IDS["it"]
    teams = frozenset() if team is None else frozenset({UUID(team["id"])})
    return Caller(f"person:{person}", UUID(person), roles=(RoleGrant(Role.engineer),), teams=teams)


async def _checked(client: Client, path: str) -> Json:
    """No task is open, and the quality is as it should be. Who completed one could not check it."""
    for task in (await client.read(f"{path}/tasks"))["items"]:
        if task["dropped_at"] is None:
            await client.post_ok(f"{path}/drop_task", {"task": task["id"], "reason": "It is there already."})
    # Who checks it does not accept it.
    checker = await _engineer(client, path)
    body = CheckQualityRequest.model_validate(SAMPLES[CheckQualityRequest]())
    ledger: Any = client.app.state.ledger
    await act(ledger, checker, "request", "check_quality", path.rpartition("/")[2], body)
    return {}


async def _shown(client: Client, path: str) -> Json:
    """Every criterion is met, and another member of the group takes part."""
    criteria = (await client.read(f"{path}/criteria"))["items"]
    ids = [criterion["id"] for criterion in criteria if criterion["dropped_at"] is None]
    note = "As it was agreed."
    colleagues = [IDS[name] for name in ("business", "buyer") if IDS.get(name) not in (None, client.id)]
    return {
        "participants": ["me", *colleagues],
        "results": [
            {"criterion": identifier, "shown_by": "demonstration", "passed": True, "note": note}
            for identifier in ids
        ],
    }


async def proposed(client: Client, path: str) -> Json:
    """Its requirements wait for the requester, who has not proposed them."""
    if (await client.read(path))["requirements_proposed_at"] is None:
        body = ProposeRequirementsRequest.model_validate(requirements())
        ledger, request_id = client.app.state.ledger, path.rpartition("/")[2]
        await act(ledger, await _engineer(client, path), "request", "propose_requirements", request_id, body)
    return {}


async def _half_done(client: Client, path: str) -> Json:
    milestones = (await client.read(f"{path}/milestones"))["items"]
    (milestone,) = [entry["id"] for entry in milestones if entry["dropped_at"] is None]
    return {"milestones": [{"milestone": milestone, "done": 50}]}


async def _planned(client: Client, path: str) -> Json:
    """One of the plan."""
    milestones = (await client.read(f"{path}/milestones"))["items"]
    (milestone,) = [entry["id"] for entry in milestones if entry["dropped_at"] is None]
    return {"milestone": milestone}


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    FlagMilestone: _planned,
    AgreeToRequirementsRequest: proposed,
    ReturnRequirementsRequest: proposed,
    SubmitForAcceptanceRequest: _checked,
    RecordAcceptanceRequest: _shown,
    ReportProgressRequest: _half_done,
}
_APPROVED = frozenset({"solution_approved", "implementing", "in_acceptance", "rectifying"})
_STATES = frozenset(state.value for state in RequestState)
_NOT_TOLD = _STATES - {"solution_review", "revising", *_APPROVED}
#: The states in which there can be what the action names, as a new record gets there.
ONLY_IN: dict[str, frozenset[str]] = {
    # What waits for approval is assessed again, and cancelled by its requester, in the stories.
    "request.assess": frozenset({"submitted"}),
    "request.cancel": frozenset({"submitted", "assessed", "in_progress", "analysing", "on_hold"}),
    # Nobody alters what is being decided about, or was approved; there it is the author who asks.
    "request.edit": _STATES - {"awaiting_approval", *_APPROVED},
    "request.complain": _STATES - {"awaiting_approval"},
    # Whoever is to review or to accept it follows it by then.
    "request.follow": _NOT_TOLD,
    "request.unfollow": _NOT_TOLD,
}
