"""Agreements on service levels, the consents and acknowledgements to them, and their reviews (tables)."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlmodel import Field

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
    """State of an agreement. `superseded`: it stays in force until the begin of the one that replaces it."""

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
    """Metric of a target: the clocks first, then what is measured over a period."""

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
    """Kind of consequence of a missed target; none is paid by this system."""

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


class AgreementReasons(RecordPart):
    """The reasons and effects that were given for steps of an agreement."""

    KIND: ClassVar[str] = "sla_reasons"

    gap_reason: Annotated[str | None, StaffOnly()] = optional(
        "The reason, for staff, for accepting that the OLAs and UCs beneath do not add up. Name no persons "
        "here.",
        examples=["The supplier's new contract begins in May. 供应商新合同五月生效。"],
    )
    effect_on_cost: Annotated[str | None, Personal(), StaffOnly()] = optional(
        "The effect on the cost, for staff."
    )
    effect_on_workload: Annotated[str | None, Personal()] = optional("The effect on the workload.")
    termination_reason: Annotated[str | None, Personal()] = None


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
    PARTS = (AgreementReasons,)

    number: str = Field(default="", description="The number that people use; accepted wherever the id is.")
    state: AgreementState | None = required()
    state_since: Annotated[datetime | None, EnteredAt()] = required()
    agreement_type: AgreementType | None = required(
        "Type of the agreement: with a customer (`sla`), an internal team (`ola`) or a supplier (`uc`)."
    )
    title: str | None = required("Title, in a line.", examples=["Mail for finance"])
    edition: int | None = required("Number of the edition: 1, and one more with each amendment.")
    replaces_id: Annotated[UUID | None, ForeignRef("sla")] = optional("The edition before.")
    customer_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The customer of an SLA; null: all customers."
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The internal team of an OLA.")
    supplier_id: Annotated[UUID | None, ForeignRef("team")] = optional("The supplier of a UC.")
    representative_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = (
        optional("The person who represents IT.")
    )
    party_representative_id: Annotated[
        UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)
    ] = optional("The person who represents the other party; null: nobody with an account.")
    services: list[str] | None = optional("Keys of services; null: all.", examples=[["mail"]])
    catalogue_items: list[str] | None = optional("Keys of catalogue items; null: all.")
    needs: Annotated[str | None, Personal()] = optional(
        "The customer's need, in their words.", examples=["Mail within the hour. 一小时内恢复邮件。"]
    )
    business_process: str | None = optional(
        "The business process that the agreement serves.", examples=["Closing of the books"]
    )
    calendar: Annotated[str | None, KeyRef("calendar")] = optional(
        "The key of the calendar of the agreed service time."
    )
    valid_from: str | None = optional("The first day, in the zone of the agreement's calendar.")
    valid_to: str | None = optional("The last day; null: there is no end.")
    notice_days: int | None = optional("Number of days before the end by which either party gives notice.")
    targets: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "The targets to be reached; each has an id of its own."
    )
    rests_on: list[str] | None = optional("The OLAs and UCs beneath an SLA.")
    reporting_period: ReportingPeriod | None = optional("The period of its reports.")
    review_months: int | None = optional(
        "Number of months after a review at which the next is due; 12 by default."
    )
    reopen_days: int | None = optional(
        "Number of days for which a resolved case can be reopened; null: the organisation's."
    )
    degraded_weight: str | None = optional(
        "The part of a degraded second that counts as outage, from 0 to 1; 0 by default."
    )
    maintenance_counts: bool | None = optional(
        "True if approved maintenance counts as outage; false by default."
    )
    cost_amount: Annotated[str | None, StaffOnly()] = optional("The cost of a period, for staff.")
    cost_currency: Annotated[str | None, StaffOnly()] = optional("The currency of the cost, for staff.")
    cost_period: Annotated[ReportingPeriod | None, StaffOnly()] = optional(
        "The period of the cost, for staff."
    )
    consequences: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "The consequences of missed targets."
    )
    workload: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "The expected workload, for which the targets are agreed."
    )
    workload_above: str | None = optional("The rule above the expected workload.")
    customer_duties: str | None = optional("The duties of the other party.")
    security_boundary: str | None = optional("The division of the responsibility for security.")
    resources: str | None = optional("The roles and means kept ready for it. Name no persons here.")
    text: str | None = optional(
        "The agreement in words that the other party understands. Name no persons here."
    )
    specification: Annotated[str | None, StaffOnly()] = optional(
        "The duties, for staff, of IT and of each supplier, in their terms."
    )
    quality_plan: str | None = optional("The plan of who measures and reports, how and when.")
    change_id: Annotated[UUID | None, ForeignRef("change")] = optional(
        "The approved change by which it was last amended."
    )
    pending_consents: list[str] | None = optional(
        "Consents that wait for the other side: `sign:it`, `renew:party` …"
    )
    recorded_requirement_at: datetime | None = required()
    drafted_at: Annotated[datetime | None, EnteredAt(AgreementState.drafted, first=True)] = None
    negotiated_at: datetime | None = optional("Time of the last proposal of either party.")
    submitted_at: datetime | None = None
    signed_at: datetime | None = None
    last_reviewed_at: datetime | None = None
    review_due_at: datetime | None = None
    review_reminded_at: datetime | None = None
    review_overdue_at: datetime | None = optional("Time since which the review is overdue.")
    begins_at: datetime | None = optional("Time from which the agreement is in force, since it was signed.")
    ends_at: datetime | None = optional(
        "Time until which it is in force, whatever ends it; null: there is no end."
    )
    superseded_from: str | None = optional("The first day of the agreement that replaces this one.")
    superseded_at: Annotated[datetime | None, EnteredAt(AgreementState.superseded)] = optional(
        "Time at which that one was signed."
    )
    ended_at: datetime | None = optional("Time at which it was terminated or expired.")
    warned_days: int | None = optional("Number of days before the end at which the last warning was given.")

    @property
    def reasons(self) -> AgreementReasons:
        """The reasons and effects that were given for its steps."""
        return self.record_part(AgreementReasons)

    @property
    def awaits_signatures(self) -> bool:
        """Return whether it is submitted, and a party has yet to sign."""
        return self.state is AgreementState.in_review

    @property
    def awaits_consents(self) -> bool:
        """Return whether a party has yet to consent: to what the other one has, or after a review."""
        return bool(self.pending_consents) or self.state is AgreementState.under_review

    @property
    def party_id(self) -> UUID | None:
        """Return the team of the other party; None of a default agreement."""
        return self.customer_id or self.team_id or self.supplier_id


class AgreementConsent(ChildRecord):
    """The consent of one side to a step of the agreement, until the other side's completes it or the text is
    changed. `terms` are those consented to; `document` is the number of the signed document, of a side whose
    consent the service level manager has recorded, and `signatory` who has signed it.
    """

    KIND: ClassVar[str] = "sla_consent"

    subject: ConsentSubject | None = required()
    side: AgreementSide | None = required("The side that consents.")
    given_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who gave or recorded the consent."
    )
    document: str | None = optional("The number of the signed document, if it was recorded.")
    signatory: Annotated[str | None, Personal()] = optional("The person who has signed that document.")
    terms: Annotated[dict[str, Any] | None, Document()] = None
    complete: bool | None = required("True if the other side has consented, too.")
    consented_at: datetime | None = required()


class AgreementAcknowledgement(ChildRecord):
    """The acknowledgement of a signed agreement that is asked of a team beneath it: of its lead then."""

    KIND: ClassVar[str] = "sla_acknowledgement"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    team_id: Annotated[UUID | None, ForeignRef("team")] = required()
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.to_acknowledge)] = (
        optional("The lead of the team when it was asked.")
    )
    acknowledged_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    asked_at: datetime | None = required()
    acknowledged_at: datetime | None = None


class AgreementReview(ChildRecord):
    """A review of the agreement by both parties. `attended` are the ids of persons."""

    KIND: ClassVar[str] = "sla_review"

    attended: list[str] | None = optional("The persons who attended.", examples=[["me"]])
    minutes: Annotated[str | None, Personal()] = optional(
        "The minutes of what was said.", examples=["The targets fit the need. 目标符合需求。"]
    )
    results: Annotated[str | None, Personal()] = optional(
        "The results against the targets.", examples=["P1 97 % in time. P1 准时率 97%。"]
    )
    expectations: Annotated[str | None, Personal()] = optional(
        "The expectations that have changed.", examples=["Support on Saturdays. 周六支持。"]
    )
    meeting_id: Annotated[UUID | None, ForeignRef("meeting")] = optional(
        "The meeting in which it took place."
    )
    reviewed_at: datetime | None = required()
