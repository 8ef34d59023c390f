"""Read side of agreements: one of them, its consents and reviews, and the list with its filters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.filters import Parameter, Time, WhereClause, multi_value
from app.api.lists import Listing
from app.api.shapes import OutputModel, PersonStub, RecordOut, Renderer, TeamStub
from app.common.clocks import AgreementType
from app.common.priority import Priority
from app.common.tickets import HoldReason
from app.foundation.calendars.queries import CALENDARS
from app.foundation.documents.records import DocumentEntry
from app.foundation.documents.shapes import DocumentOut, DocumentPage
from app.foundation.people.queries import PERSONS, TEAMS
from app.service_levels.agreements.lifecycle import LIFECYCLE
from app.service_levels.agreements.records import (
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
    threshold_seconds: int | None = Field(description="Of a clock: seconds of business time.")
    threshold: str | None = Field(description="Of what is no clock, as a decimal text.")
    kpi: str | None
    comparator: TargetComparator
    compliance: str | None = Field(description="The share of cases that must meet it; null: all.")
    calendar: str | None = Field(description="Null: the agreement's.")
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


class AgreementOut(RecordOut):
    """An agreement on service levels, in one edition."""

    number: str = Field(description="What people call it; accepted wherever the id is.")
    state: AgreementState
    state_since: datetime
    agreement_type: AgreementType
    title: str
    edition: int = Field(description="1, and one more with each amendment.")
    replaces_id: UUID | None = Field(description="The edition before.")
    customer: TeamStub | None = Field(description="Of an SLA; null: it is for all customers.")
    team: TeamStub | None = Field(description="Of an OLA: the internal team.")
    supplier: TeamStub | None = Field(description="Of a UC.")
    representative: PersonStub | None = Field(description="Who represents IT.")
    party_representative: PersonStub | None = Field(
        description="Who represents the other party; null: nobody with an account."
    )
    services: list[str] | None = Field(description="Keys of services; null: all.")
    catalogue_items: list[str] | None = Field(description="Keys of catalogue items; null: all.")
    needs: str | None = Field(description="What the customer needs, in their words.")
    business_process: str | None
    calendar: str | None = Field(description="The key of the calendar of the agreed service time.")
    valid_from: str | None = Field(description="Its first day, in the zone of its calendar.")
    valid_to: str | None = Field(description="Its last day; null: it has no end.")
    notice_days: int | None
    targets: list[AgreementTargetOut] | None
    rests_on: list[UUID] | None = Field(description="The OLAs and UCs beneath an SLA.")
    reporting_period: ReportingPeriod | None
    review_months: int | None
    reopen_days: int | None = Field(description="Null: as the organisation has it.")
    degraded_weight: str | None = Field(description="How much a degraded second counts as outage.")
    maintenance_counts: bool | None = Field(description="Whether approved maintenance counts as outage.")
    cost_amount: str | None = Field(description="For staff: the cost of a period.")
    cost_currency: str | None
    cost_period: ReportingPeriod | None
    consequences: list[ConsequenceOut] | None
    workload: list[ExpectedWorkloadOut] | None
    workload_above: str | None = Field(description="What holds above the workload.")
    customer_duties: str | None
    security_boundary: str | None
    resources: str | None
    text: str | None = Field(description="The agreement in words that the other party understands.")
    specification: str | None = Field(description="For staff: what IT and each supplier must do for it.")
    quality_plan: str | None = Field(description="How it is measured, by whom, and reported when.")
    change_id: UUID | None = Field(description="The approved change by which it was last amended.")
    pending_consents: list[str] | None = Field(
        description="Consents that wait for the other side: `sign:it`, `renew:party` …"
    )
    gap_reason: str | None = Field(description="For staff: why a gap beneath it was accepted.")
    effect_on_cost: str | None = Field(description="For staff: of its last renewal or amendment.")
    effect_on_workload: str | None
    termination_reason: str | None
    recorded_requirement_at: datetime
    drafted_at: datetime | None
    negotiated_at: datetime | None = Field(description="When either party last proposed something.")
    submitted_at: datetime | None
    signed_at: datetime | None
    last_reviewed_at: datetime | None
    review_due_at: datetime | None
    review_reminded_at: datetime | None
    review_overdue_at: datetime | None = Field(description="Since when its review is overdue.")
    begins_at: datetime | None = Field(description="From when it is in force, since it was signed.")
    ends_at: datetime | None = Field(description="Until when, whatever ends it; null: it has no end.")
    superseded_from: str | None = Field(description="The first day of the one that replaces it.")
    superseded_at: datetime | None = Field(description="When that one was signed.")
    ended_at: datetime | None = Field(description="When it was terminated, or expired.")
    warned_days: int | None = Field(description="How many days before its end the last warning was.")


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


#: The SQL condition of agreements that wait for each step.
AWAITED_STEPS = {
    "signature": f"r.state = '{AgreementState.in_review.value}'",
    "review": f"(r.state = '{AgreementState.signed.value}' and r.review_due_at <= now())",
    "renewal": f"r.state = '{AgreementState.under_review.value}'",
}


async def _waiting_for_step(where: WhereClause, steps: list[str], renderer: Renderer) -> None:
    where.conditions.append(f"({' or '.join(AWAITED_STEPS[step] for step in steps)})")


#: Filters that are not by a field of the record.
PARTY = Parameter(
    "party",
    Annotated[
        Literal["me"] | None,
        Field(description="`me`: those that the caller represents, or that are with a team of theirs."),
    ],
    _of_party,
)
VALID_AT = Parameter(
    "valid_at",
    Annotated[Time | None, Field(description="Those that are in force then, or were.")],
    _in_force_at,
)
WAITS_FOR = Parameter(
    "waits_for",
    Annotated[
        AgreementSide | None,
        Field(description="Those that wait for the consent of this side, or for its signature."),
    ],
    _waiting_for,
)
WAITING_FOR = Parameter(
    "waiting_for",
    multi_value(
        Literal["signature", "review", "renewal"],
        "Those that wait for one of these: `signature` of one side or of both (submitted for review), "
        "`review` (signed, and the review is due), `renewal`, or else termination (reviewed).",
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


class AgreementConsentOut(OutputModel):
    """The consent of one side to a step of an agreement."""

    id: UUID
    subject: ConsentSubject
    side: AgreementSide
    given_by: PersonStub | None = Field(description="Who gave it, or recorded it.")
    document: str | None = Field(description="The number of the signed document, if it was recorded.")
    signatory: str | None = Field(description="Who has signed that document. Null when erased.")
    complete: bool = Field(description="Whether the other side has consented, too.")
    consented_at: datetime


class AgreementConsentPage(OutputModel):
    """A page of the consents to an agreement, the oldest first; those taken back are gone."""

    items: list[AgreementConsentOut]
    next_cursor: str | None


class AgreementAcknowledgementOut(OutputModel):
    """The acknowledgement of an agreement that is asked of a team beneath it."""

    id: UUID
    team: TeamStub
    person: PersonStub | None = Field(description="Who led the team when it was asked.")
    asked_at: datetime
    acknowledged_by: PersonStub | None
    acknowledged_at: datetime | None


class AgreementAcknowledgementPage(OutputModel):
    """A page of the acknowledgements asked of the teams beneath an agreement, the first asked first."""

    items: list[AgreementAcknowledgementOut]
    next_cursor: str | None


class AgreementReviewOut(OutputModel):
    """A review of an agreement by both parties."""

    id: UUID
    attended: list[UUID]
    minutes: str | None = Field(description="Null when its author was erased.")
    results: str | None = Field(description="The results against the targets.")
    expectations: str | None = Field(description="The expectations that have changed.")
    meeting_id: UUID | None
    reviewed_at: datetime


class AgreementReviewPage(OutputModel):
    """A page of the reviews of an agreement, the oldest first."""

    items: list[AgreementReviewOut]
    next_cursor: str | None


def _documents_shown(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition of documents that the caller may see: specification sheets are for staff."""
    return "true" if renderer.caller.is_staff_for(record) else "r.document_class <> 'SS'"


CHILD_LISTINGS = (
    ChildListing("documents", DocumentEntry, "drafted_at", DocumentOut, DocumentPage, _documents_shown),
    ChildListing("consents", AgreementConsent, "consented_at", AgreementConsentOut, AgreementConsentPage),
    ChildListing(
        "acknowledgements",
        AgreementAcknowledgement,
        "asked_at",
        AgreementAcknowledgementOut,
        AgreementAcknowledgementPage,
    ),
    ChildListing("reviews", AgreementReview, "reviewed_at", AgreementReviewOut, AgreementReviewPage),
)
