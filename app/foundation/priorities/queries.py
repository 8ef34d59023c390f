"""Schemas of priority matrices."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import OutputModel, RecordOut
from app.common.priority import Impact, Priority, Urgency
from app.common.priority_matrix import MatrixState
from app.foundation.priorities import matrices


class PriorityCell(OutputModel):
    """The priority for one impact and one urgency."""

    impact: Impact
    urgency: Urgency
    priority: Priority


class PriorityMatrixOut(RecordOut):
    """A priority matrix; the one that was set last applies."""

    state: MatrixState
    cells: list[PriorityCell] = Field(description="By impact, then by urgency.")
    set_at: datetime


PRIORITY_MATRICES = Listing(
    lifecycle=matrices.LIFECYCLE, shape=PriorityMatrixOut, filters=("set_at",), sorts=("set_at",)
)
