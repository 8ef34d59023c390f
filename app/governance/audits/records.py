"""Process audits, their self-checks and their draws (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.duties import GivenDuty, HeadedTeam
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
    concluded = "concluded", "Concluded", "已有结论"


class SelfCheckItem(CodeEnum):
    """Item of a self-check."""

    runs = "runs", "Number of cases", "单据数"
    measures = "measures", "Measures", "措施"
    deviations = "deviations", "Deviations", "偏差"
    design_faults = "design_faults", "Design faults", "设计缺陷"


class DesignFaultKind(CodeEnum):
    """The part of a process in which a design fault lies."""

    diagram = "diagram", "Diagram", "流程图"
    rule = "rule", "Rule", "规则"
    form = "form", "Form", "表单"


class IrregularityRule(CodeEnum):
    """Rule by which an irregularity in a case is found in the log."""

    missing_evidence = "missing_evidence", "Ended without text, file or document", "结束时无说明、附件或文件"
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

    number: str = ""
    state: AuditState | None = required()
    month: str | None = required("Month that is audited.", examples=["2026-10"])
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = required(
        "Team that is audited."
    )
    process: Annotated[str | None, OF_PROCESS] = required(
        "Process that is audited, such as `incident`, or its name.", examples=["incident"]
    )
    head_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.appraisal, quiet=True), HeadedTeam("team_id")
    ] = optional("Head of the team when the audit was opened.")
    supervisor_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Supervisor of the process when the audit was opened, who is responsible for its self-check; null if "
        "there was none."
    )
    runs: int | None = optional("Number of cases, from the self-check.", examples=[42])
    log_runs: int | None = optional("Number of cases in the log.")
    log_irregular: int | None = optional("Number of irregular cases in the log.")
    log_position: int | None = optional(
        "Position in the log at which these numbers were computed.", sa_type=BigInteger
    )
    self_checked_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who submitted the self-check."
    )
    low_performers: Annotated[str | None, Personal()] = optional("Analysis of weak results.")
    measures: Annotated[str | None, Personal()] = optional("Measures that follow from the analysis.")
    summarised_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who confirmed the summary."
    )
    summary: Annotated[str | None, Personal()] = optional("Summary of the whole audit.")
    incomplete_items: list[str] | None = optional("The items of the self-check that were incomplete.")
    late_days: int | None = optional(
        "Number of days by which the countersigned summary was late, where a day that has begun counts."
    )
    self_check_due_at: datetime | None = required("Time by which the team must submit the self-check.")
    summary_due_at: datetime | None = required("Time by which the countersigned summary is due.")
    self_check_overdue_at: datetime | None = optional(
        "Time at which the self-check became overdue; null if it never was."
    )
    summary_overdue_at: datetime | None = optional(
        "Time at which the summary became overdue; null if it never was."
    )
    opened_at: Annotated[datetime | None, EnteredAt(AuditState.open)] = required(
        "Time at which the audit was opened."
    )
    submitted_at: Annotated[datetime | None, EnteredAt(AuditState.submitted)] = optional(
        "Time at which the self-check was submitted; null until then."
    )
    confirmed_at: Annotated[datetime | None, EnteredAt(AuditState.confirmed)] = optional(
        "Time at which the summary was confirmed; null until then."
    )
    countersigned_at: Annotated[datetime | None, EnteredAt(AuditState.countersigned)] = optional(
        "Time at which the team's head countersigned the summary; null until then."
    )
    drawn_at: datetime | None = optional("Time of the last draw; null before the first draw.")
    concluded_at: Annotated[datetime | None, EnteredAt(AuditState.concluded)] = optional(
        "Time at which the audit was concluded; null until then."
    )

    @property
    def concerned_process(self) -> str | None:
        """The audited process: people who supervise or administer it act on its audits."""
        return self.process


class SelfCheckEntry(ChildRecord):
    """A measure, a deviation or a design fault that a self-check names."""

    KIND: ClassVar[str] = "self_check_entry"

    item: SelfCheckItem | None = required("Item of the self-check to which the entry belongs.")
    text: Annotated[str | None, Personal()] = required("Entry, in the words of the person who submitted it.")
    about: str | None = optional("Case that the entry is about: its number or id.")
    fault: DesignFaultKind | None = optional(
        "Part of the process in which a design fault lies; null for other entries."
    )
    noted_at: datetime | None = required("Time at which the entry was submitted.")


class AuditDraw(ChildRecord):
    """A sample of the month's cases that was drawn at random. The cases of the team and process that ended
    from `begins_at` and before `ends_at`, as the log had them at `position`, with `seed` and `size` draw the
    same again.
    """

    KIND: ClassVar[str] = "audit_draw"

    seed: int | None = required(
        "Seed of the draw, which follows from `head_event_id` and the id of the draw.",
        examples=[20261016],
        sa_type=BigInteger,
    )
    head_event_id: UUID | None = optional(
        "Id of the newest event in the log at the draw; null for draws of earlier releases, whose seed was "
        "chosen."
    )
    size: int | None = required("Number of cases to draw; if there are fewer, all are drawn.", examples=[10])
    position: int | None = required("Position in the log at which the cases were listed.", sa_type=BigInteger)
    process: str | None = required("Process of the cases.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = required("Team of the cases.")
    begins_at: datetime | None = required("Beginning of the month.")
    ends_at: datetime | None = required("End of the month, exclusive.")
    population: int | None = required("Number of cases from which the sample was drawn.")
    drawn: list[str] | None = required("Cases of the sample, in the order of the draw.")
    irregular: int | None = required("Number of irregularities, of which the first 500 are listed.")
    path_source: str | None = optional(
        "Source of the expected path: the number of its process definition, or `shipped` for the built-in "
        "path; null if there is no path.",
        examples=["shipped"],
    )
    facts_position: int | None = optional(
        "Position of the log up to which the steps of the cases were known.", sa_type=BigInteger
    )
    incomplete_items: list[str] | None = required(
        "Items of the self-check that are missing or contradict the log."
    )
    drawn_at: datetime | None = required("Time at which the sample was drawn.")


class AuditIrregularity(ChildRecord):
    """Something irregular that the log shows in a case of the month."""

    KIND: ClassVar[str] = "audit_irregularity"

    draw_id: UUID | None = required("Draw that listed the irregularity.")
    about: str | None = required("Case with the irregularity, such as `incident/0199…`.")
    rule: IrregularityRule | None = required("Rule that found the irregularity.")
    step: str | None = optional(
        "Step of the expected path that the rule is about, as a type of event; null for other rules.",
        examples=["change.reviewed"],
    )
    position: int | None = required(
        "Position of the event that shows the irregularity; for a skipped step, the position of the "
        "case's end.",
        sa_type=BigInteger,
    )
    noted_at: datetime | None = required("Time at which the irregularity was listed.")
