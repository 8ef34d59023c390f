"""Routes of assessments of processes: `/v1/process_assessments`; measures come computed with the command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from app.api.direct import DirectRoute, Router
from app.api.listings.lists import Listing
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.computed_actions import Compute, mount_computed_actions
from app.api.records.reads import mount_reads
from app.api.records.shapes import RecordOut
from app.api.routes import Routes
from app.foundation.people.queries import PERSONS
from app.governance.process_assessments.lifecycle import LIFECYCLE
from app.governance.process_assessments.payloads import MeasureProcessAssessment
from app.governance.process_assessments.records import (
    MaturityAspect,
    ProcessAssessment,
    ProcessAssessmentMeans,
)
from app.kernel.ledger import Ledger
from app.kpis.baselines.freezing import freeze_baselines
from app.kpis.baselines.queries import BASELINES


class ProcessAssessmentOut(RecordOut, of=ProcessAssessment):
    """An assessment of a process."""

    means: list[ProcessAssessmentMeans] = Field(description="Means by which the process is assessed.")
    maturity: dict[MaturityAspect, int] | None = Field(
        description="Maturity of each aspect, from 0 to 5; null until the assessment is concluded."
    )


async def _frozen_measures(
    ledger: Ledger, assessment: ProcessAssessment, body: MeasureProcessAssessment, now: datetime
) -> tuple[object, ...]:
    """Return the measures, computed now."""
    return (await freeze_baselines(ledger, body.measures, now, "measures"),)


COMPUTES: Mapping[str, Compute] = {"measure": _frozen_measures}
LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ProcessAssessmentOut,
    filters=("state", "process", "assessor", "opened_at", "concluded_at", "changed_at"),
    sorts=("opened_at", "changed_at"),
    expands=(PERSONS,),
)
router = Router(prefix="/v1/process_assessments", tags=["processes"], route_class=DirectRoute)
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, ProcessAssessmentOut, left_out=COMPUTES)
mount_computed_actions(router, LISTING, ProcessAssessmentOut, COMPUTES)
mount_child_listing(router, LIFECYCLE, ProcessAssessmentOut, BASELINES)


ROUTES = Routes((router,), (LISTING,))
