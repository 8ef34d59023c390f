"""The read model and queries of targets of KPIs."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import RecordOut
from app.kpis.declaration.kpi import Comparator
from app.kpis.targets import lifecycle
from app.kpis.targets.records import TargetState


class KpiTargetOut(RecordOut):
    """The target of a KPI in its latest version. The KPI's answer has the target of each period."""

    state: TargetState
    kpi: str = Field(description="The KPI's key.")
    comparator: Comparator | None = Field(description="Null: there is no target from then on.")
    value: str | None = Field(description="In the unit of the KPI, as a decimal text.")
    valid_from_at: datetime
    valid_until_at: datetime | None
    added_at: datetime


KPI_TARGETS = Listing(
    lifecycle=lifecycle.LIFECYCLE,
    shape=KpiTargetOut,
    filters=("state", "kpi", "added_at"),
    sorts=("added_at",),
)
