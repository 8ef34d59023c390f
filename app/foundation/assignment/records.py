"""Assignment rules, which assign unassigned tickets automatically (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.records import CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt


class AssignmentRuleState(CodeEnum):
    """State of an assignment rule: only active rules are applied."""

    active = "active", "Active", "有效"
    ended = "ended", "Ended", "已结束"


class StaffedHours(CodeEnum):
    """Staffing that a rule requires: whether somebody in the team is working at the time."""

    always = "always", "Always", "任何时间"
    somebody_works = "somebody_works", "While someone is at work", "有人上班时"
    nobody_works = "nobody_works", "While no one is at work", "无人上班时"


class CalendarHours(CodeEnum):
    """Time in which a rule applies: during or outside the hours of its calendar."""

    open = "open", "While it is open", "开放时间内"
    closed = "closed", "While it is closed", "开放时间外"


class AssignmentStrategy(CodeEnum):
    """Strategy by which the assignee is chosen from the team."""

    nobody = "nobody", "No one: only the team", "仅分派到团队"
    in_turn = "in_turn", "Everyone in turn", "轮流"
    least_loaded = "least_loaded", "The person with the fewest open tickets", "未结工单最少者"
    on_duty = "on_duty", "People at work, in turn", "上班者轮流"
    on_call = "on_call", "People on call, in turn", "值班者轮流"


class AssignmentRule(Record):
    """A rule that assigns unassigned tickets of a process (the kind of its records).

    If several rules match, the one with the lowest `position` applies, then the one added first. A condition
    that is not set matches every ticket. `hours_of_id` is the team whose staffed hours `hours` refers to; if
    not set, the team that the tickets go to. `calendar` is the key of a calendar: the rule applies within or
    outside its hours, depending on `calendar_hours`; either both are set or neither. The conditions are named
    differently from a ticket's fields, since a role held for a service or a team extends to its tickets, but
    not to rules.
    """

    KIND: ClassVar[str] = "assignment_rule"

    state: AssignmentRuleState | None = required()
    name: str | None = required("Name of the rule, without names of persons.", examples=["Mail by night"])
    process: str | None = required("Kind of the tickets, such as `incident`.", examples=["incident"])
    position: int | None = required(
        "Position of the rule. The first matching rule applies; of two rules at the same position, the "
        "older rule is first.",
        examples=[100],
    )
    for_service: str | None = optional(
        "Key of the tickets' service; null if it does not matter.", examples=["mail"]
    )
    for_category: str | None = optional(
        "Key of the tickets' category; null if it does not matter.", examples=["e-mail"]
    )
    for_customer_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.custom)] = optional(
        "Team of the tickets' requesters; null if it does not matter."
    )
    priorities: list[str] | None = optional("Priorities of the tickets; null for all priorities.")
    hours: StaffedHours | None = required(
        "Staffing that the rule requires; null if it does not matter.", examples=["nobody_works"]
    )
    hours_of_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team whose staffing is required; null for the team that gets the tickets."
    )
    calendar: Annotated[str | None, KeyRef("calendar")] = optional(
        "Key of the calendar for `calendar_hours`; null if the rule applies at all times."
    )
    calendar_hours: CalendarHours | None = optional(
        "Part of the calendar in which the rule applies: during or outside its hours."
    )
    to_team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = required(
        "Team that gets the tickets.", examples=["network"]
    )
    choose: AssignmentStrategy | None = required(
        "Strategy by which a member of the team is chosen; null if the tickets get no assignee.",
        examples=["in_turn"],
    )
    added_at: Annotated[datetime | None, EnteredAt(AssignmentRuleState.active)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(AssignmentRuleState.ended)] = None
