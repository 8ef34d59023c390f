"""Read side of agreements: one of them, its consents and reviews, and the list with its filters."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.filters import Parameter, Time, WhereClause, multi_value
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.common.priorities.priority import Priority
from app.common.records import CodeEnum
from app.common.tickets import HoldReason
from app.foundation.calendars.queries import CALENDARS
from app.foundation.documents.shapes import DOCUMENTS, KEPT_LISTINGS
from app.foundation.people.queries import PERSONS, TEAMS
from app.service_levels.agreements.lifecycle import LIFECYCLE
from app.service_levels.agreements.records import (
    Agreement,
    AgreementAcknowledgement,
    AgreementConsent,
    AgreementReview,
    AgreementSide,
    AgreementState,
    ConsentSubject,
    ConsequenceKind,
    ReportingPeriod,
    TargetComparator,
    TargetMetric,
)


class AgreementTargetOut(OutputModel):
    """A target of an agreement. A condition without a value fits every case."""

    id: str
    metric: TargetMetric
    process: str | None
    priority: Priority | None
    category: str | None
    service: str | None
    catalogue_item: str | None
    threshold_seconds: int | None = Field(description="The seconds of business time of a clock.")
    threshold: str | None = Field(description="The threshold of a metric without clocks, as a decimal text.")
    kpi: str | None
    comparator: TargetComparator
    compliance: str | None = Field(description="The share of cases that must meet it; null: all.")
    calendar: str | None = Field(description="The key of the calendar; null: the agreement's.")
    pause_reasons: list[HoldReason]
    pause_states: list[str]
    warning_percents: list[int]


class ConsequenceTierOut(OutputModel):
    """A consequence from a result on."""

    below: str
    percent: str | None
    amount: str | None


class ConsequenceOut(OutputModel):
    """The consequence of a missed target; proposed, and never paid here."""

    target: str
    kind: ConsequenceKind
    tiers: list[ConsequenceTierOut]


class ExpectedWorkloadOut(OutputModel):
    """The number of cases of a kind that the targets are agreed for."""

    process: str
    per: ReportingPeriod
    cases: int


class AgreementOut(RecordOut, of=Agreement):
    """An agreement on service levels, in one edition."""

    targets: list[AgreementTargetOut] | None
    rests_on: list[UUID] | None = Field(description="The OLAs and UCs beneath an SLA.")
    consequences: list[ConsequenceOut] | None
    workload: list[ExpectedWorkloadOut] | None


async def _of_party(where: WhereClause, party_name: str, renderer: Renderer) -> None:
    """Restrict the list to agreements of the caller: those that they represent a side of, and those with
    their teams, or with teams that they lead.
    """
    me, teams = where.bind(renderer.caller.person_id), where.bind(list(renderer.caller.teams))
    party = "coalesce(r.customer_id, r.team_id, r.supplier_id)"
    where.conditions.append(
        f"({me}::uuid in (r.representative_id, r.party_representative_id) or {party} = any({teams}::uuid[]) "
        f"or {party} in (select id from fold.team where lead_id = {me}::uuid))"
    )


async def _in_force_at(where: WhereClause, instant: datetime, renderer: Renderer) -> None:
    placeholder = where.bind(instant)
    where.conditions.append(
        f"(r.signed_at is not null and r.begins_at <= {placeholder}"
        f" and (r.ends_at is null or {placeholder} < r.ends_at))"
    )


async def _waiting_for(where: WhereClause, agreement_side: AgreementSide, renderer: Renderer) -> None:
    other = AgreementSide.party if agreement_side is AgreementSide.it else AgreementSide.it
    waiting = where.bind([f"{subject.value}:{other.value}" for subject in ConsentSubject])
    # Where neither side has signed yet, the agreement waits for both.
    signed = where.bind([f"{ConsentSubject.sign.value}:{agreement_side.value}"])
    unsigned = f"coalesce(not r.pending_consents @> {signed}::text[], true)"
    where.conditions.append(
        f"(coalesce(r.pending_consents && {waiting}::text[], false) "
        f"or r.state = '{AgreementState.in_review.value}' and {unsigned})"
    )


class AwaitedStep(CodeEnum):
    """What an agreement waits for: `signature` of one side or of both (submitted for review), `review`
    (signed, and the review is due), `renewal`, or else termination (reviewed).
    """

    signature = "signature", "Signature", "签署"
    review = "review", "Review", "评审"
    renewal = "renewal", "Renewal", "续签"


#: The SQL condition of agreements that wait for each step.
AWAITED_STEPS = {
    AwaitedStep.signature: f"r.state = '{AgreementState.in_review.value}'",
    AwaitedStep.review: f"(r.state = '{AgreementState.signed.value}' and r.review_due_at <= now())",
    AwaitedStep.renewal: f"r.state = '{AgreementState.under_review.value}'",
}


async def _waiting_for_step(where: WhereClause, steps: list[AwaitedStep], renderer: Renderer) -> None:
    where.conditions.append(f"({' or '.join(AWAITED_STEPS[step] for step in steps)})")


#: Filters that are not by a field of the record.
PARTY = Parameter(
    "party",
    Annotated[
        Literal["me"] | None,
        Field(
            description="Agreements of the caller (`me`): those that they represent, or that are with a team "
            "of theirs."
        ),
    ],
    _of_party,
)
VALID_AT = Parameter(
    "valid_at",
    Annotated[Time | None, Field(description="Agreements that are or were in force at this time.")],
    _in_force_at,
)
WAITS_FOR = Parameter(
    "waits_for",
    Annotated[
        AgreementSide | None,
        Field(description="Agreements that wait for this side's consent or signature."),
    ],
    _waiting_for,
)
WAITING_FOR = Parameter(
    "waiting_for",
    multi_value(
        AwaitedStep,
        "Those that wait for one of these.",
    ),
    _waiting_for_step,
)

LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=AgreementOut,
    filters=(
        "state",
        "agreement_type",
        "customer",
        "team",
        "supplier",
        "representative",
        "party_representative",
        "services",
        "catalogue_items",
        "replaces_id",
        "recorded_requirement_at",
        "signed_at",
        "ends_at",
        "review_due_at",
        "review_overdue_at",
        "changed_at",
    ),
    sorts=("recorded_requirement_at", "signed_at", "ends_at", "review_due_at", "changed_at"),
    expands=(PERSONS, TEAMS, CALENDARS),
    own_parameters=(PARTY, VALID_AT, WAITS_FOR, WAITING_FOR),
)


class AgreementConsentOut(OutputModel, of=AgreementConsent, without="terms"):
    """The consent of one side to a step of an agreement."""


class AgreementAcknowledgementOut(
    OutputModel, of=AgreementAcknowledgement, after={"asked_at": "acknowledged_by"}
):
    """The acknowledgement of an agreement that is asked of a team beneath it."""


class AgreementReviewOut(OutputModel, of=AgreementReview):
    """A review of an agreement by both parties."""

    attended: list[UUID]


def _documents_shown(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition of documents that the caller may see: specification sheets are for staff."""
    return "true" if renderer.caller.is_staff_for(record) else "r.document_class <> 'SS'"


CHILD_LISTINGS = (
    replace(DOCUMENTS, only=_documents_shown),
    *KEPT_LISTINGS,
    ChildListing(
        "consents",
        AgreementConsent,
        "consented_at",
        AgreementConsentOut,
        "the consents to an agreement, the oldest first; those taken back are gone",
    ),
    ChildListing(
        "acknowledgements",
        AgreementAcknowledgement,
        "asked_at",
        AgreementAcknowledgementOut,
        "the acknowledgements asked of the teams beneath an agreement, the first asked first",
    ),
    ChildListing(
        "reviews",
        AgreementReview,
        "reviewed_at",
        AgreementReviewOut,
        "the reviews of an agreement, the oldest first",
    ),
)
