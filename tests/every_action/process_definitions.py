"""What is said of definitions of processes, of their changes and assessments, and what must be there before
it can be said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.foundation.people.records import TeamKind
from app.foundation.people.teams import AddTeam
from app.governance.process_assessments.payloads import (
    ConcludeProcessAssessment,
    MeasureProcessAssessment,
    OpenProcessAssessment,
)
from app.governance.process_changes.payloads import (
    ApplyProcessChange,
    PublishProcessChange,
    ReviewProcessChange,
)
from app.governance.process_definitions.payloads import (
    DraftProcessDefinition,
    EditProcessDefinition,
    GrantFreezeExceptionProcessDefinition,
    PilotProcessDefinition,
    PublishProcessDefinition,
    RetireProcessDefinition,
    SubmitProcessDefinition,
    SupersedeProcessDefinition,
    TakeNamesProcessDefinition,
)
from app.kernel.actions.payloads import Payload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.kpis.baselines.freezing import FrozenBaseline, FrozenBaselines
from app.log.canonical import from_instant
from app.processes.improvement_suggestions.payloads import OfferImprovementSuggestion
from app.processes.improvements.proposal.payloads import (
    ImplementImprovement,
    ProposeImprovement,
    SelectImprovement,
    SubmitImprovement,
)
from tests.client import Client, Json
from tests.every_action.ballots import approve
from tests.every_action.improvement_suggestions import SAMPLES as OF_SUGGESTIONS
from tests.every_action.improvements import SAMPLES as OF_IMPROVEMENTS
from tests.every_action.improvements import classified, with_facts
from tests.every_action.world_data import IDS, NOBODYS, NUMBERS, TEAM
from tests.people import act, context

_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_BASELINE = FrozenBaseline(
    name="restore-faster",
    kpi="incident_resolution_seconds",
    scope={},
    begins_at=_BEGIN,
    ends_at=_BEGIN + timedelta(days=31),
    zone="Asia/Shanghai",
    currency="CNY",
    reopen_days=28,
    value=None,
    cases=0,
)
CONTENTS: Json = {
    "title": "Billing 计费",
    "level": 2,
    "parent": "incident",
    "department": "IT 信息技术部",
    "purpose": "Services are paid for. 服务有偿。",
    "begins_with": "A month is over 月末",
    "ends_with": "The bill is paid 已付款",
    "activities": [
        {
            "title": "Count 计数",
            "role": "agent",
            "time_limit_seconds": 3600,
            "text": "By the log.",
            "inputs": ["The log 日志"],
            "outputs": ["Hours 工时"],
        }
    ],
    "raci": [{"role": "process_owner", "part": "accountable", "activity": "Count 计数"}],
    "decision_points": [
        {"title": "Is it right? 是否正确？", "outcomes": ["Yes: send it", "No: count again"]}
    ],
    "control_points": [{"title": "Another counts 复核", "role": "engineer", "risk": "A wrong bill 账单错误"}],
    "interfaces": [{"process": "problem", "hand_over": "With all figures. 附全部数据。"}],
    "terms": [{"term": "Bill 账单", "meaning": "What is to be paid. 应付款项。"}],
    "inputs": ["The log 日志"],
    "outputs": ["The bill 账单"],
    "customers": ["Finance 财务部"],
    "resources": ["A printer 打印机"],
    "refers_to": ["ISO 20000"],
    "templates": [],
    "checklists": [],
    "external_numbers": ["FORM-7 账单模板"],
    "none_because": [{"name": "templates", "reason": "The tool prints it. 系统直接打印。"}],
    "kpis": ["incidents_closed"],
    "cost_share": 10,
    "growth_share": 5,
    "revenue_share": 50,
    "value_share": 20,
    "expected_path": [{"event": "bill.sent", "needed": True, "repeatable": False, "anywhere": False}],
}


def _contents() -> Json:
    return {**CONTENTS, "owner": IDS["person"], "executor": IDS["reporter"]}


async def _next_edition(client: Client, path: str) -> Json:
    """Another definition."""
    body = SAMPLES[DraftProcessDefinition]()
    return {"by": (await client.post_ok("/v1/process_definitions", body))["id"]}


async def _implemented_improvement(client: Client, path: str) -> Json:
    """An improvement of the process that is carried out, and was approved before the definition at that
    address was drafted.
    """
    ledger, definition = client.app.state.ledger, await client.read(path)
    before = from_instant(definition["drafted_at"]) - timedelta(hours=1)

    async def done(name: str, kind: str, action: str, body: type[Payload], **more: Any) -> Any:
        fields = {**OF_SUGGESTIONS, **OF_IMPROVEMENTS}[body]() | more
        record_id = fields.pop("id", None)
        caller, contents = _staff(name), body.model_validate(fields)
        return (await act(ledger, caller, kind, action, record_id, contents, now=before)).record

    offer = {"scope": "department", "process": None, "aspect": "interface"}
    suggestion = await done("it", "improvement_suggestion", "offer", OfferImprovementSuggestion, **offer)
    select = {"suggestions": [str(suggestion.id)], "process": definition["process"]}
    key = str((await done("doer", "improvement", "select", SelectImprovement, **select)).id)
    proposal: Any = ProposeImprovement.model_validate(OF_IMPROVEMENTS[ProposeImprovement]())
    improvements: Any = ledger.lifecycles["improvement"]
    metadata, nothing = context(_staff("author"), before), FrozenBaselines((_BASELINE,), 0, before)
    await perform(
        ledger, Command(improvements, improvements["propose"], key, proposal, metadata, prepared=(nothing,))
    )
    question = await done("doer", "improvement", "submit", SubmitImprovement, id=key)
    await approve(ledger, "improvement", key, question.decision_id, before)
    await classified(client, f"/v1/improvements/{key}")
    body = ImplementImprovement.model_validate(OF_IMPROVEMENTS[ImplementImprovement]())
    await act(ledger, _staff("author"), "improvement", "implement", key, body)
    return {"improvement": key}


async def _led_teams(client: Client, path: str) -> Json:
    """Three teams with heads, of whom one at least has not applied for the change."""
    keys = [f"led-{next(NUMBERS)}" for _ in range(3)]
    for key, lead in zip(keys, (IDS["everybody"], IDS["assignee"], IDS["person"]), strict=True):
        team = AddTeam(key=key, name="A team with a head", kind=TeamKind.internal, lead=lead)
        await act(client.app.state.ledger, rule_caller("tests"), "team", "add", body=team)
    return {"teams": keys}


async def _published_definition(client: Client, path: str) -> Json:
    """The heads approve the change at that address, and an edition that names it is published."""
    ledger, change = client.app.state.ledger, await client.read(path)
    if change["approved_at"] is None:
        await approve(ledger, "process_change", change["id"], change["decision_id"])
    return {"definition": await _publish(ledger, change["process"], change["id"])}


async def _approved_end(client: Client, path: str) -> Json:
    """The heads approve that the process of the definition at that address ends."""
    ledger, kind = client.app.state.ledger, "process_change"
    words = {
        **SAMPLES[ApplyProcessChange](),
        **await _led_teams(client, path),
        "origin": None,
        "no_origin_reason": "The service is sold. 服务已出售。",
        "retires": True,
    }
    words["process"] = (await client.read(path))["process"]
    applied = await act(
        ledger, _staff("author"), kind, "apply", body=ApplyProcessChange.model_validate(words)
    )
    review = ReviewProcessChange.model_validate(SAMPLES[ReviewProcessChange]())
    reviewed: Any = await act(ledger, _staff("doer"), kind, "review", applied.record.id, review)
    await approve(ledger, kind, str(applied.record.id), reviewed.record.decision_id)
    return {"process_change": str(applied.record.id)}


async def _publish(ledger: Ledger, process: str, change: str) -> str:
    """The next edition of the process's definition, which is drafted by one and published by another."""
    contents = SAMPLES[DraftProcessDefinition]() | {"process_changes": [change]}
    draft = DraftProcessDefinition.model_validate(
        contents | {"process": process, "parent": None, "expected_path": []}
    )
    kind, publication = "process_definition", {"changes": "It is written down. 首次成文。"}
    drafted = await act(ledger, _staff("author"), kind, "draft", body=draft)
    heard = SubmitProcessDefinition.model_validate(SAMPLES[SubmitProcessDefinition]())
    await act(ledger, _staff("author"), kind, "submit", drafted.record.id, heard)
    published = PublishProcessDefinition.model_validate(publication)
    await act(ledger, _staff("doer"), kind, "publish", drafted.record.id, published)
    return str(drafted.record.id)


def _staff(name: str) -> Caller:
    """That person, who owns processes and manages quality."""
    roles = (RoleGrant(Role.process_owner), RoleGrant(Role.quality_manager))
    return Caller(f"person:{IDS[name]}", UUID(IDS[name]), roles=roles)


SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    DraftProcessDefinition: lambda: {"process": f"billing-{next(NUMBERS)}", **_contents()},
    EditProcessDefinition: lambda: {**_contents(), "title": "Billing, revised 计费（修订）"},
    SubmitProcessDefinition: lambda: {"heard": [IDS["person"], IDS["author"]]},
    PilotProcessDefinition: lambda: {"improvement": NOBODYS},
    PublishProcessDefinition: lambda: {
        "changes": "Bills are counted twice. 账单复核。",
        "effective_at": (datetime.now(UTC) + timedelta(days=300)).isoformat(),
    },
    GrantFreezeExceptionProcessDefinition: lambda: {
        "freeze_exception": "law",
        "freeze_exception_reason": "The law has changed. 法规变化。",
    },
    SupersedeProcessDefinition: lambda: {"by": NOBODYS},
    ApplyProcessChange: lambda: {
        "title": "One step less 减少一步",
        "process": "incident",
        "description": "Nobody confirms twice. 不再重复确认。",
        "reason": "It takes a day. 耗时一天。",
        "teams": [TEAM],
        "origin": f"incident/{IDS['incident']}",
    },
    ReviewProcessChange: lambda: {"question": "Is it right?", "opinion": "It saves a day. 节省一天。"},
    PublishProcessChange: lambda: {"definition": NOBODYS},
    OpenProcessAssessment: lambda: {
        "title": "Incidents in 2027 事件管理评估",
        "process": "incident",
        "means": ["interview", "log"],
    },
    MeasureProcessAssessment: lambda: {
        "measures": [
            {
                "name": "restored",
                "kpi": "incident_resolution_seconds",
                "before": {"from": "2020-01-01", "to": "2020-04-01"},
                "scope": {"priority": ["P1", "P2"]},
                "tz": "Asia/Shanghai",
            }
        ]
    },
    ConcludeProcessAssessment: lambda: {
        "maturity": {"process": 3, "tool": 2, "skills": 4, "organisation": 1},
        "pains": "Nobody hands over. 无交接。",
        "needs": "Faster branches. 网点提速。",
    },
    TakeNamesProcessDefinition: lambda: {"names": [f"Invoicing {next(NUMBERS)}"]},
    RetireProcessDefinition: lambda: {"retirement_reason": "Nobody pays. 无人付款。"},
}
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    PilotProcessDefinition: _implemented_improvement,
    SupersedeProcessDefinition: _next_edition,
    ApplyProcessChange: _led_teams,
    PublishProcessChange: _published_definition,
    RetireProcessDefinition: _approved_end,
    MeasureProcessAssessment: with_facts,
}
#: By kind and action, what voters say so that the action follows.
VERDICTS = {("process_change", "approve"): "approve", ("process_change", "refuse"): "reject"}
#: The states in which there is a question.
ONLY_IN = {
    "process_change.vote": frozenset({"under_review"}),
    "process_change.review": frozenset({"applied"}),
}
#: Once the heads are asked, they are not asked again.
NOT_SHARED = frozenset({"measure"})


async def open_question(client: Client, path: str) -> Json:
    """The question that was put when the change was reviewed."""
    return {"decision": (await client.read(f"{path}/decisions"))["items"][-1]["id"]}
