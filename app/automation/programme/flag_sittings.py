"""Flags the examination on a new process that a member of its teams has not passed in time, and notifies the
member and the project manager.
"""

from __future__ import annotations

from app.automation.late_rows import LateRow
from app.processes.improvements.lifecycle import ROLLED_OUT
from app.processes.improvements.rollout.lookups import NOT_PASSED
from app.processes.improvements.rollout.payloads import FlagSittingImprovement
from app.processes.improvements.rollout.records import RolloutSitting

RULE = LateRow(
    RolloutSitting,
    "flag_sitting",
    lambda sitting, person: FlagSittingImprovement(sitting=sitting.id, person=person),
    settled_by=("overdue_at",),
    pursued={"improvement": ROLLED_OUT},
    only=NOT_PASSED,
).rule("flag_sittings")
