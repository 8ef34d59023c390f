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
    not_measured = "not_measured", "Not measured", "无法度量"


class ExclusionKind(CodeEnum):
    """The kind of an exclusion from the figures."""

    case = "case", "Case left out", "单据不计入"
    withdrawn = "withdrawn", "Breach withdrawn", "撤销超时"
    maintenance = "maintenance", "Approved maintenance", "已批准的维护"


class Frozen(OutputModel):
    """Base of the parts of a report."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True, defer_build=True)


class ReportedAgreement(Frozen):
    """The agreement, as it stood when the report was computed."""

    id: UUID
    number: str
    edition: int
    agreement_type: AgreementType
    title: str
    party_id: UUID | None = Field(description="The customer, team or supplier; null: all customers.")
    party: str | None = Field(description="The name.")
    services: list[str] = Field(description="Keys of the agreement's services; none: all.")


class ReportBreach(Frozen):
    """A case whose clock went past its target in the period."""

    kind: str
    case_id: UUID
    number: str | None
    round: int = Field(description="Number of the round of updates; else 1.")
    priority: Priority | None
    target_seconds: int
    elapsed_seconds: int | None = Field(description="Number of business seconds; null: the clock still runs.")
    breached_at: datetime
    stopped_at: datetime | None = Field(description="The end; null: it is still open.")


class ReportTrend(Frozen):
    """The result of the target in an earlier period."""

    period: PeriodLabel
    result: str | None
    cases: int
    verdict: TargetVerdict


class ReportForecast(Frozen):
    """The target in the period that is running when the report is computed."""

    period: PeriodLabel
    result: str | None = Field(description="The value so far.")
    cases: int = Field(description="Number of cases decided so far.")
    more_cases: int | None = Field(
        description="Number of further cases that are assumed, at the pace so far."
    )
    outlook: Outlook | None = Field(description="The outlook; null where nothing can be said.")


class ReportTarget(Frozen):
    """A target of the agreement, or of an edition that it has replaced, and its result in the period.

    Of a clock the result is the share of cases in time: those that ended in time, of these and those that
    went past their target in the period, ended or not.
    """

    id: str = Field(
        description="The id of the target; with the edition (`t1-e1`) if an earlier edition had it, and this "
        "one has not or has it otherwise."
    )
    edition: int | None = Field(default=None, description="The edition whose target it is.")
    metric: TargetMetric
    process: str | None
    priority: Priority | None
    category: str | None
    service: str | None
    catalogue_item: str | None
    kpi: str | None = Field(description="The key of the KPI by which it is measured; null: by clocks.")
    unit: str | None = Field(description="The unit of the result and the threshold: `ratio`, `seconds` …")
    threshold_seconds: int | None
    threshold: str | None
    comparator: TargetComparator
    compliance: str | None = Field(description="The share of a clock's cases that was agreed; null: all.")
    result: str | None = Field(description="The result; null: there are no cases.")
    verdict: TargetVerdict
    cases: int
    met: int | None = Field(description="Number of clocks that were in time.")
    missed: int | None = Field(description="Number of clocks that were not in time.")
    excluded: int | None = Field(description="Number of clocks that ended without counting.")
    scope: list[str] = Field(
        description="The dimensions by which the KPI was filtered: `agreement`, `service`, `customer`."
    )
    breaches: list[ReportBreach] = Field(description="The first of them.")
    breaches_left_out: int = Field(description="Number of those that are not listed.")
    trend: list[ReportTrend] = Field(description="The periods before, the oldest first.")
    forecast: ReportForecast | None = Field(description="The forecast; null: the agreement has ended.")


class ReportExclusion(Frozen):
    """An exclusion from the figures, and who allowed it."""

    what: ExclusionKind
    kind: str = Field(description="The kind of the record: `incident`, `change` …")
    record_id: UUID
    number: str | None
    target: str | None
    reason: str | None = Field(
        description="The code of the reason: `cancelled`, `duplicate`, `reprioritised` …"
    )
    at: datetime
    ends_at: datetime | None = Field(description="The end of a maintenance.")
    by: str | None = Field(
        description="The actor who allowed it: `person:<id>`, `rule:<name>` or another tool."
    )


class ReportWorkload(Frozen):
    """The volume of the period against what the targets are agreed for."""

    process: str
    expected: str | None = Field(
        description="Number of cases agreed for this period, or the part of it; null: nothing was agreed."
    )
    cases: int
    above: bool = Field(description="True if there were more: `workload_above` is the rule for that.")


class ReportContent(Frozen):
    """The part of a report for both parties."""

    agreement: ReportedAgreement
    period: PeriodLabel
    grain: Grain
    tz: str
    from_at: datetime = Field(description="The begin of the agreement's part of the period.")
    to_at: datetime = Field(description="The end, exclusive.")
    over: bool = Field(description="True if the period is over; before that, figures change.")
    signed_at: datetime | None = Field(
        default=None,
        description="Time at which the agreement was signed, if that was after `from_at`: no clock of a case "
        "opened before counts.",
    )
    targets: list[ReportTarget]
    earlier_cases: int = Field(
        description="Number, in older reports only, of decided clocks of targets that the agreement had no "
        "more; they have lines of their own now."
    )
    exclusions: list[ReportExclusion] = Field(description="The first of them.")
    exclusions_left_out: int = Field(description="Number of those that are not listed.")
    workload: list[ReportWorkload]
    workload_above: str | None = Field(description="The rule above the expected workload.")
    improvement_needed: list[str] = Field(
        description="The missed targets; each needs a service improvement plan."
    )


class ReportCause(Frozen):
    """The stated cause of a breach."""

    target: str
    case_id: UUID
    number: str | None
    round: int
    cause: str | None = Field(description="The code of the cause; null: nobody has said.")


class ReportCauseCount(Frozen):
    """The number of a target's breaches with a cause."""

    target: str
    cause: str | None
    cases: int


class ReportCost(Frozen):
    """The cost of the period against what was agreed."""

    currency: str | None
    agreed: str | None = Field(description="The cost agreed for this period, or the part of it.")
    work: str = Field(description="The cost of worked time on its cases, at the rates of that time.")
    spent: str = Field(description="The money spent on its cases.")
    actual: str = Field(description="The sum of work and money spent.")
    unrated_minutes: int = Field(description="Number of minutes without a rate, which are not included.")
    other_currencies: int = Field(
        description="Number of entries in other currencies, which are not included."
    )


class ReportConsequence(Frozen):
    """A consequence, computed from a target's result; proposed until somebody releases it."""

    target: str
    kind: ConsequenceKind
    result: str | None
    due: bool = Field(description="True if a tier applies.")
    below: str | None = Field(description="The bound of the tier, for results that are worse.")
    percent: str | None = Field(description="The percentage of the agreed cost of the period.")
    cost: str | None = Field(description="The agreed cost of the period.")
    amount: str | None = Field(description="The resulting amount; null where no cost is agreed.")
    currency: str | None


class StaffContent(Frozen):
    """The part of a report that is for staff only."""

    cost: ReportCost
    causes: list[ReportCause] = Field(description="The causes of the breaches that the report lists.")
    cause_counts: list[ReportCauseCount] = Field(description="The causes of all breaches.")
    consequences: list[ReportConsequence]


class ReportChange(Frozen):
    """A figure that a correction changed."""

    path: str = Field(description="The path within the report: `targets/t1/met`.")
    before: str | None
    after: str | None
