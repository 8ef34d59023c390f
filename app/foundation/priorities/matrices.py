"""The matrix of priorities: what impact and urgency give, as administrators set it.

set
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.people import OVERSIGHT_ROLES
from app.common.priority import MATRIX, Impact, Matrix, Priority, Urgency
from app.common.priority_matrix import MatrixState as State
from app.common.priority_matrix import PriorityMatrix
from app.kernel.actor_policy import admin
from app.kernel.context import ActionContext
from app.kernel.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.payloads import LONGEST_LIST, BoundedList, Payload, PayloadPart
from app.kernel.reads import ReadContext
from app.kernel.refusals import WrongValue
from app.kernel.visibility import EVERYBODY

EXAMPLE_CELLS = [
    {"impact": impact.value, "urgency": urgency.value, "priority": priority.value}
    for (impact, urgency), priority in MATRIX.items()
]


class MatrixCell(PayloadPart):
    """What one impact and one urgency give."""

    impact: Impact = Field(description="How many are touched: 1 organisation, 2 department, 3 person.")
    urgency: Urgency = Field(description="How much their work suffers: 1 stopped, 2 hindered, 3 can wait.")
    priority: Priority = Field(description="What both give.")


class AddPriorityMatrix(Payload):
    """What every impact and every urgency give."""

    cells: Annotated[tuple[MatrixCell, ...], BoundedList] = Field(
        max_length=LONGEST_LIST,
        description="One for each impact and each urgency. Where fewer are touched, or their work suffers "
        "less, it cannot be more urgent.",
        examples=[EXAMPLE_CELLS],
    )


class RevisePriorityMatrix(AddPriorityMatrix):
    """What every impact and every urgency give from now on."""


def add(matrix: PriorityMatrix, body: AddPriorityMatrix, ctx: ActionContext) -> None:
    """Impact and urgency give these priorities; tickets that have one keep it."""
    by_place = sorted(body.cells, key=lambda cell: (cell.impact.value, cell.urgency.value))
    # In the order of the event's members, so that an answer that is repeated from it has the same bytes.
    matrix.cells = [
        {"impact": cell.impact.value, "priority": cell.priority.value, "urgency": cell.urgency.value}
        for cell in by_place
    ]
    matrix.set_at = ctx.occurred_at


def revise(matrix: PriorityMatrix, body: RevisePriorityMatrix, ctx: ActionContext) -> None:
    """Impact and urgency give other priorities from now on; tickets that have one keep it."""
    add(matrix, body, ctx)


async def matrix_incomplete(
    reads: ReadContext, matrix: PriorityMatrix, body: AddPriorityMatrix, ctx: ActionContext
) -> None:
    """Every impact and urgency gives one priority, and none that is more urgent where less is at stake."""
    said: dict[tuple[Impact, Urgency], Priority] = {}
    for n, cell in enumerate(body.cells):
        if (cell.impact, cell.urgency) in said:
            raise WrongValue(pointer=f"/cells/{n}", because="cell_twice")
        said[cell.impact, cell.urgency] = cell.priority
    for impact, urgency in MATRIX:
        if (impact, urgency) not in said:
            words = {"impact": impact.value, "urgency": urgency.value}
            raise WrongValue(words, pointer="/cells", because="cell_missing")
    for n, cell in enumerate(body.cells):
        _check_monotonic(said, cell, f"/cells/{n}/priority")


def _check_monotonic(said: Matrix, cell: MatrixCell, pointer: str) -> None:
    """Priorities are called so that the more urgent one sorts first."""
    for (impact, urgency), priority in said.items():
        more = impact.value <= cell.impact.value and urgency.value <= cell.urgency.value
        if more and cell.priority.value < priority.value:
            words = {"impact": impact.value, "urgency": urgency.value, "priority": priority.value}
            raise WrongValue(words, pointer=pointer, because="more_urgent_for_less")


# fmt: off
LIFECYCLE = Lifecycle(
    kind="priority_matrix", plural="priority_matrices", zh="优先级矩阵", record=PriorityMatrix, states=State,
    audience=lambda matrix: (EVERYBODY,), overseer_roles=OVERSIGHT_ROLES, columns={"everybody": ()},
    rows=(
        #      action  中文    from          to         who    event
        action(add,    "设定", NEW_RECORD,  State.set, admin, "priority_matrix.added",   wrong=(matrix_incomplete,)),
        action(revise, "调整", [State.set], STAYS,     admin, "priority_matrix.revised", wrong=(matrix_incomplete,)),
    ),
)
# fmt: on
