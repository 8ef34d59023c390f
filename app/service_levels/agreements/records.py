"""Agreements on service levels, the consents and acknowledgements to them, and their reviews (tables)."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    Document,
    ForeignRef,
    KeyRef,
    Record,
    RecordPart,
    StaffOnly,
    optional,
    required,
)
from app.common.state_fields import EnteredAt
from app.common.times.clocks import AgreementType


class AgreementState(CodeEnum):
    """State of an agreement. A `superseded` agreement stays in force until the one that replaces it
    begins.
    """

    requirement = "requirement", "Requirement", "需求"
    drafted = "drafted", "Drafted", "草案"
    negotiating = "negotiating", "Negotiating", "协商中"
    in_review = "in_review", "In review", "评审中"
    signed = "signed", "Signed", "已签署"
    under_review = "under_review", "Under review", "复审中"
    superseded = "superseded", "Superseded", "已被取代"
    terminated = "terminated", "Terminated", "已终止"
    expired = "expired", "Expired", "已到期"


#: An agreement in one of these states binds its parties, within its validity.
IN_FORCE = (AgreementState.signed, AgreementState.under_review)
ENDED = frozenset({AgreementState.superseded, AgreementState.terminated, AgreementState.expired})


class TargetMetric(CodeEnum):
    """Metric of a target: first the clocks, then metrics over a period."""

    response = "response", "Response", "响应"
    resolution = "resolution", "Resolution", "解决"
    restore = "restore", "Restoration of service", "服务恢复"
    fulfilment = "fulfilment", "Fulfilment", "交付"
    update = "update", "Update", "进展通报"
    availability = "availability", "Availability", "可用性"
    satisfaction = "satisfaction", "Satisfaction", "满意度"
    kpi = "kpi", "KPI", "绩效指标"


#: Metrics of which each case has a clock, with a threshold in seconds.
CLOCKS = frozenset(
    {
        TargetMetric.response,
        TargetMetric.resolution,
        TargetMetric.restore,
        TargetMetric.fulfilment,
        TargetMetric.update,
    }
)


class TargetComparator(CodeEnum):
    """Comparison by which a result meets a target's threshold."""

    lt = "lt", "Below", "低于"
    le = "le", "At most", "不超过"
    gt = "gt", "Above", "高于"
    ge = "ge", "At least", "不低于"

    @property
    def is_maximum(self) -> bool:
        """True if a higher result is a worse one."""
        return self in {TargetComparator.lt, TargetComparator.le}

    def met_by(self, result: Fraction, threshold: Fraction) -> bool:
        """Return whether the result meets the threshold."""
        return {
            TargetComparator.lt: result < threshold,
            TargetComparator.le: result <= threshold,
            TargetComparator.gt: result > threshold,
            TargetComparator.ge: result >= threshold,
        }[self]


class ReportingPeriod(CodeEnum):
    """Period of an agreement's reports."""

    month = "month", "Month", "月"
    quarter = "quarter", "Quarter", "季度"
    year = "year", "Year", "年"


class ConsequenceKind(CodeEnum):
    """Kind of consequence of a missed target, which this system never pays."""

    credit = "credit", "Credit", "服务抵扣"
    penalty = "penalty", "Penalty", "违约金"


class AgreementSide(CodeEnum):
    """Side of an agreement: IT, or the customer, internal team or supplier."""

    it = "it", "IT", "信息技术方"
    party = "party", "The other party", "对方"


class ConsentSubject(CodeEnum):
    """Step of an agreement to which both parties consent."""

    sign = "sign", "Signature", "签署"
    renew = "renew", "Renewal", "续签"
    terminate = "terminate", "Termination", "终止"
    amend = "amend", "Amendment", "变更"


class AgreementPrice(RecordPart):
    """The agreed price of a period, a term of both parties; empty in agreements from before prices were
    terms.
    """

    KIND: ClassVar[str] = "sla_price"

    price_amount: str | None = optional(
        "Agreed price of a period as a decimal text; null until it is set.", examples=["15000.00"]
    )
    price_currency: str | None = optional(
        "Currency (ISO 4217) of the price; null until it is set.", examples=["CNY"]
    )
    price_period: ReportingPeriod | None = optional(
        "Period for which the price is paid; null until it is set.", examples=["year"]
    )


class AgreementReasons(RecordPart):
    """The reasons and effects that were given for steps of an agreement, the number of its text, and its gap
    since the signature.
    """

    KIND: ClassVar[str] = "sla_reasons"

    text_edition: int | None = optional(
        "Number of the present text and terms, from 1; null in agreements that were drafted before texts had "
        "numbers."
    )
    gap_since_at: datetime | None = optional(
        "Time since which the OLAs and UCs no longer support the signed agreement, because one of them ended "
        "or changed; null if there is no such gap."
    )

    gap_reason: Annotated[str | None, StaffOnly()] = optional(
        "Reason for accepting that the OLAs and UCs do not support the agreement, without names of persons; "
        "null if there is no gap.",
        examples=["The supplier's new contract begins in May. 供应商新合同五月生效。"],
    )
    effect_on_price: Annotated[str | None, Personal()] = optional("Effect of the change on the price.")
    effect_on_cost: Annotated[str | None, Personal(), StaffOnly()] = optional(
        "Effect of the change on the internal cost."
    )
    effect_on_workload: Annotated[str | None, Personal()] = optional("Effect of the change on the workload.")
    amendment: str | None = optional(
        "Number and title of the change by which a side proposes to amend the agreement."
    )
    amendment_description: Annotated[str | None, Personal()] = optional(
        "Description of that change, which both sides read before they consent."
    )
    termination_reason: Annotated[str | None, Personal()] = optional(
        "Reason for terminating the agreement; null if it was not terminated."
    )


class Agreement(Record):
    """An agreement on service levels, in one edition.

    The other party is `customer_id` (SLA), `team_id` (OLA) or `supplier_id` (UC); an SLA without customer,
    services and items is the default. `services` and `catalogue_items` are keys. `valid_from`, `valid_to` and
    `superseded_from` are dates (YYYY-MM-DD), whole days in the zone of `calendar`, the last one included;
    without `valid_to` it has no end. `superseded_from` is the begin of the one that replaces it. `ended_at`
    is when it was terminated or expired. Since it was signed, `begins_at` and `ends_at` are the instants from
    and until which it is in force, whatever ends it.

    `targets`, `consequences` and `workload` are lists of the terms' parts. `rests_on` are the ids of
    the OLAs and UCs that an SLA rests on. `threshold`, `compliance` and `degraded_weight` are decimal texts.
    `review_due_at` is when the next review is due, `pending_consents` are `<subject>:<side>` of those that
    wait for the other side, `warned_days` how many days before the end the last warning was.
    """

    KIND: ClassVar[str] = "sla"
    PARTS = (AgreementReasons, AgreementPrice)

    number: str = ""
    state: AgreementState | None = required()
    state_since: Annotated[datetime | None, EnteredAt()] = required()
    agreement_type: AgreementType | None = required(
        "Type of the agreement: with a customer (`sla`), an internal team (`ola`) or a supplier (`uc`)."
    )
    title: str | None = required("Title of the agreement in one line.", examples=["Mail for finance"])
    edition: int | None = required("Number of the edition, from 1; each amendment adds one.")
    replaces_id: Annotated[UUID | None, ForeignRef("sla")] = optional(
        "Previous edition of the agreement; null for the first edition."
    )
    customer_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.custom)] = optional(
        "Customer of an SLA; null for all customers."
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Internal team of an OLA; null for other types."
    )
    supplier_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.supply)] = optional(
        "Supplier of a UC; null for other types."
    )
    representative_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.representation), Responsible(NoticeType.in_charge)
    ] = optional("Person who represents IT.")
    party_representative_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.party), Responsible(NoticeType.in_charge)
    ] = optional("Person who represents the other party; null if the representative has no account.")
    services: list[str] | None = optional(
        "Keys of the services of the agreement; null for all services.", examples=[["mail"]]
    )
    catalogue_items: list[str] | None = optional(
        "Keys of the catalogue items of the agreement; null for all items."
    )
    needs: Annotated[str | None, Personal()] = optional(
        "Customer's need, in their own words.", examples=["Mail within the hour. 一小时内恢复邮件。"]
    )
    business_process: str | None = optional(
        "Business process that the agreement serves.", examples=["Closing of the books"]
    )
    calendar: Annotated[str | None, KeyRef("calendar")] = optional(
        "Key of the calendar of the agreed service time."
    )
    valid_from: str | None = optional("First day of the agreement, in the time zone of its calendar.")
    valid_to: str | None = optional("Last day of the agreement; null if it has no end.")
    notice_days: int | None = optional("Number of days before the end by which a party must give notice.")
    targets: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "Targets of the agreement, each with an id of its own."
    )
    rests_on: list[str] | None = optional("OLAs and UCs on which an SLA rests; null for other types.")
    reporting_period: ReportingPeriod | None = optional("Period of the agreement's reports.")
    review_months: int | None = optional("Number of months from one review to the next; 12 by default.")
    reopen_days: int | None = optional(
        "Number of days for which a resolved case can be reopened; null for the general limit."
    )
    degraded_weight: str | None = optional(
        "Share of a degraded second that counts as outage, from 0 to 1; 0 by default."
    )
    maintenance_counts: bool | None = optional(
        "True if approved maintenance counts as outage; false by default."
    )
    cost_amount: Annotated[str | None, StaffOnly()] = optional("Internal cost of a period.")
    cost_currency: Annotated[str | None, StaffOnly()] = optional("Currency of the internal cost.")
    cost_period: Annotated[ReportingPeriod | None, StaffOnly()] = optional("Period of the internal cost.")
    consequences: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "Consequences of missed targets."
    )
    workload: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "Expected workload for which the targets are agreed."
    )
    workload_above: str | None = optional("Rule for a workload above the expected one.")
    customer_duties: str | None = optional("Duties of the other party.")
    security_boundary: str | None = optional("Division of the responsibility for security.")
    resources: str | None = optional(
        "Roles and resources that are kept ready for the agreement, without names of persons."
    )
    text: str | None = optional(
        "Agreement in words that the other party understands, without names of persons."
    )
    specification: Annotated[str | None, StaffOnly()] = optional(
        "Duties of IT and of each supplier, in technical terms."
    )
    quality_plan: str | None = optional("Plan of measurements and reports: who makes them, how and when.")
    change_id: Annotated[UUID | None, ForeignRef("change")] = optional(
        "Approved change by which the agreement was last amended; null if it was not."
    )
    pending_consents: list[str] | None = optional(
        "Consents that wait for the other side: `sign:it`, `renew:party` …"
    )
    recorded_requirement_at: datetime | None = required(
        "Time at which the customer's requirement was recorded."
    )
    drafted_at: Annotated[datetime | None, EnteredAt(AgreementState.drafted, first=True)] = None
    negotiated_at: datetime | None = optional(
        "Time of the last proposal of either party; null before the first proposal."
    )
    submitted_at: datetime | None = optional(
        "Time at which the agreement was last submitted for review; null if it was not."
    )
    signed_at: datetime | None = optional("Time at which both parties had signed; null until then.")
    last_reviewed_at: datetime | None = optional("Time of the last review; null before the first review.")
    review_due_at: datetime | None = optional(
        "Time by which the agreement must be reviewed; null until it is signed."
    )
    review_reminded_at: datetime | None = optional(
        "Time at which the representatives were reminded of the review; null if they were not."
    )
    review_overdue_at: datetime | None = optional(
        "Time since which the review is overdue; null if it is not."
    )
    begins_at: datetime | None = optional(
        "Time from which the agreement is in force; null until it is signed."
    )
    ends_at: datetime | None = optional(
        "Time until which the agreement is in force, for whatever reason it ends; null if it has no end."
    )
    superseded_from: str | None = optional(
        "First day of the agreement that replaces this one; null if not replaced."
    )
    superseded_at: Annotated[datetime | None, EnteredAt(AgreementState.superseded)] = optional(
        "Time at which the agreement that replaces this one was signed; null if not replaced."
    )
    ended_at: datetime | None = optional(
        "Time at which the agreement was terminated or expired; null if it was not."
    )
    warned_days: int | None = optional(
        "Number of days before the end at which the last warning was given; null before the first warning."
    )

    @property
    def reasons(self) -> AgreementReasons:
        """The reasons and effects that were given for its steps."""
        return self.record_part(AgreementReasons)

    @property
    def awaits_signatures(self) -> bool:
        """Return whether it is submitted, and a party has yet to sign."""
        return self.state is AgreementState.in_review

    @property
    def awaits_answer_to_refusal(self) -> bool:
        """Return whether a side that did not consent waits for other terms: no consent has followed."""
        is_open = self.state in (AgreementState.negotiating, AgreementState.under_review)
        return is_open and not self.pending_consents

    @property
    def awaits_consents(self) -> bool:
        """Return whether a party has yet to consent: to what the other one has, or after a review."""
        return bool(self.pending_consents) or self.state is AgreementState.under_review

    @property
    def awaited_consents(self) -> tuple[str, ...]:
        """Return the steps that one side consented to, so that the other one is asked; after a review without
        any, its renewal.
        """
        pending = dict.fromkeys(consent.partition(":")[0] for consent in self.pending_consents or ())
        return tuple(pending) or (ConsentSubject.renew.value,)

    @property
    def price(self) -> AgreementPrice:
        """The price."""
        return self.record_part(AgreementPrice)

    @property
    def agreed_price(self) -> tuple[str, str | None, ReportingPeriod] | None:
        """Return the agreed amount with its currency and period; in agreements from before prices were terms,
        the cost. None if neither is known.
        """
        for amount, currency, period in (
            (self.price.price_amount, self.price.price_currency, self.price.price_period),
            (self.cost_amount, self.cost_currency, self.cost_period),
        ):
            if amount is not None and period is not None:
                return amount, currency, period
        return None

    @property
    def party_id(self) -> UUID | None:
        """Return the team of the other party; None of a default agreement."""
        return self.customer_id or self.team_id or self.supplier_id


class AgreementConsent(ChildRecord):
    """The consent of one side to a step of the agreement, until the other side's completes it or the text is
    changed. `terms` are those consented to. If the service level manager recorded the consent of a side
    without an account, `document` is the number of the signed document, `attachment_id` its file, and
    `signatory` who signed it.
    """

    KIND: ClassVar[str] = "sla_consent"

    subject: ConsentSubject | None = required("Step of the agreement to which the side consents.")
    side: AgreementSide | None = required("Side that consents.")
    given_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who gave or recorded the consent."
    )
    document: str | None = optional("Number of the signed document; null for a consent that was given here.")
    attachment_id: UUID | None = optional(
        "Attachment with the signed document; null for a consent that was given here."
    )
    signatory: Annotated[str | None, Personal()] = optional(
        "Person who signed the document; null for a consent that was given here."
    )
    terms: Annotated[dict[str, Any] | None, Document()] = optional(
        "Terms to which the side consents, such as a new last day; null if the step has none."
    )
    complete: bool | None = required("True if the other side has consented too.")
    consented_at: datetime | None = required("Time at which the side gave its consent.")


class AgreementAcknowledgement(ChildRecord):
    """The acknowledgement of a signed agreement that is asked of a team beneath it: of its lead then."""

    KIND: ClassVar[str] = "sla_acknowledgement"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    team_id: Annotated[UUID | None, ForeignRef("team")] = required(
        "Team that is asked to acknowledge the agreement."
    )
    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.party), Responsible(NoticeType.to_acknowledge)
    ] = optional("Lead of the team when it was asked.")
    acknowledged_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who acknowledged the agreement; null until then."
    )
    asked_at: datetime | None = required("Time at which the team was asked.")
    acknowledged_at: datetime | None = optional(
        "Time at which the agreement was acknowledged; null until then."
    )


class AgreementReview(ChildRecord):
    """A review of the agreement by both parties. `attended` are the ids of persons."""

    KIND: ClassVar[str] = "sla_review"

    attended: list[str] | None = optional("Persons who attended the review.", examples=[["me"]])
    minutes: Annotated[str | None, Personal()] = optional(
        "Minutes of the review.", examples=["The targets fit the need. 目标符合需求。"]
    )
    results: Annotated[str | None, Personal()] = optional(
        "Results compared with the targets.", examples=["P1 97 % in time. P1 准时率 97%。"]
    )
    expectations: Annotated[str | None, Personal()] = optional(
        "Expectations that have changed.", examples=["Support on Saturdays. 周六支持。"]
    )
    meeting_id: Annotated[UUID | None, ForeignRef("meeting")] = optional(
        "Meeting in which the review took place; null if not set."
    )
    reviewed_at: datetime | None = required("Time at which both parties reviewed the agreement.")
    void_at: datetime | None = optional(
        "Time at which the review ceased to count, since one side objected to having attended; null if it "
        "counts."
    )
