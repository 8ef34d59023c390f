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
    """An improvement of a process or of the whole department."""

    opened_at: datetime = Field(description="Time at which the improvement was selected.")
    requester: PersonStub | None = Field(
        description="Requester: the person who selected the improvement, or on whose behalf it was selected."
    )
    customer: TeamStub | None = Field(description="Team of the requester when the improvement was selected.")
    size_criteria: list[SizeCriterion] | None = Field(
        description="Criteria that make the improvement major; null for a minor one."
    )
    pilot_scope: dict[str, list[str]] | None = Field(
        description="Filters of the pilot's cases, by dimension; null until the pilot is planned."
    )
    pilot_control: dict[str, list[str]] | None = Field(
        description="Filters of the comparison cases, by dimension; null for all other cases."
    )
    next_scope: dict[str, list[str]] | None = Field(
        description="Filters of the cases in the extended pilot, by dimension; null if it is not extended."
    )
    next_control: dict[str, list[str]] | None = Field(
        description="Filters of the comparison cases in the extended pilot, by dimension; null if they "
        "remain the same."
    )


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
