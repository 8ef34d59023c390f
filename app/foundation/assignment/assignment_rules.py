"""Assignment rules: to which team, and to whom of it, tickets go that nobody has.

active ─► ended
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.people import SEE_EVERYTHING
from app.common.priority import Priority
from app.common.records import KeyOf, Refers
from app.foundation.assignment.lookups import number_of_assignment_rules
from app.foundation.assignment.records import AssignmentRule, CalendarHours, Choose, Hours
from app.foundation.assignment.records import RuleState as State
from app.foundation.editing import take
from app.foundation.people.records import Team, TeamState
from app.kernel.bodies import Body, Few, Key, Line, Nothing, Patch, Reference
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.visibility import STAFF
from app.kernel.who import admin, rule

#: So many rules of a process are gone through at most for each ticket.
MOST_RULES = 200
LAST_POSITION = 100_000


def _each_once(priorities: tuple[Priority, ...]) -> tuple[Priority, ...]:
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
    Few,
    AfterValidator(_each_once),
]
TeamNamed = Annotated[Reference, Refers("team")]
CalendarNamed = Annotated[Key, KeyOf("calendar", known=True)]


class AddAssignmentRule(Body):
    """Which tickets, and to whom."""

    process: Key = Field(description="The kind of the tickets.", examples=["incident"])
    name: Line = Field(description="What people call it. Name no persons here.", examples=["Mail by night"])
    position: Position = Field(
        description="Where it stands: the first that matches counts, of two in one place the older one.",
        examples=[100],
    )
    for_service: Annotated[Key, KeyOf("service")] | None = Field(
        default=None, description="Tickets of this service: its key.", examples=["mail"]
    )
    for_category: Annotated[Key, KeyOf("category", per_process=True)] | None = Field(
        default=None, description="Tickets of this category: its key.", examples=["e-mail"]
    )
    for_customer: TeamNamed | None = Field(
        default=None, description="Tickets of this customer: the team's key or id."
    )
    priorities: Priorities = ()
    hours: Hours = Field(
        default=Hours.always, description="At which hours it counts.", examples=["nobody_works"]
    )
    hours_of: TeamNamed | None = Field(
        default=None, description="The team whose hours are meant: its key or id; none: the one it goes to."
    )
    calendar: CalendarNamed | None = Field(
        default=None, description="By the hours of this calendar: its key. With `calendar_hours`."
    )
    calendar_hours: CalendarHours | None = Field(
        default=None, description="Whether it counts while that calendar is open, or while it is closed."
    )
    to_team: TeamNamed = Field(description="The team that they go to: its key or id.", examples=["network"])
    choose: Choose = Field(
        default=Choose.nobody,
        description="Who of the team. If there is nobody to choose, the team has it alone.",
        examples=["in_turn"],
    )

    @model_validator(mode="after")
    def _both(self) -> AddAssignmentRule:
        if (self.calendar is None) != (self.calendar_hours is None):
            raise PydanticCustomError("both_of_calendar", "give calendar and calendar_hours, or neither")
        return self


def add(one: AssignmentRule, body: AddAssignmentRule, at: Moment) -> None:
    """Tickets that nobody has go to a team by themselves from now on."""
    customer, hours_of = at.the(Team, "for_customer"), at.the(Team, "hours_of")
    one.process = body.process
    one.name = body.name
    one.position = body.position
    one.for_service = body.for_service
    one.for_category = body.for_category
    one.for_customer_id = customer.id if customer else None
    one.priorities = as_kept(body.priorities)
    one.hours = body.hours
    one.hours_of_id = hours_of.id if hours_of else None
    one.calendar = body.calendar
    one.calendar_hours = body.calendar_hours
    one.to_team_id = at.named(Team, "to_team").id
    one.choose = body.choose
    one.added_at = at.occurred_at


async def can_follow(look: Look, one: AssignmentRule, body: AddAssignmentRule, at: Moment) -> None:
    """Tickets of that process can be assigned, its rules are few, and the team is given work."""
    lifecycle = look.lifecycles.get(body.process)
    if lifecycle is None or lifecycle.code is None or "assign" not in lifecycle.by_name:
        raise WrongValue({"value": body.process}, pointer="/process", because="unknown_value")
    if await number_of_assignment_rules(look, body.process) >= MOST_RULES:
        raise WrongValue({"most": str(MOST_RULES)}, pointer="/process", because="too_many_rules")
    _is_given_work(at)


class EditAssignmentRule(Patch):
    """What is otherwise than it was."""

    name: Line = Field(default_factory=str, description="What people call it now.")
    position: Position = Field(default=1, description="Where it stands now.")
    for_service: Annotated[Key, KeyOf("service")] | None = Field(
        default=None, description="The key of the service; null: any."
    )
    for_category: Annotated[Key, KeyOf("category", per_process=True)] | None = Field(
        default=None, description="The key of the category; null: any."
    )
    for_customer: TeamNamed | None = Field(default=None, description="The customer; null: any.")
    priorities: Priorities = ()
    hours: Hours = Field(default=Hours.always, description="At which hours it counts now.")
    hours_of: TeamNamed | None = Field(
        default=None, description="The team whose hours are meant; null: the one that it goes to."
    )
    calendar: CalendarNamed | None = Field(
        default=None,
        description="By the hours of this calendar: its key; null, as `calendar_hours`: of none.",
    )
    calendar_hours: CalendarHours | None = Field(
        default=None, description="Whether it counts while that calendar is open, or while it is closed."
    )
    to_team: TeamNamed | None = Field(default=None, description="The team that they go to now.")
    choose: Choose = Field(default=Choose.nobody, description="Who of the team now.")


def edit(one: AssignmentRule, body: EditAssignmentRule, at: Moment) -> None:
    """It stands elsewhere, matches others, or gives them to somebody else; what was given stays."""
    take(one, body, at, but=("priorities",))
    if "priorities" in body.model_fields_set:
        one.priorities = as_kept(body.priorities)


async def can_still_follow(look: Look, one: AssignmentRule, body: EditAssignmentRule, at: Moment) -> None:
    """It still goes to a team, and that one is given work; of a calendar, it says which hours."""
    after = one.model_copy()
    edit(after, body, at)
    if (after.calendar is None) != (after.calendar_hours is None):
        raise WrongValue(pointer="/calendar_hours", because="both_of_calendar")
    if "to_team" in body.model_fields_set and body.to_team is None:
        raise WrongValue(pointer="/to_team", because="missing")
    _is_given_work(at)


def end(one: AssignmentRule, body: Nothing, at: Moment) -> None:
    """It counts no more; what was given stays."""
    one.ended_at = at.occurred_at


def _is_given_work(at: Moment) -> None:
    team = at.the(Team, "to_team")
    if team is not None and team.state is TeamState.retired:
        raise WrongValue(pointer="/to_team", because="team_retired")


def as_kept(priorities: tuple[Priority, ...]) -> list[str] | None:
    """The priorities in order, as rows have them; None: all."""
    return [one.value for one in Priority if one in priorities] or None


# fmt: off
LIFECYCLE = Lifecycle(
    kind="assignment_rule", plural="assignment_rules", zh="分派规则", record=AssignmentRule, states=State,
    audience=lambda one: (STAFF,), sees_all=SEE_EVERYTHING, columns={"staff": ()},
    rows=(
        #      action 中文    from            to            who           event
        action(add,   "添加", FROM_NOTHING,   State.active, admin | rule, "assignment_rule.added",  wrong=(can_follow,)),
        action(edit,  "编辑", [State.active], STAYS,        admin | rule, "assignment_rule.edited", wrong=(can_still_follow,)),
        action(end,   "结束", [State.active], State.ended,  admin | rule, "assignment_rule.ended"),
    ),
)
# fmt: on
