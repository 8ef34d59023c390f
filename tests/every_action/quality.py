"""What is said of corrective actions, quality targets and assessments, and maintenance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from app.governance.corrective_actions.payloads import (
    CompleteCorrectiveAction,
    HandOverCorrectiveAction,
    MoveCorrectiveAction,
    PlanCorrectiveAction,
    VerifyCorrectiveAction,
)
from app.governance.maintenance_plans.payloads import EditMaintenancePlan, PlanMaintenancePlan
from app.governance.maintenance_rounds.payloads import (
    CompleteMaintenance,
    OpenMaintenance,
    ReadMaintenance,
    RecordFindingMaintenance,
    TickMaintenance,
)
from app.governance.quality_assessments.payloads import (
    ConcludeQualityAssessment,
    ImproveQualityAssessment,
    OpenQualityAssessment,
    VerifyQualityAssessment,
)
from app.governance.quality_targets.payloads import (
    BreakDownQualityTarget,
    ReviseQualityTarget,
    SetQualityTarget,
)
from app.kernel.actions.payloads import Payload
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NOBODYS, TEAM

SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    PlanCorrectiveAction: lambda: {
        "title": "Test the restore 测试恢复",
        "task": "Restore the newest backup on the spare server. 在备用服务器上恢复最新备份。",
        "occasion": "review",
        "source": f"team/{IDS['team']}",
        "process": "change",
        "owner": IDS["doer"],
        "due_at": "2199-01-31T06:00:00Z",
    },
    MoveCorrectiveAction: lambda: {
        "due_at": "2199-02-28T06:00:00Z",
        "reason": "The server comes later. 服务器延期到货。",
    },
    HandOverCorrectiveAction: lambda: {"owner": IDS["author"]},
    CompleteCorrectiveAction: lambda: {"evidence": "The log of the restore. 恢复日志。"},
    VerifyCorrectiveAction: lambda: {"verification": "It was restored in an hour. 一小时内恢复。"},
    SetQualityTarget: lambda: {
        "year": 2027,
        "kpi": "incident_resolution_seconds",
        "comparator": "lt",
        "value": "5400",
        "answerable": IDS["doer"],
    },
    BreakDownQualityTarget: lambda: {"targets": [{"person": IDS["doer"], "value": "4800"}]},
    ReviseQualityTarget: lambda: {"comparator": "le", "value": "5000"},
    OpenQualityAssessment: lambda: {
        "title": "The third quarter 第三季度",
        "cycle": "on_demand",
        "service": "mail",
        "begins_at": "2026-07-01T00:00:00Z",
        "ends_at": "2026-10-01T00:00:00Z",
        "means": ["kpis", "sampling"],
        "assessor": IDS["doer"],
    },
    ConcludeQualityAssessment: lambda: {
        "summary": "Much is well. 总体良好。",
        "findings": [
            {
                "title": "Restores are not tested 未测试恢复",
                "detail": "For a year. 已有一年。",
                "service": "mail",
            }
        ],
    },
    ImproveQualityAssessment: lambda: {
        "actions": [
            {
                "finding": 1,
                "title": "Test the restore 测试恢复",
                "task": "Restore the newest backup. 恢复最新备份。",
                "owner": IDS["doer"],
                "due_at": "2199-01-31T06:00:00Z",
            }
        ]
    },
    VerifyQualityAssessment: lambda: {"evidence": "The log of the restore. 恢复日志。"},
    PlanMaintenancePlan: lambda: {
        "title": "Machine room, each morning 机房晨检",
        "service": "mail",
        "team": TEAM,
        "interval": "weekly",
        "days": 2,
        "items": ["Filters are clean 滤网清洁", "No lamp is red 无红灯"],
        "limits": [{"name": "Temperature 温度", "unit": "°C", "lower": "18", "upper": "27.5"}],
        "first_round_at": "2199-01-31T06:00:00Z",
    },
    EditMaintenancePlan: lambda: {
        "title": "Machine room, each evening",
        "team": TEAM,
        "interval": "monthly",
        "days": 3,
        "items": ["Filters are clean"],
        "limits": [{"name": "Humidity 湿度", "unit": "%"}],
        "first_round_at": "2199-02-28T06:00:00Z",
    },
    OpenMaintenance: lambda: {"plan": NOBODYS, "planned_at": "2026-03-02T06:00:00Z"},
    TickMaintenance: lambda: {"items": [1], "ticked": True},
    ReadMaintenance: lambda: {"readings": [{"reading": 1, "value": "31.5"}]},
    RecordFindingMaintenance: lambda: {
        "opens": "incident",
        "title": "A fan stands still 风扇停转",
        "description": "The third from the left. 左起第三个。",
        "reading": 1,
        "ci": "mx-1",
        "tried": "Turned it by hand. 手动转动过。",
        "impact": "2",
        "urgency": "3",
        "effect": "degraded",
    },
    CompleteMaintenance: lambda: {
        "items": [1],
        "readings": [{"reading": 1, "value": "21"}],
        "left_out": "No ladder. 没有梯子。",
        "remark": "It smells of dust. 有灰尘味。",
    },
}
#: What nobody does with what they did themselves.
NOT_THEIR_OWN = frozenset({f"corrective_action.{name}" for name in ("return", "verify", "drop")})


async def _planned(client: Client, path: str) -> Json:
    """A plan whose round it is."""
    return {"plan": (await client.post_ok("/v1/maintenance_plans", SAMPLES[PlanMaintenancePlan]()))["id"]}


async def _corrected(client: Client, path: str) -> Json:
    """Each finding has a corrective action, and all of these are over."""
    findings = {row["place"] for row in (await client.read(f"{path}/findings"))["items"]}
    corrected = {row["finding"] for row in (await client.read(f"{path}/corrections"))["items"]}
    if findings - corrected:
        await client.post_ok(f"{path}/improve", SAMPLES[ImproveQualityAssessment]())
    for row in (await client.read(f"{path}/corrections"))["items"]:
        action = f"/v1/corrective_actions/{row['corrective_action_id']}"
        if (await client.read(action))["state"] == "planned":
            await client.post_ok(f"{action}/drop", {"reason": "It is done otherwise."})
    return {}


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    OpenMaintenance: _planned,
    VerifyQualityAssessment: _corrected,
}
