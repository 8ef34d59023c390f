"""Read side of improvements: what clients see of one, and how lists are filtered."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import PersonStub, TeamStub, TicketOut
from app.foundation.people.queries import PERSONS, TEAMS
from app.processes.improvements.lifecycle import LIFECYCLE
from app.processes.improvements.proposal.records import SizeCriterion
from app.processes.improvements.records import Improvement


class ImprovementOut(TicketOut, of=Improvement):
    """An improvement of a process, or of the department."""

    opened_at: datetime = Field(description="Time at which it was selected.")
    requester: PersonStub | None = Field(description="Person who selected it, or for whom it was selected.")
    customer: TeamStub | None = Field(description="The requester's team when it was selected.")
    size_criteria: list[SizeCriterion] | None = Field(description="Reasons that make it a major one.")
    pilot_scope: dict[str, list[str]] | None = Field(
        description="The filters of the pilot's cases, by dimension."
    )
    pilot_control: dict[str, list[str]] | None = Field(
        description="Those of the cases that they are compared with; null: all others."
    )
    next_scope: dict[str, list[str]] | None
    next_control: dict[str, list[str]] | None


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ImprovementOut,
    filters=(
        "state",
        "state_since",
        "priority",
        "scope",
        "process",
        "size",
        "improvement_kind",
        "requester",
        "team",
        "assignee",
        "sponsor",
        "project_manager",
        "executor",
        "process_owner",
        "opened_at",
        "standardised_at",
        "next_report_due_at",
        "next_benefit_due_at",
        "changed_at",
        "tag",
        "follower",
        "external_reference",
    ),
    sorts=(
        "opened_at",
        "changed_at",
        "state_since",
        "priority",
        "standardised_at",
        "next_report_due_at",
        "next_benefit_due_at",
    ),
    expands=(PERSONS, TEAMS),
)
