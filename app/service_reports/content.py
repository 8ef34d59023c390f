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

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class ReportedAgreement(Frozen):
    """The agreement, as it stood when the report was computed."""

    id: UUID
    number: str
    edition: int
    agreement_type: AgreementType
    title: str
    party_id: UUID | None = Field(description="The customer, team or supplier; null: all customers.")
    party: str | None = Field(description="Its name.")
    services: list[str] = Field(description="Keys of its services; none: all.")


class ReportBreach(Frozen):
    """A case whose clock went past its target in the period."""

    kind: str
    case_id: UUID
    number: str | None
    round: int = Field(description="1; of updates the round.")
    priority: Priority | None
    target_seconds: int
    elapsed_seconds: int | None = Field(description="Business seconds; null: the clock still runs.")
    breached_at: datetime
    stopped_at: datetime | None = Field(description="Null: it is still open.")


class ReportTrend(Frozen):
    """The result of the target in an earlier period."""

    period: PeriodLabel
    result: str | None
    cases: int
    verdict: TargetVerdict


class ReportForecast(Frozen):
    """The target in the period that is running when the report is computed."""

    period: PeriodLabel
    result: str | None = Field(description="So far.")
    cases: int = Field(description="Decided so far.")
    more_cases: int | None = Field(description="How many more are assumed to come, at the pace so far.")
    outlook: Outlook | None = Field(description="Null where nothing can be said.")


class ReportTarget(Frozen):
    """A target of the agreement, or of an edition that it has replaced, and its result in the period.

    Of a clock the result is the share of cases in time: those that ended in time, of these and those that
    went past their target in the period, ended or not.
    """

    id: str = Field(
        description="The target's; of one that an earlier edition had, and this one has not or has "
        "otherwise, with that edition: `t1-e1`."
    )
    edition: int | None = Field(default=None, description="The edition whose target it is.")
    metric: TargetMetric
    process: str | None
    priority: Priority | None
    category: str | None
    service: str | None
    catalogue_item: str | None
    kpi: str | None = Field(description="The key of the KPI that it is measured by; null: by clocks.")
    unit: str | None = Field(description="Of the result and the threshold: `ratio`, `seconds` …")
    threshold_seconds: int | None
    threshold: str | None
    comparator: TargetComparator
    compliance: str | None = Field(description="Of a clock, the share that was agreed; null: all.")
    result: str | None = Field(description="Null: there are no cases.")
    verdict: TargetVerdict
    cases: int
    met: int | None = Field(description="Of a clock: how many were in time.")
    missed: int | None = Field(description="Of a clock: how many were not.")
    excluded: int | None = Field(description="Of a clock: how many ended without counting.")
    scope: list[str] = Field(description="By what the KPI was narrowed: `agreement`, `service`, `customer`.")
    breaches: list[ReportBreach] = Field(description="The first of them.")
    breaches_left_out: int = Field(description="How many more there are.")
    trend: list[ReportTrend] = Field(description="The periods before, the oldest first.")
    forecast: ReportForecast | None = Field(description="Null: the agreement has ended.")


class ReportExclusion(Frozen):
    """An exclusion from the figures, and who allowed it."""

    what: ExclusionKind
    kind: str = Field(description="Of the record: `incident`, `change` …")
    record_id: UUID
    number: str | None
    target: str | None
    reason: str | None = Field(description="A code: `cancelled`, `duplicate`, `reprioritised` …")
    at: datetime
    ends_at: datetime | None = Field(description="Of maintenance: its end.")
    by: str | None = Field(description="Who allowed it: `person:<id>`, `rule:<name>` or another tool.")


class ReportWorkload(Frozen):
    """The volume of the period against what the targets are agreed for."""

    process: str
    expected: str | None = Field(description="For this period, or the part of it; null: nothing was agreed.")
    cases: int
    above: bool = Field(description="Whether there were more: `workload_above` says what holds then.")


class ReportContent(Frozen):
    """The part of a report for both parties."""

    agreement: ReportedAgreement
    period: PeriodLabel
    grain: Grain
    tz: str
    from_at: datetime = Field(description="Where the agreement's part of the period begins.")
    to_at: datetime = Field(description="The first instant behind it.")
    over: bool = Field(description="False: the period still runs, and figures change.")
    signed_at: datetime | None = Field(
        default=None,
        description="When the agreement was signed, if that was after `from_at`: no clock of what was opened "
        "before counts.",
    )
    targets: list[ReportTarget]
    earlier_cases: int = Field(
        description="In reports of before: decided clocks of targets that the agreement had no more. They "
        "have lines of their own since."
    )
    exclusions: list[ReportExclusion] = Field(description="The first of them.")
    exclusions_left_out: int = Field(description="How many more there are.")
    workload: list[ReportWorkload]
    workload_above: str | None = Field(description="What holds above the workload.")
    improvement_needed: list[str] = Field(
        description="Targets that were missed: each needs a service improvement plan."
    )


class ReportCause(Frozen):
    """The stated cause of a breach."""

    target: str
    case_id: UUID
    number: str | None
    round: int
    cause: str | None = Field(description="A code; null: nobody has said.")


class ReportCauseCount(Frozen):
    """The number of a target's breaches with a cause."""

    target: str
    cause: str | None
    cases: int


class ReportCost(Frozen):
    """The cost of the period against what was agreed."""

    currency: str | None
    agreed: str | None = Field(description="For this period, or the part of it.")
    work: str = Field(description="Worked time on its cases, at the rates of then.")
    spent: str = Field(description="Money spent on its cases.")
    actual: str = Field(description="Both.")
    unrated_minutes: int = Field(description="Minutes without a rate, which are not in it.")
    other_currencies: int = Field(description="Entries in other currencies, which are not in it.")


class ReportConsequence(Frozen):
    """A consequence, computed from a target's result; proposed until somebody releases it."""

    target: str
    kind: ConsequenceKind
    result: str | None
    due: bool = Field(description="Whether a tier applies.")
    below: str | None = Field(description="The tier: for results worse than this.")
    percent: str | None = Field(description="Percent of the agreed cost of the period.")
    cost: str | None = Field(description="That cost.")
    amount: str | None = Field(description="What comes of it; null where no cost is agreed.")
    currency: str | None


class StaffContent(Frozen):
    """The part of a report that is for staff only."""

    cost: ReportCost
    causes: list[ReportCause] = Field(description="Of the breaches that the report lists.")
    cause_counts: list[ReportCauseCount] = Field(description="Of all breaches.")
    consequences: list[ReportConsequence]


class ReportChange(Frozen):
    """A figure that a correction changed."""

    path: str = Field(description="Where it stands in the report: `targets/t1/met`.")
    before: str | None
    after: str | None
