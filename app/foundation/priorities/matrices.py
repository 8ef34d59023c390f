"""The matrix of priorities: what impact and urgency give, as administrators set it.

set
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.people import SEE_EVERYTHING
from app.common.priority import MATRIX, Impact, Matrix, Priority, Urgency
from app.common.priority_matrix import MatrixState as State
from app.common.priority_matrix import PriorityMatrix
from app.kernel.bodies import LONGEST_LIST, Body, Few, Part
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.visibility import EVERYBODY
from app.kernel.who import admin

AN_EXAMPLE = [
    {"impact": impact.value, "urgency": urgency.value, "priority": priority.value}
    for (impact, urgency), priority in MATRIX.items()
]


class Cell(Part):
    """What one impact and one urgency give."""

    impact: Impact = Field(description="How many are touched: 1 organisation, 2 department, 3 person.")
    urgency: Urgency = Field(description="How much their work suffers: 1 stopped, 2 hindered, 3 can wait.")
    priority: Priority = Field(description="What both give.")


class AddPriorityMatrix(Body):
    """What every impact and every urgency give."""

    cells: Annotated[tuple[Cell, ...], Few] = Field(
        max_length=LONGEST_LIST,
        description="One for each impact and each urgency. Where fewer are touched, or their work suffers "
        "less, it cannot be more urgent.",
        examples=[AN_EXAMPLE],
    )


class RevisePriorityMatrix(AddPriorityMatrix):
    """What every impact and every urgency give from now on."""


def add(matrix: PriorityMatrix, body: AddPriorityMatrix, at: Moment) -> None:
    """Impact and urgency give these priorities; tickets that have one keep it."""
    by_place = sorted(body.cells, key=lambda cell: (cell.impact.value, cell.urgency.value))
    # In the order of the event's members, so that an answer that is repeated from it has the same bytes.
    matrix.cells = [
        {"impact": cell.impact.value, "priority": cell.priority.value, "urgency": cell.urgency.value}
        for cell in by_place
    ]
    matrix.set_at = at.occurred_at


def revise(matrix: PriorityMatrix, body: RevisePriorityMatrix, at: Moment) -> None:
    """Impact and urgency give other priorities from now on; tickets that have one keep it."""
    add(matrix, body, at)


async def is_whole(look: Look, matrix: PriorityMatrix, body: AddPriorityMatrix, at: Moment) -> None:
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
        _no_more_urgent(said, cell, f"/cells/{n}/priority")


def _no_more_urgent(said: Matrix, cell: Cell, pointer: str) -> None:
    """Priorities are called so that the more urgent one sorts first."""
    for (impact, urgency), priority in said.items():
        more = impact.value <= cell.impact.value and urgency.value <= cell.urgency.value
        if more and cell.priority.value < priority.value:
            words = {"impact": impact.value, "urgency": urgency.value, "priority": priority.value}
            raise WrongValue(words, pointer=pointer, because="more_urgent_for_less")


# fmt: off
LIFECYCLE = Lifecycle(
    kind="priority_matrix", plural="priority_matrices", zh="优先级矩阵", record=PriorityMatrix, states=State,
    audience=lambda matrix: (EVERYBODY,), sees_all=SEE_EVERYTHING, columns={"everybody": ()},
    rows=(
        #      action  中文    from          to         who    event
        action(add,    "设定", FROM_NOTHING, State.set, admin, "priority_matrix.added",   wrong=(is_whole,)),
        action(revise, "调整", [State.set],  STAYS,     admin, "priority_matrix.revised", wrong=(is_whole,)),
    ),
)
# fmt: on
