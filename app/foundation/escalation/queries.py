"""Schema of an escalation rule."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import RecordOut
from app.common.priorities.priority import Priority
from app.foundation.escalation import escalation_rules
from app.foundation.escalation.records import (
    EscalationRule,
)
from app.foundation.people.queries import PERSONS, TEAMS


class EscalationRuleOut(RecordOut, of=EscalationRule, after={"process": "name"}):
    """A rule that escalates tickets automatically at a certain time to certain recipients."""

    priorities: list[Priority] | None = Field(
        description="Priorities of the tickets; null for all priorities."
    )


ESCALATION_RULES = Listing(
    lifecycle=escalation_rules.LIFECYCLE,
    shape=EscalationRuleOut,
    filters=("state", "process", "to_team", "to_person", "added_at", "changed_at"),
    sorts=("added_at",),
    expands=(PERSONS, TEAMS),
)
