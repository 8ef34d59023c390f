"""Checks of actions on risks, beyond state and role."""

from __future__ import annotations

from datetime import datetime

from app.common.people import Role
from app.common.priorities.risk_level import RiskLevel
from app.foundation.costs.amounts import check_digits
from app.governance.risks.payloads import (
    AssessRisk,
    AttachIndicatorRisk,
    ClearIndicatorRisk,
    CompleteActionRisk,
    FlagActionRisk,
    ReachIndicatorRisk,
    RecordOccurrenceRisk,
    TreatRisk,
)
from app.governance.risks.records import Risk, RiskAction, RiskIndicator
from app.governance.risks.scale import RiskResponse
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, Refusal, WrongValue, caller_check
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.questions.periods import months_after

#: The longest time from an assessment to the next.
REASSESS_MONTHS = 3
#: The longest time for which a risk is accepted at once.
LONGEST_ACCEPTANCE_MONTHS = 12


async def reassessment_too_late(reads: ReadContext, risk: Risk, body: AssessRisk, ctx: ActionContext) -> None:
    """Refuse a next assessment that is not ahead, or more than three months ahead."""
    if body.reassess_by_at is None:
        return
    if body.reassess_by_at <= ctx.counts_from:
        raise WrongValue(pointer="/reassess_by_at", because="not_ahead")
    if body.reassess_by_at > months_after(ctx.occurred_at, REASSESS_MONTHS, ctx.settings.zone):
        raise WrongValue(pointer="/reassess_by_at", because="reassessed_quarterly")


async def response_invalid(reads: ReadContext, risk: Risk, body: TreatRisk, ctx: ActionContext) -> None:
    """Refuse a response that lacks what it needs, has what it does not, or accepts a high risk without
    management.
    """
    accepts = body.response is RiskResponse.accept
    transfers = body.response is RiskResponse.transfer
    if transfers is (body.transfer_to is None):
        raise WrongValue(pointer="/transfer_to", because="transfer_names_party")
    if accepts is (body.accepted_until_at is None):
        raise WrongValue(pointer="/accepted_until_at", because="acceptance_names_end")
    if body.accepted_until_at is not None and body.accepted_until_at <= ctx.now:
        raise WrongValue(pointer="/accepted_until_at", because="not_ahead")
    if body.accepted_until_at is not None:
        _check_end_of_acceptance(body.accepted_until_at, ctx)
    if not accepts and not body.actions:
        raise WrongValue(pointer="/actions", because="response_needs_actions")
    if accepts and risk.risk_level is RiskLevel.high and not is_management(risk, ctx):
        raise WrongValue(pointer="/response", because="high_risk_accepted_by_management")
    if accepts and risk.risk_level is RiskLevel.high and ctx.caller.person_id == risk.owner_id:
        raise WrongValue(pointer="/response", because="high_risk_accepted_by_another")
    for n, planned in enumerate(body.actions):
        if planned.due_at <= ctx.counts_from:
            raise WrongValue(pointer=f"/actions/{n}/due_at", because="not_ahead")


def _check_end_of_acceptance(end: datetime, ctx: ActionContext) -> None:
    """Refuse an acceptance for more than a year."""
    if end > months_after(ctx.now, LONGEST_ACCEPTANCE_MONTHS, ctx.settings.zone):
        raise WrongValue(pointer="/accepted_until_at", because="accepted_too_long")


def is_management(risk: Risk, ctx: ActionContext) -> bool:
    """Return whether management acts."""
    return ctx.caller.has_role(Role.management, risk)


@caller_check
async def action_over(
    reads: ReadContext, risk: Risk, body: CompleteActionRisk | FlagActionRisk, ctx: ActionContext
) -> None:
    """Refuse an action that is done or dropped, and to flag one that is flagged already."""
    action = ctx.required_ref(RiskAction, "action")
    flags = isinstance(body, FlagActionRisk) and action.overdue_at is not None
    if action.done_at is not None or action.dropped_at is not None or flags:
        raise PreparationRefused("risk_action_over")


class NotTheActionOwner(Refusal):
    """Refusal: the caller owns neither the action nor the risk."""

    STATUS = 403
    CODE = "not_the_action_owner"


@caller_check
async def not_the_action_owner(
    reads: ReadContext, risk: Risk, body: CompleteActionRisk, ctx: ActionContext
) -> None:
    """Refuse people who own neither the action nor the risk."""
    action = ctx.required_ref(RiskAction, "action")
    if ctx.caller.person_id not in (action.person_id, risk.owner_id):
        raise NotTheActionOwner()


async def occurrence_invalid(
    reads: ReadContext, risk: Risk, body: RecordOccurrenceRisk, ctx: ActionContext
) -> None:
    """Refuse an occurrence that lies ahead, a loss without its currency, and the reverse."""
    if body.happened_at > ctx.now:
        raise WrongValue(pointer="/happened_at", because="in_the_future")
    if (body.loss is None) is not (body.currency is None):
        raise WrongValue(pointer="/currency", because="loss_has_currency")
    if body.loss is not None and body.currency is not None:
        check_digits(body.loss, body.currency, "/loss")


async def indicator_invalid(
    reads: ReadContext, risk: Risk, body: AttachIndicatorRisk, ctx: ActionContext
) -> None:
    """Refuse an unknown KPI, one that has no such scope, and two scopes at once."""
    kpi = KPIS.get(body.kpi)
    if kpi is None:
        raise WrongValue({"value": body.kpi}, pointer="/kpi", because="unknown_value")
    if body.service is not None and body.team is not None:
        raise WrongValue(pointer="/team", because="one_scope")
    for name, dimension in (("service", Dimension.service), ("team", Dimension.team)):
        if getattr(body, name) is not None and dimension not in kpi.dimensions:
            raise WrongValue({"kpi": kpi}, pointer=f"/{name}", because="not_a_scope_of_kpi")


async def reached_already(
    reads: ReadContext, risk: Risk, body: ReachIndicatorRisk, ctx: ActionContext
) -> None:
    """Refuse to warn again of an indicator that stands beyond its threshold."""
    if ctx.required_ref(RiskIndicator, "indicator").reached_at is not None:
        raise PreparationRefused("indicator_reached_already")


async def not_reached(reads: ReadContext, risk: Risk, body: ClearIndicatorRisk, ctx: ActionContext) -> None:
    """Refuse to clear an indicator that does not stand beyond its threshold."""
    if ctx.required_ref(RiskIndicator, "indicator").reached_at is None:
        raise PreparationRefused("indicator_not_reached")
