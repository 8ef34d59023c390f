"""Negotiators: an adopted plan names who negotiates an agreement, and they begin it without a role."""

from __future__ import annotations

from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.actor_policy import process_relation, service_level_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused
from app.service_levels.agreements.lookups import PLANNED_NEGOTIATOR
from app.service_levels.agreements.payloads import RecordRequirementSla
from app.service_levels.agreements.records import Agreement

negotiator = process_relation(
    "negotiator",
    "the negotiator in an adopted plan",
    "已通过计划中指定的协商人",
    named_in=(("service_level_plan_entry", "person_id"),),
)


async def not_its_negotiator(
    reads: ReadContext, agreement: Agreement, body: RecordRequirementSla, ctx: ActionContext
) -> None:
    """Refuse people without the role, if no adopted plan names them (`not_its_negotiator`). The next edition
    of an agreement follows from its amendment.
    """
    if ctx.caller.is_rule or ctx.command.follows or service_level_manager.allows(ctx.caller, agreement):
        return
    guard = Unguarded("Whoever was to negotiate a moment ago may begin.")
    values = (ctx.caller.person_id, body.agreement_type, list(body.services))
    if await reads.value(PLANNED_NEGOTIATOR, values, guard=guard) is None:
        raise PreparationRefused("not_its_negotiator")
