"""The record of a budget: the mean cost that a case may have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from app.common.records import CodeEnum, Record, optional, required
from app.common.state_fields import EnteredAt


class KpiBudgetState(CodeEnum):
    """The state of a KPI budget: in force, or withdrawn as a mistake."""

    active = "active", "Active", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class KpiBudget(Record):
    """The budget of a case in its latest version; its events have the earlier versions.

    `amount` is a decimal text with the digits of `currency`. If both are null, there is no budget from
    `valid_from_at` on.
    """

    KIND: ClassVar[str] = "kpi_budget"

    state: KpiBudgetState | None = required()
    kpi: str | None = required("Key of the KPI of the cases' cost: incident_unit_cost.")
    amount: str | None = optional(
        "Amount, with the decimal places of the currency; null if the period has no budget.",
        examples=["45.00"],
    )
    currency: str | None = optional(
        "Currency of the amount (ISO 4217); null if there is no amount.", examples=["CNY"]
    )
    valid_from_at: datetime | None = required("Beginning of the latest version's period.")
    valid_until_at: datetime | None = optional(
        "End of the latest version's period, exclusive; null if it has no end."
    )
    added_at: Annotated[datetime | None, EnteredAt(KpiBudgetState.active)] = required()
