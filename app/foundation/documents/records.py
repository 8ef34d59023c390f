"""Documents: entries of the register, as child records of the record whose action made them (tables).

The texts of a document are in its sections, encrypted under the key of the person who wrote them. A
document's number is that of the register: class, year, sequence, as `SN2026001`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, optional, required


class DocumentClass(CodeEnum):
    """Class of a document, which is the first part of its number."""

    SN = "SN", "Service requirement", "服务需求"
    SO = "SO", "Solution", "解决方案"
    IM = "IM", "Implementation", "实施"
    TE = "TE", "Test", "测试"
    AC = "AC", "Acceptance", "验收"
    TR = "TR", "Training", "培训"
    MI = "MI", "Minutes", "会议纪要"
    SL = "SL", "Service level agreement", "服务级别协议"
    SS = "SS", "Specification sheet", "服务规格书"
    QP = "QP", "Service quality plan", "服务质量计划"
    SR = "SR", "Service report", "服务报告"
    PP = "PP", "Improvement proposal", "改进提案"
    IP = "IP", "Improvement plan", "改进计划"
    PA = "PA", "Present state of processes", "流程现状评估"
    PL = "PL", "Pilot report", "试点报告"
    HO = "HO", "Hand-over", "移交"
    OP = "OP", "Operation", "运行维护"
    PR = "PR", "Process", "流程"


class DocumentState(CodeEnum):
    """State of a document."""

    drafted = "drafted", "Drafted", "草稿"
    in_review = "in_review", "In review", "评审中"
    approved = "approved", "Approved", "已批准"
    published = "published", "Published", "已发布"
    superseded = "superseded", "Superseded", "已被取代"
    archived = "archived", "Archived", "已归档"
    destroyed = "destroyed", "Destroyed", "已销毁"


class Importance(CodeEnum):
    """Importance of a document, which determines its retention period."""

    general = "general", "General", "一般"
    important = "important", "Important", "重要"
    permanent = "permanent", "Permanent", "永久"


class Confidentiality(CodeEnum):
    """Confidentiality of a document: all staff may read internal documents, and only the named readers all
    others.
    """

    internal = "internal", "Internal", "内部"
    restricted = "restricted", "Restricted", "受限"
    secret = "secret", "Secret", "机密"


class Heading(CodeEnum):
    """Subject of a section in a document."""

    background = "background", "Background and goal", "背景与目标"
    functional = "functional", "Functional requirements", "功能需求"
    performance = "performance", "Performance requirements", "性能需求"
    interfaces = "interfaces", "Interface requirements", "接口需求"
    data = "data", "Data requirements", "数据需求"
    architecture = "architecture", "Architecture", "总体架构"
    steps = "steps", "Steps", "实施步骤"
    resources = "resources", "Resources", "资源"
    schedule = "schedule", "Schedule", "进度计划"
    risk = "risk", "Risk", "风险"
    response = "response", "Response to the risk", "风险应对"
    plan = "plan", "Plan", "实施计划"
    findings = "findings", "Findings", "检查发现"
    conclusion = "conclusion", "Conclusion", "结论"
    audience = "audience", "Audience", "培训对象"
    topics = "topics", "Topics", "培训内容"
    material = "material", "Material", "培训材料"
    minutes = "minutes", "Minutes", "会议纪要"
    scope_and_goal = "scope_and_goal", "Scope and goal", "范围与目标"
    benefit_inside = "benefit_inside", "Benefit inside IT", "信息技术部门内的收益"
    benefit_outside = "benefit_outside", "Benefit outside IT", "信息技术部门外的收益"
    method = "method", "Method", "方法"
    judgement = "judgement", "Assessment method", "评判方式"
    weighed_goals = "weighed_goals", "Weighed against the goals", "对照目标权衡"
    weighed_practice = "weighed_practice", "Weighed against best practice", "对照最佳实践权衡"
    weighed_present_state = "weighed_present_state", "Weighed against the present state", "对照现状权衡"
    weighed_cost = "weighed_cost", "Weighed by its cost", "权衡成本"
    weighed_resources = "weighed_resources", "Weighed by the resources", "权衡资源"
    weighed_time = "weighed_time", "Weighed by the time", "权衡时间"
    direction = "direction", "Direction", "发展方向"
    vision = "vision", "Vision by phases", "分阶段愿景"
    targets = "targets", "Targets", "目标"
    drivers = "drivers", "Drivers of the targets", "目标驱动因素"
    first_points = "first_points", "First points to improve", "首批改进点"
    present_state = "present_state", "Present state", "现状"
    best_practice = "best_practice", "Best practice", "最佳实践"
    changes = "changes", "Changes", "变更内容"
    reason = "reason", "Why", "原因"
    goals_met = "goals_met", "Goals met", "目标达成情况"
    goal_revisions = "goal_revisions", "Revisions of the goals", "目标修订"
    tools = "tools", "Tool problems and remedies", "工具问题与对策"
    open_issues = "open_issues", "Open issues", "未解决的问题"
    reception = "reception", "Acceptance by people", "人员接受情况"
    rollout_advice = "rollout_advice", "Advice on the rollout", "推广建议"
    institutionalise = "institutionalise", "Parts to institutionalise", "固化内容"
    further_pilot = "further_pilot", "Whether to pilot further", "是否继续试点"
    legacy = "legacy", "People, templates and lessons", "人员、模板与经验"
    handed_over = "handed_over", "Contents of the hand-over", "移交内容"
    documents = "documents", "Documents", "文件清单"
    pilot_result = "pilot_result", "Result of the pilot", "试点结论"
    below_promise = "below_promise", "Reason for passing below the promise", "未达承诺仍予通过的理由"
    against_evidence = "against_evidence", "Reason for passing against the evidence", "证据不足仍予通过的理由"
    early = "early", "Reason for the earlier date", "提前的理由"
    open_points = "open_points", "Open points", "遗留事项"


#: Sections about cost: for staff, as all that costs is.
STAFF_HEADINGS = frozenset({Heading.weighed_cost})


class DocumentEntry(ChildRecord):
    """A document that a record has made, or that is a record of its own. `edition` counts how often it was
    submitted.
    """

    KIND: ClassVar[str] = "document_entry"

    number: str | None = required(
        "Number of the document: its class, the year, and a sequence, such as `SN2026001`."
    )
    document_class: DocumentClass | None = required(
        "Class of the document, which is the first part of its number."
    )
    title: str | None = optional("Title of the document, or else of its record.")
    state: DocumentState | None = required("State of the newest edition.")
    edition: int | None = required("Number of times that the document was submitted.")
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who wrote the newest edition.")
    drafted_at: datetime | None = required("Time at which the document was first drafted.")
    published_at: datetime | None = optional(
        "Time at which the document was last published; null if it never was."
    )
    superseded_at: datetime | None = optional(
        "Time at which another document replaced this one; null if not replaced."
    )
    subclass: str | None = optional("Kind of document within its class; null if not set.")
    importance: Importance | None = optional("Importance of the document; null means general.")
    confidentiality: Confidentiality | None = optional(
        "Confidentiality of the document; null means internal, as for the record that created it."
    )
    version_label: str | None = optional(
        "Version of the document: 0.x for drafts, 1.0 for the first published edition."
    )
    external_number: str | None = optional(
        "Number of the document elsewhere, such as `SD-02001`; null if not set."
    )
    review_due_at: datetime | None = optional(
        "Time by which the document must be reviewed again; null if no review is due."
    )
    archived_at: datetime | None = optional("Time at which the document was archived; null if it is not.")
    archive_reason: Annotated[str | None, Personal()] = optional(
        "Reason for archiving the document; null if it is not archived."
    )
    retained_until_at: datetime | None = optional(
        "End of the retention period; null if not set, or if the document is not archived."
    )
    retention_warned_at: datetime | None = optional(
        "Time at which the end of the retention period was announced; null if it was not."
    )
    hold_reason: Annotated[str | None, Personal()] = optional(
        "Reason for the legal hold; null if the document is not under a legal hold."
    )
    held_at: datetime | None = optional(
        "Beginning of the legal hold; null if the document is not under a legal hold."
    )
    destruction_asked_at: datetime | None = optional(
        "Time at which the first person asked to destroy the document; null if not requested."
    )
    destruction_asked_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "First of the two persons who destroy the document; null if not requested."
    )
    destroyed_at: datetime | None = optional("Time at which the document was destroyed; null if it was not.")
    destroyed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Second of the two persons who destroy the document; null if it was not destroyed."
    )

    @property
    def for_staff(self) -> bool:
        """Return whether only staff may see it: a specification sheet is in the terms of IT and suppliers."""
        return self.document_class is DocumentClass.SS


class DocumentSection(ChildRecord):
    """The text of one edition of a document under one of its headings; `place` counts from 1."""

    KIND: ClassVar[str] = "document_section"

    document_id: UUID | None = required("Identifier of the document in the record.")
    edition: int | None = required("Number of the edition, from 1.")
    place: int | None = required("Place of the section in the document, from 1.")
    heading: Heading | None = required("Subject of the section.")
    text: Annotated[str | None, Personal()] = required("Text of the section.")
    written_at: datetime | None = required("Time at which the section was written.")

    @property
    def for_staff(self) -> bool:
        """Return whether only staff may see it."""
        return self.heading in STAFF_HEADINGS
