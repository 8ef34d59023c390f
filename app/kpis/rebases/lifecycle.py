"""The lifecycle of re-basings of natural limits: marked at a named change, and taken back in the open.

active ─► withdrawn
"""

from __future__ import annotations

from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import process_owner, quality_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import Reason
from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.questions.scopes import KpiScope
from app.kpis.rebases.checks import judged_by_it, restart_unfounded
from app.kpis.rebases.named_changes import change_not_made
from app.kpis.rebases.payloads import AddKpiRebase
from app.kpis.rebases.records import KpiRebase
from app.kpis.rebases.records import RebaseState as State


def add(rebase: KpiRebase, body: AddKpiRebase, ctx: ActionContext) -> None:
    """Add a KPI re-basing: the natural limits of the KPI are computed again after a change."""
    copy_fields(rebase, body, ctx)
    rebase.scope = KpiScope(rebase.service, rebase.team_id).kind
    rebase.added_by_id = ctx.caller.person_id


def withdraw(rebase: KpiRebase, body: Reason, ctx: ActionContext) -> None:
    """Withdraw the re-basing: the limits are computed as if the change had not been marked."""


async def no_such_chart(
    reads: ReadContext, rebase: KpiRebase, body: AddKpiRebase, ctx: ActionContext
) -> None:
    """Refuse an unknown KPI (`unknown_value`), and a service or team by which the KPI is not cut
    (`unknown_dimension`, `no_dimension`) or that is combined with the other (`one_scope`).
    """
    if body.kpi not in KPIS:
        raise WrongValue({"value": body.kpi}, pointer="/kpi", because="unknown_value")
    if body.service is not None and body.team is not None:
        raise WrongValue(pointer="/team", because="one_scope")
    kpi_dimensions = KPIS[body.kpi].dimensions
    for dimension, value in ((Dimension.service, body.service), (Dimension.team, body.team)):
        if value is not None and dimension not in kpi_dimensions:
            words = {"known": ", ".join(kpi_dimensions)}
            because = "unknown_dimension" if kpi_dimensions else "no_dimension"
            raise WrongValue(words, pointer=f"/{dimension.value}", because=because)


REBASERS = quality_manager | process_owner
ADDED_WRONGLY = (no_such_chart, change_not_made, judged_by_it, restart_unfounded)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="kpi_rebase", plural="kpi_rebases", zh="界限重置", record=KpiRebase,
    visible=(), lookup=Lookup(vocabulary=frozenset(KPIS)),
    rows=(
        #      action    中文    from            to               who       event
        action(add,      "重置", NEW_RECORD,     State.active,    REBASERS, "kpi_rebase.added",   wrong=ADDED_WRONGLY),
        action(withdraw, "撤回", [State.active], State.withdrawn, REBASERS, "kpi_rebase.withdrawn", wrong=(judged_by_it,)),
    ),
)
# fmt: on
