"""Drafting of agreements: the requirement, the draft, its text, negotiation and submission."""

from __future__ import annotations

from app.common.people import Person
from app.common.records import CodeEnum
from app.foundation.documents.filing import file_document
from app.foundation.documents.records import DocumentState
from app.foundation.people.records import Team
from app.foundation.people.succession import handing_over
from app.foundation.people.succession.handing_over import HandOverDuties
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.payloads import EmptyPayload
from app.service_levels.agreements.consents import DOCUMENTS, take_back_consents
from app.service_levels.agreements.payloads import (
    AppointSla,
    DraftSla,
    MaintainTextSla,
    NegotiateSla,
    RecordRequirementSla,
    SubmitForReviewSla,
)
from app.service_levels.agreements.records import Agreement
from app.service_levels.agreements.records import AgreementState as State
from app.service_levels.agreements.terms.copying import apply_terms, copy_terms, fill_usual_terms


def record_requirement(agreement: Agreement, body: RecordRequirementSla, ctx: ActionContext) -> None:
    """Record a requirement of the agreement. The next edition of an amended agreement begins as a draft."""
    assert ctx.assigned.number is not None, "agreements have numbers"
    agreement.number = ctx.assigned.number
    agreement.recorded_requirement_at = ctx.occurred_at
    agreement.edition = 1
    replaced = ctx.ref(Agreement, "replaces")
    if replaced is not None:
        _begin_edition(agreement, replaced, ctx)
        return
    copy_fields(agreement, body, ctx)
    if agreement.representative_id is None:
        agreement.representative_id = ctx.caller.person_id
    party = ctx.ref(Team, "customer") or ctx.ref(Team, "team") or ctx.ref(Team, "supplier")
    lead_id = None if party is None else party.lead_id
    if agreement.party_representative_id is None and lead_id != agreement.representative_id:
        agreement.party_representative_id = lead_id


#: Fields that the next edition of an agreement takes over in addition to its terms.
PARTIES = (
    *("agreement_type", "customer_id", "team_id", "supplier_id"),
    *("representative_id", "party_representative_id", "business_process"),
)


def _begin_edition(agreement: Agreement, replaced: Agreement, ctx: ActionContext) -> None:
    for name in PARTIES:
        setattr(agreement, name, getattr(replaced, name))
    copy_terms(agreement, replaced)
    agreement.valid_to = replaced.valid_to
    agreement.reasons.text_edition = 1
    agreement.edition = (replaced.edition or 1) + 1
    agreement.replaces_id = replaced.id
    agreement.last_reviewed_at = replaced.last_reviewed_at
    _file_documents(agreement, ctx)


def first_state(agreement: Agreement) -> CodeEnum:
    """Return the state that a new record begins in: the next edition of an agreement is drafted at once."""
    return State.requirement if agreement.replaces_id is None else State.drafted


def documents_of_edition(agreement: Agreement, body: RecordRequirementSla) -> tuple[str, ...]:
    """Return the classes of the documents that recording a requirement makes: those of a next edition."""
    return () if body.replaces is None else DOCUMENTS


def documents_of_draft(agreement: Agreement, body: object) -> tuple[str, ...]:
    """Return the classes of the documents that drafting makes."""
    return DOCUMENTS


def draft(agreement: Agreement, body: DraftSla, ctx: ActionContext) -> None:
    """Draft the agreement, with its specification sheet and its service quality plan."""
    source = ctx.ref(Agreement, "copy_of")
    if source is not None:
        copied = {name: getattr(agreement, name) for name in ("title", "services", "catalogue_items")}
        copy_terms(agreement, source)
        for name, value in copied.items():
            setattr(agreement, name, value)
    apply_terms(agreement, body, ctx)
    fill_usual_terms(agreement)
    agreement.reasons.text_edition = 1
    agreement.drafted_at = ctx.occurred_at
    _file_documents(agreement, ctx)


def maintain_text(agreement: Agreement, body: MaintainTextSla, ctx: ActionContext) -> None:
    """Maintain the agreement's text and terms. Consents to the earlier terms are revoked."""
    apply_terms(agreement, body, ctx)
    agreement.reasons.text_edition = (agreement.reasons.text_edition or 1) + 1
    take_back_consents(agreement, ctx)
    _file_documents(agreement, ctx)


def _file_documents(agreement: Agreement, ctx: ActionContext) -> None:
    """File the agreement's documents: new ones, or the next edition of its drafts. Their texts are the
    record's own, which cannot be changed once it is signed.
    """
    for of_class in DOCUMENTS:
        file_document(agreement, of_class, (), ctx, state=DocumentState.drafted)


def negotiate(agreement: Agreement, body: NegotiateSla, ctx: ActionContext) -> None:
    """Negotiate the agreement. A submission for review and all consents are revoked."""
    agreement.negotiated_at = ctx.occurred_at
    take_back_consents(agreement, ctx)


def submit_for_review(agreement: Agreement, body: SubmitForReviewSla, ctx: ActionContext) -> None:
    """Submit the agreement for review: every target can be measured, and the agreements below support it, or
    the gap is accepted.
    """
    copy_fields(agreement.reasons, body, ctx)
    agreement.submitted_at = ctx.occurred_at


def appoint(agreement: Agreement, body: AppointSla, ctx: ActionContext) -> None:
    """Appoint a representative for the agreement, in place of an earlier one. Consents that wait for the
    other side are revoked.
    """
    ours, theirs = ctx.ref(Person, "representative"), ctx.ref(Person, "party_representative")
    if ours is not None:
        agreement.representative_id = ours.id
    if theirs is not None:
        agreement.party_representative_id = theirs.id
    take_back_consents(agreement, ctx)


def hand_over_duties(agreement: Agreement, body: HandOverDuties, ctx: ActionContext) -> None:
    """Hand over the record's duties: a new holder takes over all that are still open. Consents that wait for
    the other side are revoked.
    """
    handing_over.hand_over_duties(agreement, body, ctx)
    take_back_consents(agreement, ctx)


def step_down(agreement: Agreement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Step down as the agreement's representative, of the other party. Consents that wait for the other side
    are revoked, and IT can appoint another representative.
    """
    agreement.party_representative_id = None
    take_back_consents(agreement, ctx)
