"""The proposal of an improvement, and its target KPIs (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    RecordPart,
    optional,
    required,
)
from app.common.state_fields import PrintedReason
from app.kpis.effects.records import PromisedAs


class DecisionSubject(CodeEnum):
    """The subject of the committee's last question about an improvement."""

    proposal = "proposal", "Proposal", "提案"
    improvement_class = "improvement_class", "Class", "分类"
    charter = "charter", "Charter", "立项"
    project_plan = "project_plan", "Project plan", "项目计划"
    plan_return = "plan_return", "Return of the project plan", "退回项目计划"
    pilot = "pilot", "Pilot", "试点"
    people = "people", "People of the project", "更换项目人员"
    revert = "revert", "Reversion", "恢复原状"


class ImprovementSize(CodeEnum):
    """The size of an improvement: a major one is a project with a pilot."""

    minor = "minor", "Minor", "小型改进"
    major = "major", "Major", "重大改进"


#: Goal of a major improvement, as a part of the value before.
MAJOR_GOAL = "0.5"


class ImprovementKind(CodeEnum):
    """The kind of thing that an improvement makes or changes."""

    new_process = "new_process", "New process", "新建流程"
    monitoring_platform = "monitoring_platform", "Monitoring or management platform", "监控或管理平台"
    reengineering = "reengineering", "Re-engineering", "流程再造"
    activity = "activity", "Activity", "活动"
    template = "template", "Template", "模板"
    tool = "tool", "Tool", "工具"
    catalogue = "catalogue", "Catalogue", "目录"


#: Kinds that are major unless the committee decides otherwise.
MAJOR_KINDS = frozenset(
    {ImprovementKind.new_process, ImprovementKind.monitoring_platform, ImprovementKind.reengineering}
)


class SizeCriterion(CodeEnum):
    """A criterion that makes an improvement major."""

    complex = "complex", "Complex", "复杂"
    risky = "risky", "Risky", "风险较高"
    several_teams = "several_teams", "Several teams over time", "跨多个团队且历时较长"
    outside_purchase = "outside_purchase", "Outside purchase", "需对外采购"


class ImprovementProposal(RecordPart):
    """The proposal of an improvement: what it carries out and serves, and how it was classified.

    `suggestion_ids` are those that it carries out, `assessment_id` the assessment that selected it (None: a
    quality manager did, for `selection_reason`). `proposal_id` is the document of the proposal, which holds
    the texts. `review_again_at` is until when it is deferred if the committee defers it, and
    `decision_subject` what its latest decision is about. `size_reason` is why it is minor although its kind
    is offered as major, or major although it promises less than major ones aim at.
    """

    KIND: ClassVar[str] = "improvement_proposal"

    suggestion_ids: list[str] | None = optional("Suggestions that the improvement carries out.")
    assessment_id: Annotated[UUID | None, ForeignRef("improvement_assessment")] = optional(
        "Assessment that selected the improvement; null if a quality manager selected it."
    )
    selection_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for selecting the improvement outside of an assessment; null if it was selected in an "
        "assessment."
    )
    freeze_exception_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for not waiting for the end of a freeze, in words; null if there is no freeze."
    )
    freeze_exception_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Member of the committee who granted the exception from the freeze; null if nobody has."
    )
    freeze_exception_at: datetime | None = optional(
        "Time at which the exception from the freeze was granted; null if it was not."
    )
    outside_plan_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for an improvement outside the plan; null if it serves a target of the plan."
    )
    proposal_id: UUID | None = optional("Document with the proposal; null until it is submitted.")
    proposed_at: datetime | None = optional(
        "Time at which the improvement was last proposed; null until then."
    )
    submitted_at: datetime | None = optional(
        "Time at which the proposal was last submitted to the committee; null until then."
    )
    decision_subject: DecisionSubject | None = optional(
        "Subject of the latest decision; null before the first decision."
    )
    review_again_at: datetime | None = optional(
        "End of a deferral, if the committee defers the improvement; null for three months."
    )
    taken_up_at: datetime | None = optional(
        "Time at which the improvement was last taken up after a deferral; null if it never was."
    )
    what_changed: Annotated[str | None, Personal()] = optional(
        "Changes since the deferral, from the last time that the improvement was taken up; null if not set."
    )
    size_criteria: list[str] | None = optional(
        "Criteria that make the improvement major; null for a minor one."
    )
    size_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for the size, if it differs from the usual one; null otherwise."
    )
    to_pilot: bool | None = optional("True if the improvement has a pilot.")
    classified_at: datetime | None = optional(
        "Time at which the improvement was last classified; null until then."
    )


class ImprovementTarget(ChildRecord):
    """A target KPI of an improvement: the promised change, and how it will be judged. Its baseline is the
    `kpi_baseline` of the same `name`. `pilot_promised` is what is expected of the pilot.
    """

    KIND: ClassVar[str] = "improvement_target"

    name: str | None = required("Key of the target, which its baseline has too.")
    kpi: str | None = required("Key of the KPI.")
    promised: str | None = required("Promised change, as a decimal text.")
    promised_as: PromisedAs | None = required("Unit of the promised change.")
    judged_by: Annotated[str | None, Personal()] = optional("Way in which the change will be judged.")
    baseline_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for a baseline without cases, or one that ended more than a year before; null if not given."
    )
    pilot_promised: str | None = optional(
        "Change that the pilot should have, as a decimal text; null if not expected."
    )
    pilot_promised_as: PromisedAs | None = optional(
        "Unit of the change that the pilot should have; null if not expected."
    )
    added_at: datetime | None = required("Time at which the target was proposed.")
    dropped_at: datetime | None = optional(
        "Time at which a later proposal left the target out; null while it is included."
    )
