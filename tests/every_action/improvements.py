"""What is said of improvements, and what must be there before it can be said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.foundation.people.persons import EditPerson
from app.governance.process_definitions.payloads import DraftProcessDefinition
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kpis.effects.lifecycle import EffectWindow, MeasuredEffect, MeasureKpiEffect
from app.kpis.facts.consumer import FACTS
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.log.ids import uuid7
from app.platform.db import connect
from app.processes.improvement_suggestions.payloads import OfferImprovementSuggestion
from app.processes.improvements.committee.payloads import (
    ApprovePlanImprovement,
    ChangePeopleImprovement,
    CharterImprovement,
    ClassifyImprovement,
    ClassTallied,
    ReturnPlanImprovement,
    VoidPeopleImprovement,
)
from app.processes.improvements.effects.measurement import MeasuredTarget, MeasuredTargets
from app.processes.improvements.effects.payloads import (
    AgreeToEvaluationImprovement,
    AskToRevertImprovement,
    EvaluateImprovement,
    MeasureEffectsImprovement,
    RevertImprovement,
    StandardiseImprovement,
)
from app.processes.improvements.effects.records import MeasurementOccasion
from app.processes.improvements.lifecycle import LIFECYCLE, EditImprovement
from app.processes.improvements.project.payloads import PlanImprovement
from app.processes.improvements.proposal.payloads import (
    FinishImprovement,
    GrantFreezeExceptionImprovement,
    ImplementImprovement,
    ProposeImprovement,
    SelectImprovement,
    SubmitImprovement,
    TakeUpImprovement,
)
from app.processes.improvements.records import ImprovementState as State
from app.ticketing.projects.actions import ReportProgress
from tests.client import Client, Json
from tests.every_action.ballots import approve
from tests.every_action.improvement_suggestions import SAMPLES as OF_SUGGESTIONS
from tests.every_action.world_data import IDS, NOBODYS, NUMBERS, TEAM
from tests.people import act, add_person
from tests.processes.improvements.pilots import a_result

AHEAD = "2199-01-01T00:00:00Z"
KPI = "incident_resolution_seconds"
TARGET = "restore-faster"
#: Why one is selected whose project somebody else manages.
OTHERS_PROJECT = "Somebody else manages it. 由他人管理。"
#: Why one is selected that is rolled out before it is standardised.
ROLLED_OUT = "It is to be rolled out. 需要推广。"

#: The process owner who is asked to agree to how an improvement was judged.
ASKED_OWNER = """
select asked_owner_id as id from fold.improvement_evaluation where record = 'improvement/' || %s"""
#: The owner who agrees: who was asked before or, otherwise, who owns the process by its newest definition.
AGREEING_OWNER = """
select coalesce(e.asked_owner_id, d.owner_id) as id from fold.improvement i
left join fold.improvement_evaluation e on e.record = 'improvement/' || i.id
left join fold.process_definition d on d.process = i.process and d.edition is not null
where i.id = %s order by d.edition desc nulls last limit 1"""


def _select() -> Json:
    return {
        "title": "Mail is restored sooner 更快恢复邮件",
        "suggestions": [IDS["suggestion"]],
        "reason": "It cannot wait for the month's end. 等不到月底。",
        "scope": "process",
        "process": f"process {next(NUMBERS)}",
        "aspect": "activity",
    }


#: As the API takes them.
#: An exception from the freeze of a process.
GRANTED = {
    "freeze_exception": "law",
    "freeze_exception_reason": "The law asks for less. 法规要求精简。",
}
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    ChangePeopleImprovement: lambda: {"question": "Shall somebody else manage it?"},
    VoidPeopleImprovement: lambda: {"decision": NOBODYS, "lost_candidates": [IDS["person"]]},
    MeasureEffectsImprovement: dict,
    AgreeToEvaluationImprovement: dict,
    SelectImprovement: _select,
    GrantFreezeExceptionImprovement: lambda: dict(GRANTED),
    ProposeImprovement: lambda: {
        "scope_and_goal": "Mail within the hour. 一小时内恢复邮件。",
        "benefit_inside": "Fewer nights on call.",
        "benefit_outside": "Nobody waits half a day. 无人等待半天。",
        "method": "A runbook for each relay.",
        "steps": "Write it in May, try it in June.",
        "resources": "Two engineers for a month.",
        "judgement": "By the target, and by those on call.",
        "targets": [
            {
                "name": TARGET,
                "kpi": KPI,
                "before": {"from": "2020-01-01", "to": "2020-02-01"},
                "scope": {"priority": ["P1", "P2"]},
                "tz": "Asia/Shanghai",
                "promised": {"change": "-0.3", "of": "relative"},
                "judged_by": "By the median of the months after. 按此后数月的中位数。",
                "baseline_reason": "The relays are new. 中继为新装。",
            }
        ],
        "outside_plan_reason": "The plan was made before the relays failed. 计划制定在先。",
        "planned_cost": "12000.00",
        "currency": "CNY",
    },
    SubmitImprovement: lambda: {
        "question": "Shall we do it?",
        "weighed_goals": "It serves the first goal. 服务于首要目标。",
        "weighed_practice": "Others restore within the hour.",
        "weighed_present_state": "Half a day at present.",
        "weighed_cost": "A month of two engineers is little.",
        "weighed_resources": "The engineers are there.",
        "weighed_time": "It is done before the winter.",
        "defer_until_at": f"{datetime.now(UTC) + timedelta(days=100):%Y-%m-%dT%H:%M:%SZ}",
    },
    TakeUpImprovement: lambda: {"what_changed": "The engineers are free. 工程师已有空。"},
    ClassifyImprovement: lambda: {
        "kind": "activity",
        "size": "major",
        "criteria": ["complex", "risky"],
        "size_reason": "It changes who decides. 改变决策人。",
        "to_pilot": True,
        "impact": "2",
        "urgency": "2",
        "priority": "P2",
    },
    ImplementImprovement: lambda: {"plan": "The runbook by Friday. 周五前完成手册。"},
    FinishImprovement: lambda: {"what": "Every relay has a runbook. 每台中继均有手册。"},
    EvaluateImprovement: lambda: {
        "position": 1,
        "goal_reached": True,
        "scope_reached": True,
        "benefit_reached": True,
        "reached": True,
        "comment": "As promised. 如约达成。",
    },
    StandardiseImprovement: lambda: {
        "external_numbers": [f"SOP-{next(NUMBERS)}"],
        "teams": [TEAM],
    },
    RevertImprovement: lambda: {
        "reason": "Mail was restored no faster. 没有更快。",
        "old_process_stands": True,
        "told": "Both desks, by the morning meeting. 早会通知两个服务台。",
        "teams": [TEAM],
    },
    AskToRevertImprovement: lambda: {
        "question": "Shall we do it?",
        "reason": "Mail was restored no faster. 没有更快。",
        "told": "Both desks, by mail. 邮件通知。",
        "teams": [TEAM],
    },
    CharterImprovement: lambda: {
        "sponsor": IDS["business"],
        "project_manager": "me",
        "members": [IDS["person"]],
        "resources": "Two engineers, a test relay. 两名工程师。",
        "budget": "12000.00",
        "currency": "CNY",
    },
    PlanImprovement: lambda: {
        "work": "Write the runbooks, train the desk. 编写手册。",
        "milestones": [{"title": "The runbooks are written 手册完成", "due_at": AHEAD}],
        "tasks": [{"title": "Write them 编写", "assignee": IDS["person"], "milestone": 1, "due_at": AHEAD}],
        "report_every_days": 7,
        "pilot_scope": {"team": [TEAM]},
        "pilot_begins_at": "2026-01-05T00:00:00Z",
        "pilot_ends_at": "2198-04-01T00:00:00Z",
        "pilot_length_reason": "Enough cases come in a month. 一个月的工单已足够。",
        "pilot_agreement": "Both departments by mail. 两部门邮件同意。",
        "data_gathering": "From the tickets, by the KPI. 取自工单。",
        "expected": [{"target": TARGET, "promised": {"change": "-0.2", "of": "relative"}}],
    },
    ApprovePlanImprovement: dict,
    ClassTallied: lambda: {
        "decision": NOBODYS,
        "outcome": "approved",
        "voters": 1,
        "approvals": 1,
        "rejections": 0,
        "deferrals": 0,
        "abstentions": 0,
    },
    ReturnPlanImprovement: lambda: {"lacking": "Who trains the night shift? 谁培训夜班？"},
    ReportProgress: lambda: {
        "milestones": [],
        "expected_at": AHEAD,
        "text": "Half of them are written. 已完成一半。",
        "cost_to_date": "3000.00",
        "problems": [{"title": "Who trains? 谁来培训？", "owner": IDS["person"], "due_at": AHEAD}],
    },
    EditImprovement: lambda: {"title": "Mail is back sooner"},
}
#: Who proposes it, so that whoever does the rest can classify it, and vote on it.
ACTED_BY: dict[tuple[str, str], tuple[tuple[str, Json], ...]] = {
    ("propose", "proposed"): (("author", {}),),
}
#: The states in which there can be what the action names, as a new record gets there.
ONLY_IN = {
    **dict.fromkeys(
        (
            f"improvement.{name}"
            for name in ("assign_complaint", "merge_complaint", "escalate_complaint", "answer_complaint")
        ),
        frozenset({"standardised"}),
    ),
    # What is put to the vote stays as it is.
    "improvement.edit": frozenset(state.value for state in State) - {"in_review"},
    # Benefits are measured months after.
    "improvement.measure_effects": frozenset({"piloting", "evaluating"}),
    "improvement.vote": frozenset({"in_review"}),
    "improvement.decide": frozenset({"in_review"}),
    # The committee decides the priority with the class.
    "improvement.prioritise": frozenset({"selected", "proposed", "deferred"}),
}
#: What puts a question, while which no other one is put.
NOT_SHARED = frozenset(
    {"ask_to_revert", "classify", "charter", "approve_plan", "return_plan", "change_people"}
)
#: By kind and action, what voters say so that the action follows.
VERDICTS = {
    ("improvement", "approve"): "approve",
    ("improvement", "reject"): "reject",
    ("improvement", "defer"): "defer",
    ("improvement", "charter_by_decision"): "approve",
    ("improvement", "approve_plan_by_decision"): "approve",
}
#: By the action that follows from a decision, the one that puts the question.
ASKING = {"charter_by_decision": "charter", "approve_plan_by_decision": "approve_plan"}


async def open_question(client: Client, path: str) -> Json:
    """The question on the improvement at that address that was put last."""
    return {"decision": (await client.read(f"{path}/decisions"))["items"][-1]["id"]}


def _caller(name: str, *roles: Role) -> Caller:
    """That person, with these roles."""
    person_id = UUID(IDS[name])
    return Caller(f"person:{person_id}", person_id, roles=tuple(RoleGrant(role) for role in roles))


async def _with_a_suggestion(client: Client, path: str) -> Json:
    """A suggestion for the department, which somebody has offered who votes on nothing, and a process that
    somebody has drafted: while something is frozen, one without a definition is refused. Each improvement has
    its own, as the cutover of one freezes its process for the others.
    """
    ledger: Any = client.app.state.ledger
    offer = OF_SUGGESTIONS[OfferImprovementSuggestion]()
    offer |= {"scope": "department", "process": None, "aspect": "interface"}
    body = OfferImprovementSuggestion.model_validate(offer)
    done = await act(ledger, _caller("it", Role.agent), "improvement_suggestion", "offer", body=body)
    drafted = DraftProcessDefinition(process=f"process-{next(NUMBERS)}", title="Mail 邮件", level=2)
    await act(ledger, _caller("author", Role.process_owner), "process_definition", "draft", body=drafted)
    return {"suggestions": [str(done.record.id)], "process": drafted.process}


async def with_facts(client: Client, path: str) -> Json:
    """The facts of KPIs have got as far as the log."""
    connection = await connect(client.app.state.ledger.db.url, FOLLOW_LIMITS)
    try:
        await catch_up(connection, FACTS)
    finally:
        await connection.close()
    return {}


async def classified(client: Client, path: str, **more: Any) -> None:
    """The committee has classified it."""
    if (await client.read(path))["size"] == more.get("size", "minor"):
        return
    fields = {"kind": "activity", "impact": "2", "urgency": "2", "criteria": ["complex"]}
    body = ClassifyImprovement.model_validate(fields | {"size_reason": "It changes who decides."} | more)
    caller, name = _caller("doer", Role.quality_manager), path.rpartition("/")[2]
    ledger: Any = client.app.state.ledger
    done = await act(ledger, caller, "improvement", "classify", name, body)
    await approve(ledger, "improvement", name, done.record.decision_id)


async def _minor(client: Client, path: str) -> Json:
    """It is minor, unless it is to be rolled out."""
    rolled_out = (await client.read(path))["selection_reason"] == ROLLED_OUT
    await classified(client, path, **({"size": "major"} if rolled_out else {}))
    return {}


async def _major(client: Client, path: str) -> Json:
    """It is major; whoever has it sponsors and manages it if they can, or if nobody else is to."""
    await classified(client, path, size="major")
    ledger: Any = client.app.state.ledger
    graded = EditPerson.model_validate({"grade": "management"})
    answer = await client.read(path)
    has_it = answer["assignee"]["id"] if answer["assignee"] else client.id
    roles = await ledger.db.value("select roles from fold.person where id = %s", (has_it,))
    of_others = answer["selection_reason"] == OTHERS_PROJECT
    manages = Role.project_manager.value in (roles or ()) and not of_others
    named = has_it if manages else IDS["author"]
    for person in (named, IDS["business"]):  # who owns the process later
        await act(ledger, rule_caller("tests"), "person", "edit", person, graded)
    return {"project_manager": named, "sponsor": named}


async def _to_plan_ahead(client: Client, path: str) -> Json:
    """It is major, so that there can be a plan before its charter."""
    await classified(client, path, size="major")
    return {}


async def measured(
    client: Client,
    path: str,
    occasion: MeasurementOccasion = MeasurementOccasion.evaluation,
    pilot_round: int | None = None,
) -> Json:
    """The log position of an effect that was measured, if nothing else is said for the evaluation."""
    ledger, now = client.app.state.ledger, datetime.now(UTC)
    position = await ledger.db.value("select coalesce(max(position), 0) from log.event")
    windows = tuple(now - timedelta(days=days) for days in (60, 30, 30, 0))
    first, second, third, last = (window.isoformat() for window in windows)
    effect = MeasuredEffect(
        kpi=KPI,
        windows=(windows[0], windows[1], windows[2], windows[3]),
        zone="UTC",
        currency="CNY",
        reopen_days=7,
        position=position,
        seed=position,
        resamples=1000,
        verdict=EffectVerdict.improved.value,
        result=a_result(),
        measured_at=now,
    )
    question = MeasureKpiEffect(
        kpi=KPI,
        before=EffectWindow.model_validate({"from": first, "to": second}),
        after=EffectWindow.model_validate({"from": third, "to": last}),
    )
    target = MeasuredTarget(
        name=TARGET,
        question=question,
        effect_id=uuid7(),
        effect=effect,
        value="-1800.0",
        promised="-1500.0",
        promise=PromiseVerdict.shown,
        is_kept=None,
    )
    targets = MeasuredTargets(
        from_at=now - timedelta(days=30),
        until_at=now,
        occasion=occasion,
        pilot_round=pilot_round,
        position=position,
        targets=(target,),
    )
    metadata = CommandMetadata(rule_caller("measure_benefits"), now, "tests", "rule")
    row, name = LIFECYCLE["measure_effects"], path.rpartition("/")[2]
    body = MeasureEffectsImprovement()
    await perform(ledger, Command(LIFECYCLE, row, name, body, metadata, prepared=(targets,)))
    return {"position": position}


async def _to_be_judged(client: Client, path: str) -> Json:
    """What the evaluation names: the effect that was measured for it, and the process owner who agrees."""
    return await measured(client, path) | await _agreed(client, path)


async def _agreed(client: Client, path: str) -> Json:
    """A process owner agrees: the one who is to be asked, if there is one."""
    ledger, name = client.app.state.ledger, path.rpartition("/")[2]
    named = await ledger.db.row(AGREEING_OWNER, (name,))
    if named is not None and named["id"] is not None:
        return {"agreed_by": str(named["id"])}
    owner = await add_person(ledger, "Owner", roles=(Role.process_owner.value,))
    return {"agreed_by": str(owner.id)}


async def _judged(client: Client, path: str, *, reached: bool) -> Json:
    """It was judged, if it is to be."""
    if (await client.read(path))["state"] != "evaluating":
        return {}
    judgement = SAMPLES[EvaluateImprovement]() | await measured(client, path) | await _agreed(client, path)
    judgement |= {"reached": reached, "reason": "As it came. 如实评判。"}
    body, caller = EvaluateImprovement.model_validate(judgement), _caller("doer", Role.quality_manager)
    await act(client.app.state.ledger, caller, "improvement", "evaluate", path.rpartition("/")[2], body)
    return {}


async def _agreed_to(client: Client, path: str, *, reached: bool) -> Json:
    """The owner of the process has agreed to how it was judged, if it is to be."""
    await _judged(client, path, reached=reached)
    if (await client.read(path))["state"] == "evaluating":
        name = path.rpartition("/")[2]
        row = await client.app.state.ledger.db.row(ASKED_OWNER, (name,))
        assert row is not None
        owner = Caller(f"person:{row['id']}", row["id"], roles=(RoleGrant(Role.process_owner),))
        body = AgreeToEvaluationImprovement()
        await act(client.app.state.ledger, owner, "improvement", "agree_to_evaluation", name, body)
    return {}


async def _not_agreed_to(client: Client, path: str) -> Json:
    return await _judged(client, path, reached=True)


async def _reached(client: Client, path: str) -> Json:
    return await _agreed_to(client, path, reached=True)


async def _missed(client: Client, path: str) -> Json:
    return await _agreed_to(client, path, reached=False)


#: By action, what must be there before it.
async def _another_manager(client: Client, path: str) -> Json:
    """Somebody who may manage the project, and does not."""
    roles = (Role.project_manager.value,)
    person = await add_person(client.app.state.ledger, "Another manager", TEAM, roles=roles)
    return {"project_manager": str(person.id)}


PREPARED_FOR_ROW: dict[str, Callable[[Client, str], Awaitable[Json]]] = {"plan_ahead": _to_plan_ahead}
#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    SelectImprovement: _with_a_suggestion,
    ProposeImprovement: with_facts,
    ImplementImprovement: _minor,
    CharterImprovement: _major,
    ChangePeopleImprovement: _another_manager,
    EvaluateImprovement: _to_be_judged,
    AgreeToEvaluationImprovement: _not_agreed_to,
    StandardiseImprovement: _reached,
    RevertImprovement: _missed,
}
