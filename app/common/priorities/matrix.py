"""The priority matrix that administrators have set (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from app.common.priorities.priority import Impact, Matrix, Priority, Urgency
from app.common.records import CodeEnum, Record, required


class MatrixState(CodeEnum):
    """The state of a priority matrix, which is in force until another one is set."""

    set = "set", "Set", "已设定"


class PriorityMatrix(Record):
    """The priority for every impact and urgency. The matrix that was set last is in force.

    `cells` are nine of `{"impact": …, "urgency": …, "priority": …}`, by impact, then by urgency.
    """

    KIND: ClassVar[str] = "priority_matrix"

    state: MatrixState | None = required()
    cells: list[dict[str, Any]] | None = required()
    set_at: datetime | None = required()

    @property
    def matrix(self) -> Matrix:
        """Return the priority by impact and urgency."""
        return {
            (Impact(cell["impact"]), Urgency(cell["urgency"])): Priority(cell["priority"])
            for cell in self.cells or ()
        }
