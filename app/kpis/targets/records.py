"""The record of a KPI's target."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from app.common.records import CodeEnum, Record, optional, required
from app.common.state_fields import EnteredAt
from app.kpis.declaration.kpi import Comparator


class TargetState(CodeEnum):
    """The state of a KPI target: in force, or withdrawn as a mistake."""

    active = "active", "Active", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class KpiTarget(Record):
    """The target of a KPI in its latest version; earlier versions are in its events.

    `value` is a decimal text, as in the log. Without it there is no target from `valid_from_at` on.
    """

    KIND: ClassVar[str] = "kpi_target"

    state: TargetState | None = required()
    kpi: str | None = required("Key of the KPI.")
    comparator: Comparator | None = optional(
        "Comparison of the KPI's value with the target: lt for below, le for at most, gt for above, ge "
        "for at least; null if the period has no target."
    )
    value: str | None = optional(
        "Target value in the unit of the KPI, as a decimal text; null if the period has no target."
    )
    valid_from_at: datetime | None = required("Beginning of the latest version's period.")
    valid_until_at: datetime | None = optional(
        "End of the latest version's period, exclusive; null if it has no end."
    )
    added_at: Annotated[datetime | None, EnteredAt(TargetState.active)] = required()
