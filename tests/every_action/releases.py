"""What is said of releases, their stages and deployments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.kernel.actions.payloads import Payload
from app.processes.deployments.payloads import (
    ConfirmCauseDeployment,
    EndDeployment,
    ReportDeployment,
    WithdrawCauseDeployment,
)
from app.processes.releases.payloads import (
    EXAMPLE_STAGES,
    AddReleaseStageSet,
    AdoptPlanChangeRelease,
    AppointRelease,
    ChangePlanRelease,
    CloseRelease,
    DeployRelease,
    EditRelease,
    EndSupportRelease,
    PassGateRelease,
    PlanRelease,
    RefusePlanChangeRelease,
    RequestGoRelease,
    ReviseReleaseStageSet,
)
from tests.client import Client, Json
from tests.every_action.ballots import approve
from tests.every_action.world_data import IDS, NOBODYS, NUMBERS, TEAM, another_incident
from tests.people import act

AHEAD = "2199-01-01T00:00:00Z"
_TALLIED: Json = {
    "decision": NOBODYS,
    "plan_change": NOBODYS,
    "outcome": "approved",
    "voters": 1,
    "approvals": 1,
    "rejections": 0,
    "deferrals": 0,
    "abstentions": 0,
}
#: As the API takes them.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    # Two stages lead to every state; their gates are for whoever manages projects.
    PlanRelease: lambda: {
        "title": "Mail relay 4.2 邮件中继",
        "description": "It keeps what was sent at midnight.",
        "service": "mail",
        "changes": [],
        "environment": "staging",
        "plan": "Build in March, try in April. 三月开发，四月试运行。",
        "target_at": AHEAD,
        "team": TEAM,
        "stages": [
            {"key": "build", "author": IDS["author"]},
            {"key": "test", "author": IDS["doer"]},
        ],
        "stages_reason": "The relay is only moved. 仅迁移中继。",
        "custom": {"room": "B 2.017", "visitors": 12},
    },
    AppointRelease: lambda: {"stage": "test", "author": IDS["person"]},
    PassGateRelease: lambda: {
        "external_numbers": [f"git 4f2a91c{next(NUMBERS)}"],
        "comment": "All of it passes. 全部通过。",
    },
    ChangePlanRelease: lambda: {
        "reason": "The relays come later.",
        "analyst": IDS["person"],
        "analyst_assessment": "It can wait.",
        "assessment": "It costs a month. 推迟一个月。",
        "target_at": AHEAD,
    },
    AdoptPlanChangeRelease: lambda: _TALLIED,
    RefusePlanChangeRelease: lambda: _TALLIED | {"outcome": "rejected"},
    RequestGoRelease: lambda: {
        "question": "Go, or not?",
        "conditions": "Only at night. 仅限夜间。",
    },
    DeployRelease: lambda: {
        "what": "Version 4.2 on both relays. 两台中继均为 4.2 版。",
        "revisions": [{"revision": "4f2a91c", "committed_at": "2026-01-01T08:00:00+08:00"}],
    },
    EndSupportRelease: lambda: {"open_faults": "A slow queue. 队列较慢。", "handed_over_to": IDS["person"]},
    CloseRelease: lambda: {"lessons": "Try it at night. 在夜间试运行。"},
    EditRelease: lambda: {"title": "Mail relay 4.3", "description": "It is faster. 更快。"},
    AddReleaseStageSet: lambda: {
        "key": f"stages-{next(NUMBERS)}",
        "name_en": "Software",
        "name_zh": "软件",
        "stages": EXAMPLE_STAGES,
    },
    ReviseReleaseStageSet: lambda: {"stages": [stage for stage in EXAMPLE_STAGES if stage["key"] == "build"]},
    ReportDeployment: lambda: {
        "service": "mail",
        "environment": "production",
        "pipeline": "mail-relay",
        "run": f"run-{next(NUMBERS)}",
        "revisions": [{"revision": "4f2a91c", "committed_at": "2026-01-01T08:00:00+08:00"}],
    },
    ConfirmCauseDeployment: lambda: {"incident": NOBODYS},
    WithdrawCauseDeployment: lambda: {"incident": NOBODYS, "reason": "The disk was full. 磁盘已满。"},
}
#: What is said besides, where an action leads to several states, to be led to one of them.
TOWARDS: dict[tuple[type[Payload], str], Json] = {
    (EndDeployment, outcome): {"outcome": outcome} for outcome in ("succeeded", "failed", "rolled_back")
}


def _manager() -> Caller:
    """Somebody who manages releases, and asks whether they go."""
    person_id = UUID(IDS["doer"])
    held = (RoleGrant(Role.admin), RoleGrant(Role.project_manager))
    return Caller(f"person:{person_id}", person_id, roles=held)


async def _ask(client: Client, path: str) -> UUID:
    """The decision that is asked for, whether the release goes."""
    body = RequestGoRelease.model_validate(SAMPLES[RequestGoRelease]())
    ledger: Any = client.app.state.ledger
    done = await act(ledger, _manager(), "release", "request_go", path.rpartition("/")[2], body)
    decision: UUID = done.record.go_decision_id
    return decision


async def open_question(client: Client, path: str) -> Json:
    """A question on the release at that address that waits for the client's vote, put if there is none."""
    items = (await client.read(f"{path}/decisions"))["items"]
    open_ones = [item["id"] for item in items if item["state"] == "open"]
    if open_ones:
        return {"decision": open_ones[-1]}
    return {"decision": str(await _ask(client, path))}


async def _going(client: Client, path: str) -> Json:
    """The release goes into use: those who are asked say so, until it is decided."""
    if (await client.read(path))["go"] is None:
        ledger, decision = client.app.state.ledger, await _ask(client, path)
        await approve(ledger, "release", path.rpartition("/")[2], decision)
    return {}


async def _incident(client: Client, path: str) -> Json:
    return {"incident": (await another_incident(client, path))["other"]}


async def _caused(client: Client, path: str) -> Json:
    incident = await _incident(client, path)
    await client.post_ok(f"{path}/confirm_cause", incident)
    return incident


async def _agreed(client: Client, path: str) -> Json:
    """Leaving out stages was approved."""
    release = await client.read(path)
    if release["stages_skipped"] and release["stages_agreed_at"] is None and not release["stages_passed"]:
        ledger: Any = client.app.state.ledger
        fields = SAMPLES[ChangePlanRelease]() | {"leave_out_stages": True}
        body, name = ChangePlanRelease.model_validate(fields), path.rpartition("/")[2]
        await act(ledger, _manager(), "release", "change_plan", name, body)
        decision = (await client.read(f"{path}/decisions"))["items"][-1]["id"]
        await approve(ledger, "release", name, decision)
    return {}


#: What puts a question, while which no other one is put.
NOT_SHARED = frozenset({"change_plan", "request_go"})
#: The states in which there can be what the action names.
ONLY_IN = {
    **dict.fromkeys(("release.vote", "release.decide"), frozenset({"ready"})),
    # Nobody alters what was put to the vote.
    "release.edit": frozenset({"planned", "in_stage", "ready"}),
}
#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    DeployRelease: _going,
    PassGateRelease: _agreed,
    ConfirmCauseDeployment: _incident,
    WithdrawCauseDeployment: _caused,
}
