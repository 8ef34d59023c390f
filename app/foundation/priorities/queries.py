"""What can be asked about matrices of priorities."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import OutputModel, RecordOut
from app.common.priority import Impact, Priority, Urgency
from app.common.priority_matrix import MatrixState
from app.foundation.priorities import matrices


class PriorityCell(OutputModel):
    """What one impact and one urgency give."""

    impact: Impact
    urgency: Urgency
    priority: Priority


class PriorityMatrixOut(RecordOut):
    """What every impact and every urgency give, as somebody has set it; the one that was set last holds."""

    state: MatrixState
    cells: list[PriorityCell] = Field(description="By impact, then by urgency.")
    set_at: datetime


PRIORITY_MATRICES = Listing(
    lifecycle=matrices.LIFECYCLE, shape=PriorityMatrixOut, filters=("set_at",), sorts=("set_at",)
)
