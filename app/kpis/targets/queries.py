"""The read model and queries of targets of KPIs."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.api.records.shapes import RecordOut
from app.kpis.catalogue import KPIS
from app.kpis.targets import lifecycle
from app.kpis.targets.records import KpiTarget


class KpiTargetOut(RecordOut, of=KpiTarget):
    """The target of a KPI in its latest version. The points of the KPI have the target of each period."""


KPI_TARGETS = Listing(
    lifecycle=lifecycle.LIFECYCLE,
    shape=KpiTargetOut,
    filters=("state", "kpi", "added_at"),
    known_names={"kpi": KPIS},
    sorts=("added_at",),
)
