"""Assignment rules: the team, and the person in it, that unassigned tickets go to (lifecycle).

active ─► ended
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.priorities.priority import Priority
from app.common.records import ForeignRef, KeyRef
from app.foundation.assignment.lookups import number_of_assignment_rules
from app.foundation.assignment.records import AssignmentRule, AssignmentStrategy, CalendarHours, StaffedHours
from app.foundation.assignment.records import AssignmentRuleState as State
from app.foundation.editing import apply_patch
from app.foundation.people.eligibility import check_team_assignable
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import STAFF
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
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
        raise PydanticCustomError("each_once", "must name each once")
    return priorities


Position = Annotated[int, Field(ge=1, le=LAST_POSITION, strict=True)]
Priorities = Annotated[
    tuple[Priority, ...],
    Field(
        max_length=len(Priority),
        description="Tickets of these priorities; none: of every one.",
        json_schema_extra={"uniqueItems": True},
    ),
    BoundedList,
    AfterValidator(_unique_priorities),
]
TeamReference = Annotated[Reference, ForeignRef("team")]
CalendarKey = Annotated[RecordKey, KeyRef("calendar", must_exist=True)]


class AddAssignmentRule(Payload):
    """An assignment rule: which tickets it matches, and to whom they go."""

    process: RecordKey = Field(description="The kind of the tickets.", examples=["incident"])
    name: ShortText = Field(
        description="What people call it. Name no persons here.", examples=["Mail by night"]
    )
    position: Position = Field(
        description="Where it stands: the first that matches counts, of two in one place the older one.",
        examples=[100],
    )
    for_service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="Tickets of this service: its key.", examples=["mail"]
    )
    for_category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = Field(
        default=None, description="Tickets of this category: its key.", examples=["e-mail"]
    )
    for_customer: TeamReference | None = Field(
        default=None, description="Tickets of this customer: the team's key or id."
    )
    priorities: Priorities = ()
    hours: StaffedHours = Field(
        default=StaffedHours.always, description="At which hours it counts.", examples=["nobody_works"]
    )
    hours_of: TeamReference | None = Field(
        default=None, description="The team whose hours are meant: its key or id; none: the one it goes to."
    )
    calendar: CalendarKey | None = Field(
        default=None, description="By the hours of this calendar: its key. With `calendar_hours`."
    )
    calendar_hours: CalendarHours | None = Field(
        default=None, description="Whether it counts while that calendar is open, or while it is closed."
    )
    to_team: TeamReference = Field(
        description="The team that they go to: its key or id.", examples=["network"]
    )
    choose: AssignmentStrategy = Field(
        default=AssignmentStrategy.nobody,
        description="Who of the team. If there is nobody to choose, the team has it alone.",
        examples=["in_turn"],
    )

    @model_validator(mode="after")
    def _check_calendar_pair(self) -> AddAssignmentRule:
        if (self.calendar is None) != (self.calendar_hours is None):
            raise PydanticCustomError("both_of_calendar", "give calendar and calendar_hours, or neither")
        return self


def add(rule: AssignmentRule, body: AddAssignmentRule, ctx: ActionContext) -> None:
    """Add an assignment rule, which assigns unassigned tickets automatically from now on."""
    customer, hours_of = ctx.ref(Team, "for_customer"), ctx.ref(Team, "hours_of")
    rule.process = body.process
    rule.name = body.name
    rule.position = body.position
    rule.for_service = body.for_service
    rule.for_category = body.for_category
    rule.for_customer_id = customer.id if customer else None
    rule.priorities = stored_priorities(body.priorities)
    rule.hours = body.hours
    rule.hours_of_id = hours_of.id if hours_of else None
    rule.calendar = body.calendar
    rule.calendar_hours = body.calendar_hours
    rule.to_team_id = ctx.required_ref(Team, "to_team").id
    rule.choose = body.choose


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
    check_team_assignable(ctx.ref(Team, "to_team"), "/to_team")


class EditAssignmentRule(Patch):
    """Fields to change; those left out stay as they are."""

    name: ShortText = Field(default_factory=str, description="What people call it now.")
    position: Position = Field(default=1, description="Where it stands now.")
    for_service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service; null: any."
    )
    for_category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = Field(
        default=None, description="The key of the category; null: any."
    )
    for_customer: TeamReference | None = Field(default=None, description="The customer; null: any.")
    priorities: Priorities = ()
    hours: StaffedHours = Field(default=StaffedHours.always, description="At which hours it counts now.")
    hours_of: TeamReference | None = Field(
        default=None, description="The team whose hours are meant; null: the one that it goes to."
    )
    calendar: CalendarKey | None = Field(
        default=None,
        description="By the hours of this calendar: its key; null, as `calendar_hours`: of none.",
    )
    calendar_hours: CalendarHours | None = Field(
        default=None, description="Whether it counts while that calendar is open, or while it is closed."
    )
    to_team: TeamReference | None = Field(default=None, description="The team that they go to now.")
    choose: AssignmentStrategy = Field(default=AssignmentStrategy.nobody, description="Who of the team now.")


def edit(rule: AssignmentRule, body: EditAssignmentRule, ctx: ActionContext) -> None:
    """Edit the rule: its position, conditions or target; tickets assigned already stay as they are."""
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
    check_team_assignable(ctx.ref(Team, "to_team"), "/to_team")


def end(rule: AssignmentRule, body: EmptyPayload, ctx: ActionContext) -> None:
    """End the rule; tickets that it has assigned stay assigned."""


def stored_priorities(priorities: tuple[Priority, ...]) -> list[str] | None:
    """Return the priorities as the table stores them, in order; None: all priorities."""
    return [priority.value for priority in Priority if priority in priorities] or None


# fmt: off
LIFECYCLE = Lifecycle(
    kind="assignment_rule", plural="assignment_rules", zh="分派规则", record=AssignmentRule, states=State, administrative=True,
    audience=lambda rule: (STAFF,), columns={"staff": ()},
    rows=(
        #      action 中文    from            to            who           event
        action(add,  "添加", NEW_RECORD,     State.active, admin | rule, "assignment_rule.added",  wrong=(rule_invalid,)),
        action(edit, "编辑", [State.active], STAYS,        admin | rule, "assignment_rule.edited", wrong=(rule_edit_invalid,)),
        action(end,  "结束", [State.active], State.ended,  admin | rule, "assignment_rule.ended"),
    ),
)
# fmt: on
