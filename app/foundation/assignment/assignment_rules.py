"""Assignment rules: the team, and the person in it, that unassigned tickets go to (lifecycle).

active ─► ended
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.common.duties import GivenDuty
from app.common.priorities.priority import Priority
from app.common.records import ForeignRef, KeyRef
from app.foundation.assignment.face import FACE
from app.foundation.assignment.lookups import number_of_assignment_rules
from app.foundation.assignment.records import AssignmentRule, AssignmentStrategy, CalendarHours, StaffedHours
from app.foundation.assignment.records import AssignmentRuleState as State
from app.foundation.editing import apply_patch
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.conditions import all_members_or_none
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    BoundedList,
    EmptyPayload,
    Patch,
    Payload,
    RecordKey,
    Reference,
    ShortText,
)
from app.kernel.actions.refusals import WrongValue

#: Most active rules of a process: this many are evaluated at most for each ticket.
MOST_RULES = 200
LAST_POSITION = 100_000


def _unique_priorities(priorities: tuple[Priority, ...]) -> tuple[Priority, ...]:
    if len(set(priorities)) < len(priorities):
        raise PydanticCustomError("each_once", "must not contain repetitions")
    return priorities


Position = Annotated[int, Field(ge=1, le=LAST_POSITION, strict=True)]
Priorities = Annotated[
    tuple[Priority, ...],
    Field(
        max_length=len(Priority),
        description="The priorities of the tickets; none: all.",
        json_schema_extra={"uniqueItems": True},
    ),
    BoundedList,
    AfterValidator(_unique_priorities),
]
TeamReference = Annotated[Reference, ForeignRef("team", GivenDuty.team_work)]
CalendarKey = Annotated[RecordKey, KeyRef("calendar", must_exist=True)]


class AssignmentRuleFields(Payload, of=AssignmentRule):
    """The fields of an assignment rule that may be edited, except its team."""

    name: ShortText
    position: Position
    for_service: Annotated[RecordKey, KeyRef("service")] | None = None
    for_category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = None
    for_customer: Annotated[Reference, ForeignRef("team", GivenDuty.custom)] | None = None
    priorities: Priorities = ()
    hours: StaffedHours = StaffedHours.always
    hours_of: TeamReference | None = None
    calendar: CalendarKey | None = None
    calendar_hours: CalendarHours | None = None
    choose: AssignmentStrategy = AssignmentStrategy.nobody


class AddAssignmentRule(AssignmentRuleFields, of=AssignmentRule):
    """An assignment rule: the tickets that it matches, and the team or person that gets them."""

    process: RecordKey
    to_team: TeamReference

    CONDITIONS = (all_members_or_none("both_of_calendar", "calendar", "calendar_hours"),)


def add(rule: AssignmentRule, body: AddAssignmentRule, ctx: ActionContext) -> None:
    """Add an assignment rule: from now on it assigns unassigned tickets automatically."""
    copy_fields(rule, body, ctx)
    rule.priorities = stored_priorities(body.priorities)


async def rule_invalid(
    reads: ReadContext, rule: AssignmentRule, body: AddAssignmentRule, ctx: ActionContext
) -> None:
    """Refuse if tickets of the process cannot be assigned, its rules are too many, or the team is retired or
    a supplier.
    """
    lifecycle = reads.lifecycles.get(body.process)
    if lifecycle is None or not lifecycle.is_ticket or "assign" not in lifecycle.action_names:
        raise WrongValue({"value": body.process}, pointer="/process", because="unknown_value")
    if await number_of_assignment_rules(reads, body.process) >= MOST_RULES:
        raise WrongValue({"most": str(MOST_RULES)}, pointer="/process", because="too_many_rules")


class EditAssignmentRule(Patch, AssignmentRuleFields, of=AssignmentRule):
    """Fields to change; fields left out stay unchanged."""

    to_team: TeamReference | None = None


def edit(rule: AssignmentRule, body: EditAssignmentRule, ctx: ActionContext) -> None:
    """Edit the rule: its position, conditions or target. Tickets that are assigned already stay assigned."""
    apply_patch(rule, body, ctx, skip=("priorities",))
    if "priorities" in body.model_fields_set:
        rule.priorities = stored_priorities(body.priorities)


async def rule_edit_invalid(
    reads: ReadContext, rule: AssignmentRule, body: EditAssignmentRule, ctx: ActionContext
) -> None:
    """Refuse if the rule would have no team, a retired one or a supplier, or only one of calendar and
    calendar hours.
    """
    after = rule.model_copy()
    edit(after, body, ctx)
    if (after.calendar is None) != (after.calendar_hours is None):
        raise WrongValue(pointer="/calendar_hours", because="both_of_calendar")
    if "to_team" in body.model_fields_set and body.to_team is None:
        raise WrongValue(pointer="/to_team", because="missing")


def end(rule: AssignmentRule, body: EmptyPayload, ctx: ActionContext) -> None:
    """End the rule. Tickets that it has assigned stay assigned."""


def stored_priorities(priorities: tuple[Priority, ...]) -> list[str] | None:
    """Return the priorities as the table stores them, in order; None: all priorities."""
    return [priority.value for priority in Priority if priority in priorities] or None


# fmt: off
LIFECYCLE = Lifecycle(
    kind="assignment_rule", plural="assignment_rules", zh="分派规则", record=AssignmentRule, access=KindAccess(administrative=True),
    face=FACE,
    visible=(to_staff(),),
    rows=(
        #      action 中文    from            to            who           event
        action(add,  "添加", NEW_RECORD,     State.active, admin | rule, "assignment_rule.added",  wrong=(rule_invalid,)),
        action(edit, "编辑", [State.active], STAYS,        admin | rule, "assignment_rule.edited", wrong=(rule_edit_invalid,)),
        action(end,  "结束", [State.active], State.ended,  admin | rule, "assignment_rule.ended"),
    ),
)
# fmt: on
