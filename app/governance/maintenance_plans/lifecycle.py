"""Lifecycle of maintenance plans: their rounds fall due by themselves.

active ─► retired
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from app.common.records import jsonb_ordered
from app.common.tickets import Ticket
from app.foundation.editing import apply_patch
from app.governance.maintenance_plans.intervals import next_round
from app.governance.maintenance_plans.payloads import (
    EditMaintenancePlan,
    MaintenancePlanFields,
    PlanMaintenancePlan,
)
from app.governance.maintenance_plans.preparation import RoundHours, round_hours
from app.governance.maintenance_plans.records import MaintenancePlan
from app.governance.maintenance_plans.records import MaintenancePlanState as State
from app.kernel.access.audience_rules import to_members, to_staff
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import configuration_manager, process_owner, quality_manager, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Reason
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.related import RelatedCommand
from app.log.canonical import instant
from app.log.events import stream


def plan(maintenance: MaintenancePlan, body: PlanMaintenancePlan, ctx: ActionContext) -> None:
    """Draw up a maintenance plan: of a service, or of the configuration items of a class."""
    assert ctx.assigned.number is not None, "maintenance plans have numbers"
    maintenance.number = ctx.assigned.number
    copy_fields(maintenance, body, ctx, without="limits")
    maintenance.limits = _limits(body)
    maintenance.planner_id, maintenance.planned_at = ctx.caller.person_id, ctx.occurred_at
    maintenance.next_round_at = ctx.prepared(RoundHours).opening(body.first_round_at)


def edit(maintenance: MaintenancePlan, body: EditMaintenancePlan, ctx: ActionContext) -> None:
    """Edit the maintenance plan. Rounds that are already due stay unchanged."""
    apply_patch(maintenance, body, ctx, skip=("limits",))
    if "limits" in body.model_fields_set:
        maintenance.limits = _limits(body)
    if not {"interval", "first_round_at", "calendar"}.isdisjoint(body.model_fields_set):
        _set_next_round(maintenance, ctx)


def retire(maintenance: MaintenancePlan, body: Reason, ctx: ActionContext) -> None:
    """Retire the maintenance plan: it has no further rounds."""


def fall_due(maintenance: MaintenancePlan, body: EmptyPayload, ctx: ActionContext) -> None:
    """Open the next round of the maintenance plan: it is due."""
    maintenance.round_at = maintenance.next_round_at
    _set_next_round(maintenance, ctx)


def _set_next_round(maintenance: MaintenancePlan, ctx: ActionContext) -> None:
    """Set the begin of the next round: the first in the future, since past rounds are never opened."""
    assert maintenance.first_round_at is not None
    assert maintenance.interval is not None
    after = ctx.now if maintenance.round_at is None else max(ctx.now, maintenance.round_at)
    maintenance.next_round_at = next_round(
        maintenance.first_round_at,
        ctx.settings.zone,
        maintenance.interval,
        after.astimezone(UTC),
        opening=ctx.prepared(RoundHours).opening,
    )


def _limits(body: MaintenancePlanFields) -> list[dict[str, Any]]:
    return [jsonb_ordered(limits.model_dump()) for limits in body.limits]


async def plan_invalid(
    reads: ReadContext, maintenance: MaintenancePlan, body: MaintenancePlanFields, ctx: ActionContext
) -> None:
    """Refuse a team that is assigned no work, a first round that is over, a reading that is named twice, and
    a plan by which nothing is looked at (`nothing_to_look_at`).
    """
    sent = body.model_fields_set
    if "first_round_at" in sent and body.first_round_at < ctx.counts_from:
        raise WrongValue(pointer="/first_round_at", because="not_ahead")
    names = [limits.name for limits in body.limits]
    if len(set(names)) < len(names):
        raise WrongValue(pointer="/limits", because="each_once")
    items = body.items if "items" in sent else maintenance.items
    limits = body.limits if "limits" in sent else maintenance.limits
    if not items and not limits:
        raise WrongValue(pointer="/items", because="nothing_to_look_at")


async def not_delivered(
    reads: ReadContext, maintenance: MaintenancePlan, body: PlanMaintenancePlan, ctx: ActionContext
) -> None:
    """Refuse a plan for a request that has not been delivered (`request_not_delivered`), and one for a
    request of another service (`request_of_other_service`).
    """
    request: Any = ctx.ref(Ticket, "request")
    if request is None:
        return
    if getattr(request, "delivered_at", None) is None:
        raise WrongValue(pointer="/request", because="request_not_delivered")
    if body.service and request.service and request.service != body.service:
        words = {"number": str(request.number)}
        raise WrongValue(words, pointer="/request", because="request_of_other_service")


def _opening(maintenance: MaintenancePlan, body: EmptyPayload) -> dict[str, Any]:
    assert maintenance.round_at is not None
    return {"plan": str(maintenance.id), "planned_at": instant(maintenance.round_at)}


OPEN_ROUND = RelatedCommand(
    action="open",
    field="",
    record=lambda ctx: stream("maintenance", ctx.command.related_id),
    body=_opening,
    permitted=True,
)
PLANNERS = quality_manager | process_owner | configuration_manager

# fmt: off
LIFECYCLE = Lifecycle(
    kind="maintenance_plan", plural="maintenance_plans", zh="维护计划", record=MaintenancePlan, code="MPL",
    visible=(to_staff(), to_members("team_id")),
    rows=(
        #      action    中文    from            to             who       event
        action(plan,    "制定", NEW_RECORD,     State.active,  PLANNERS, "maintenance_plan.planned", prepare=(round_hours,), wrong=(plan_invalid, not_delivered)),
        action(edit,    "编辑", [State.active], STAYS,         PLANNERS, "maintenance_plan.edited", prepare=(round_hours,), wrong=(plan_invalid,)),
        action(retire,  "停用", [State.active], State.retired, PLANNERS, "maintenance_plan.retired"),
        action(fall_due, "提醒维护到期", [State.active], STAYS,         rule,     "maintenance_plan.fell_due", related=OPEN_ROUND, prepare=(round_hours,),
               due=DueAt("next_round_at", "open_maintenance_rounds")),
    ),
)
# fmt: on
