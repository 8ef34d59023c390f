"""The rollout of an improvement: its plan and its steps (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    RecordPart,
    optional,
    required,
)


class ImprovementRollout(RecordPart):
    """The rollout of an improvement: its plan, how far it has cut over, and its hand-over. `rollout_goal` is
    the improvement that it aims at, as a part of the value before: `0.5`. `cutover_share` is the part of the
    teams that has cut over, in percent.
    """

    KIND: ClassVar[str] = "improvement_rollout"

    rollout_advice: Annotated[str | None, Personal()] = None
    rollout_scope: Annotated[str | None, Personal()] = None
    rollout_departments: list[str] | None = None
    rollout_contributions: Annotated[str | None, Personal()] = None
    rollout_schedule: Annotated[str | None, Personal()] = None
    rollout_told: Annotated[str | None, Personal()] = None
    release_id: Annotated[UUID | None, ForeignRef("release")] = optional("The release of a changed tool.")
    rollout_goal: str | None = None
    rollout_planned_at: datetime | None = None
    cutover_share: int | None = optional("The part of the teams that has cut over, in percent.")
    handover_id: UUID | None = optional("The document of the hand-over.")
    handover_asked_at: datetime | None = None
    accepted_by_id: Annotated[UUID | None, ForeignRef("person")] = None


class RolloutStepName(CodeEnum):
    """A step of the rollout (25-improvement, The rollout, nine steps)."""

    name_owner = "name_owner", "Name the process owner", "任命流程负责人"
    organise = "organise", "Organise, set goals, plan by the week", "建立组织、确定目标、制定周计划"
    inform_and_train = "inform_and_train", "Inform, train and examine", "宣贯、培训与考核"
    pilot = "pilot", "Pilot", "试点"
    publish = "publish", "Publish", "正式发布"
    cut_over = "cut_over", "Cut over", "切换"
    manage_daily = "manage_daily", "Manage daily", "日常管理"
    optimise = "optimise", "Optimise", "优化"
    fix = "fix", "Fix", "固化"


class RolloutStep(ChildRecord):
    """A step of the rollout: its owner, when it is due, and its evidence. `place` counts from 1.

    `order_reason` is why it may be completed out of order, as the process owner said. `training_id` is the
    training whose examination is evidence, `effective_at` when the published document takes effect, and
    `went_well` what all teams are told of daily management. `goals` and `weekly_plan` are of the
    organisation, `…_shown` what has shown that all was ready for the cutover; steps completed before these
    were kept apart have them in `evidence`.
    """

    KIND: ClassVar[str] = "rollout_step"

    step: RolloutStepName | None = required()
    place: int | None = required("Place in the order of steps, from 1.")
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = None
    due_at: datetime | None = None
    overdue_at: datetime | None = None
    evidence: Annotated[str | None, Personal()] = None
    evidence_numbers: list[str] | None = None
    goals: Annotated[str | None, Personal()] = optional("Goals in words, of `organise`.")
    weekly_plan: Annotated[str | None, Personal()] = optional("Plan by the week, of `organise`.")
    pilot_shown: Annotated[str | None, Personal()] = optional(
        "Of `cut_over`: what shows that the pilot was passed."
    )
    people_shown: Annotated[str | None, Personal()] = optional(
        "Of `cut_over`: that people were told and examined."
    )
    resources_shown: Annotated[str | None, Personal()] = optional(
        "Of `cut_over`: that the resources are there."
    )
    obstacles_shown: Annotated[str | None, Personal()] = optional(
        "Of `cut_over`: that nothing makes it impossible."
    )
    training_id: Annotated[UUID | None, ForeignRef("training")] = optional(
        "The training whose examination is evidence."
    )
    effective_at: datetime | None = optional("Time at which the published document takes effect.")
    went_well: Annotated[str | None, Personal()] = optional(
        "Success of daily management, which all teams are told."
    )
    order_reason: Annotated[str | None, Personal()] = optional("Reason why it may be completed out of order.")
    order_skipped_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    planned_at: datetime | None = required()
    completed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    completed_at: datetime | None = None


class RolloutAnnouncement(ChildRecord):
    """How people were told of an improvement: the medium, the date, and how many were reached."""

    KIND: ClassVar[str] = "rollout_announcement"

    step: RolloutStepName | None = required()
    medium: str | None = required()
    announced_at: datetime | None = required()
    reach: int | None = required("Number of people who were reached.")
    recorded_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    noted_at: datetime | None = required()
