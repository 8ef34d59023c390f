"""Read side of baselines of KPIs: a listing for each record that froze some."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.shapes import OutputModel
from app.kpis.baselines.records import KpiBaseline


class KpiBaselineOut(OutputModel):
    """The value of a KPI in a window before, as it was when it was frozen."""

    id: UUID
    name: str = Field(description="The key of its target.")
    kpi: str = Field(description="The KPI's key.")
    scope: dict[str, list[str]] = Field(description="The filters of the cases, by dimension. Empty: all.")
    begins_at: datetime
    ends_at: datetime = Field(description="Exclusive.")
    zone: str = Field(description="The time zone that days are cut in.")
    currency: str = Field(description="The currency that costs were counted in.")
    reopen_days: int = Field(description="For how long an ended case could be reopened.")
    value: str | None = Field(description="As a decimal text, in the KPI's unit. Null: there was none.")
    cases: int = Field(description="The cases that it was computed from.")
    position: int = Field(description="The position of the log that was read.")
    frozen_at: datetime


BASELINES = ChildListing(
    "baselines", KpiBaseline, "frozen_at", KpiBaselineOut, "the baselines of a record, the oldest first"
)
