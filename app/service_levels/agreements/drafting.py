"""Drafting of agreements: the requirement, the draft, its text, negotiation and submission."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.components import example_includes
from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import CodeEnum, ForeignRef, KeyRef, StaffOnly
from app.common.times.clocks import AgreementType
from app.foundation.documents.filing import file_document
from app.foundation.documents.records import DocumentState
from app.foundation.people.records import Team
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Paragraph,
    Payload,
    RecordKey,
    Reference,
    ShortText,
    Title,
)
from app.service_levels.agreements.consents import DOCUMENTS, take_back_consents
from app.service_levels.agreements.records import Agreement
from app.service_levels.agreements.records import AgreementState as State
from app.service_levels.agreements.terms import (
    AgreementTerms,
    WithoutDuplicates,
    apply_terms,
    copy_terms,
    fill_usual_terms,
)

#: The person who represents the other party from then on.
PartyRepresentative = Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)]


class RecordRequirementSla(Payload):
    """A customer's need of services, or that of IT of a team or supplier, before an agreement is drafted."""

    model_config = example_includes("needs", "business_process", "customer", "services")
    agreement_type: AgreementType = Field(
        default=AgreementType.sla, description="With whom: a customer, an internal team or a supplier."
    )
    title: Title = Field(description="What it is called, in a line.", examples=["Mail for finance"])
    customer: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="Of an SLA: the customer, a team's key or id; none: for all customers."
    )
    team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="Of an OLA: the internal team, its key or id."
    )
    supplier: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="Of a UC: the supplier, a team's key or id."
    )
    services: Annotated[
        tuple[Annotated[RecordKey, KeyRef("service", known=True)], ...], BoundedList, WithoutDuplicates
    ] = Field(
        default=(), max_length=LONGEST_LIST, description="The keys of the services.", examples=[["mail"]]
    )
    catalogue_items: Annotated[
        tuple[Annotated[RecordKey, KeyRef("catalogue_item", known=True)], ...], BoundedList, WithoutDuplicates
    ] = Field(
        default=(), max_length=LONGEST_LIST, description="The keys of catalogue items, if of some only."
    )
    needs: FreeText | None = Field(
        default=None,
        description="What they need, in their words.",
        examples=["Mail within the hour. 一小时内恢复邮件。"],
    )
    business_process: ShortText | None = Field(
        default=None, description="The business process that it serves.", examples=["Closing of the books"]
    )
    representative: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who represents IT, if not the caller: a person's id."
    )
    party_representative: PartyRepresentative | None = Field(
        default=None,
        description="Who represents the other party, if not the lead of its team: a person's id.",
    )
    replaces: Annotated[Reference, ForeignRef("sla")] | None = Field(
        default=None, description="The agreement that this is the next edition of; only amending names it."
    )

    @model_validator(mode="after")
    def _check_need(self) -> RecordRequirementSla:
        if self.replaces is None and (self.needs is None or self.business_process is None):
            raise PydanticCustomError("need_and_process", "say what is needed, and for which process")
        return self


def record_requirement(agreement: Agreement, body: RecordRequirementSla, ctx: ActionContext) -> None:
    """Record a requirement of the agreement; the next edition of an amended one begins as its draft."""
    assert ctx.number is not None, "agreements have numbers"
    agreement.number = ctx.number
    agreement.recorded_requirement_at = ctx.occurred_at
    agreement.edition = 1
    replaced = ctx.ref(Agreement, "replaces")
    if replaced is not None:
        _begin_edition(agreement, replaced, ctx)
        return
    customer, team, supplier = (ctx.ref(Team, name) for name in ("customer", "team", "supplier"))
    agreement.agreement_type = body.agreement_type
    agreement.title = body.title
    agreement.customer_id = None if customer is None else customer.id
    agreement.team_id = None if team is None else team.id
    agreement.supplier_id = None if supplier is None else supplier.id
    agreement.services = list(body.services) or None
    agreement.catalogue_items = list(body.catalogue_items) or None
    agreement.needs = body.needs
    agreement.business_process = body.business_process
    ours, theirs = ctx.ref(Person, "representative"), ctx.ref(Person, "party_representative")
    party = customer or team or supplier
    agreement.representative_id = ctx.caller.person_id if ours is None else ours.id
    if theirs is not None:
        agreement.party_representative_id = theirs.id
    elif party is not None and party.lead_id != agreement.representative_id:
        agreement.party_representative_id = party.lead_id


#: What the next edition of an agreement takes over besides its terms.
PARTIES = (
    *("agreement_type", "customer_id", "team_id", "supplier_id"),
    *("representative_id", "party_representative_id", "business_process"),
)


def _begin_edition(agreement: Agreement, replaced: Agreement, ctx: ActionContext) -> None:
    for name in PARTIES:
        setattr(agreement, name, getattr(replaced, name))
    copy_terms(agreement, replaced)
    agreement.valid_to = replaced.valid_to
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


class DraftSla(AgreementTerms):
    """The draft of an agreement: its targets, its cost, the specification sheet and the quality plan, and its
    other terms; or a copy of another agreement with what differs.
    """

    model_config = example_includes(
        *("targets", "cost_amount", "cost_currency", "cost_period", "specification", "quality_plan"),
        *("calendar", "valid_from"),
    )
    copy_of: Annotated[Reference, ForeignRef("sla")] | None = Field(
        default=None,
        description="The agreement whose terms it takes over where it has none: its id or number.",
    )


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
    agreement.drafted_at = ctx.occurred_at
    _file_documents(agreement, ctx)


class MaintainTextSla(AgreementTerms):
    """The new wording of the agreement, or other terms, and what is another."""

    model_config = example_includes("text")
    what_changed: FreeText = Field(
        description="What is another than before, and why.", examples=["P1 within two hours. P1 两小时。"]
    )

    @model_validator(mode="after")
    def _check_changes(self) -> MaintainTextSla:
        if self.model_fields_set <= {"what_changed", "occurred_at"}:
            raise PydanticCustomError("nothing_to_change", "say what is to change")
        return self


def maintain_text(agreement: Agreement, body: MaintainTextSla, ctx: ActionContext) -> None:
    """Edit the agreement's text and terms; consents to what they were are taken back."""
    apply_terms(agreement, body, ctx)
    take_back_consents(agreement, ctx)
    _file_documents(agreement, ctx)


def _file_documents(agreement: Agreement, ctx: ActionContext) -> None:
    """File the agreement's documents: new ones, or the next edition of its drafts. Their texts are the
    record's own, which nobody changes once it is signed.
    """
    for of_class in DOCUMENTS:
        file_document(agreement, of_class, (), ctx, state=DocumentState.drafted)


class NegotiateSla(Payload):
    """Proposals of one party, and its answers to the other's."""

    proposals: FreeText = Field(
        description="What is proposed, and what is answered to the other party's proposals.",
        examples=["P1 within three hours, in return for a later begin. P1 三小时，开始日期顺延。"],
    )


def negotiate(agreement: Agreement, body: NegotiateSla, ctx: ActionContext) -> None:
    """Negotiate the agreement; what was submitted for review goes back, and consents are taken back."""
    agreement.negotiated_at = ctx.occurred_at
    take_back_consents(agreement, ctx)


class SubmitForReviewSla(Payload):
    """The submission of the agreement, with the reason for a gap beneath it, if there is one."""

    gap_reason: Annotated[Paragraph, StaffOnly()] | None = Field(
        default=None,
        description="For staff: why it is accepted that the OLAs and UCs beneath do not add up. Name no "
        "persons here.",
        examples=["The supplier's new contract begins in May. 供应商新合同五月生效。"],
    )


def submit_for_review(agreement: Agreement, body: SubmitForReviewSla, ctx: ActionContext) -> None:
    """Submit the agreement for review: every target can be measured, and what it rests on adds up, or the gap
    is accepted.
    """
    agreement.gap_reason = body.gap_reason
    agreement.submitted_at = ctx.occurred_at


class AppointSla(Payload):
    """The representatives of the parties from now on."""

    model_config = example_includes("party_representative")
    representative: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who represents IT now: a person's id, or `me`."
    )
    party_representative: PartyRepresentative | None = Field(
        default=None, description="Who represents the other party now: a person's id."
    )

    @model_validator(mode="after")
    def _check_changes(self) -> AppointSla:
        if self.representative is None and self.party_representative is None:
            raise PydanticCustomError("nothing_to_change", "say what is to change")
        return self


def appoint(agreement: Agreement, body: AppointSla, ctx: ActionContext) -> None:
    """Appoint a representative for the agreement, another one of a party; consents that wait for the other
    side are taken back.
    """
    ours, theirs = ctx.ref(Person, "representative"), ctx.ref(Person, "party_representative")
    if ours is not None:
        agreement.representative_id = ours.id
    if theirs is not None:
        agreement.party_representative_id = theirs.id
    take_back_consents(agreement, ctx)
