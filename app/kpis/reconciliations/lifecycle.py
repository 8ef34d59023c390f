"""The lifecycle of reconciliations: one is made each day by a worker, and never changed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.kernel.actions.actor_policy import rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import Payload, ShortText
from app.kpis.reconciliations.records import Reconciliation, Verdict
from app.kpis.reconciliations.records import ReconciliationState as State

MOST_DIFFERING = 20
LARGEST = 2**53 - 1

Number = Annotated[int, Field(ge=0, le=LARGEST, strict=True)]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Differing = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,100}/[a-z0-9_]{1,100}$")]


class MakeReconciliation(Payload, of=Reconciliation):
    """The result of a reconciliation: the number of comparisons and the differences."""

    day: Day
    zone: ShortText
    position: Number
    compared: Number
    differences: Number
    differing: tuple[Differing, ...] = Field(max_length=MOST_DIFFERING)
    seconds: Number


def make_reconciliation(reconciliation: Reconciliation, body: MakeReconciliation, ctx: ActionContext) -> None:
    """Make a reconciliation: every KPI was computed from stored facts and from raw events, and compared."""
    copy_fields(reconciliation, body, ctx)
    reconciliation.verdict = Verdict.differs if body.differences else Verdict.agreed


# fmt: off
LIFECYCLE = Lifecycle(
    kind="reconciliation", plural="reconciliations", zh="指标对账", record=Reconciliation,
    visible=(),
    rows=(
        #      action               中文    from          to          who   event
        action(make_reconciliation, "对账", NEW_RECORD, State.made, rule, "reconciliation.made", name="make"),
    ),
)
# fmt: on
