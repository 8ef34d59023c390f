"""Payloads of actions on agreements."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.components import example_includes
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef, KeyRef, StaffOnly
from app.common.tickets import Ticket
from app.common.times.clocks import AgreementType
from app.foundation.calendars.week import IsoDate
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    FreeText,
    Instant,
    Paragraph,
    Payload,
    RecordKey,
    Reference,
    ShortText,
    Title,
)
from app.service_levels.agreements.records import (
    Agreement,
    AgreementSide,
    ConsentSubject,
)
from app.service_levels.agreements.terms.payloads import (
    AgreementTerms,
    WithoutDuplicates,
)


class ReviewSla(Payload):
    """The review of an agreement by both parties."""

    model_config = example_includes("meeting")
    attended: Annotated[tuple[Annotated[Reference, ForeignRef("person")], ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Who was there: persons' ids.", examples=[["me"]]
    )
    minutes: FreeText = Field(
        description="What was said.", examples=["The targets fit the need. 目标符合需求。"]
    )
    results: FreeText = Field(
        description="The results against the targets.", examples=["P1 97 % in time. P1 准时率 97%。"]
    )
    expectations: FreeText = Field(
        description="The expectations that have changed.", examples=["Support on Saturdays. 周六支持。"]
    )
    meeting: Annotated[Reference, ForeignRef("meeting")] | None = Field(
        default=None, description="The meeting in which it took place: its id or number."
    )


class MakeVersionSla(Payload):
    """The next edition of the agreement, which was made by the amendment."""

    change: UUID = Field(description="The id of the approved change.")


class SupersedeSla(Payload):
    """The agreement that replaces this one."""

    replaced_by: Annotated[Reference, ForeignRef("sla")] = Field(description="The one that replaces it.")
    from_date: IsoDate = Field(description="The first day of that one's validity.")
    from_at: Instant = Field(description="The instant at which that day begins.")


class AcknowledgeSla(EmptyPayload):
    """The acknowledgement of the agreement by the lead of a team beneath it."""


class WarnOfEndSla(Payload):
    """A warning that the agreement ends."""

    days: int = Field(ge=1, le=366, strict=True, description="In how many days.", examples=[30])


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
        tuple[Annotated[RecordKey, KeyRef("service", must_exist=True)], ...], BoundedList, WithoutDuplicates
    ] = Field(
        default=(), max_length=LONGEST_LIST, description="The keys of the services.", examples=[["mail"]]
    )
    catalogue_items: Annotated[
        tuple[Annotated[RecordKey, KeyRef("catalogue_item", must_exist=True)], ...],
        BoundedList,
        WithoutDuplicates,
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


class NegotiateSla(Payload):
    """Proposals of one party, and its answers to the other's."""

    proposals: FreeText = Field(
        description="What is proposed, and what is answered to the other party's proposals.",
        examples=["P1 within three hours, in return for a later begin. P1 三小时，开始日期顺延。"],
    )


class SubmitForReviewSla(Payload):
    """The submission of the agreement, with the reason for a gap beneath it, if there is one."""

    gap_reason: Annotated[Paragraph, StaffOnly()] | None = Field(
        default=None,
        description="For staff: why it is accepted that the OLAs and UCs beneath do not add up. Name no "
        "persons here.",
        examples=["The supplier's new contract begins in May. 供应商新合同五月生效。"],
    )


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


class Consent(Payload):
    """The consent of one side, given by its representative, or recorded by the service level manager with the
    number of the document that the other party has signed.
    """

    SUBJECT: ClassVar[ConsentSubject]

    side: AgreementSide | None = Field(
        default=None, description="Whose consent it is, if not that of the side that the caller represents."
    )
    signed_document: ShortText | None = Field(
        default=None,
        description="Of a party that signs elsewhere: the number of the document, recorded by the service "
        "level manager.",
        examples=["V-2026-0815"],
    )
    signatory: FreeText | None = Field(default=None, description="Who has signed that document.")

    @model_validator(mode="after")
    def _check_document(self) -> Consent:
        if (self.signed_document is None) != (self.signatory is None):
            raise PydanticCustomError("document_with_signatory", "name the document and who has signed it")
        return self

    def terms(self, ctx: ActionContext) -> dict[str, Any]:
        """Return the terms that the payload has; those left out are as the other side proposed."""
        return {}

    def usual_terms(self, agreement: Agreement) -> dict[str, Any]:
        """Return the terms that a first consent is to when it names none."""
        return {}


class SignSla(Consent):
    """The signature of one side."""

    SUBJECT = ConsentSubject.sign


class RenewSla(Consent):
    """The consent of one side to renew the agreement; what is left out is as the other side proposed."""

    SUBJECT = ConsentSubject.renew

    valid_to: IsoDate | None = Field(
        default=None,
        description="Its new last day; null: it has no end; left out: as it is.",
        examples=["2199-12-31"],
    )
    effect_on_cost: Annotated[FreeText, StaffOnly()] | None = Field(
        default=None, description="For staff: what becomes of the cost."
    )
    effect_on_workload: FreeText | None = Field(default=None, description="What becomes of the workload.")

    def terms(self, ctx: ActionContext) -> dict[str, Any]:
        """Return the new last day, if the payload has one, or none."""
        return {"valid_to": self.valid_to} if "valid_to" in self.model_fields_set else {}

    def usual_terms(self, agreement: Agreement) -> dict[str, Any]:
        """Return the present last day."""
        return {"valid_to": agreement.valid_to}


class TerminateSla(Consent):
    """The consent of one side to terminate the agreement."""

    SUBJECT = ConsentSubject.terminate

    reason: FreeText | None = Field(
        default=None,
        description="Why; of the side that consents first.",
        examples=["The service is bought elsewhere. 服务改为外购。"],
    )


class AmendSla(Consent):
    """The consent of one side to amend the agreement by an approved change."""

    SUBJECT = ConsentSubject.amend

    change: Annotated[Reference, ForeignRef("change")] | None = Field(
        default=None,
        description="The approved change of one of the agreement's services: its id or number; of the side "
        "that consents first.",
        examples=["CHG-2026-000123"],
    )
    effect_on_cost: Annotated[FreeText, StaffOnly()] | None = Field(
        default=None, description="For staff: what becomes of the cost."
    )
    effect_on_workload: FreeText | None = Field(default=None, description="What becomes of the workload.")

    def terms(self, ctx: ActionContext) -> dict[str, Any]:
        """Return the change, if the payload names one."""
        change = ctx.ref(Ticket, "change")
        return {} if change is None else {"change": str(change.id)}
