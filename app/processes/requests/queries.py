"""Read side of requests: schemas of the request and its child records, and the listing with its filters and
sorts.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.plans import LoadedFrom
from app.api.records.shapes import OutputModel, TicketOut
from app.common.priorities.priority import Priority
from app.foundation.categories.queries import CATEGORIES
from app.foundation.cis.queries import CIS
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.services.queries import CATALOGUE_ITEMS, SERVICES
from app.processes.requests.lifecycle import LIFECYCLE
from app.processes.requests.records import (
    Acceptance,
    Criterion,
    CriterionResult,
    QualityCheck,
    Request,
    RequestTraining,
    SolutionReview,
)
from app.service_levels.clocks.answers.listing import SlaField, extension
from app.ticketing.projects.queries import reports_overdue


class RequestOut(
    TicketOut,
    of=Request,
    without="reader_roles approval_id held_from requirements_draft_id solution_id sent_back_at doer_ids",
    after={
        "title": "description channel",
        "approved_at": "path service ci category requester",
        "reported_by": "customer team assignee opened_at",
        "first_planned_at": "planned_at",
        "next_report_due_at": "report_overdue",
    },
):
    """A service request."""

    priority: Priority | None = Field(description="Priority of the request; null until it is assessed.")
    report_overdue: Annotated[bool | None, LoadedFrom(reports_overdue("request"), single=True)] = Field(
        description="True if a progress report is overdue now; null in versions requested by `as_of`."
    )
    sla: SlaField


class CriterionOut(OutputModel, of=Criterion):
    """A criterion that must be met for the request to be accepted."""


class SolutionReviewOut(OutputModel, of=SolutionReview):
    """The review of a solution by one side."""


class QualityCheckOut(OutputModel, of=QualityCheck):
    """The result of a quality check at one checkpoint."""


class AcceptanceOut(OutputModel, of=Acceptance):
    """A round of acceptance, with its verdict."""

    participant_ids: list[UUID] = Field(description="Persons who took part in the acceptance.")


class CriterionResultOut(OutputModel, of=CriterionResult):
    """The result of a criterion in a round of acceptance."""


class RequestTrainingOut(OutputModel, of=RequestTraining):
    """A training in the use of the delivery. Its document has the audience, topics and material."""

    participant_ids: list[UUID] | None = Field(
        description="Participants who are known by name; null if they were not recorded at that time."
    )


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
