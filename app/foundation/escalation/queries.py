"""Schema of an escalation rule."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import PersonStub, RecordOut, TeamStub
from app.common.clocks import ClockMetric
from app.common.priority import Priority
from app.foundation.escalation import escalation_rules
from app.foundation.escalation.records import EscalateTo, EscalationCondition, EscalationRuleState
from app.foundation.people.queries import PERSONS, TEAMS


class EscalationRuleOut(RecordOut):
    """A rule that escalates tickets automatically: when, and to whom."""

    state: EscalationRuleState
    process: str = Field(description="The kind of the tickets.")
    name: str
    priorities: list[Priority] | None = Field(description="Null: of any priority.")
    after_seconds: int | None = Field(description="After it was opened, or reopened. Null: by `sla_percent`.")
    sla_percent: int | None = Field(
        description="When a clock of its service level agreement has reached so much of its target. Null: by "
        "`after_seconds`."
    )
    metric: ClockMetric | None = Field(description="With `sla_percent`: of which clocks; null: of any.")
    as_long_as: EscalationCondition
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
