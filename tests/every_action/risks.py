"""What is said of risks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.governance.risks.matrices import EXAMPLE_CELLS, AddRiskMatrix
from app.governance.risks.payloads import (
    AssessRisk,
    AttachIndicatorRisk,
    ClearIndicatorRisk,
    CloseRisk,
    CompleteActionRisk,
    DetachIndicatorRisk,
    FlagActionRisk,
    HandOverRisk,
    IdentifyRisk,
    ReachIndicatorRisk,
    ReassessRisk,
    RecordOccurrenceRisk,
    RestateRisk,
    TreatRisk,
)
from app.kernel.actions.payloads import EmptyPayload, Payload
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NOBODYS
from tests.people import act

AHEAD = "2199-01-01T00:00:00Z"
ASSESSED: Json = {
    "likelihood": 3,
    "impact": 4,
    "controllable": True,
    "dear": False,
    "remark": "It has failed twice. 已故障两次。",
}
INDICATOR: Json = {"kpi": "backlog", "comparator": "ge", "threshold": "40", "window_days": 30}
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    IdentifyRisk: lambda: {
        "title": "The only mail relay fails 唯一的邮件中继故障",
        "kind": "technical",
        "found_by": "brainstorming",
        "cause": "There is no second relay. 没有备用中继。",
        "owner": "me",
        "process": "incident",
        "services": ["mail"],
    },
    AssessRisk: lambda: ASSESSED,
    ReassessRisk: lambda: ASSESSED,
    TreatRisk: lambda: {
        "response": "reduce",
        "actions": [{"title": "Set up a second relay 架设备用中继", "owner": IDS["person"], "due_at": AHEAD}],
    },
    CompleteActionRisk: lambda: {"action": NOBODYS, "outcome": "It runs. 已运行。"},
    FlagActionRisk: lambda: {"action": NOBODYS, "owner": IDS["person"]},
    RecordOccurrenceRisk: lambda: {
        "happened_at": "2026-01-02T08:00:00+08:00",
        "extent": "No mail for half a day. 半天无邮件。",
        "loss": "1250.00",
        "currency": "CNY",
    },
    AttachIndicatorRisk: lambda: INDICATOR,
    DetachIndicatorRisk: lambda: {"indicator": NOBODYS},
    ReachIndicatorRisk: lambda: {"indicator": NOBODYS, "reading": "41"},
    ClearIndicatorRisk: lambda: {"indicator": NOBODYS, "reading": "39"},
    HandOverRisk: lambda: {"owner": IDS["person"]},
    RestateRisk: lambda: {"matrix": str(uuid4()), "risk_level": "high"},
    CloseRisk: lambda: {"closing_reason": "The second relay stands. 备用中继已就绪。"},
    AddRiskMatrix: lambda: {"cells": EXAMPLE_CELLS},
}


async def _planned(client: Client, path: str) -> Json:
    """An open action of the risk's response."""
    rows = (await client.read(f"{path}/actions"))["items"]
    return {"action": next(row["id"] for row in rows if row["done_at"] is row["overdue_at"] is None)}


async def _attached(client: Client, path: str) -> Json:
    """An indicator that has not reached its threshold."""
    await client.post_ok(f"{path}/attach_indicator", INDICATOR)
    return {"indicator": (await client.read(f"{path}/indicators"))["items"][-1]["id"]}


async def _crossed(client: Client, path: str) -> Json:
    """An indicator that has reached its threshold."""
    attached = await _attached(client, path)
    body = ReachIndicatorRisk.model_validate(attached | {"reading": "41"})
    ledger, risk = client.app.state.ledger, path.rpartition("/")[2]
    await act(ledger, rule_caller("tests"), "risk", "reach_indicator", risk, body)
    return attached


async def _set(client: Client, path: str) -> Json:
    """A matrix to which a second person has agreed."""
    matrix = (await client.post_ok("/v1/risk_matrices", {"cells": EXAMPLE_CELLS}))["id"]
    owner = Caller(f"person:{IDS['doer']}", UUID(IDS["doer"]), roles=(RoleGrant(Role.process_owner),))
    await act(client.app.state.ledger, owner, "risk_matrix", "agree", matrix, EmptyPayload())
    return {"matrix": matrix}


#: What is done before, and what of it is said then.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    CompleteActionRisk: _planned,
    FlagActionRisk: _planned,
    DetachIndicatorRisk: _attached,
    ReachIndicatorRisk: _attached,
    ClearIndicatorRisk: _crossed,
    RestateRisk: _set,
}
#: Nobody closes a risk that they own.
NOT_THEIR_OWN = frozenset({"risk.close"})
#: What cannot be carried out where it was before.
NOT_SHARED = frozenset({"complete_action", "flag_action", "detach_indicator"})
