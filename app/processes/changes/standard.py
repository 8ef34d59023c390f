"""Standard changes: their template is approved once for all, and only for what it names.

A change beyond its template is a normal change. Title and description are its own, and are shown next to the
template's texts, which hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.common.priorities.risk_level import RiskLevel
from app.common.records import all_values
from app.foundation.cis.records import Ci
from app.foundation.decisions.authorship import authors_do_not_judge
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.log.events import stream
from app.processes.changes.approval import APPROVAL
from app.processes.changes.item_services import ItemServices, services_lately
from app.processes.changes.payloads import DraftChange, EditChange, ReviewChange, ScheduleChange
from app.processes.changes.planning.lookups import CIS_OF_CHANGE
from app.processes.changes.policies.criticality import serves_important_services
from app.processes.changes.policies.records import ChangeTemplate, TemplateState
from app.processes.changes.policies.templates import JUDGED_FIELDS
from app.processes.changes.preparation import DraftSource
from app.processes.changes.records import Change, ChangeState, ChangeType

#: The plans, which a standard change has in its template.
PLANS = ("plan", "test_plan", "back_out_plan")


async def beyond_template(
    reads: ReadContext, change: Change, body: DraftChange | EditChange, ctx: ActionContext
) -> None:
    """Refuse services, items and plans that the template of the standard change does not cover, and what is
    riskier now than when it was approved; and any standard change if its template names nothing that it
    covers.
    """
    template = await _template(reads, change, body, ctx)
    if template is None:
        return
    _require_approval_holds(template)
    if isinstance(body, DraftChange) and not template.has_scope:
        raise WrongValue(pointer="/template", because="template_without_scope")
    lately = ctx.prepared(ItemServices).by_item
    items = [(str(ci.id), ci.ci_class, lately[ci.row_key]) for ci in ctx.refs(Ci, "cis")]
    plans = [name for name in PLANS if getattr(body, name)]
    _require_within(template, list(body.services), items, plans)
    services = body.services or template.services or ()
    ci_ids = [str(ci.id) for ci in ctx.refs(Ci, "cis")]
    await _require_approved_risk(reads, template, services, ci_ids, (change.opened_at, ctx.now))


async def scheduled_beyond_template(
    reads: ReadContext, change: Change, body: ScheduleChange, ctx: ActionContext
) -> None:
    """Refuse to schedule what the template does not cover: a draft from before templates named what they
    cover, items that serve other services by now or did lately, or a longer window; and a draft whose
    template is retired.
    """
    if change.template is None:
        return
    [loaded] = await reads.by_key(ChangeTemplate.KIND, change.template)
    longest = loaded.record.longest_window
    if body.until_at - body.from_at > longest:
        words = {"minutes": str(longest // timedelta(minutes=1))}
        raise WrongValue(words, pointer="/until_at", because="window_beyond_template")
    if change.state is not ChangeState.draft:
        return
    if loaded.record.state is not TemplateState.approved:
        raise WrongValue(pointer="/template", because="template_not_approved")
    _require_approval_holds(loaded.record)
    guard = Unguarded("The services of an item count as they are when the change is scheduled.")
    parameters = ([UUID(ci_id) for ci_id in change.ci_ids or ()],)
    rows = await reads.rows(CIS_OF_CHANGE, parameters, guard=guard)
    values = all_values(change)
    lately = await services_lately(reads, [stream(Ci.KIND, row["id"]) for row in rows], ctx.now)
    items = [(row["id"], row["ci_class"], lately[stream(Ci.KIND, row["id"])]) for row in rows]
    _require_within(loaded.record, change.services or [], items, [name for name in PLANS if values[name]])
    times = (change.opened_at, ctx.now)
    await _require_approved_risk(reads, loaded.record, change.services or (), change.ci_ids or (), times)


def _require_approval_holds(template: ChangeTemplate) -> None:
    """Raise WrongValue if the template is not used before it is approved again."""
    if template.outgrown_because is not None:
        words = {"because": template.outgrown_because}
        raise WrongValue(words, pointer="/template", because="template_to_renew")


async def _require_approved_risk(
    reads: ReadContext,
    template: ChangeTemplate,
    services: Sequence[str],
    ci_ids: Sequence[str],
    times: tuple[datetime | None, datetime],
) -> None:
    """Check that a template of low risk is not used for a service that is important by now, or was shortly
    before the change was drafted. Raises WrongValue.
    """
    if template.risk_level is not RiskLevel.low:
        return
    if await serves_important_services(reads, services, ci_ids, (), times):
        raise WrongValue(pointer="/template", because="template_outgrown")


async def _template(
    reads: ReadContext, change: Change, body: DraftChange | EditChange, ctx: ActionContext
) -> ChangeTemplate | None:
    """Return the template of the change; None if it is not a standard change."""
    if isinstance(body, DraftChange):
        return ctx.prepared(DraftSource).template
    if change.type is not ChangeType.standard or change.template is None:
        return None
    [loaded] = await reads.by_key(ChangeTemplate.KIND, change.template)
    template: ChangeTemplate = loaded.record
    return template


def _require_within(
    template: ChangeTemplate,
    services: list[str],
    items: Sequence[tuple[str, str | None, Sequence[str] | None]],
    plans: list[str],
) -> None:
    """Raise WrongValue unless the template covers these services and items, and there are no other plans."""
    covered = template.services or ()
    pointers = [f"/services/{n}" for n, service in enumerate(services) if service not in covered]
    pointers += [f"/cis/{n}" for n, item in enumerate(items) if not template.covers(*item)]
    wrong = [
        WrongValue(pointer=pointer, because="beyond_template")
        for pointer in (*pointers, *(f"/{name}" for name in plans))
    ]
    if wrong:
        raise WrongValue(pointer=wrong[0].pointer, because="beyond_template", further=tuple(wrong[1:]))


judges_own_draft = authors_do_not_judge(APPROVAL.fields)
judges_own_template = authors_do_not_judge(JUDGED_FIELDS)


async def reviews_own_standard_change(
    reads: ReadContext, change: Change, body: ReviewChange, ctx: ActionContext
) -> None:
    """Refuse a reviewer who drafted the standard change or wrote any of its template: no board has looked at
    it.
    """
    if change.type is not ChangeType.standard:
        return
    await judges_own_draft(reads, change, body, ctx)
    for loaded in await reads.by_key(ChangeTemplate.KIND, change.template) if change.template else ():
        await judges_own_template(reads, loaded.record, body, ctx)
