"""Schema of an assignment rule."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import RecordOut
from app.common.priorities.priority import Priority
from app.foundation.assignment import assignment_rules
from app.foundation.assignment.records import (
    AssignmentRule,
)
from app.foundation.calendars.queries import CALENDARS
from app.foundation.people.queries import TEAMS


class AssignmentRuleOut(RecordOut, of=AssignmentRule, after={"process": "name"}):
    """A rule that assigns unassigned tickets to a team or a person."""

    priorities: list[Priority] | None = Field(
        description="Priorities of the tickets; null for all priorities."
    )


ASSIGNMENT_RULES = Listing(
    lifecycle=assignment_rules.LIFECYCLE,
    shape=AssignmentRuleOut,
    filters=("state", "process", "to_team", "added_at", "changed_at"),
    sorts=("position", "added_at"),
    expands=(TEAMS, CALENDARS),
)
