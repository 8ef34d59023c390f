"""Values that actions on risks load beforehand: the matrix in force, and the rows that they change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from app.governance.risks.lookups import matrix_in_force
from app.governance.risks.records import Risk, RiskAction, RiskWarning
from app.governance.risks.scale import USUAL, Scale
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext

RESTATED = Unguarded("What was assessed by the matrix before is stated anew by the rule restate_risks.")


@dataclass(frozen=True, slots=True)
class ScaleInForce:
    """The scale in force, and the matrix that gives it; None: the usual one."""

    scale: Scale
    matrix_id: UUID | None


async def scale_in_force(reads: ReadContext, risk: Risk, body: object, ctx: ActionContext) -> ScaleInForce:
    """Find the scale by which levels follow now."""
    matrix = await matrix_in_force(partial(reads.rows, guard=RESTATED))
    return ScaleInForce(USUAL, None) if matrix is None else ScaleInForce(matrix.scale, matrix.id)


@dataclass(frozen=True, slots=True)
class OpenActions:
    """The actions of the response so far that are neither done nor dropped."""

    rows: tuple[RiskAction, ...]


async def open_actions(reads: ReadContext, risk: Risk, body: object, ctx: ActionContext) -> OpenActions:
    """Find the open actions of the response so far."""
    rows = await reads.children(RiskAction, risk)
    return OpenActions(tuple(row for row in rows if row.done_at is None and row.dropped_at is None))


@dataclass(frozen=True, slots=True)
class OpenWarnings:
    """The warnings of indicators that are not cleared."""

    rows: tuple[RiskWarning, ...]


async def open_warnings(reads: ReadContext, risk: Risk, body: object, ctx: ActionContext) -> OpenWarnings:
    """Find the warnings that are not cleared."""
    rows = await reads.children(RiskWarning, risk)
    return OpenWarnings(tuple(row for row in rows if row.cleared_at is None))
