"""What is said of improvement plans, and what must be there before it can be said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.meetings.payloads import AddAgendaItemMeeting, CallMeeting, HoldMeeting, MinuteMeeting
from app.processes.improvement_plans.adjusting import (
    AdjustImprovementPlan,
    ProposeAdjustmentImprovementPlan,
    RefuseAdjustmentImprovementPlan,
)
from app.processes.improvement_plans.closing import CloseImprovementPlan
from app.processes.improvement_plans.contents import DraftImprovementPlan, ReviseImprovementPlan
from app.processes.improvement_plans.following import (
    NoteAssessmentImprovementPlan,
    ReviewImprovementPlan,
    VoidReviewImprovementPlan,
)
from app.processes.improvement_plans.steps import CompleteStepImprovementPlan, FlagStepImprovementPlan
from app.processes.improvement_plans.submission import SubmitImprovementPlan
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NOBODYS
from tests.people import act, add_caller, ago

#: Of each year that is not over, one plan is on its way, or in force.
YEARS = count(datetime.now(UTC).year)
_TARGET: Json = {
    "name": "restore-faster",
    "title": "Restore faster 更快恢复",
    "kpi": "incident_resolution_seconds",
    "before": {"from": "2020-01-01", "to": "2020-04-01"},
    "scope": {"priority": ["P1", "P2"]},
    "tz": "Asia/Shanghai",
    "goal": "5400",
    "due_on": "2199-12-31",
    "business_goal": "Branches never wait for mail 网点不等待邮件",
}
_CONTENTS: Json = {
    "direction": "Fewer steps. 减少环节。",
    "vision": "2027 measured, 2028 steered. 先度量，后驾驭。",
    "present_state": "Nobody hands over at night. 夜间无交接。",
    "best_practice": "A written hand-over. 书面交接。",
    "targets": [_TARGET],
    "drivers": "Two branches more. 新增两个网点。",
    "points": [{"title": "Hand over at night 夜间交接", "refers_to": ["PRB-2026-000012"]}],
}
_TALLIED: Json = {
    "decision": NOBODYS,
    "adjustment": NOBODYS,
    "outcome": "approved",
    "voters": 1,
    "approvals": 1,
    "rejections": 0,
    "deferrals": 0,
    "abstentions": 0,
}


def _contents() -> Json:
    steps = [{"title": "Pilot it 试点", "owner": IDS["person"], "due_on": "2199-06-30"}]
    weights = {"weights": {"benefit": 3}, "review_interval": "monthly"}
    return {**_CONTENTS, "steps": steps, "co_authors": [IDS["it"]], **weights}


SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    DraftImprovementPlan: lambda: {
        "title": "Improvement of a year 年度改进",
        "year": next(YEARS),
        **_contents(),
    },
    ReviseImprovementPlan: lambda: {"title": "Improvement, revised 修订", **_contents()},
    SubmitImprovementPlan: lambda: {"question": "Is this our plan?"},
    ReviewImprovementPlan: lambda: {
        "meeting": NOBODYS,
        "report": "The pilot has begun. 试点已开始。",
        "adjustments": "A later goal. 推迟目标。",
    },
    VoidReviewImprovementPlan: lambda: {"review": NOBODYS},
    ProposeAdjustmentImprovementPlan: lambda: {
        "question": "Is this our plan?",
        "changes": "The goal is an hour later. 目标放宽。",
        "reason": "Two services were added. 新增两项服务。",
        "targets": [
            {**_TARGET, "goal": "9000"},
            {**_TARGET, "name": "close-more", "kpi": "incidents_closed"},
        ],
        "steps": [{"title": "Train the night shift 培训夜班", "owner": IDS["it"], "due_on": "2199-09-30"}],
    },
    CompleteStepImprovementPlan: lambda: {"step": NOBODYS, "outcome": "Piloted for a month. 已试点一个月。"},
    FlagStepImprovementPlan: lambda: {"step": NOBODYS, "owner": IDS["person"]},
    AdjustImprovementPlan: lambda: _TALLIED,
    RefuseAdjustmentImprovementPlan: lambda: _TALLIED | {"outcome": "rejected"},
    NoteAssessmentImprovementPlan: lambda: {"month": "2026-11"},
    CloseImprovementPlan: lambda: {
        "lessons": "Pilot first. 先试点。",
        "reason": "The department was merged. 部门合并。",
    },
}


async def held_meeting(
    client: Client, meeting_kind: str = "plan_review", chair: Caller | None = None
) -> Json:
    """A meeting of that kind, which the client and one of the committee attended."""
    person_id = UUID(IDS["doer"])
    chair = chair or Caller(f"person:{person_id}", person_id, roles=(RoleGrant(Role.admin),))
    times = {"occurred_at": ago(hours=2), "starts_at": ago(hours=1), "ends_at": ago(minutes=30)}
    body = {"title": "About improvements", "meeting_kind": meeting_kind, "chair": "me", **times}
    ledger = client.app.state.ledger
    result = await act(ledger, chair, "meeting", "call", body=CallMeeting.model_validate(body))
    meeting = HoldMeeting(attended=("me", client.id))
    await act(ledger, chair, "meeting", "hold", result.record.id, meeting)
    return {"meeting": str(result.record.id)}


async def meeting_about(client: Client, about: str, meeting_kind: str) -> Json:
    """Those who judge have met about it, and a member of the committee has signed the minutes."""
    ledger = client.app.state.ledger
    chair = await add_caller(ledger, "Chair", Role.committee_member, Role.agent)
    held = await held_meeting(client, meeting_kind, chair)
    meeting = UUID(held["meeting"])
    item = AddAgendaItemMeeting(topic="What we judge", about=about)
    await act(ledger, chair, "meeting", "add_agenda_item", meeting, item)
    await act(ledger, chair, "meeting", "minute", meeting, MinuteMeeting(minutes="We agreed. 达成一致。"))
    await act(ledger, chair, "meeting", "sign", meeting, EmptyPayload())
    return held


async def _review(client: Client, path: str) -> Json:
    """A meeting at which the plan was reviewed."""
    return await meeting_about(client, f"improvement_plan/{path.rpartition('/')[2]}", "plan_review")


async def open_question(client: Client, path: str) -> Json:
    """The question that was put when the plan was submitted."""
    return {"decision": (await client.read(f"{path}/decisions"))["items"][-1]["id"]}


async def _step(client: Client, path: str) -> Json:
    """A step of the plan's schedule."""
    return {"step": (await client.read(f"{path}/steps"))["items"][0]["id"]}


async def _reviewed(client: Client, path: str) -> Json:
    """A review that was held."""
    await client.post_ok(f"{path}/review", SAMPLES[ReviewImprovementPlan]() | await _review(client, path))
    return {"review": (await client.read(f"{path}/reviews"))["items"][-1]["id"]}


PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    ReviewImprovementPlan: _review,
    VoidReviewImprovementPlan: _reviewed,
    CompleteStepImprovementPlan: _step,
    FlagStepImprovementPlan: _step,
}
#: What puts a question, while which no other one is put, and what is done once with a step.
NOT_SHARED = frozenset({"propose_adjustment", "close", "complete_step", "flag_step"})
#: The states in which there is a question.
ONLY_IN = {"improvement_plan.vote": frozenset({"submitted"})}
#: Whoever has written a plan does not vote on it.
NOT_THEIR_OWN = frozenset({"improvement_plan.vote"})
#: By kind and action, what voters say so that the action follows.
VERDICTS = {
    ("improvement_plan", "approve"): "approve",
    ("improvement_plan", "return"): "reject",
    ("improvement_plan", "close_by_decision"): "approve",
}


async def ask(client: Client, path: str, action: str) -> None:
    """Ask the committee to close the plan at that address, if the action follows from that."""
    if action == "close_by_decision" and path.startswith("/v1/improvement_plans/"):
        await client.post_ok(f"{path}/close", SAMPLES[CloseImprovementPlan]())
