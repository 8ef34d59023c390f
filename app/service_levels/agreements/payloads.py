"""Payloads of actions on agreements."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.files.uploads import UploadRef
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef, KeyRef, StaffOnly
from app.common.state_fields import EvidenceRef
from app.common.tickets import Ticket
from app.common.times.clocks import AgreementType
from app.foundation.calendars.week import IsoDate
from app.kernel.actions.conditions import Condition, all_members_or_none, at_least_one_member
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    FreeText,
    Instant,
    OutsideNumber,
    Paragraph,
    Payload,
    Reason,
    RecordKey,
    Reference,
    Statement,
    Title,
)
from app.service_levels.agreements.records import (
    Agreement,
    AgreementConsent,
    AgreementReview,
    AgreementSide,
    ConsentSubject,
)
from app.service_levels.agreements.terms.payloads import (
    AgreementTerms,
    WithoutDuplicates,
)

#: A meeting that was held after the agreement was signed.
HELD_MEETING = EvidenceRef("meeting", "held_at", not_done="meeting_not_held", since="signed_at")


class ReviewSla(Payload, of=AgreementReview):
    """The review of an agreement by both parties."""

    model_config = example_includes("meeting")
    attended: Annotated[
        tuple[Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)], ...],
        BoundedList,
    ] = Field(min_length=1, max_length=LONGEST_LIST)
    minutes: FreeText
    results: FreeText
    expectations: FreeText
    meeting: Annotated[Reference, HELD_MEETING] | None = None


class MakeVersionSla(Payload):
    """The next edition of the agreement."""

    change: UUID = Field(description="Identifier of the approved change.")


class SupersedeSla(Payload):
    """The agreement that replaces this one."""

    replaced_by: Annotated[Reference, ForeignRef("sla")] = Field(
        description="Agreement that replaces this one."
    )
    from_date: IsoDate = Field(description="First day of the agreement that replaces this one.")
    from_at: Instant = Field(description="Time at which that day begins.")


class AcknowledgeSla(EmptyPayload):
    """The acknowledgement of the agreement by the lead of a team on whose agreement it rests."""


class WarnOfEndSla(Payload):
    """A warning of the agreement's end."""

    days: int = Field(ge=1, le=366, strict=True, description="Number of days until the end.", examples=[30])


class NoteGapSla(Payload):
    """The OLA or UC that ended or changed."""

    beneath: Annotated[Reference, ForeignRef("sla")] = Field(
        description="OLA or UC that ended or changed: its id or number."
    )


PartyRepresentative = Annotated[
    Reference, ForeignRef("person", GivenDuty.party), Responsible(NoticeType.in_charge)
]


class RecordRequirementSla(Payload, of=Agreement):
    """A customer's need of services, or IT's need of a team or supplier, before an agreement is drafted."""

    model_config = example_includes("needs", "business_process", "customer", "services")
    agreement_type: AgreementType = AgreementType.sla
    title: Title
    customer: Annotated[Reference, ForeignRef("team", GivenDuty.custom)] | None = None
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)] | None = None
    supplier: Annotated[Reference, ForeignRef("team", GivenDuty.supply)] | None = None
    services: Annotated[
        tuple[Annotated[RecordKey, KeyRef("service", must_exist=True)], ...], BoundedList, WithoutDuplicates
    ] = Field(default=(), max_length=LONGEST_LIST)
    catalogue_items: Annotated[
        tuple[Annotated[RecordKey, KeyRef("catalogue_item", must_exist=True)], ...],
        BoundedList,
        WithoutDuplicates,
    ] = Field(default=(), max_length=LONGEST_LIST)
    needs: FreeText | None = None
    business_process: Statement | None = None
    representative: (
        Annotated[Reference, ForeignRef("person", GivenDuty.representation, quiet=True)] | None
    ) = Field(default=None, description="Person who represents IT; if left out, the caller.")
    party_representative: PartyRepresentative | None = Field(
        default=None,
        description="Person who represents the other party; if left out, the lead of its team.",
    )
    replaces: Annotated[Reference, ForeignRef("sla")] | None = Field(
        default=None, description="Agreement of which this is the next edition; set only by an amendment."
    )

    CONDITIONS = (
        Condition(
            "need_and_process",
            ("needs", "business_process", "replaces"),
            lambda body: body.replaces is not None or None not in (body.needs, body.business_process),
        ),
    )


class DraftSla(AgreementTerms):
    """The draft of an agreement: its targets, price, specification sheet, quality plan and other terms, or a
    copy of another agreement with changes.
    """

    model_config = example_includes(
        *("targets", "price_amount", "price_currency", "price_period", "specification", "quality_plan"),
        *("calendar", "valid_from"),
    )
    copy_of: Annotated[Reference, ForeignRef("sla")] | None = Field(
        default=None,
        description="Agreement from which terms that are not given are copied: its id or number.",
    )


class MaintainTextSla(AgreementTerms):
    """The new text or terms of the agreement, and the differences."""

    model_config = example_includes("text")
    what_changed: FreeText = Field(
        description="Differences from the earlier text, and their reason.",
        examples=["P1 within two hours. P1 两小时。"],
    )

    CONDITIONS = (
        Condition(
            "nothing_to_change", (), lambda body: body.model_fields_set - {"what_changed", "occurred_at"}
        ),
    )


class NegotiateSla(Payload):
    """The proposals of one party, and its answers to the other party."""

    proposals: FreeText = Field(
        description="Proposals, and answers to the other party's proposals.",
        examples=["P1 within three hours, in return for a later begin. P1 三小时，开始日期顺延。"],
    )


class SubmitForReviewSla(Payload, of=Agreement):
    """The submission of the agreement, with the reason for accepting a gap if there is one."""

    gap_reason: Annotated[Paragraph, StaffOnly()] | None = None


class AppointSla(Payload, of=Agreement):
    """The new representatives of the parties."""

    model_config = example_includes("party_representative")
    representative: (
        Annotated[Reference, ForeignRef("person", GivenDuty.representation, quiet=True)] | None
    ) = Field(default=None, description="New representative of IT; if left out, unchanged.")
    party_representative: PartyRepresentative | None = Field(
        default=None, description="New representative of the other party; if left out, unchanged."
    )

    CONDITIONS = (at_least_one_member("nothing_to_change", "representative", "party_representative"),)


class Consent(Payload, of=AgreementConsent):
    """The consent of one side, given by its representative; or, if the other party has no representative with
    an account, recorded by the service level manager with the document that the party signed.
    """

    SUBJECT: ClassVar[ConsentSubject]

    side: AgreementSide | None = Field(
        default=None, description="Side that consents; if left out, the side that the caller represents."
    )
    signed_document: OutsideNumber | None = Field(
        default=None,
        description="Number of the document that a party signed elsewhere, recorded by the service "
        "level manager.",
        examples=["V-2026-0815"],
    )
    signatory: FreeText | None = None
    upload: Annotated[UUID, UploadRef()] | None = Field(
        default=None, description="Identifier of the upload with the signed document, which is attached."
    )

    CONDITIONS = (all_members_or_none("document_with_signatory", "signed_document", "signatory", "upload"),)

    @property
    def names_effects(self) -> bool:
        """Return whether the payload proposes effects, to which both sides consent like to terms."""
        return False

    def terms(self, ctx: ActionContext) -> dict[str, Any]:
        """Return the terms that the payload has; those left out are as the other side proposed."""
        return {}

    def usual_terms(self, agreement: Agreement) -> dict[str, Any]:
        """Return the default terms of a first consent."""
        return {}


class SignSla(Consent):
    """The signature of one side."""

    SUBJECT = ConsentSubject.sign

    text_edition: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        strict=True,
        description="Number of the text that you sign (`text_edition`); required once the text has changed "
        "since it was drafted.",
        examples=[1],
    )


class ConsentWithEffects(Consent, of=Agreement):
    """A consent that covers effects on price and workload, proposed by the side that consents first."""

    effect_on_price: FreeText | None = None
    effect_on_cost: Annotated[FreeText, StaffOnly()] | None = None
    effect_on_workload: FreeText | None = None

    @property
    def names_effects(self) -> bool:
        """Return whether the payload proposes an effect."""
        return self.effect_on_price is not None or self.effect_on_workload is not None


class RenewSla(ConsentWithEffects, of=Agreement):
    """The consent of one side to renew the agreement. Fields left out are as the other side proposed."""

    SUBJECT = ConsentSubject.renew

    valid_to: IsoDate | None = Field(
        default=None,
        description="New last day; null if the agreement has no end. If left out, the last day stays.",
        examples=["2035-12-31"],
    )

    def terms(self, ctx: ActionContext) -> dict[str, Any]:
        """Return the new last day, if the payload has one; otherwise empty."""
        return {"valid_to": self.valid_to} if "valid_to" in self.model_fields_set else {}

    def usual_terms(self, agreement: Agreement) -> dict[str, Any]:
        """Return the present last day."""
        return {"valid_to": agreement.valid_to}


class TerminateSla(Consent):
    """The consent of one side to terminate the agreement."""

    SUBJECT = ConsentSubject.terminate

    reason: FreeText | None = Field(
        default=None,
        description="Reason for the termination, from the side that consents first.",
        examples=["The service is bought elsewhere. 服务改为外购。"],
    )

    @property
    def names_effects(self) -> bool:
        """Return whether the payload proposes a reason."""
        return self.reason is not None


class WithdrawConsentSla(Payload):
    """The step to which your side no longer consents."""

    subject: ConsentSubject = Field(description="Step of the agreement.", examples=["terminate"])


class RefuseConsentSla(Reason):
    """The step that the other side consented to and yours does not, with the reason."""

    subject: ConsentSubject = Field(description="Step of the agreement.", examples=["renew"])


class AmendSla(ConsentWithEffects, of=Agreement):
    """The consent of one side to amend the agreement by an approved change."""

    SUBJECT = ConsentSubject.amend

    change: Annotated[Reference, ForeignRef("change")] | None = Field(
        default=None,
        description="Approved change of one of the agreement's services, from the side that consents "
        "first: its id or number. Its title and description are then shown to both sides.",
        examples=["CHG-2026-000123"],
    )

    def terms(self, ctx: ActionContext) -> dict[str, Any]:
        """Return the change, if the payload names one."""
        change = ctx.ref(Ticket, "change")
        return {} if change is None else {"change": str(change.id)}
