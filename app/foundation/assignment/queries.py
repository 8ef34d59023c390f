"""Schema of an assignment rule."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import RecordOut, TeamStub
from app.common.priority import Priority
from app.foundation.assignment import assignment_rules
from app.foundation.assignment.records import (
    AssignmentRuleState,
    AssignmentStrategy,
    CalendarHours,
    StaffedHours,
)
from app.foundation.calendars.queries import CALENDARS
from app.foundation.people.queries import TEAMS


class AssignmentRuleOut(RecordOut):
    """A rule that assigns unassigned tickets to a team or a person."""

    state: AssignmentRuleState
    process: str = Field(description="The kind of the tickets.")
    name: str
    position: int = Field(description="The first that matches counts, of two in one place the older one.")
    for_service: str | None = Field(description="Null: of any service, or of none.")
    for_category: str | None = Field(description="Null: of any category, or of none.")
    for_customer: TeamStub | None = Field(description="Null: of any customer.")
    priorities: list[Priority] | None = Field(description="Null: of any priority.")
    hours: StaffedHours
    hours_of: TeamStub | None = Field(
        description="The team whose hours are meant; null: the one that they go to."
    )
    calendar: str | None = Field(description="The key of the calendar by whose hours it counts; null: none.")
    calendar_hours: CalendarHours | None = Field(description="Whether while that is open, or closed.")
    to_team: TeamStub
    choose: AssignmentStrategy = Field(description="Who of the team.")
    added_at: datetime
    ended_at: datetime | None


ASSIGNMENT_RULES = Listing(
    lifecycle=assignment_rules.LIFECYCLE,
    shape=AssignmentRuleOut,
    filters=("state", "process", "to_team", "added_at", "changed_at"),
    sorts=("position", "added_at"),
    expands=(TEAMS, CALENDARS),
)
