"""Assignment rules, which assign unassigned tickets automatically (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt


class AssignmentRuleState(CodeEnum):
    """State of an assignment rule: only active rules apply."""

    active = "active", "Active", "有效"
    ended = "ended", "Ended", "已结束"


class StaffedHours(CodeEnum):
    """Staffing that a rule requires: whether somebody is working in its team at the time."""

    always = "always", "Always", "任何时间"
    somebody_works = "somebody_works", "While someone is at work", "有人上班时"
    nobody_works = "nobody_works", "While no one is at work", "无人上班时"


class CalendarHours(CodeEnum):
    """Part of its calendar in which a rule applies: within or outside its hours."""

    open = "open", "While it is open", "开放时间内"
    closed = "closed", "While it is closed", "开放时间外"


class AssignmentStrategy(CodeEnum):
    """Strategy to choose the assignee from the team."""

    nobody = "nobody", "No one: only the team", "仅团队"
    in_turn = "in_turn", "Everyone in turn", "轮流"
    least_loaded = "least_loaded", "The person with the fewest open tickets", "未结最少者"
    on_duty = "on_duty", "People at work, in turn", "上班者轮流"
    on_call = "on_call", "People on call, in turn", "值班者轮流"


class AssignmentRule(Record):
    """A rule that assigns unassigned tickets of a process (the kind of its records).

    Of the rules that match, the one with the lowest `position` applies, then the one added first. A condition
    that is not set matches every ticket. `hours_of_id` is the team whose staffed hours `hours` refers to; if
    not set, the team that the tickets go to. `calendar` is the key of a calendar: the rule applies within or
    outside its hours, as `calendar_hours` says; either both are set or neither. The conditions are named
    differently from a ticket's fields, since a role held for a service or a team extends to its tickets, but
    not to rules.
    """

    KIND: ClassVar[str] = "assignment_rule"

    state: AssignmentRuleState | None = required()
    name: str | None = required("The name of the rule; no person's.", examples=["Mail by night"])
    process: str | None = required("The kind of the tickets.", examples=["incident"])
    position: int | None = required(
        "The position: the first rule that matches counts, of two in one position the older one.",
        examples=[100],
    )
    for_service: str | None = optional(
        "The key of the tickets' service; null: any service, or none.", examples=["mail"]
    )
    for_category: str | None = optional(
        "The key of the tickets' category; null: any category, or none.", examples=["e-mail"]
    )
    for_customer_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The team of the tickets' requesters; null: any."
    )
    priorities: list[str] | None = optional("The priorities of the tickets; null: all.")
    hours: StaffedHours | None = required("The hours at which it counts.", examples=["nobody_works"])
    hours_of_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The team whose hours are meant; null: the one that they go to."
    )
    calendar: Annotated[str | None, KeyRef("calendar")] = optional(
        "The key of the calendar by whose hours it counts, with `calendar_hours`; null: none."
    )
    calendar_hours: CalendarHours | None = optional("The hours of that calendar: open, or closed.")
    to_team_id: Annotated[UUID | None, ForeignRef("team")] = required(
        "The team that they go to.", examples=["network"]
    )
    choose: AssignmentStrategy | None = required(
        "The choice of a member of the team; without a choice the team has it alone.", examples=["in_turn"]
    )
    added_at: Annotated[datetime | None, EnteredAt(AssignmentRuleState.active)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(AssignmentRuleState.ended)] = None
