"""The payload of a re-basing of natural limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.records import ForeignRef, KeyRef
from app.kernel.actions.payload_fields import DemandedText
from app.kernel.actions.payloads import Instant, Payload, RecordKey, Reference, ShortText, Statement
from app.kpis.rebases.records import KpiRebase


class AddKpiRebase(Payload, of=KpiRebase):
    """The KPI and the scope, the change and the reason, and the time from which the limits are recomputed."""

    kpi: RecordKey
    service: Annotated[RecordKey, KeyRef("service", must_exist=True, retired=True)] | None = None
    team: Annotated[Reference, ForeignRef("team", GivenDuty.recorded, retired=True)] | None = None
    change: Statement
    reason: Annotated[ShortText, DemandedText(in_full=True)] | None = Field(
        default=None,
        description="Reason in one line for which the limits restart, printed on charts; required.",
    )
    begins_at: Instant
