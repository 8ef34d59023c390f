"""Where the matrix of priorities is: `/v1/priority_matrix`."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from app.api.openapi import problems
from app.api.shapes import Out
from app.common.priority import MATRIX, Impact, Priority, Urgency

router = APIRouter(prefix="/v1", tags=["service"])


class PriorityCell(Out):
    """What one impact and one urgency give."""

    impact: Impact
    urgency: Urgency
    priority: Priority


class PriorityMatrix(Out):
    """What every impact and every urgency give."""

    cells: list[PriorityCell] = Field(description="By impact, then by urgency.")


@router.get("/priority_matrix", operation_id="get_priority_matrix", responses=problems())
async def get_priority_matrix() -> PriorityMatrix:
    """Which priority impact and urgency give, as long as nobody sets another one with a reason."""
    return PriorityMatrix(
        cells=[
            PriorityCell(impact=Impact(impact), urgency=Urgency(urgency), priority=priority)
            for (impact, urgency), priority in MATRIX.items()
        ]
    )
