"""The content of a service report, as values. Shares, money and thresholds are decimal texts, since the log
holds no fractions.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.common.priorities.priority import Priority
from app.common.records import CodeEnum
from app.common.times.clocks import AgreementType
from app.kpis.answers.outlook import Outlook
from app.kpis.questions.periods import Grain
from app.service_levels.agreements.records import (
    ConsequenceKind,
    TargetComparator,
    TargetMetric,
)
from app.service_levels.reports.actions import PeriodLabel


class TargetVerdict(CodeEnum):
    """The verdict on a target in a period."""

    met = "met", "Met", "达标"
    missed = "missed", "Missed", "未达标"
    no_cases = "no_cases", "No cases", "无单据"
    not_measured = "not_measured", "Not measured", "无法测量"


class ExclusionKind(CodeEnum):
    """The kind of exclusion from the figures."""

    case = "case", "Case left out", "单据不计入"
    withdrawn = "withdrawn", "Breach withdrawn", "撤销超时"
    maintenance = "maintenance", "Approved maintenance", "已批准的维护"


class Frozen(OutputModel):
    """Base of the parts of a report."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True, defer_build=True)


class ReportedAgreement(Frozen):
    """The agreement when the report was computed."""

    id: UUID
    number: str = Field(description="Number by which people know the agreement.")
    edition: int = Field(description="Number of the agreement's edition.")
    agreement_type: AgreementType
    title: str = Field(description="Title of the agreement.")
    party_id: UUID | None = Field(description="Customer, team or supplier; null for all customers.")
    party: str | None = Field(description="Name of the customer, team or supplier; null for all customers.")
    services: list[str] = Field(description="Keys of the agreement's services; empty for all services.")


class ReportBreach(Frozen):
    """A case whose clock passed its target in the period."""

    kind: str = Field(description="Kind of the case, such as `incident`.")
    case_id: UUID = Field(description="Identifier of the case, as in its address.")
    number: str | None = Field(description="Number by which people know the case; null if not set.")
    round: int = Field(description="Number of the round of updates; 1 for other metrics.")
    priority: Priority | None = Field(description="Priority of the case; null if it was not set.")
    target_seconds: int = Field(description="Number of business seconds that the target allows.")
    elapsed_seconds: int | None = Field(
        description="Number of business seconds on the clock; null while it runs."
    )
    breached_at: datetime = Field(description="Time at which the clock passed its target.")
    stopped_at: datetime | None = Field(description="Time at which the clock stopped; null while it is open.")


class ReportTrend(Frozen):
    """The result of the target in an earlier period."""

    period: PeriodLabel
    result: str | None = Field(description="Result in the period; null if there were no cases.")
    cases: int = Field(description="Number of cases in the period.")
    verdict: TargetVerdict


class ReportForecast(Frozen):
    """The target in the period that is running when the report is computed."""

    period: PeriodLabel
    result: str | None = Field(description="Result so far; null if there are no cases.")
    cases: int = Field(description="Number of cases decided so far.")
    more_cases: int | None = Field(
        description="Number of further cases assumed at the pace so far; null if unknown."
    )
    outlook: Outlook | None = Field(description="Outlook for the target; null if unknown.")


class ReportTarget(Frozen):
    """A target of the agreement, or of an edition that it has replaced, and its result in the period. For a
    clock, the result is the share of cases in time: those that ended in time, out of these and those that
    passed their target in the period.
    """

    id: str = Field(
        description="Identifier of the target. It includes the edition, such as `t1-e1`, if the target "
        "is from an earlier edition and is missing or has other terms in this one."
    )
    edition: int | None = Field(default=None, description="Edition of the target.")
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
    kpi: str | None = Field(description="Key of the KPI that measures the target; null for clocks.")
    unit: str | None = Field(
        description="Unit of the result and the threshold, such as `ratio` or `seconds`."
    )
    threshold_seconds: int | None = Field(
        description="Number of business seconds of a clock's target; null for other targets."
    )
    threshold: str | None = Field(
        description="Threshold of a metric without clocks, as a decimal text; null for clocks."
    )
    comparator: TargetComparator
    compliance: str | None = Field(
        description="Share of a clock's cases that was agreed; null for all cases."
    )
    result: str | None = Field(description="Result in the period; null if there are no cases.")
    verdict: TargetVerdict
    cases: int = Field(description="Number of cases in the period.")
    met: int | None = Field(description="Number of clocks in time; null for other metrics.")
    missed: int | None = Field(description="Number of clocks that were not in time; null for other metrics.")
    excluded: int | None = Field(
        description="Number of clocks that ended without counting; null for other metrics."
    )
    scope: list[str] = Field(
        description="Dimensions by which the KPI was filtered: `agreement`, `service`, `customer`."
    )
    breaches: list[ReportBreach] = Field(description="First breaches.")
    breaches_left_out: int = Field(description="Number of breaches that are not listed.")
    trend: list[ReportTrend] = Field(description="Results of earlier periods, the oldest first.")
    forecast: ReportForecast | None = Field(
        description="Forecast for the running period; null if the agreement has ended."
    )


class ReportExclusion(Frozen):
    """An exclusion from the figures, and the person or rule that allowed it."""

    what: ExclusionKind
    kind: str = Field(description="Kind of the record, such as `incident`.")
    record_id: UUID = Field(description="Identifier of the record, as in its address.")
    number: str | None = Field(description="Number by which people know the record; null if not set.")
    target: str | None = Field(
        description="Identifier of the target; null if the exclusion concerns all targets."
    )
    reason: str | None = Field(
        description="Code of the reason, such as `cancelled`, `duplicate` or `reprioritised`."
    )
    at: datetime = Field(description="Time of the exclusion.")
    ends_at: datetime | None = Field(description="End of a maintenance; null for other exclusions.")
    by: str | None = Field(
        description="Actor who allowed the exclusion: `person:<id>`, `rule:<name>` or another tool; "
        "null if unknown."
    )


class ReportWorkload(Frozen):
    """The volume of the period, compared with the agreed workload."""

    process: str = Field(description="Kind of the cases, such as `incident`.")
    expected: str | None = Field(
        description="Number of cases agreed for the period, or for a part of it; null if not agreed."
    )
    cases: int = Field(description="Number of cases in the period.")
    above: bool = Field(
        description="True if there were more cases than agreed, so that the rule in `workload_above` applies."
    )


class ReportContent(Frozen):
    """The part of a report for both parties."""

    agreement: ReportedAgreement
    period: PeriodLabel
    grain: Grain
    tz: str = Field(description="Time zone in which the period begins and ends.")
    from_at: datetime = Field(description="Beginning of the agreement's part of the period.")
    to_at: datetime = Field(description="End of the agreement's part of the period, exclusive.")
    over: bool = Field(description="True if the period is over; before that, the figures change.")
    signed_at: datetime | None = Field(
        default=None,
        description="Time at which the agreement was signed, if that was after `from_at`; cases that "
        "were opened before do not count. Null otherwise.",
    )
    targets: list[ReportTarget] = Field(description="Targets with their results.")
    earlier_cases: int = Field(
        description="Number of decided clocks of targets that the agreement no longer had; only in "
        "older reports, as these targets now have lines of their own."
    )
    exclusions: list[ReportExclusion] = Field(description="First exclusions.")
    exclusions_left_out: int = Field(description="Number of exclusions that are not listed.")
    workload: list[ReportWorkload] = Field(description="Volumes by kind of case.")
    workload_above: str | None = Field(
        description="Rule for a workload above the expected one; null if the agreement has none."
    )
    improvement_needed: list[str] = Field(
        description="Missed targets, each of which needs a service improvement plan."
    )


class ReportCause(Frozen):
    """The stated cause of a breach."""

    target: str = Field(description="Identifier of the target.")
    case_id: UUID = Field(description="Identifier of the case, as in its address.")
    number: str | None = Field(description="Number by which people know the case; null if not set.")
    round: int = Field(description="Number of the round of updates; 1 for other metrics.")
    cause: str | None = Field(description="Code of the cause; null if not stated.")


class ReportCauseCount(Frozen):
    """The number of a target's breaches with the same cause."""

    target: str = Field(description="Identifier of the target.")
    cause: str | None = Field(description="Code of the cause; null if not stated.")
    cases: int = Field(description="Number of breaches.")


class ReportCost(Frozen):
    """The cost of the period, compared with the agreed cost."""

    currency: str | None = Field(description="Currency of the costs (ISO 4217); null if not agreed.")
    agreed: str | None = Field(
        description="Cost agreed for the period, or for a part of it; null if not agreed."
    )
    work: str = Field(description="Cost of the work logged on the cases, at the rates of that time.")
    spent: str = Field(description="Money spent on the cases.")
    actual: str = Field(description="Sum of work and money spent.")
    unrated_minutes: int = Field(description="Number of minutes without a rate, which are not included.")
    other_currencies: int = Field(
        description="Number of entries in other currencies, which are not included."
    )


class ReportConsequence(Frozen):
    """A consequence computed from a target's result; proposed until it is released."""

    target: str = Field(description="Identifier of the target.")
    kind: ConsequenceKind
    result: str | None = Field(description="Result of the target; null if there are no cases.")
    due: bool = Field(description="True if a tier applies.")
    below: str | None = Field(
        description="Limit of the tier, which applies to worse results; null if no tier applies."
    )
    percent: str | None = Field(
        description="Percentage of the agreed cost of the period; null if the tier has an amount."
    )
    cost: str | None = Field(description="Agreed cost of the period; null if not agreed.")
    amount: str | None = Field(description="Resulting amount; null if no cost is agreed.")
    currency: str | None = Field(description="Currency of the amount (ISO 4217); null if there is no amount.")


class StaffContent(Frozen):
    """The part of a report for staff."""

    cost: ReportCost
    causes: list[ReportCause] = Field(description="Causes of the listed breaches.")
    cause_counts: list[ReportCauseCount] = Field(description="Causes of all breaches.")
    consequences: list[ReportConsequence] = Field(description="Consequences of missed targets.")


class ReportChange(Frozen):
    """A figure that a correction changed."""

    path: str = Field(description="Path within the report: `targets/t1/met`.")
    before: str | None = Field(description="Earlier value; null if absent.")
    after: str | None = Field(description="Later value; null if absent.")
