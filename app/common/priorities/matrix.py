"""The priority matrix that administrators have set (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from app.common.priorities.priority import Impact, Matrix, Priority, Urgency
from app.common.records import CodeEnum, Record, required


class MatrixState(CodeEnum):
    """The state of a priority matrix; the latest one is in force."""

    set = "set", "Set", "已设定"


class PriorityMatrix(Record):
    """The priority for every impact and urgency. The matrix that was set last is in force.

    `cells` are nine of `{"impact": …, "urgency": …, "priority": …}`, by impact, then by urgency.
    """

    KIND: ClassVar[str] = "priority_matrix"

    state: MatrixState | None = required()
    cells: list[dict[str, Any]] | None = required("Priority for each combination of impact and urgency.")
    set_at: datetime | None = required(
        "Time at which the matrix was set; it applies to tickets from then on."
    )

    @property
    def matrix(self) -> Matrix:
        """Return the priority by impact and urgency."""
        return {
            (Impact(cell["impact"]), Urgency(cell["urgency"])): Priority(cell["priority"])
            for cell in self.cells or ()
        }
