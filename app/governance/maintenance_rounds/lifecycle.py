"""Lifecycle of maintenance rounds: due by themselves, gone through on the phone, done.

due ─► done          due ─► cancelled
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import Record
from app.governance.maintenance_rounds import preparation
from app.governance.maintenance_rounds.payloads import (
    CompleteMaintenance,
    OpenMaintenance,
    ReadMaintenance,
    RecordFindingMaintenance,
    TakenReadings,
    TickMaintenance,
)
from app.governance.maintenance_rounds.preparation import RoundReadings, load_readings
from app.governance.maintenance_rounds.records import (
    FindingOpens,
    MaintenanceFinding,
    MaintenanceReading,
    MaintenanceRound,
)
from app.governance.maintenance_rounds.records import MaintenanceState as State
from app.kernel.access.audience_rules import to_members, to_staff
from app.kernel.actions.actor_policy import (
    configuration_manager,
    implementer,
    process_owner,
    quality_manager,
    rule,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Reason
from app.kernel.actions.related import RelatedCommands, RelatedPart
from app.log.events import stream


def open_(maintenance: MaintenanceRound, body: OpenMaintenance, ctx: ActionContext) -> None:
    """Open a maintenance round: it is due, and its team is notified."""
    assert ctx.assigned.number is not None, "maintenance rounds have numbers"
    plan: Any = ctx.required_ref(Record, "plan")
    maintenance.number, maintenance.plan_id = ctx.assigned.number, plan.id
    for name in ("title", "service", "ci_class", "team_id"):
        setattr(maintenance, name, getattr(plan, name))
    maintenance.items, maintenance.ticked = list(plan.items), []
    maintenance.out_of_limits, maintenance.findings = 0, 0
    maintenance.planned_at = body.planned_at
    maintenance.due_at = body.planned_at + timedelta(days=plan.days)
    for n, limits in enumerate(plan.limits):
        ctx.outcome.add(
            MaintenanceReading(
                id=ctx.new_id(),
                record=maintenance.row_key,
                place=n + 1,
                **limits,
                is_out=False,
                planned_at=body.planned_at,
            )
        )


def tick(maintenance: MaintenanceRound, body: TickMaintenance, ctx: ActionContext) -> None:
    """Check off items of the maintenance round: they were inspected."""
    _tick(maintenance, body.items, ticked=body.ticked)


def read(maintenance: MaintenanceRound, body: ReadMaintenance, ctx: ActionContext) -> None:
    """Record readings of the maintenance round. Readings outside their limits are counted and shown."""
    _record_readings(maintenance, body.readings, ctx)


def record_finding(maintenance: MaintenanceRound, body: RecordFindingMaintenance, ctx: ActionContext) -> None:
    """Record a finding of the maintenance round, and open a ticket for it."""
    maintenance.findings = (maintenance.findings or 0) + 1
    ctx.outcome.add(
        MaintenanceFinding(
            id=ctx.new_id(),
            record=maintenance.row_key,
            opens=body.opens,
            about=stream(body.opens, ctx.command.related_id),
            title=body.title,
            reading=body.reading,
            found_by_id=ctx.caller.person_id,
            found_at=ctx.occurred_at,
        )
    )


def complete(maintenance: MaintenanceRound, body: CompleteMaintenance, ctx: ActionContext) -> None:
    """Complete the maintenance round: all items were inspected and all readings taken, or the reason names
    the omissions.
    """
    _tick(maintenance, body.items, ticked=True)
    _record_readings(maintenance, body.readings, ctx)
    maintenance.left_out, maintenance.remark = body.left_out, body.remark
    maintenance.done_by_id = ctx.caller.person_id


def cancel(maintenance: MaintenanceRound, body: Reason, ctx: ActionContext) -> None:
    """Cancel the maintenance round, with the reason."""


def fall_overdue(maintenance: MaintenanceRound, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the maintenance round as overdue: it was not completed by its due date."""
    maintenance.overdue_at = ctx.occurred_at


def _tick(maintenance: MaintenanceRound, places: Sequence[int], *, ticked: bool) -> None:
    before, named = set(maintenance.ticked or ()), set(places)
    maintenance.ticked = sorted(before | named if ticked else before - named)


def _record_readings(maintenance: MaintenanceRound, readings: TakenReadings, ctx: ActionContext) -> None:
    by_place = ctx.prepared(RoundReadings).by_place
    out = {place for place, reading in by_place.items() if reading.is_out}
    for each in readings:
        reading = ctx.outcome.change(by_place[each.reading])
        reading.value, reading.is_out = each.value, preparation.exceeds_limits(reading, each.value)
        reading.read_at, reading.read_by_id = ctx.occurred_at, ctx.caller.person_id
        out = out | {each.reading} if reading.is_out else out - {each.reading}
    maintenance.out_of_limits = len(out)


def _opened(opens: FindingOpens) -> Any:
    """Return the function that opens a ticket of that kind, if the finding does."""

    def parts(
        maintenance: MaintenanceRound, body: RecordFindingMaintenance, ctx: ActionContext
    ) -> Sequence[RelatedPart]:
        if body.opens is not opens:
            return ()
        fields: dict[str, Any] = {"title": body.title, "description": body.description}
        if opens is FindingOpens.change:
            fields |= {"type": "normal", "services": [maintenance.service] if maintenance.service else []}
            fields |= {"cis": [body.ci]} if body.ci else {}
        else:
            keys = {"service": maintenance.service, "ci": body.ci}
            fields |= {"impact": body.impact, "urgency": body.urgency}
            fields |= {name: key for name, key in keys.items() if key is not None}
        if opens is FindingOpens.incident:
            fields |= {"channel": "portal", "effect": body.effect}
        elif opens is FindingOpens.problem:
            services = [maintenance.service] if maintenance.service else []
            fields |= {"origin": "review", "affected_services": services, "affected_customers": []}
            fields |= {"affected_users": 0, "tried": body.tried}
        return [RelatedPart(stream(opens, ctx.command.related_id), fields, within="")]

    return parts


#: By the kind of ticket that a finding opens, the action that does.
OPENING_ACTIONS = {
    FindingOpens.incident: "report",
    FindingOpens.problem: "raise",
    FindingOpens.change: "draft",
}
OPEN_TICKET = tuple(
    RelatedCommands(action=name, field="opens", parts=_opened(opens), permitted=True)
    for opens, name in OPENING_ACTIONS.items()
)
STEWARDS = quality_manager | process_owner | configuration_manager
TELL_TEAM = (RecipientRule(NoticeType.maintenance_due, team=True),)
OVERDUE = (
    RecipientRule(NoticeType.maintenance_overdue, team=True),
    RecipientRule(NoticeType.maintenance_overdue, roles=frozenset({Role.quality_manager})),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="maintenance", plural="maintenance_rounds", zh="维护轮次", record=MaintenanceRound, code="MNT",
    visible=(to_staff(), to_members("team_id")), children=(MaintenanceReading, MaintenanceFinding),
    rows=(
        #      action        中文        from         to               who              event
        action(open_,        "启动",     NEW_RECORD,  State.due,       STEWARDS | rule, "maintenance.due",
               wrong=(preparation.plan_retired,), notifies=TELL_TEAM),
        action(tick,         "勾选",     [State.due], STAYS,           implementer,     "maintenance.ticked",
               prepare=(load_readings,), wrong=(preparation.unknown_number,)),
        action(read,         "记录读数", [State.due], STAYS,           implementer,     "maintenance.read",
               prepare=(load_readings,), wrong=(preparation.unknown_number,)),
        action(record_finding, "记录发现", [State.due], STAYS,           implementer,     "maintenance.finding",
               prepare=(load_readings,), wrong=(preparation.finding_does_not_fit,), related=OPEN_TICKET),
        action(complete,     "完成",     [State.due], State.done,      implementer,     "maintenance.done",
               prepare=(load_readings,), wrong=(preparation.unknown_number, preparation.not_complete)),
        action(cancel,       "取消",     [State.due], State.cancelled, STEWARDS,        "maintenance.cancelled"),
        action(fall_overdue, "标记逾期", [State.due], STAYS,           rule,            "maintenance.fell_overdue", notifies=OVERDUE,
               due=DueAt("due_at", "flag_maintenance_rounds", unless="overdue_at")),
    ),
)
# fmt: on
