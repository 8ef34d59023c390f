"""The lifecycle of reconciliations: one is made each day by a worker, and never changed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.kernel.actions.actor_policy import rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import Payload, ShortText
from app.kpis.reconciliations.records import Reconciliation, Verdict
from app.kpis.reconciliations.records import ReconciliationState as State

MOST_DIFFERING = 20
LARGEST = 2**53 - 1

Number = Annotated[int, Field(ge=0, le=LARGEST, strict=True)]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Differing = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,100}/[a-z0-9_]{1,100}$")]


class MakeReconciliation(Payload):
    """The result of a reconciliation: how much was compared, and what differs."""

    day: Day = Field(description="The date of the night, as 2026-11-20.", examples=["2026-11-20"])
    zone: ShortText = Field(description="The time zone that the night and the months are of.")
    position: Number = Field(description="The position of the log up to which both sides were computed.")
    compared: Number = Field(description="How many numbers were compared, besides what each case brought.")
    differences: Number = Field(description="How much differs: numbers, and what cases brought.")
    differing: tuple[Differing, ...] = Field(
        max_length=MOST_DIFFERING, description="The first of what differs, each once: `<kpi>/<what>`."
    )
    seconds: Number = Field(description="How long it took.")


def make_reconciliation(reconciliation: Reconciliation, body: MakeReconciliation, ctx: ActionContext) -> None:
    """Record a reconciliation: every KPI was computed from facts and from raw events, and compared."""
    reconciliation.day = body.day
    reconciliation.verdict = Verdict.differs if body.differences else Verdict.agreed
    reconciliation.zone = body.zone
    reconciliation.position = body.position
    reconciliation.compared = body.compared
    reconciliation.differences = body.differences
    reconciliation.differing = list(body.differing)
    reconciliation.seconds = body.seconds


# fmt: off
LIFECYCLE = Lifecycle(
    kind="reconciliation", plural="reconciliations", zh="指标核对", record=Reconciliation, states=State,
    audience=lambda reconciliation: (),
    rows=(
        #      action               中文    from          to          who   event
        action(make_reconciliation, "核对", NEW_RECORD, State.made, rule, "reconciliation.made", name="make"),
    ),
)
# fmt: on
