"""What is said of pilots and rollouts of improvements, and what must be there before it can be said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.processes.improvements.effects.records import MeasurementOccasion
from app.processes.improvements.lifecycle import LIFECYCLE
from app.processes.improvements.pilot.payloads import (
    AskJudgementImprovement,
    ExtendPilotImprovement,
    LogPilotFeedbackImprovement,
    LogPilotIssueImprovement,
    PassPilotImprovement,
    ReportPilotImprovement,
    SolvePilotIssueImprovement,
    StartPilotImprovement,
    StopPilotImprovement,
)
from app.processes.improvements.proposal.payloads import GrantFreezeExceptionImprovement
from app.processes.improvements.rollout.payloads import (
    AnnounceCutoverImprovement,
    AnnouncePublicationImprovement,
    AskHandOverImprovement,
    CompleteRolloutStepImprovement,
    FixImprovement,
    FlagRolloutStepImprovement,
    FlagSittingImprovement,
    HandOverImprovement,
    ListNewcomerImprovement,
    RollOutImprovement,
    SkipRolloutOrderImprovement,
    TellNewcomerImprovement,
)
from app.processes.improvements.rollout.records import DAILY_MANAGEMENT, RolloutStepName
from app.processes.improvements.rollout.replanning import AnnounceReplanningImprovement
from app.processes.trainings.payloads import ExamineTraining, HoldTraining, LicenseTraining, PlanTraining
from tests.client import Client, Json
from tests.every_action import improvements
from tests.every_action.trainings import SAMPLES as OF_TRAININGS
from tests.every_action.trainings import TOPICS
from tests.every_action.world_data import IDS, NOBODYS, NUMBERS, TEAM
from tests.people import act, add_person

AHEAD = improvements.AHEAD
#: The day of the cutover: what is published takes effect on it, and nobody cuts over before.
TODAY = datetime.now(UTC).isoformat()
#: What is said of a training that is held.
HELD = {"contents": "What is new."}
_TALLIED: Json = {
    "decision": NOBODYS,
    "outcome": "approved",
    "voters": 1,
    "approvals": 1,
    "rejections": 0,
    "deferrals": 0,
    "abstentions": 0,
    "position": 1,
}


def _rollout() -> Json:
    # Daily management ends today, so that its step can be completed.
    dated = [name for name in RolloutStepName if name not in ("pilot", "optimise", "fix")]
    steps = [{"step": name.value, "owner": IDS["person"], "due_at": TODAY} for name in dated]
    return {
        "advice": "Team by team. 逐个团队推广。",
        "schedule_reason": "The law applies today. 新规今日生效。",
        "scope": "All of the first line.",
        "departments": ["Service desk 服务台"],
        "teams": [IDS["team"]],
        "contributions": "A day of training each. 各参加一天培训。",
        "schedule": "All in June.",
        "told": "By mail, and in meetings.",
        "steps": [*steps, *({"step": name, "owner": IDS["person"]} for name in ("optimise", "fix"))],
    }


MEMBERS = "select person_id from fold.membership where team_id = %s::uuid"
#: As the API takes them.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    StartPilotImprovement: lambda: {
        "told": "Both desks. 已告知两个服务台。",
        "key_user_training": NOBODYS,
        "executor_training": NOBODYS,
        "duties": "The desk asks first. 服务台先询问。",
        "external_numbers": [f"SOP-{next(NUMBERS)}"],
        "executor": IDS["person"],
    },
    AnnounceReplanningImprovement: lambda: {
        "moved": [{"step": "publish", "owner": IDS["person"], "due_at": "2199-03-02T22:00:00Z"}],
        "moved_steps": ["publish"],
    },
    LogPilotIssueImprovement: lambda: {
        "title": "The form asks twice 表单重复询问",
        "text": "For the site. 站点。",
    },
    SolvePilotIssueImprovement: lambda: {"issue": NOBODYS, "solution": "Asked once. 只问一次。"},
    LogPilotFeedbackImprovement: lambda: {
        "person": IDS["person"],
        "stance": "in_favour",
        "text": "Ask for the room first. 先问房间。",
    },
    ReportPilotImprovement: lambda: {
        "tools": "None that has stayed.",
        "reception": "Well, after a week. 一周后良好。",
        "rollout_advice": "Team by team. 逐个团队推广。",
        "institutionalise": "The new form.",
        "further_pilot": "No. 不需要。",
        "legacy": "Four key users.",
        "early_reason": "The first weeks have shown it. 头几周已见成效。",
    },
    AskJudgementImprovement: lambda: {
        "question": "Is it passed?",
        "judgement": "stopped",
        "position": 1,
        "reason": "It takes longer. 耗时更长。",
        "told": "Both desks. 两个服务台。",
    },
    PassPilotImprovement: lambda: _TALLIED,
    ExtendPilotImprovement: lambda: _TALLIED,
    StopPilotImprovement: lambda: _TALLIED,
    RollOutImprovement: _rollout,
    CompleteRolloutStepImprovement: lambda: {
        "step": "name_owner",
        "evidence": "The letter of appointment. 任命书。",
        "owner": IDS["business"],
    },
    AnnouncePublicationImprovement: lambda: {
        "effective_at": TODAY,
        "document_numbers": ["PR2026001"],
        "external_numbers": ["SOP-12"],
    },
    AnnounceCutoverImprovement: lambda: {"share": 50},
    SkipRolloutOrderImprovement: lambda: {"step": "publish", "reason": "The training needs it. 培训需要。"},
    FlagRolloutStepImprovement: lambda: {"step": "name_owner", "owner": IDS["person"]},
    FlagSittingImprovement: lambda: {"sitting": NOBODYS, "person": IDS["person"]},
    ListNewcomerImprovement: lambda: {"person": IDS["person"]},
    TellNewcomerImprovement: lambda: {
        "person": IDS["person"],
        "effective_at": TODAY,
        "document_numbers": ["PR2026001"],
        "external_numbers": ["SOP-12"],
    },
    AskHandOverImprovement: lambda: {
        "handed_over": "The process and its tool. 流程及其工具。",
        "external_numbers": [f"SOP-{next(NUMBERS)}"],
        "open_points": "The night shift. 夜班。",
    },
    HandOverImprovement: lambda: {"comment": "All there. 齐全。"},
    FixImprovement: lambda: {
        "step": "optimise",
        "evidence": "Two fields less. 少两个字段。",
    },
}
#: What is said when it is opened, so that it is rolled out before it is standardised; whoever manages the
#: project does not take it over.
OPENED_TOWARDS: dict[tuple[str, str], Callable[[], Json]] = {
    ("improvement", "hand_over"): lambda: {"reason": improvements.OTHERS_PROJECT},
    ("improvement", "fix"): lambda: {"reason": improvements.ROLLED_OUT},
}
#: The states in which there can be what the action names, as a new record gets there.
ONLY_IN = {
    "improvement.flag_rollout_step": frozenset({"rolling_out"}),
    "improvement.flag_sitting": frozenset({"rolling_out"}),
}
#: What cannot be carried out where it was before, or where another one of these was.
NOT_SHARED = frozenset(
    {
        "ask_judgement",
        "complete_rollout_step",
        "skip_rollout_order",
        "flag_rollout_step",
        "flag_sitting",
        "ask_hand_over",
        "fix",
    }
)
#: By kind and action, what voters say so that the action follows.
VERDICTS = {("improvement", "pass_pilot"): "approve"}


def _caller(person: str, *roles: Role) -> Caller:
    return Caller(f"person:{person}", UUID(person), roles=tuple(RoleGrant(role) for role in roles))


async def _act(client: Client, path: str, action: str, body: Payload, caller: Caller) -> None:
    """That caller does it to the improvement at that address."""
    await act(client.app.state.ledger, caller, "improvement", action, path.rpartition("/")[2], body)


async def _manager(client: Client, path: str) -> Caller:
    """The project's manager."""
    answer = await client.read(path)
    return _caller(answer["project_manager"]["id"], Role.project_manager)


async def _training(client: Client, path: str, person: str, **fields: Any) -> str:
    """The id of a training by which the person got a licence for the process of the improvement."""
    ledger: Any = client.app.state.ledger
    caller = _caller(IDS["doer"], Role.quality_manager)
    process = (await client.read(path))["process"]
    more = {"persons": [person], "trainer": IDS["it"], "topics": list(TOPICS), "process": process, **fields}
    marks: Json = {"results": [{"person": person, "marks": dict.fromkeys(TOPICS, 90)}], "closed_book": True}
    result = await act(
        ledger,
        caller,
        "training",
        "plan",
        body=PlanTraining.model_validate(OF_TRAININGS[PlanTraining]() | more),
    )
    for action, body in (
        ("hold", HoldTraining.model_validate({"attended": [person], **HELD})),
        ("examine", ExamineTraining.model_validate(marks)),
        ("license", LicenseTraining()),
    ):
        await act(ledger, caller, "training", action, result.record.id, body)
    return str(result.record.id)


async def license_for(client: Client, path: str, person: str) -> None:
    """The person gets a licence for the process of the improvement at that address."""
    await _training(client, path, person)


async def _ready(client: Client, path: str) -> Json:
    """All is ready for the pilot, with an executor who owns no process."""
    executor = str((await add_person(client.app.state.ledger, "Executor", TEAM)).id)
    answer = await client.read(path)
    if answer["kicked_off_at"] is None:
        await _act(client, path, "kick_off", EmptyPayload(), _caller(answer["sponsor"]["id"]))
    return {
        "key_user_training": await _training(client, path, executor, kind="key_user"),
        "executor_training": await _training(client, path, executor),
        "executor": executor,
    }


async def _met(client: Client, path: str) -> Json:
    """An issue that the pilot has met."""
    body = LogPilotIssueImprovement.model_validate(SAMPLES[LogPilotIssueImprovement]())
    await _act(client, path, "log_pilot_issue", body, await _manager(client, path))
    return {"issue": (await client.read(f"{path}/pilot_issues"))["items"][-1]["id"]}


async def _measured(client: Client, path: str) -> Json:
    """The effect of this round of the pilot was measured."""
    rounds = (await client.read(path))["pilot_rounds"]
    await improvements.measured(client, path, MeasurementOccasion.pilot, rounds)
    return {}


async def _position(client: Client, path: str) -> Json:
    """The log position of the reported effect."""
    return {"position": (await client.read(path))["measured_position"]}


async def ask(client: Client, path: str, action: str) -> None:
    """Ask the committee what leads to that action on the improvement at that address, if it must be asked:
    what the state does not ask by itself.
    """
    if not path.startswith("/v1/improvements/"):
        return
    doer = _caller(IDS["doer"], Role.quality_manager)
    if (asking := improvements.ASKING.get(action)) is not None:
        payload = LIFECYCLE[asking].body
        prepare = improvements.PREPARED.get(payload)
        more = {} if prepare is None else await prepare(client, path)
        body = payload.model_validate(improvements.SAMPLES[payload]() | more)
        await _act(client, path, asking, body, doer)
    if action != "pass_pilot":
        return
    fields = SAMPLES[AskJudgementImprovement]() | await _position(client, path) | {"judgement": "passed"}
    judgement = AskJudgementImprovement.model_validate(fields)
    await _act(client, path, "ask_judgement", judgement, doer)


async def _planned(client: Client, path: str, owner: str | None = None, **first: str) -> Json:
    """The rollout is planned, its steps for that owner; the first one with what else is said of it."""
    plan = SAMPLES[RollOutImprovement]()
    steps = [step | {"owner": owner or IDS["doer"]} for step in plan["steps"]]
    body = RollOutImprovement.model_validate(plan | {"steps": [steps[0] | first, *steps[1:]]})
    if (await client.read(path))["state"] == "rolling_out":
        await _act(client, path, "roll_out", body, await _manager(client, path))
    return {}


async def _theirs(client: Client, path: str) -> Json:
    """The rollout is planned, its steps for the client; a senior person may own the process."""
    return await _planned(client, path, client.id)


async def _overdue(client: Client, path: str) -> Json:
    """A step of the rollout is overdue."""
    if (await client.read(path))["state"] == "rolling_out":
        a_moment_ago = datetime.now(UTC) - timedelta(seconds=1)
        return await _planned(client, path, due_at=a_moment_ago.isoformat())
    return {"step": "optimise"}


def _in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def _rolled_out(client: Client, path: str, sit_by: str | None = None) -> Json:
    """The steps before the hand-over are complete; members are to sit the examination by then."""
    steps = {step["step"]: step for step in (await client.read(f"{path}/rollout_steps"))["items"]}
    if (await client.read(path))["state"] != "rolling_out" or "manage_daily" in steps:
        return {}
    await _planned(client, path)
    doer = _caller(IDS["doer"], Role.engineer)
    first, *members = await client.app.state.ledger.db.rows(MEMBERS, (IDS["team"],))
    earlier = datetime.now(UTC).isoformat()
    bodies: tuple[Json, ...] = (
        SAMPLES[CompleteRolloutStepImprovement](),
        {"step": "organise", "goals": "Half the time.", "weekly_plan": "One team a week."},
        {
            "step": "inform_and_train",
            "training": await _training(client, path, str(first["person_id"]), kind="everybody"),
            "absent": [
                {"person": str(member["person_id"]), "due_at": sit_by or _in_days(20)} for member in members
            ],
            "announcements": [
                {"medium": medium, "announced_at": earlier, "reach": 500} for medium in ("Mail", "Meeting")
            ],
        },
        {"step": "publish", "external_numbers": [f"SOP-{next(NUMBERS)}"], "effective_at": TODAY},
        {
            "step": "cut_over",
            "share": 100,
            **{f"{name}_shown": f"Of {name}." for name in ("pilot", "people", "resources", "obstacles")},
        },
        {
            "step": "manage_daily",
            "went_well": "Nobody asks twice. 无人重复询问。",
            **{name: f"Of {name}." for name in DAILY_MANAGEMENT},
        },
    )
    named = _caller(IDS["business"], Role.engineer)
    for fields in bodies:
        body = CompleteRolloutStepImprovement.model_validate({"evidence": "The minutes.", **fields})
        by = named if body.step is RolloutStepName.organise else doer
        await _act(client, path, "complete_rollout_step", body, by)
    return {}


async def _sat_late(client: Client, path: str) -> Json:
    """A member of the teams was to sit the examination a moment ago."""
    sit_by = datetime.now(UTC) + timedelta(seconds=3)
    await _rolled_out(client, path, sit_by.isoformat())
    sittings = (await client.read(f"{path}/rollout_sittings"))["items"]
    await asyncio.sleep(max(0, (sit_by - datetime.now(UTC)).total_seconds()))
    return {"sitting": sittings[0]["id"]} if sittings else {}


async def _handed_over(client: Client, path: str) -> Json:
    """The project manager has asked for the improvement to be taken over: once, since the
    person who takes it over has read what was asked.
    """
    await _rolled_out(client, path)
    if (await client.read(path))["handover_asked_at"] is not None:
        return {}
    body = AskHandOverImprovement.model_validate(SAMPLES[AskHandOverImprovement]())
    await _act(client, path, "ask_hand_over", body, await _manager(client, path))
    return {}


async def _not_frozen(client: Client, path: str) -> Json:
    """Somebody of the committee lets it be optimised before half a year is over."""
    body = GrantFreezeExceptionImprovement.model_validate(improvements.GRANTED)
    member = await add_person(client.app.state.ledger, "Member", roles=(Role.committee_member.value,))
    await _act(client, path, "grant_freeze_exception", body, _caller(str(member.id), Role.committee_member))
    return {}


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    StartPilotImprovement: _ready,
    SolvePilotIssueImprovement: _met,
    ReportPilotImprovement: _measured,
    AskJudgementImprovement: _position,
    CompleteRolloutStepImprovement: _theirs,
    SkipRolloutOrderImprovement: _planned,
    FlagRolloutStepImprovement: _overdue,
    FlagSittingImprovement: _sat_late,
    AskHandOverImprovement: _rolled_out,
    HandOverImprovement: _handed_over,
    FixImprovement: _not_frozen,
}
