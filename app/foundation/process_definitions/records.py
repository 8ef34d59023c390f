"""Definitions of processes (tables). Their contents belong to the organisation: they name no persons but in
the fields for that.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.duties import GivenDuty
from app.common.improvement import FreezeExemption
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, Document, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt, PrintedReason
from app.foundation.process_names import OF_PROCESS

#: The kind of the records.
PROCESS_DEFINITION = "process_definition"


class DefinitionState(CodeEnum):
    """State of a process definition."""

    draft = "draft", "Draft", "草稿"
    in_review = "in_review", "In review", "审核中"
    piloting = "piloting", "Piloting", "试行中"
    published = "published", "Published", "已发布"
    superseded = "superseded", "Superseded", "已被取代"
    retired = "retired", "Retired", "已停用"


class RaciPart(CodeEnum):
    """Part that a role has in a process."""

    responsible = "responsible", "Responsible", "负责执行"
    accountable = "accountable", "Accountable", "最终负责"
    consulted = "consulted", "Consulted", "征询意见"
    informed = "informed", "Informed", "知会"


Entries = Annotated[list[dict[str, Any]] | None, Document()]


class DefinitionContent(CodeEnum):
    """A content that each definition has, or gives a reason for not having."""

    inputs = "inputs", "Inputs", "输入"
    outputs = "outputs", "Outputs", "输出"
    decision_points = "decision_points", "Decision points", "关键决策点"
    interfaces = "interfaces", "Interfaces with other processes", "与其他流程的接口"
    templates = "templates", "Templates", "模板"
    checklists = "checklists", "Checklists", "检查清单"


class ProcessDefinition(Record):
    """An edition of the definition of a process. Each process has at most one published edition, whose
    contents do not change any more.

    `process` is the name by which everything else is about the process, `aliases` are other names that mean
    it. `edition` counts the published ones from 1. A published definition is in force from `effective_at`
    until that of the next one, or until it is retired. `expected_path` are the steps of a case that goes as
    it should, in order, each a type of event.
    """

    KIND: ClassVar[str] = PROCESS_DEFINITION

    number: str = Field(
        default="", description="Number by which people know the {record}; accepted wherever the id is."
    )
    state: DefinitionState | None = required("State of this edition.")
    process: Annotated[str | None, OF_PROCESS] = required(
        "Process that is defined, such as `incident`, or its name.", examples=["incident"]
    )
    title: str | None = required("Title of the process.", examples=["Incident management 事件管理"])
    edition: int | None = optional("Number of the edition, from 1; null if it was never published.")
    level: int | None = required(
        "Level of the process: 1 for a value chain, 2 for a business or support process, 3 for an "
        "operation, manual or form.",
        examples=[2],
    )
    parent: Annotated[str | None, OF_PROCESS] = optional(
        "Name of the process of which this one is a part; null if not set."
    )
    aliases: list[str] | None = optional("Other names of the process.")
    department: str | None = optional("Department to which the process belongs.", examples=["IT"])
    owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.process_ownership), Responsible(NoticeType.in_charge)
    ] = optional("Process owner: a senior person outside of the daily work.")
    executor_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.in_charge)
    ] = optional("Executor of the process, who is responsible for its results.")
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who drafted the definition.")
    purpose: str | None = optional(
        "Purpose of the process, without names of persons.", examples=["Service is restored. 恢复服务。"]
    )
    begins_with: str | None = optional("Event with which a case begins.", examples=["A fault is reported"])
    ends_with: str | None = optional("Result with which a case ends.", examples=["The service is restored"])
    activities: Entries = optional("Activities in order, with their time limits, without names of persons.")
    raci: Entries = optional("Parts of the roles in the process (RACI).")
    decision_points: Entries = optional(
        "Points at which people decide how a case continues, without names of persons."
    )
    control_points: Entries = optional(
        "Points at which a case is checked before it continues, with the checking role and the risk, "
        "without names of persons."
    )
    interfaces: Entries = optional(
        "Processes to which results are handed over, with the agreed standard, without names of persons."
    )
    terms: Entries = optional("Terms of the definition and their meanings, without names of persons.")
    inputs: list[str] | None = optional("Inputs of the process.")
    outputs: list[str] | None = optional("Outputs of the process.")
    customers: list[str] | None = optional("Customers of the results.")
    resources: list[str] | None = optional("Resources that the process needs.")
    refers_to: list[str] | None = optional("Standards and documents to which the definition refers.")
    templates: list[str] | None = optional(
        "Templates that the process uses: numbers or ids of documents in the register.",
        examples=[["OP2026001"]],
    )
    checklists: list[str] | None = optional(
        "Checklists that the process uses: keys, titles, or numbers of documents in the register."
    )
    external_numbers: list[str] | None = optional(
        "Numbers of templates and checklists in other systems.", examples=[["QMS F-12"]]
    )
    none_because: Entries = optional(
        "Contents that the process does not have, each with the reason, without names of persons."
    )
    kpis: list[str] | None = optional("Keys of the KPIs by which the process is measured.")
    cost_share: int | None = optional("Share of the process in the cost, in per cent.", examples=[10])
    growth_share: int | None = optional(
        "Share of the process in the growth of the cost, in per cent.", examples=[10]
    )
    revenue_share: int | None = optional("Share of the process in the revenue, in per cent.", examples=[10])
    value_share: int | None = optional(
        "Share of the process in the value to customers, in per cent.", examples=[10]
    )
    expected_path: Entries = optional("Steps of a case that goes as expected, in order.")
    process_change_ids: list[str] | None = optional(
        "Approved applications for process changes that the edition includes."
    )
    heard_ids: list[str] | None = optional("Persons who were consulted about the definition.")
    improvement_id: Annotated[UUID | None, ForeignRef("improvement")] = optional(
        "Improvement that pilots the definition; null if not set."
    )
    document_number: str | None = optional(
        "Number of the definition's document; null if not set.", examples=["PR2026001"]
    )
    effective_at: datetime | None = optional(
        "Time from which the definition is in force; null if it never was."
    )
    drafted_at: Annotated[datetime | None, EnteredAt(DefinitionState.draft, first=True)] = required(
        "Time at which the edition was first drafted."
    )
    submitted_at: Annotated[datetime | None, EnteredAt(DefinitionState.in_review)] = optional(
        "Time at which the edition was last submitted; null if it never was."
    )
    piloted_at: Annotated[datetime | None, EnteredAt(DefinitionState.piloting)] = optional(
        "Time at which the last pilot of the edition began; null before the first pilot."
    )
    published_at: Annotated[datetime | None, EnteredAt(DefinitionState.published)] = optional(
        "Time at which the edition was published; null if it was not."
    )
    freeze_exception: FreezeExemption | None = optional(
        "Reason code why the edition did not wait for the end of a freeze; null if there was no freeze."
    )
    freeze_exception_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for not waiting for the end of a freeze, in words; null if there was no freeze."
    )
    freeze_exception_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Member of the committee who granted the exception from the freeze; null if nobody has."
    )
    superseded_at: Annotated[datetime | None, EnteredAt(DefinitionState.superseded)] = optional(
        "Time at which a later edition replaced this one; null if not replaced."
    )
    retired_at: Annotated[datetime | None, EnteredAt(DefinitionState.retired)] = optional(
        "Time at which the edition was retired; null if it was not."
    )
    retirement_reason: Annotated[str | None, Personal()] = optional(
        "Reason why the edition was retired; null if the edition is not retired."
    )

    @property
    def concerned_process(self) -> str | None:
        """The process that it defines: its owner sees to its definition."""
        return self.process
