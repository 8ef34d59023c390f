"""Definitions of processes (tables). Their contents belong to the organisation: they name no persons but in
the fields for that.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, Document, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.process_names import OF_PROCESS

#: The kind of the records.
PROCESS_DEFINITION = "process_definition"


class DefinitionState(CodeEnum):
    """State of a definition of a process."""

    draft = "draft", "Draft", "草稿"
    in_review = "in_review", "In review", "审核中"
    piloting = "piloting", "Piloting", "试行中"
    published = "published", "Published", "已发布"
    superseded = "superseded", "Superseded", "已被取代"
    retired = "retired", "Retired", "已停用"


class RaciPart(CodeEnum):
    """The part that a role has in a process."""

    responsible = "responsible", "Responsible", "负责执行"
    accountable = "accountable", "Accountable", "最终负责"
    consulted = "consulted", "Consulted", "征询意见"
    informed = "informed", "Informed", "知会"


Entries = Annotated[list[dict[str, Any]] | None, Document()]


class ProcessDefinition(Record):
    """An edition of the definition of a process. Of each process one is published at most, whose contents do
    not change any more.

    `process` is the name by which everything else is about the process, `aliases` are other names that mean
    it. `edition` counts the published ones from 1. A published definition is in force from `effective_at`
    until that of the next one, or until it is retired. `expected_path` are the steps of a case that goes as
    it should, in order, each a type of event.
    """

    KIND: ClassVar[str] = PROCESS_DEFINITION

    number: str = Field(default="", description="The number that people use; accepted wherever the id is.")
    state: DefinitionState | None = required("The state of this edition.")
    process: Annotated[str | None, OF_PROCESS] = required(
        "The process that it defines: `incident`, `request` …, or another one's name.", examples=["incident"]
    )
    title: str | None = required("The title of the process.", examples=["Incident management 事件管理"])
    edition: int | None = optional("The edition, from 1; null: it was never published.")
    level: int | None = required(
        "The level: 1 a value chain, 2 a business or support process, 3 an operation, a manual or a form.",
        examples=[2],
    )
    parent: Annotated[str | None, OF_PROCESS] = optional(
        "The process that it is a part of, by its name; null: none."
    )
    aliases: list[str] | None = optional("Other names that mean this process.")
    department: str | None = optional("The department that it belongs to.", examples=["IT"])
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = optional(
        "The owner: a senior person outside of the daily running."
    )
    executor_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = optional(
        "The executor, who answers for its results."
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who drafted it.")
    purpose: str | None = optional(
        "Its purpose. Name no persons here.", examples=["Service is restored. 恢复服务。"]
    )
    begins_with: str | None = optional("The event that a case begins with.", examples=["A fault is reported"])
    ends_with: str | None = optional(
        "The result that a case ends with.", examples=["The service is restored"]
    )
    activities: Entries = optional("The activities, in order, with their time limits. Name no persons here.")
    raci: Entries = optional("The parts that roles have in it (RACI).")
    decision_points: Entries = optional(
        "The points at which it is decided how a case goes on. Name no persons here."
    )
    control_points: Entries = optional(
        "The points at which something is checked before a case goes on: by which role, and against which "
        "risk. Name no persons here."
    )
    interfaces: Entries = optional(
        "The processes that it hands over to, with the standard agreed for that. Name no persons here."
    )
    terms: Entries = optional("The terms that it uses, with their meanings. Name no persons here.")
    inputs: list[str] | None = optional("Its inputs.")
    outputs: list[str] | None = optional("Its outputs.")
    customers: list[str] | None = optional("The customers of its results.")
    resources: list[str] | None = optional("The resources that it needs.")
    refers_to: list[str] | None = optional("Standards and documents that it refers to.")
    templates: list[str] | None = optional("The templates that it uses.")
    checklists: list[str] | None = optional("The checklists that it uses, by their keys or titles.")
    kpis: list[str] | None = optional("The KPIs that it is measured by, by their keys.")
    cost_share: int | None = optional("Its share of the cost, in per cent.", examples=[10])
    growth_share: int | None = optional("Its share of the growth of the cost, in per cent.", examples=[10])
    revenue_share: int | None = optional("Its share of the revenue, in per cent.", examples=[10])
    value_share: int | None = optional("Its share of the value to customers, in per cent.", examples=[10])
    expected_path: Entries = optional("The steps of a case that goes as it should, in order.")
    heard_ids: list[str] | None = optional("The persons who were heard about it.")
    improvement_id: Annotated[UUID | None, ForeignRef("improvement")] = optional(
        "The improvement that pilots it."
    )
    document_number: str | None = optional("The number of its document.", examples=["PR2026001"])
    effective_at: datetime | None = optional("The time from which it is in force.")
    drafted_at: Annotated[datetime | None, EnteredAt(DefinitionState.draft, first=True)] = required(
        "The time at which it was first drafted."
    )
    submitted_at: Annotated[datetime | None, EnteredAt(DefinitionState.in_review)] = optional(
        "The time at which it was submitted last."
    )
    piloted_at: Annotated[datetime | None, EnteredAt(DefinitionState.piloting)] = optional(
        "The time at which it was piloted last."
    )
    published_at: Annotated[datetime | None, EnteredAt(DefinitionState.published)] = optional(
        "The time at which it was published."
    )
    superseded_at: Annotated[datetime | None, EnteredAt(DefinitionState.superseded)] = optional(
        "The time at which it was superseded."
    )
    retired_at: Annotated[datetime | None, EnteredAt(DefinitionState.retired)] = optional(
        "The time at which it was retired."
    )
    retirement_reason: Annotated[str | None, Personal()] = optional("The reason why it was retired.")

    @property
    def concerned_process(self) -> str | None:
        """The process that it defines: its owner sees to its definition."""
        return self.process
