"""What can be asked about shifts and about the exceptions to them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import PersonStub, RecordOut, TeamStub
from app.base.assignment import assignment_rules, escalation_rules, shifts, stand_ins
from app.base.calendars.queries import CALENDARS
from app.base.people.queries import PERSONS, TEAMS
from app.common.assignment import CalendarHours, Choose, Hours, RuleState
from app.common.escalation import AsLongAs, EscalateTo, EscalationRuleState
from app.common.priority import Priority
from app.common.rota import Duty, ShiftState, StandInState, Weekday


class ShiftOut(RecordOut):
    """Hours of the week at which somebody is on duty."""

    state: ShiftState
    team: TeamStub
    person: PersonStub
    duty: Duty
    weekdays: list[Weekday] = Field(description="The days on which it begins.")
    starts: str = Field(description="By the clock of the time zone, as 22:00.")
    ends: str = Field(description="Where that is not behind the beginning, on the next day.")
    time_zone: str
    every_weeks: int = Field(description="2: every other week; the week of `from_date` is one of them.")
    from_date: str = Field(description="The first day on which it may begin.")
    until_date: str | None = Field(description="The first day on which it begins no more; null: for good.")
    added_at: datetime


class StandInOut(RecordOut):
    """An exception to the shifts."""

    state: StandInState
    team: TeamStub
    duty: Duty
    person: PersonStub | None = Field(description="Who comes; null: nobody.")
    instead_of: PersonStub | None = Field(description="Who goes; null: nobody.")
    starts_at: datetime
    ends_at: datetime
    return_starts_at: datetime | None = Field(description="Of a swap: the time in return.")
    return_ends_at: datetime | None
    agreed_at: datetime


class AssignmentRuleOut(RecordOut):
    """To whom tickets go that nobody has."""

    state: RuleState
    process: str = Field(description="The kind of the tickets.")
    name: str
    position: int = Field(description="The first that matches counts, of two in one place the older one.")
    for_service: str | None = Field(description="Null: of any service, or of none.")
    for_category: str | None = Field(description="Null: of any category, or of none.")
    for_customer: TeamStub | None = Field(description="Null: of any customer.")
    priorities: list[Priority] | None = Field(description="Null: of any priority.")
    hours: Hours
    hours_of: TeamStub | None = Field(
        description="The team whose hours are meant; null: the one that they go to."
    )
    calendar: str | None = Field(description="The key of the calendar by whose hours it counts; null: none.")
    calendar_hours: CalendarHours | None = Field(description="Whether while that is open, or closed.")
    to_team: TeamStub
    choose: Choose = Field(description="Who of the team.")
    added_at: datetime
    ended_at: datetime | None


class EscalationRuleOut(RecordOut):
    """When tickets are escalated by themselves, and to whom."""

    state: EscalationRuleState
    process: str = Field(description="The kind of the tickets.")
    name: str
    priorities: list[Priority] | None = Field(description="Null: of any priority.")
    after_seconds: int = Field(description="After it was opened, or reopened.")
    as_long_as: AsLongAs
    escalate_to: EscalateTo
    to_team: TeamStub | None
    to_person: PersonStub | None
    added_at: datetime
    ended_at: datetime | None


ESCALATION_RULES = Listing(
    lifecycle=escalation_rules.LIFECYCLE,
    shape=EscalationRuleOut,
    filters=("state", "process", "to_team", "to_person", "added_at", "changed_at"),
    sorts=("added_at",),
    expands=(PERSONS, TEAMS),
)
ASSIGNMENT_RULES = Listing(
    lifecycle=assignment_rules.LIFECYCLE,
    shape=AssignmentRuleOut,
    filters=("state", "process", "to_team", "added_at", "changed_at"),
    sorts=("position", "added_at"),
    expands=(TEAMS, CALENDARS),
)
SHIFTS = Listing(
    lifecycle=shifts.LIFECYCLE,
    shape=ShiftOut,
    filters=("state", "team", "person", "duty", "added_at"),
    sorts=("added_at",),
    expands=(PERSONS, TEAMS),
)
STAND_INS = Listing(
    lifecycle=stand_ins.LIFECYCLE,
    shape=StandInOut,
    filters=("state", "team", "person", "instead_of", "duty", "starts_at", "ends_at", "agreed_at"),
    sorts=("agreed_at",),
    expands=(PERSONS, TEAMS),
)
