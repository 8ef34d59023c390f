"""Process audits, their self-checks and their draws (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.process_names import OF_PROCESS


class AuditState(CodeEnum):
    """State of a process audit."""

    open = "open", "Open", "进行中"
    submitted = "submitted", "Self-check submitted", "自查已提交"
    confirmed = "confirmed", "Summary confirmed", "汇总已确认"
    countersigned = "countersigned", "Countersigned", "负责人已会签"
    concluded = "concluded", "Concluded", "已结论"


class SelfCheckItem(CodeEnum):
    """Item that a self-check consists of."""

    runs = "runs", "Number of cases", "运行次数"
    measures = "measures", "Measures", "措施"
    deviations = "deviations", "Deviations", "偏差"
    design_faults = "design_faults", "Design faults", "设计缺陷"


class DesignFaultKind(CodeEnum):
    """The part of a process in which a design fault lies."""

    diagram = "diagram", "Diagram", "流程图"
    rule = "rule", "Rule", "规则"
    form = "form", "Form", "表单"


class IrregularityRule(CodeEnum):
    """Rule by which the log shows something irregular in a case."""

    missing_evidence = "missing_evidence", "Ended without text, file or document", "结束时无说明、附件或文档"
    out_of_order = "out_of_order", "Step out of order", "步骤次序不符"
    self_approval = "self_approval", "Approved by the requester", "自行审批"
    late_step = "late_step", "Late step", "步骤逾期"
    skipped_step = "skipped_step", "Step skipped", "缺少步骤"
    doubled_step = "doubled_step", "Step done twice", "重复步骤"
    wrong_form = "wrong_form", "Edited after the end", "结束后被修改"


class Audit(Record):
    """The audit of how a team ran a process in a month.

    `log_runs` and `log_irregular` are the numbers of cases, and of irregular ones, that the log had at
    `log_position`, when the self-check was submitted.
    """

    KIND: ClassVar[str] = "audit"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: AuditState | None = required("Its state.")
    month: str | None = required("The month that is audited.", examples=["2026-10"])
    team_id: Annotated[UUID | None, ForeignRef("team")] = required("The team that is audited.")
    process: Annotated[str | None, OF_PROCESS] = required(
        "The process: `incident`, `request` …, or another one's name.", examples=["incident"]
    )
    head_id: Annotated[UUID | None, ForeignRef("person")] = optional("The team's head when it was opened.")
    runs: int | None = optional("Number of cases, as the self-check says.", examples=[42])
    log_runs: int | None = optional("Number of cases that the log had.")
    log_irregular: int | None = optional("Number of irregular cases that the log had.")
    log_position: int | None = optional("Position of the log of these numbers.", sa_type=BigInteger)
    self_checked_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who submitted the self-check."
    )
    low_performers: Annotated[str | None, Personal()] = optional("The analysis of what performed low.")
    measures: Annotated[str | None, Personal()] = optional("The measures that follow from it.")
    summarised_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who confirmed the summary."
    )
    summary: Annotated[str | None, Personal()] = optional("The summary of the whole audit.")
    incomplete_items: list[str] | None = optional("The items of the self-check that were incomplete.")
    late_days: int | None = optional("Number of days begun that the countersigned summary was late.")
    self_check_due_at: datetime | None = required("The time by which the self-check is due.")
    summary_due_at: datetime | None = required("The time by which the countersigned summary is due.")
    self_check_overdue_at: datetime | None = optional("The time at which the self-check was overdue.")
    summary_overdue_at: datetime | None = optional("The time at which the summary was overdue.")
    opened_at: Annotated[datetime | None, EnteredAt(AuditState.open)] = required(
        "The time at which it was opened."
    )
    submitted_at: Annotated[datetime | None, EnteredAt(AuditState.submitted)] = optional(
        "The time at which the self-check was submitted."
    )
    confirmed_at: Annotated[datetime | None, EnteredAt(AuditState.confirmed)] = optional(
        "The time at which the summary was confirmed."
    )
    countersigned_at: Annotated[datetime | None, EnteredAt(AuditState.countersigned)] = optional(
        "The time at which the team's head countersigned the summary."
    )
    drawn_at: datetime | None = optional("The time of the last draw.")
    concluded_at: Annotated[datetime | None, EnteredAt(AuditState.concluded)] = optional(
        "The time at which it was concluded."
    )

    @property
    def concerned_process(self) -> str | None:
        """The process that is audited: whoever supervises or administers it acts on its audits."""
        return self.process


class SelfCheckEntry(ChildRecord):
    """A measure, a deviation or a design fault that a self-check names."""

    KIND: ClassVar[str] = "self_check_entry"

    item: SelfCheckItem | None = required("The item of the self-check.")
    text: Annotated[str | None, Personal()] = required("The entry, in the words of whoever submitted it.")
    about: str | None = optional("The case that shows it: its number or id.")
    fault: DesignFaultKind | None = optional("The part of the process in which a design fault lies.")
    noted_at: datetime | None = required("The time at which it was noted.")


class AuditDraw(ChildRecord):
    """A sample of the month's cases that was drawn at random. The cases of the team and process that ended
    from `begins_at` and before `ends_at`, as the log had them at `position`, with `seed` and `size` draw the
    same again.
    """

    KIND: ClassVar[str] = "audit_draw"

    seed: int | None = required("The seed of the draw.", examples=[20261016], sa_type=BigInteger)
    size: int | None = required("Number of cases to draw; all, if there are fewer.", examples=[10])
    position: int | None = required("Position of the log of which the cases are taken.", sa_type=BigInteger)
    process: str | None = required("The process whose cases they are.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = required("The team whose cases they are.")
    begins_at: datetime | None = required("The beginning of the month.")
    ends_at: datetime | None = required("The end of the month.")
    population: int | None = required("Number of cases that it was drawn from.")
    drawn: list[str] | None = required("The cases that were drawn, in the order of the draw.")
    irregular: int | None = required("Number of irregularities, of which the first 500 are listed.")
    path_source: str | None = optional(
        "The source of the expected path that the cases were held against: the number of its definition, or "
        "`shipped`.",
        examples=["shipped"],
    )
    facts_position: int | None = optional(
        "Position of the log up to which their steps were known at least.", sa_type=BigInteger
    )
    incomplete_items: list[str] | None = required(
        "The items of the self-check that are missing, or do not say what the log shows."
    )
    drawn_at: datetime | None = required("The time of the draw.")


class AuditIrregularity(ChildRecord):
    """Something irregular that the log shows in a case of the month."""

    KIND: ClassVar[str] = "audit_irregularity"

    draw_id: UUID | None = required("The draw that listed it.")
    about: str | None = required("The case, as `incident/0199…`.")
    rule: IrregularityRule | None = required("The rule that found it.")
    step: str | None = optional(
        "The step of the expected path that the rule is about: a type of event.",
        examples=["change.reviewed"],
    )
    position: int | None = required(
        "Position of the event that shows it; of a step that was skipped, that of the end of the case.",
        sa_type=BigInteger,
    )
    noted_at: datetime | None = required("The time at which it was noted.")
