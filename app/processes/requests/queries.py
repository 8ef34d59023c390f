"""Read side of requests: schemas of the request and its child records, and the listing with its filters and
sorts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.lists import Listing
from app.api.shapes import LoadedFrom, OutputModel, PersonStub, TeamStub, TicketOut
from app.common.priority import Impact, Priority, Urgency
from app.common.tickets import Channel, HoldReason
from app.foundation.categories.queries import CATEGORIES
from app.foundation.cis.queries import CIS
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.services.queries import CATALOGUE_ITEMS, SERVICES
from app.foundation.services.records import FulfilmentPath
from app.processes.requests.lifecycle import LIFECYCLE
from app.processes.requests.records import (
    Acceptance,
    AcceptanceVerdict,
    Criterion,
    CriterionResult,
    Judgement,
    QualityCheck,
    RequestState,
    RequestTraining,
    ReviewSide,
    ReviewVerdict,
    SolutionReview,
    VerificationMethod,
)
from app.service_levels.clocks.answers.listing import SlaField, extension
from app.ticketing.projects.queries import reports_overdue


class RequestOut(TicketOut):
    """A service request."""

    state: RequestState
    state_since: datetime
    title: str | None = Field(description="Null where an imported history has none.")
    description: str | None = Field(description="In the requester's words. Null when they were erased.")
    channel: Channel | None
    impact: Impact | None
    urgency: Urgency | None
    priority: Priority | None = Field(description="Null until it is assessed.")
    item: str | None = Field(description="The key of the catalogue item that it is.")
    answers: str | None = Field(
        description="The answers to the item's form, as a JSON text. Null when the requester was erased."
    )
    target_seconds: int | None = Field(description="How long the item may take, as it said then.")
    approved_at: datetime | None = Field(description="When those who must approve it did.")
    path: FulfilmentPath | None = Field(description="How it is made. Null until it is assessed.")
    service: str | None
    ci: str | None
    category: str | None
    requester: PersonStub | None
    reported_by: PersonStub | None = Field(description="Who asked, where it is for somebody else.")
    customer: TeamStub | None = Field(description="The requester's team when it was opened.")
    team: TeamStub | None = Field(description="The team that it is assigned to.")
    assignee: PersonStub | None
    opened_at: datetime
    assessed_at: datetime | None
    started_at: datetime | None
    hold_reason: HoldReason | None
    wake_up_at: datetime | None
    held_for_change_id: UUID | None = Field(
        description="For staff: the change that it waits for, if one was named."
    )
    supplier: TeamStub | None = Field(description="For staff: the supplier that it waits for.")
    acceptance_group_id: UUID | None = Field(description="The group that accepts it.")
    requirements_confirmed_at: datetime | None
    solution_author: PersonStub | None = Field(description="Who proposed the present solution.")
    it_approved_by: PersonStub | None = Field(description="Who has approved it for IT.")
    business_approved_by: PersonStub | None = Field(description="Who has approved it for the business.")
    solution_approved_at: datetime | None
    planned_cost: str | None = Field(description="For staff and those who accept it; null for others.")
    currency: str | None = Field(description="Of the planned cost, and for the same.")
    first_planned_at: datetime | None = Field(description="The delivery that the first approved plan said.")
    planned_at: datetime | None = Field(description="The one that the present solution says.")
    expected_at: datetime | None = Field(description="The one that the latest report says.")
    report_every_days: int | None
    next_report_due_at: datetime | None = Field(description="A report of progress is overdue after it.")
    report_overdue: Annotated[bool | None, LoadedFrom(reports_overdue("request"), single=True)] = Field(
        description="Whether a report of progress is overdue now; null in what is past."
    )
    report_overdue_at: datetime | None = Field(
        description="When it was flagged as overdue, and whoever is responsible was told; null again with "
        "the next report."
    )
    acceptance_wanted_at: datetime | None
    verdict: AcceptanceVerdict | None = Field(description="Of the latest round of acceptance.")
    rounds: int | None = Field(description="How often it was submitted for acceptance.")
    delivered_at: datetime | None
    delivery: str | None = Field(description="What was delivered.")
    closed_at: datetime | None
    cancelled_at: datetime | None
    rejected_at: datetime | None
    reopen_days: int | None = Field(
        description="For how many days after its end it may be reopened, if an agreement says so."
    )
    sla: SlaField


class CriterionOut(OutputModel):
    """A criterion that must be met for the request to be accepted."""

    id: UUID
    place: int
    text: str | None = Field(description="Null when its author was erased.")
    shown_by: VerificationMethod
    added_at: datetime
    dropped_at: datetime | None = Field(description="When requirements were confirmed anew without it.")


class SolutionReviewOut(OutputModel):
    """The review of a solution by one side."""

    id: UUID
    edition: int = Field(description="Of the document of the solution.")
    side: ReviewSide
    reviewer: PersonStub | None
    verdict: ReviewVerdict
    feasibility: Judgement
    business_fit: Judgement
    cost_and_benefit: Judgement
    comment: str | None
    reviewed_at: datetime


class QualityCheckOut(OutputModel):
    """The result of a quality check at one checkpoint."""

    id: UUID
    document_id: UUID = Field(description="Its report.")
    checkpoint: str
    passed: bool
    checker: PersonStub | None
    checked_at: datetime
    dropped_at: datetime | None = Field(description="When it was planned anew: it counts no more.")


class AcceptanceOut(OutputModel):
    """A round of acceptance, with its verdict."""

    id: UUID
    document_id: UUID = Field(description="Its report.")
    round: int
    verdict: AcceptanceVerdict
    participant_ids: list[UUID] = Field(description="Those who took part.")
    recorded_by: PersonStub | None
    recorded_at: datetime


class CriterionResultOut(OutputModel):
    """The result of a criterion in a round of acceptance."""

    id: UUID
    acceptance_id: UUID
    criterion_id: UUID
    shown_by: VerificationMethod
    passed: bool
    note: str | None
    recorded_at: datetime


class RequestTrainingOut(OutputModel):
    """A training in the use of what was delivered; its document has the audience, topics and material."""

    id: UUID
    document_id: UUID
    attended: int = Field(description="How many attended.")
    held_at: datetime
    recorded_at: datetime


#: The listings of child records that only requests have.
CHILD_LISTINGS = (
    ChildListing(
        "criteria", Criterion, "added_at", CriterionOut, "the acceptance criteria of a request, oldest first"
    ),
    ChildListing(
        "solution_reviews",
        SolutionReview,
        "reviewed_at",
        SolutionReviewOut,
        "the reviews of a request's solutions, oldest first",
    ),
    ChildListing(
        "quality_checks",
        QualityCheck,
        "checked_at",
        QualityCheckOut,
        "the quality checks of a request, oldest first",
    ),
    ChildListing(
        "acceptances",
        Acceptance,
        "recorded_at",
        AcceptanceOut,
        "the rounds of acceptance of a request, oldest first",
    ),
    ChildListing(
        "criterion_results",
        CriterionResult,
        "recorded_at",
        CriterionResultOut,
        "the results of a request's acceptance criteria in each round, oldest first",
    ),
    ChildListing(
        "trainings",
        RequestTraining,
        "recorded_at",
        RequestTrainingOut,
        "the trainings of a request, oldest first",
    ),
)

LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=RequestOut,
    filters=(
        "state",
        "state_since",
        "priority",
        "impact",
        "urgency",
        "path",
        "item",
        "channel",
        "service",
        "ci",
        "category",
        "requester",
        "customer",
        "team",
        "assignee",
        "opened_at",
        "hold_reason",
        "delivered_at",
        "closed_at",
        "changed_at",
        "next_report_due_at",
        "planned_at",
        "tag",
        "follower",
        "external_reference",
    ),
    sorts=(
        "opened_at",
        "changed_at",
        "state_since",
        "priority",
        "delivered_at",
        "closed_at",
        "next_report_due_at",
        "planned_at",
    ),
    expands=(PERSONS, TEAMS, SERVICES, CIS, CATEGORIES, CATALOGUE_ITEMS),
    extension=extension("request"),
)
