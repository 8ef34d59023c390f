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
from app.kpis.effects.records import PromisedAs


class DecisionSubject(CodeEnum):
    """What the committee was last asked to decide about an improvement."""

    proposal = "proposal", "Proposal", "提案"
    pilot = "pilot", "Pilot", "试点"
    revert = "revert", "Reversion after the cutover", "切换后恢复原状"


class SizeCriterion(CodeEnum):
    """What makes an improvement a major one."""

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

    suggestion_ids: list[str] | None = optional("The suggestions that it carries out.")
    assessment_id: Annotated[UUID | None, ForeignRef("improvement_assessment")] = optional(
        "The assessment that selected it; null: a quality manager did, for a reason."
    )
    selection_reason: Annotated[str | None, Personal()] = None
    freeze_exception_reason: Annotated[str | None, Personal()] = None
    outside_plan_reason: Annotated[str | None, Personal()] = optional(
        "Reason why it is worth doing outside the plan."
    )
    proposal_id: UUID | None = optional("The document of its proposal.")
    proposed_at: datetime | None = None
    submitted_at: datetime | None = None
    decision_subject: DecisionSubject | None = optional("Subject of the latest decision.")
    review_again_at: datetime | None = optional(
        "Time until which the committee would defer it; null: three months."
    )
    taken_up_at: datetime | None = None
    what_changed: Annotated[str | None, Personal()] = optional(
        "Changes since it was deferred, as of its being taken up again."
    )
    size_criteria: list[str] | None = None
    size_reason: Annotated[str | None, Personal()] = optional("Reason for its size, where that is not plain.")
    to_pilot: bool | None = optional("True if it is piloted.")
    classified_at: datetime | None = None


class ImprovementTarget(ChildRecord):
    """A target KPI of an improvement: the promised change, and how it will be judged. Its baseline is the
    `kpi_baseline` of the same `name`. `pilot_promised` is what is expected of the pilot.
    """

    KIND: ClassVar[str] = "improvement_target"

    name: str | None = required()
    kpi: str | None = required()
    promised: str | None = required("The change that is promised, as a decimal text.")
    promised_as: PromisedAs | None = required()
    judged_by: Annotated[str | None, Personal()] = None
    pilot_promised: str | None = optional("The change that is expected of the pilot.")
    pilot_promised_as: PromisedAs | None = None
    added_at: datetime | None = required()
    dropped_at: datetime | None = optional("Time at which the improvement was proposed anew without it.")
