"""Terms of agreements in payloads: targets, consequences, workload."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from app.common.components import Component
from app.common.money import Amount, Currency
from app.common.priorities.priority import Priority
from app.common.records import ForeignRef, KeyRef, StaffOnly
from app.common.tickets import HoldReason
from app.foundation.calendars.week import IsoDate
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    Paragraph,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    Title,
)
from app.service_levels.agreements.records import (
    ConsequenceKind,
    ReportingPeriod,
    TargetComparator,
    TargetMetric,
)

#: The longest time of a clock: a year.
LONGEST_CLOCK = 366 * 24 * 3600
#: Reviews are at least yearly.
LONGEST_REVIEW_MONTHS = 12
#: The percentages of a target at which a clock warns, if the target names none.
USUAL_WARNINGS = (50, 75, 90)

#: A decimal number that is not negative, as text: the log holds no fractions.
DecimalText = Annotated[
    str,
    StringConstraints(pattern=r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,9})?$"),
    Component("DecimalText", "A decimal number that is not negative.", "0.95"),
]

#: A share from 0 to 1, as text.
Share = Annotated[
    str,
    StringConstraints(pattern=r"^(0(\.[0-9]{1,9})?|1(\.0{1,9})?)$"),
    Component("Share", "A share from 0 to 1.", "0.95"),
]

TargetId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$"),
    Component("TargetId", "What an agreement calls one of its targets.", "t1"),
]


def _without_duplicates(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


WithoutDuplicates = AfterValidator(_without_duplicates)

Percents = Annotated[
    tuple[Annotated[int, Field(ge=1, le=100, strict=True)], ...],
    Field(max_length=10),
    BoundedList,
    WithoutDuplicates,
]


class AgreementTarget(PayloadPart):
    """A target of an agreement: what is measured of which cases, and what it is to be. A condition that is
    left out fits every case.
    """

    id: TargetId = Field(description="What the agreement calls it; reports and clocks name it.")
    metric: TargetMetric = Field(description="What is measured.")
    process: RecordKey | None = Field(default=None, description="Of which cases: `incident`, `request` …")
    priority: Priority | None = Field(default=None, description="Of which priority.")
    category: RecordKey | None = Field(default=None, description="Of which category: its key.")
    service: Annotated[RecordKey, KeyRef("service", must_exist=True)] | None = Field(
        default=None, description="Of which service: its key."
    )
    catalogue_item: Annotated[RecordKey, KeyRef("catalogue_item", must_exist=True)] | None = Field(
        default=None, description="Of which catalogue item: its key."
    )
    threshold_seconds: Annotated[int, Field(ge=1, le=LONGEST_CLOCK, strict=True)] | None = Field(
        default=None, description="Of a clock: the seconds of business time; equal is met."
    )
    threshold: DecimalText | None = Field(
        default=None, description="Of what is no clock: in its unit, a share as `0.999`."
    )
    kpi: RecordKey | None = Field(default=None, description="The key of the KPI, of the metric `kpi`.")
    comparator: TargetComparator = Field(
        default=TargetComparator.le,
        description="How the result must stand to the threshold: lt below, le at most, gt above, ge at least;"
        " clocks are `le`, availability is `ge`.",
    )
    compliance: Share | None = Field(
        default=None, description="The share of cases that must meet it; null: all."
    )
    calendar: Annotated[RecordKey, KeyRef("calendar", must_exist=True)] | None = Field(
        default=None, description="The key of the calendar that it counts by; null: the agreement's."
    )
    pause_reasons: Annotated[
        tuple[HoldReason, ...], Field(max_length=len(HoldReason)), BoundedList, WithoutDuplicates
    ] = Field(default=(), description="The reasons for holding a case that pause it.")
    pause_states: Annotated[tuple[RecordKey, ...], Field(max_length=20), BoundedList, WithoutDuplicates] = (
        Field(default=(), description="The states of a case that pause it, as `in_acceptance`.")
    )
    warning_percents: Percents = Field(
        default=USUAL_WARNINGS, description="At which percentages of its time it warns."
    )


class ConsequenceTier(PayloadPart):
    """A consequence from a result on: a share of the cost, or an amount."""

    below: DecimalText = Field(
        description="For a result that is worse than this: below it, above it of a clock."
    )
    percent: DecimalText | None = Field(default=None, description="Percent of the cost of the period.")
    amount: DecimalText | None = Field(default=None, description="An amount in the currency of the cost.")


class Consequence(PayloadPart):
    """The consequence of a missed target, by the tier of its result. It is computed and proposed, never paid
    here.
    """

    target: TargetId = Field(description="The target: its id in the agreement.")
    kind: ConsequenceKind = Field(description="What it is.")
    tiers: Annotated[tuple[ConsequenceTier, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="By result, the mildest first."
    )


class ExpectedWorkload(PayloadPart):
    """The number of cases of a kind that the targets are agreed for."""

    process: RecordKey = Field(description="The kind of the cases: `incident`, `request` …")
    per: ReportingPeriod = Field(description="In which period.")
    cases: int = Field(ge=0, le=100_000_000, strict=True, description="How many at most.")


class AgreementTerms(Payload):
    """The terms of an agreement; what is left out stays as it is."""

    title: Title | None = Field(default=None, description="What it is called, in a line.")
    services: Annotated[
        tuple[Annotated[RecordKey, KeyRef("service", must_exist=True)], ...], BoundedList, WithoutDuplicates
    ] = Field(default=(), max_length=LONGEST_LIST, description="The keys of the services that it is about.")
    catalogue_items: Annotated[
        tuple[Annotated[RecordKey, KeyRef("catalogue_item", must_exist=True)], ...],
        BoundedList,
        WithoutDuplicates,
    ] = Field(
        default=(), max_length=LONGEST_LIST, description="The keys of the catalogue items that it is about."
    )
    valid_from: IsoDate | None = Field(
        default=None, description="Its first day, by the zone of its calendar."
    )
    valid_to: IsoDate | None = Field(default=None, description="Its last day; null: it has no end.")
    notice_days: Annotated[int, Field(ge=0, le=3650, strict=True)] | None = Field(
        default=None, description="How many days before its end either party gives notice."
    )
    calendar: Annotated[RecordKey, KeyRef("calendar", must_exist=True)] | None = Field(
        default=None, description="The key of the calendar of the agreed service time."
    )
    targets: Annotated[tuple[AgreementTarget, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="What is to be reached; each has an id of its own."
    )
    rests_on: Annotated[tuple[Annotated[Reference, ForeignRef("sla")], ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The OLAs and UCs that an SLA rests on: ids or numbers.",
    )
    reporting_period: ReportingPeriod | None = Field(default=None, description="How often it is reported on.")
    review_months: Annotated[int, Field(ge=1, le=LONGEST_REVIEW_MONTHS, strict=True)] | None = Field(
        default=None, description="How many months after a review the next is due; 12 if nobody says."
    )
    reopen_days: Annotated[int, Field(ge=0, le=365, strict=True)] | None = Field(
        default=None, description="For how many days a resolved case can be reopened; null: the usual."
    )
    degraded_weight: Share | None = Field(
        default=None,
        description="How much a degraded second counts as outage, from 0 to 1; 0 if nobody says.",
    )
    maintenance_counts: bool | None = Field(
        default=None, description="Whether approved maintenance counts as outage; not, if nobody says."
    )
    cost_amount: Annotated[Amount, StaffOnly()] | None = Field(
        default=None, description="For staff: what it costs in a period."
    )
    cost_currency: Annotated[Currency, StaffOnly()] | None = Field(
        default=None, description="For staff: in which currency."
    )
    cost_period: Annotated[ReportingPeriod, StaffOnly()] | None = Field(
        default=None, description="For staff: in which period."
    )
    consequences: Annotated[tuple[Consequence, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="What follows if a target is missed."
    )
    workload: Annotated[tuple[ExpectedWorkload, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="How many cases the targets are agreed for."
    )
    workload_above: Paragraph | None = Field(default=None, description="What holds above that.")
    customer_duties: Paragraph | None = Field(default=None, description="What the other party has to do.")
    security_boundary: Paragraph | None = Field(default=None, description="Who answers for which security.")
    resources: Paragraph | None = Field(
        default=None, description="The roles and means kept ready for it. Name no persons here."
    )
    text: Paragraph | None = Field(
        default=None,
        description="The agreement in words that the other party understands. Name no persons here.",
    )
    specification: Annotated[Paragraph, StaffOnly()] | None = Field(
        default=None, description="For staff: what IT and each supplier must do for it, in their terms."
    )
    quality_plan: Paragraph | None = Field(
        default=None, description="How it is measured, by whom, and reported when."
    )
