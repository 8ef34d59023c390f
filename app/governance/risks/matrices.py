"""The risk matrix: the level for each likelihood and impact, set as a whole (lifecycle). It is used once a
second person has agreed.

set
"""

from __future__ import annotations

from itertools import product
from typing import Annotated

from pydantic import Field

from app.common.faces import RecordFace
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.priorities.risk_level import RiskLevel
from app.foundation.decisions.authorship import agreed_by_another
from app.governance.risks.payloads import Points
from app.governance.risks.records import RiskMatrix
from app.governance.risks.records import RiskMatrixState as State
from app.governance.risks.scale import ORDER, POINTS, USUAL
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import process_owner, quality_manager, role
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, EmptyPayload, Payload, PayloadPart
from app.kernel.actions.refusals import WrongValue

EXAMPLE_CELLS = [
    {"likelihood": likelihood, "impact": impact, "risk_level": level.value}
    for (likelihood, impact), level in USUAL.items()
]


class RiskCell(PayloadPart):
    """The level for one likelihood and one impact."""

    likelihood: Points = Field(description="Likelihood, from 1 (rare) to 5 (almost certain).")
    impact: Points = Field(description="Impact, from 1 (slight) to 5 (disastrous).")
    risk_level: RiskLevel = Field(description="Level for this likelihood and impact.")


class AddRiskMatrix(Payload):
    """The level for each likelihood and impact."""

    cells: Annotated[tuple[RiskCell, ...], BoundedList] = Field(
        max_length=LONGEST_LIST,
        description="Levels for each combination of likelihood and impact; a higher likelihood or "
        "impact cannot have a lower level.",
        examples=[EXAMPLE_CELLS],
    )


def add(matrix: RiskMatrix, body: AddRiskMatrix, ctx: ActionContext) -> None:
    """Add a risk matrix. It is used once a second person agrees: the levels of open risks are then computed
    again.
    """
    assert ctx.assigned.number is not None, "risk matrices have numbers"
    matrix.number = ctx.assigned.number
    in_order = sorted(body.cells, key=lambda cell: (cell.likelihood, cell.impact))
    # In the order of the event's members, so that a replayed answer, read from the event, has the same bytes.
    matrix.cells = [
        {"impact": cell.impact, "likelihood": cell.likelihood, "risk_level": cell.risk_level.value}
        for cell in in_order
    ]
    matrix.set_at = ctx.occurred_at
    matrix.awaits_agreement = True if ctx.caller.person_id is not None else None


def agree(matrix: RiskMatrix, body: EmptyPayload, ctx: ActionContext) -> None:
    """Agree to the risk matrix, as a second person: it is used from now on."""
    matrix.set_at = ctx.occurred_at
    matrix.awaits_agreement = None
    matrix.agreed_by_id = ctx.caller.person_id


async def nothing_to_agree(reads: ReadContext, matrix: RiskMatrix, ctx: ActionContext) -> str | None:
    """Refuse if the matrix is used already (`nothing_to_agree`)."""
    return None if matrix.awaits_agreement else "nothing_to_agree"


async def matrix_invalid(
    reads: ReadContext, matrix: RiskMatrix, body: AddRiskMatrix, ctx: ActionContext
) -> None:
    """Refuse if a likelihood and impact occur twice or not at all, or if more of them lead to a lower
    level.
    """
    levels: dict[tuple[int, int], RiskLevel] = {}
    for n, cell in enumerate(body.cells):
        if (cell.likelihood, cell.impact) in levels:
            raise WrongValue(pointer=f"/cells/{n}", because="risk_cell_twice")
        levels[cell.likelihood, cell.impact] = cell.risk_level
    for likelihood, impact in product(POINTS, POINTS):
        if (likelihood, impact) not in levels:
            words = {"likelihood": str(likelihood), "impact": str(impact)}
            raise WrongValue(words, pointer="/cells", because="risk_cell_missing")
    for n, cell in enumerate(body.cells):
        for (likelihood, impact), level in levels.items():
            less = likelihood <= cell.likelihood and impact <= cell.impact
            if less and ORDER.index(level) > ORDER.index(cell.risk_level):
                words = {"likelihood": str(likelihood), "impact": str(impact), "level": level}
                raise WrongValue(words, pointer=f"/cells/{n}/risk_level", because="lower_for_more_risk")


AGREEING = (quality_manager | process_owner | role(Role.management)).in_person().for_people()
TELL_AGREEING = (
    RecipientRule(
        NoticeType.setting_to_agree,
        roles=frozenset({Role.quality_manager, Role.process_owner, Role.management}),
        when="awaits_agreement",
    ),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="risk_matrix", plural="risk_matrices", zh="风险矩阵", record=RiskMatrix, code="RMX",
    visible=(to_staff(),),
    face=RecordFace(by_agreement={State.set: "awaits_agreement"}),
    rows=(
        #      action 中文    from         to         who              event
        action(add,   "设定", NEW_RECORD,  State.set, quality_manager, "risk_matrix.added", wrong=(matrix_invalid,), notifies=TELL_AGREEING),
        action(agree, "同意", [State.set], STAYS,     AGREEING,        "risk_matrix.agreed",
               unless=(nothing_to_agree,), wrong=(agreed_by_another(("cells",)),)),
    ),
)
# fmt: on
