"""Read side of agreements: one of them, its consents and reviews, and the list with its filters."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.api.listings.attachments import ATTACHMENTS
from app.api.listings.child_listings import ChildListing, render_rows
from app.api.listings.filters import Parameter, Time, WhereClause, multi_value
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.common.priorities.priority import Priority
from app.common.records import CodeEnum, Record
from app.common.tickets import HoldReason
from app.foundation.calendars.queries import CALENDARS
from app.foundation.documents.shapes import DOCUMENTS, KEPT_LISTINGS
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.statements.shapes import STATEMENTS
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
    """A target of an agreement. A condition that is null fits every case."""

    id: str
    metric: TargetMetric
    process: str | None = Field(
        description="Process to which the target is limited, such as `incident`; null for every process."
    )
    priority: Priority | None = Field(
        description="Priority to which the target is limited; null for every priority."
    )
    category: str | None = Field(
        description="Key of the category to which the target is limited; null for every category."
    )
    service: str | None = Field(
        description="Key of the service to which the target is limited; null for every service."
    )
    catalogue_item: str | None = Field(
        description="Key of the catalogue item to which the target is limited; null for every item."
    )
    threshold_seconds: int | None = Field(
        description="Number of business seconds of a clock's target; null for other targets."
    )
    threshold: str | None = Field(
        description="Threshold of a metric without clocks, as a decimal text; null for clocks."
    )
    kpi: str | None = Field(description="Key of the KPI, for the metric `kpi`; null for other metrics.")
    comparator: TargetComparator
    compliance: str | None = Field(
        description="Share of the cases that must meet the target; null for all cases."
    )
    calendar: str | None = Field(
        description="Key of the target's calendar; null to use the agreement's calendar."
    )
    pause_reasons: list[HoldReason] = Field(description="Reasons for a hold that pause the clock.")
    pause_states: list[str] = Field(description="States of a case that pause the clock.")
    warning_percents: list[int] = Field(description="Percentages of the target at which the clock warns.")


class ConsequenceTierOut(OutputModel):
    """A tier of a consequence: the results to which it applies, and its size."""

    below: str = Field(description="Limit of the tier, which applies to worse results.")
    percent: str | None = Field(
        description="Percentage of the price of the period; null if the tier has an amount."
    )
    amount: str | None = Field(
        description="Amount in the currency of the price; null if the tier has a percentage."
    )


class ConsequenceOut(OutputModel):
    """The consequence of a missed target, which is proposed but never paid here."""

    target: str = Field(description="Identifier of the target in the agreement.")
    kind: ConsequenceKind
    tiers: list[ConsequenceTierOut] = Field(description="Tiers by result, the mildest first.")


class ExpectedWorkloadOut(OutputModel):
    """The number of cases of a kind for which the targets are agreed."""

    process: str = Field(description="Kind of the cases, such as `incident`.")
    per: ReportingPeriod
    cases: int = Field(description="Largest number of cases.")


class AgreementOut(RecordOut, of=Agreement):
    """An agreement on service levels, in one edition."""

    targets: list[AgreementTargetOut] | None
    rests_on: list[UUID] | None = Field(
        description="OLAs and UCs on which an SLA rests; null for other types."
    )
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
    """The next step of an agreement: `signature` by one or both sides (after submission for review), `review`
    (signed, and the review is due), `renewal`, or otherwise termination (after the review).
    """

    signature = "signature", "Signature", "签署"
    review = "review", "Review", "复审"
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
            description="Agreements of the caller (`me`): those that the caller represents, or that "
            "are with one of the caller's teams."
        ),
    ],
    _of_party,
)
VALID_AT = Parameter(
    "valid_at",
    Annotated[Time | None, Field(description="Agreements that were or will be in force at this time.")],
    _in_force_at,
)
WAITS_FOR = Parameter(
    "waits_for",
    Annotated[
        AgreementSide | None,
        Field(description="Agreements that wait for the consent or signature of this side."),
    ],
    _waiting_for,
)
WAITING_FOR = Parameter(
    "waiting_for",
    multi_value(
        AwaitedStep,
        "Agreements that wait for one of these steps.",
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


class ConsentedTermsOut(OutputModel):
    """The terms of a step to which a side consents, next to the agreement itself and the effects in it."""

    valid_to: str | None = Field(description="New last day of a renewal; null if the agreement has no end.")
    change: UUID | None = Field(description="Approved change of an amendment; null for other steps.")


class AgreementConsentOut(OutputModel, of=AgreementConsent):
    """The consent of one side to a step of an agreement."""

    terms: ConsentedTermsOut | None = Field(
        description="Terms to which the side consents; null if the step has none."
    )


class AgreementAcknowledgementOut(
    OutputModel, of=AgreementAcknowledgement, after={"asked_at": "acknowledged_by"}
):
    """The acknowledgement of an agreement that a team on whose agreement it rests is asked for."""


class AgreementReviewOut(OutputModel, of=AgreementReview):
    """A review of an agreement by both parties."""

    attended: list[UUID]


def _documents_shown(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition of documents that the caller may see: specification sheets are for staff."""
    return "true" if renderer.caller.is_staff_for(record) else "r.document_class <> 'SS'"


def _fill_terms(consent: dict[str, Any]) -> None:
    terms = consent["terms"]
    consent["terms"] = {name: terms.get(name) for name in ConsentedTermsOut.model_fields} if terms else None


async def _consents(
    renderer: Renderer, record: Record, rows: ChildListing, items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the consents, each with the terms of its step."""
    return await render_rows(renderer, record, rows, items, amend=_fill_terms)


CHILD_LISTINGS = (
    ATTACHMENTS,
    replace(DOCUMENTS, only=_documents_shown),
    *KEPT_LISTINGS,
    STATEMENTS,
    ChildListing(
        "consents",
        AgreementConsent,
        "consented_at",
        AgreementConsentOut,
        "the valid consents to an agreement, the oldest first",
        show=_consents,
    ),
    ChildListing(
        "acknowledgements",
        AgreementAcknowledgement,
        "asked_at",
        AgreementAcknowledgementOut,
        "the acknowledgements of an agreement by teams on whose agreements it rests, in the order in "
        "which they were asked",
    ),
    ChildListing(
        "reviews",
        AgreementReview,
        "reviewed_at",
        AgreementReviewOut,
        "the reviews of an agreement, the oldest first",
    ),
)
