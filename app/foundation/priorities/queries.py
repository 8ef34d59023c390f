"""Schemas of priority matrices."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.common.priorities.matrix import PriorityMatrix
from app.common.priorities.priority import Impact, Priority, Urgency
from app.foundation.priorities import matrices


class PriorityCell(OutputModel):
    """The priority for one impact and one urgency."""

    impact: Impact
    urgency: Urgency
    priority: Priority


class PriorityMatrixOut(RecordOut, of=PriorityMatrix):
    """A priority matrix; the latest one applies."""

    cells: list[PriorityCell] = Field(description="Priorities by impact, then by urgency.")


PRIORITY_MATRICES = Listing(
    lifecycle=matrices.LIFECYCLE, shape=PriorityMatrixOut, filters=("set_at",), sorts=("set_at",)
)
