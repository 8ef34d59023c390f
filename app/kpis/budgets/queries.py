"""The read model and queries of budgets of cases."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import RecordOut
from app.kpis.budgets import lifecycle
from app.kpis.budgets.records import KpiBudgetState


class KpiBudgetOut(RecordOut):
    """The budget of a case in its latest version; earlier versions are in its events."""

    state: KpiBudgetState
    kpi: str = Field(description="The key of the KPI that says what cases cost.")
    amount: str | None = Field(
        description="With the digits of the currency. Null: there is no budget from then on."
    )
    currency: str | None = Field(description="ISO 4217; null with the amount.")
    valid_from_at: datetime
    valid_until_at: datetime | None
    added_at: datetime


KPI_BUDGETS = Listing(
    lifecycle=lifecycle.LIFECYCLE,
    shape=KpiBudgetOut,
    filters=("state", "kpi", "added_at"),
    sorts=("added_at",),
)
