"""The read model and queries of reconciliations."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import RecordOut
from app.kpis.reconciliations.lifecycle import LIFECYCLE
from app.kpis.reconciliations.records import ReconciliationState, Verdict


class ReconciliationOut(RecordOut):
    """The result of comparing every KPI computed from the facts with the same from the raw events."""

    state: ReconciliationState
    day: str = Field(description="The date of the night in `zone`, as 2026-11-20.")
    verdict: Verdict = Field(description="Whether both give the same.")
    zone: str = Field(description="The time zone that the night and the compared months are of.")
    position: int = Field(description="The position of the log up to which both were computed.")
    compared: int = Field(description="How many numbers were compared, besides what each case brought.")
    differences: int = Field(description="How much differs: numbers, and what cases brought.")
    differing: list[str] = Field(
        description="The first of what differs, each once: `<kpi>/<what>`. `ledgerdesk reconcile` says more."
    )
    seconds: int = Field(description="How long it took.")
    made_at: datetime


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ReconciliationOut,
    filters=("state", "verdict", "day", "made_at"),
    sorts=("made_at",),
)
