"""Flags a step of a rollout that was not completed in time, and notifies its owner."""

from __future__ import annotations

from app.automation.late_rows import LateRow
from app.processes.improvements.lifecycle import ROLLED_OUT
from app.processes.improvements.rollout.payloads import FlagRolloutStepImprovement
from app.processes.improvements.rollout.records import RolloutStep

RULE = LateRow(
    RolloutStep,
    "flag_rollout_step",
    lambda step, owner: FlagRolloutStepImprovement.model_validate({"step": step.step, "owner": owner}),
    settled_by=("completed_at", "overdue_at"),
    pursued={"improvement": ROLLED_OUT},
    owner="owner_id",
).rule("flag_rollout_steps")
