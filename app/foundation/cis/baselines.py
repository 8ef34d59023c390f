"""Baselines: a named set of configuration items at a position of the log (lifecycle).

Nothing is copied: the items' states at that position are in their histories.

taken ─► discarded
"""

from __future__ import annotations

from app.foundation.cis.checks import position_not_reached
from app.foundation.cis.lifecycle import MANAGERS
from app.foundation.cis.payloads import TakeBaseline
from app.foundation.cis.preparation import LatestPosition, latest_position
from app.foundation.cis.records import Baseline, Ci
from app.foundation.cis.records import BaselineState as State
from app.kernel.access.audience_rules import to_staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.rules import Rules, ValueTaken


def take_baseline(baseline: Baseline, body: TakeBaseline, ctx: ActionContext) -> None:
    """Take a baseline: give a name to the items as they were at a position of the log."""
    copy_fields(baseline, body, ctx, without="position ci_classes services cis")
    baseline.position = ctx.prepared(LatestPosition).position if body.position is None else body.position
    baseline.ci_classes = sorted({ci_class.value for ci_class in body.ci_classes})
    baseline.services = sorted(body.services)
    baseline.ci_ids = sorted({str(ci.id) for ci in ctx.refs(Ci, "cis")})


def discard(baseline: Baseline, body: EmptyPayload, ctx: ActionContext) -> None:
    """Discard the baseline: it is no longer needed."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="baseline", plural="baselines", zh="配置基线", record=Baseline,
    visible=(to_staff(),),
    rules=Rules(constraints={"baseline_key_key": ValueTaken("key")}),
    rows=(
        #      action         中文    from            to               who       event
        action(take_baseline, "建立", NEW_RECORD,    State.taken,     MANAGERS, "baseline.taken", name="take",
               prepare=(latest_position,), wrong=(position_not_reached,)),
        action(discard,       "作废", [State.taken], State.discarded, MANAGERS, "baseline.discarded"),
    ),
)
# fmt: on
