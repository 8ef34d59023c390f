"""Flags an action against a risk that was not carried out in time, and notifies its owner."""

from __future__ import annotations

from app.automation.late_rows import LateRow
from app.governance.risks.payloads import FlagActionRisk
from app.governance.risks.records import RiskAction, RiskState

RULE = LateRow(
    RiskAction,
    "flag_action",
    lambda action, owner: FlagActionRisk(action=action.id, owner=owner),
    settled_by=("done_at", "dropped_at", "overdue_at"),
    # A lapsed response waits for another one, which drops it.
    pursued={"risk": (RiskState.treated,)},
).rule("flag_risk_actions")
