"""The priority matrix: the priority for each impact and urgency, as administrators set it (lifecycle).

set
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.priorities.matrix import MatrixState as State
from app.common.priorities.matrix import PriorityMatrix
from app.common.priorities.priority import MATRIX, Impact, Matrix, Priority, Urgency
from app.foundation.priorities.face import FACE
from app.kernel.access.audience_rules import to_everybody
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, Payload, PayloadPart
from app.kernel.actions.refusals import WrongValue

EXAMPLE_CELLS = [
    {"impact": impact.value, "urgency": urgency.value, "priority": priority}
    for (impact, urgency), priority in MATRIX.items()
]


class MatrixCell(PayloadPart):
    """The priority for one impact and one urgency."""

    impact: Impact = Field(
        description="Number of people affected: 1 for the organisation, 2 for a department, 3 for one person."
    )
    urgency: Urgency = Field(
        description="Effect on the work of those affected: 1 if it stopped, 2 if it is hindered, 3 if "
        "it can wait."
    )
    priority: Priority = Field(description="Priority for this impact and urgency.")


class AddPriorityMatrix(Payload):
    """The priority for each impact and urgency."""

    cells: Annotated[tuple[MatrixCell, ...], BoundedList] = Field(
        max_length=LONGEST_LIST,
        description="Priorities for each combination of impact and urgency; a lower impact or urgency "
        "cannot have a higher priority.",
        examples=[EXAMPLE_CELLS],
    )


class RevisePriorityMatrix(AddPriorityMatrix):
    """The new priority for each impact and urgency."""


def add(matrix: PriorityMatrix, body: AddPriorityMatrix, ctx: ActionContext) -> None:
    """Add a priority matrix. Tickets that have a priority keep it."""
    by_place = sorted(body.cells, key=lambda cell: (cell.impact.value, cell.urgency.value))
    # In the order of the event's members, so that a replayed answer, read from the event, has the same bytes.
    matrix.cells = [
        {"impact": cell.impact.value, "priority": cell.priority.value, "urgency": cell.urgency.value}
        for cell in by_place
    ]
    matrix.set_at = ctx.occurred_at


def revise(matrix: PriorityMatrix, body: RevisePriorityMatrix, ctx: ActionContext) -> None:
    """Revise the priority matrix. Tickets that have a priority keep it."""
    add(matrix, body, ctx)


async def matrix_incomplete(
    reads: ReadContext, matrix: PriorityMatrix, body: AddPriorityMatrix, ctx: ActionContext
) -> None:
    """Refuse if an impact and urgency occur twice or not at all, or if less impact or urgency leads to a
    higher priority.
    """
    priorities: dict[tuple[Impact, Urgency], Priority] = {}
    for n, cell in enumerate(body.cells):
        if (cell.impact, cell.urgency) in priorities:
            raise WrongValue(pointer=f"/cells/{n}", because="cell_twice")
        priorities[cell.impact, cell.urgency] = cell.priority
    for impact, urgency in MATRIX:
        if (impact, urgency) not in priorities:
            words = {"impact": impact, "urgency": urgency}
            raise WrongValue(words, pointer="/cells", because="cell_missing")
    for n, cell in enumerate(body.cells):
        _check_monotonic(priorities, cell, f"/cells/{n}/priority")


def _check_monotonic(matrix: Matrix, cell: MatrixCell, pointer: str) -> None:
    """Check that no other cell of the matrix with at least this impact and urgency has a lower priority:
    codes of higher priorities sort first. Raises WrongValue.
    """
    for (impact, urgency), priority in matrix.items():
        more = impact.value <= cell.impact.value and urgency.value <= cell.urgency.value
        if more and cell.priority.value < priority.value:
            words = {"impact": impact, "urgency": urgency, "priority": priority}
            raise WrongValue(words, pointer=pointer, because="more_urgent_for_less")


# fmt: off
LIFECYCLE = Lifecycle(
    kind="priority_matrix", plural="priority_matrices", zh="优先级矩阵", record=PriorityMatrix,
    face=FACE, visible=(to_everybody(),),
    rows=(
        #      action  中文    from          to         who    event
        action(add,    "设定", NEW_RECORD,  State.set, admin, "priority_matrix.added",   wrong=(matrix_incomplete,)),
        action(revise, "调整", [State.set], STAYS,     admin, "priority_matrix.revised", wrong=(matrix_incomplete,)),
    ),
)
# fmt: on
