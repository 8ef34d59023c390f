"""Read side of baselines of KPIs: a listing for each record that froze some."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.records.shapes import OutputModel
from app.kpis.baselines.records import KpiBaseline


class KpiBaselineOut(OutputModel, of=KpiBaseline):
    """The value of a KPI in a window before a change, as measured at that time."""

    scope: dict[str, list[str]] = Field(
        description="Filters of the cases, by dimension; empty for all cases."
    )


BASELINES = ChildListing(
    "baselines", KpiBaseline, "frozen_at", KpiBaselineOut, "the baselines of a record, the oldest first"
)
