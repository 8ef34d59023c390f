"""Terms of agreements in payloads: targets, consequences, workload."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from app.common.components import Component
from app.common.money import Amount, Currency, Price
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
    Agreement,
    ConsequenceKind,
    ReportingPeriod,
    TargetComparator,
    TargetMetric,
)

#: The longest time of a clock: a year.
LONGEST_CLOCK = 366 * 24 * 3600
#: Reviews are at least yearly.
LONGEST_REVIEW_MONTHS = 12
#: Percentages of a target at which a clock warns, unless the target names others.
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
    Component("TargetId", "Identifier of a target in the agreement.", "t1"),
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
    """A target of an agreement: the cases, the metric and the threshold. A condition that is left out fits
    every case.
    """

    id: TargetId = Field(
        description="Identifier of the target in the agreement, which reports and clocks use."
    )
    metric: TargetMetric = Field(description="Metric of the target.")
    process: RecordKey | None = Field(default=None, description="Kind of the cases, such as `incident`.")
    priority: Priority | None = Field(default=None, description="Priority of the cases.")
    category: RecordKey | None = Field(default=None, description="Key of the cases' category.")
    service: Annotated[RecordKey, KeyRef("service", must_exist=True)] | None = Field(
        default=None, description="Key of the cases' service."
    )
    catalogue_item: Annotated[RecordKey, KeyRef("catalogue_item", must_exist=True)] | None = Field(
        default=None, description="Key of the cases' catalogue item."
    )
    threshold_seconds: Annotated[int, Field(ge=1, le=LONGEST_CLOCK, strict=True)] | None = Field(
        default=None, description="Largest number of business seconds on a clock."
    )
    threshold: DecimalText | None = Field(
        default=None,
        description="Threshold of a metric without clocks, in its unit; a share such as `0.999`.",
    )
    kpi: RecordKey | None = Field(default=None, description="Key of the KPI, for the metric `kpi`.")
    comparator: TargetComparator = Field(
        default=TargetComparator.le,
        description="Comparison of the result with the threshold: lt for below, le for at most, gt for "
        "above, ge for at least. Clocks need `le`, and availability needs `ge`.",
    )
    compliance: Share | None = Field(
        default=None, description="Share of the cases that must meet the target; null for all cases."
    )
    calendar: Annotated[RecordKey, KeyRef("calendar", must_exist=True)] | None = Field(
        default=None, description="Key of the target's calendar; null to use the agreement's calendar."
    )
    pause_reasons: Annotated[
        tuple[HoldReason, ...], Field(max_length=len(HoldReason)), BoundedList, WithoutDuplicates
    ] = Field(default=(), description="Reasons for a hold that pause the clock.")
    pause_states: Annotated[tuple[RecordKey, ...], Field(max_length=20), BoundedList, WithoutDuplicates] = (
        Field(default=(), description="States of a case that pause the clock, such as `in_acceptance`.")
    )
    warning_percents: Percents = Field(
        default=USUAL_WARNINGS, description="Percentages of the target at which a clock warns."
    )


class ConsequenceTier(PayloadPart):
    """A tier of a consequence: a percentage of the price, or an amount."""

    below: DecimalText = Field(
        description="Limit of the tier, which applies to worse results: lower ones, and for a clock "
        "higher ones."
    )
    percent: DecimalText | None = Field(default=None, description="Percentage of the price of the period.")
    amount: DecimalText | None = Field(default=None, description="Amount in the currency of the price.")


class Consequence(PayloadPart):
    """The consequence of a missed target, by tiers of its result. It is computed and proposed, but never paid
    here.
    """

    target: TargetId = Field(description="Identifier of the target in the agreement.")
    kind: ConsequenceKind = Field(description="Kind of consequence.")
    tiers: Annotated[tuple[ConsequenceTier, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Tiers by result, the mildest first."
    )


class ExpectedWorkload(PayloadPart):
    """The number of cases of a kind that the targets are agreed for."""

    process: RecordKey = Field(description="Kind of the cases, such as `incident`.")
    per: ReportingPeriod = Field(description="Period in which the cases are counted.")
    cases: int = Field(ge=0, le=100_000_000, strict=True, description="Largest number of cases.")


class AgreementTerms(Payload, of=Agreement):
    """The terms of an agreement; what is left out stays as it is."""

    title: Title | None = None
    services: Annotated[
        tuple[Annotated[RecordKey, KeyRef("service", must_exist=True)], ...], BoundedList, WithoutDuplicates
    ] = Field(default=(), max_length=LONGEST_LIST)
    catalogue_items: Annotated[
        tuple[Annotated[RecordKey, KeyRef("catalogue_item", must_exist=True)], ...],
        BoundedList,
        WithoutDuplicates,
    ] = Field(default=(), max_length=LONGEST_LIST)
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None
    notice_days: Annotated[int, Field(ge=0, le=3650, strict=True)] | None = None
    calendar: Annotated[RecordKey, KeyRef("calendar", must_exist=True)] | None = None
    targets: Annotated[tuple[AgreementTarget, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)
    rests_on: Annotated[tuple[Annotated[Reference, ForeignRef("sla")], ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )
    reporting_period: ReportingPeriod | None = None
    review_months: Annotated[int, Field(ge=1, le=LONGEST_REVIEW_MONTHS, strict=True)] | None = None
    reopen_days: Annotated[int, Field(ge=0, le=365, strict=True)] | None = None
    degraded_weight: Share | None = None
    maintenance_counts: bool | None = None
    price_amount: Price | None = None
    price_currency: Currency | None = None
    price_period: ReportingPeriod | None = None
    cost_amount: Annotated[Amount, StaffOnly()] | None = None
    cost_currency: Annotated[Currency, StaffOnly()] | None = None
    cost_period: Annotated[ReportingPeriod, StaffOnly()] | None = None
    consequences: Annotated[tuple[Consequence, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)
    workload: Annotated[tuple[ExpectedWorkload, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )
    workload_above: Paragraph | None = None
    customer_duties: Paragraph | None = None
    security_boundary: Paragraph | None = None
    resources: Paragraph | None = None
    text: Paragraph | None = None
    specification: Annotated[Paragraph, StaffOnly()] | None = None
    quality_plan: Paragraph | None = None
