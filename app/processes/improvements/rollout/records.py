"""The rollout of an improvement: its plan and its steps (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
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
from app.common.state_fields import PrintedReason


class ImprovementRollout(RecordPart):
    """The rollout of an improvement: its plan, how far it has cut over, and its hand-over. `rollout_goal` is
    the improvement that it aims at, as a part of the value before: `0.5`. `cutover_share` is the part of the
    teams that has cut over, in percent.
    """

    KIND: ClassVar[str] = "improvement_rollout"

    rollout_advice: Annotated[str | None, Personal()] = optional(
        "Advice of the pilot's report and of the committee, and the way in which it is followed; null "
        "until the rollout is planned."
    )
    rollout_scope: Annotated[str | None, Personal()] = optional(
        "Scope of the rollout, and the people affected; null until the rollout is planned."
    )
    rollout_departments: list[str] | None = optional(
        "Departments affected by the rollout; null until it is planned."
    )
    rollout_contributions: Annotated[str | None, Personal()] = optional(
        "Contributions of each department; null until the rollout is planned."
    )
    rollout_schedule: Annotated[str | None, Personal()] = optional(
        "Schedule of the rollout; null until it is planned."
    )
    rollout_told: Annotated[str | None, Personal()] = optional(
        "People who are informed and trained, and how; null until the rollout is planned."
    )
    concerned_team_ids: list[str] | None = optional(
        "Teams that work by the improved process, who are informed of its publication, its cutover and its "
        "reversal; null until they are named."
    )
    schedule_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for a rollout faster than usual; null for the usual times."
    )
    teams_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for removing teams after their training; null if none were removed."
    )
    release_id: Annotated[UUID | None, ForeignRef("release")] = optional(
        "Release that deploys a changed tool; null if not set."
    )
    rollout_goal: str | None = optional(
        "Intended improvement relative to the value before, as a decimal text; null until the rollout is "
        "organised."
    )
    rollout_planned_at: datetime | None = optional(
        "Time at which the rollout was last planned; null until then."
    )
    cutover_share: int | None = optional(
        "Percentage of the teams that have cut over; null until the cutover begins."
    )
    handover_id: UUID | None = optional("Document of the handover; null until the handover is requested.")
    handover_asked_at: datetime | None = optional(
        "Time at which the handover was requested; null until then."
    )
    accepted_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who took over the improvement; null until then."
    )


class RolloutStepName(CodeEnum):
    """A step of the rollout, in the order of the nine steps."""

    name_owner = "name_owner", "Name the process owner", "任命流程负责人"
    organise = "organise", "Organise, set goals, plan by the week", "建立组织、确定目标、制定周计划"
    inform_and_train = "inform_and_train", "Inform, train and examine", "宣贯、培训与考核"
    pilot = "pilot", "Pilot", "试点"
    publish = "publish", "Publish", "正式发布"
    cut_over = "cut_over", "Cut over", "切换"
    manage_daily = "manage_daily", "Manage daily", "日常管理"
    optimise = "optimise", "Optimise", "优化"
    fix = "fix", "Fix", "固化"


#: The seven parts of daily management, as texts of its step, each with the refusal if it is missing.
DAILY_MANAGEMENT = {
    "follow_up_shown": "follow_up_evidence_missing",
    "coaching_shown": "coaching_evidence_missing",
    "training_shown": "training_evidence_missing",
    "audit_shown": "audit_evidence_missing",
    "assessment_shown": "assessment_evidence_missing",
    "scoring_shown": "scoring_evidence_missing",
    "reward_shown": "reward_evidence_missing",
}
#: Where an improvement is fixed, in the same way.
FIXED_IN = {
    "behaviour_shown": "behaviour_evidence_missing",
    "performance_shown": "performance_evidence_missing",
    "it_shown": "it_evidence_missing",
}


class RolloutStep(ChildRecord):
    """A step of the rollout: its owner, when it is due, and its evidence. `place` counts from 1.

    `order_reason` is the process owner's reason for completing it out of order. `training_id` is the training
    whose examination is evidence, `effective_at` when the published document takes effect, and
    `went_well` is the text on daily management for all teams. `goals` and `weekly_plan` are of the
    organisation. `…_shown` is the evidence that all was ready for the cutover, of the seven parts of daily
    management, and of the three places in which the improvement is fixed; steps completed before these were
    kept apart have them in `evidence`.
    """

    KIND: ClassVar[str] = "rollout_step"

    step: RolloutStepName | None = required("Name of the step.")
    place: int | None = required("Place in the order of the steps, from 1.")
    owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.step_ownership), Responsible(NoticeType.tasked)
    ] = optional("Owner of the step.")
    due_at: datetime | None = optional("Time by which the step is due; null if it is not set.")
    overdue_at: datetime | None = optional(
        "Time at which the step was flagged as overdue; null if it was not."
    )
    evidence: Annotated[str | None, Personal()] = optional(
        "Work that was done, and its evidence; null until the step is completed."
    )
    evidence_numbers: list[str] | None = optional("Numbers of documents as evidence; null if not set.")
    external_numbers: list[str] | None = optional(
        "Numbers of documents in other systems as evidence; null if not set.", examples=[["SOP-12"]]
    )
    goals: Annotated[str | None, Personal()] = optional(
        "Goals in words, for the step `organise`; null for other steps."
    )
    weekly_plan: Annotated[str | None, Personal()] = optional(
        "Weekly plan, for the step `organise`; null for other steps."
    )
    goal_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for a goal below half, for the step `organise`; null if the goal is half or more."
    )
    pilot_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that the pilot was passed, for the step `cut_over`; null for other steps."
    )
    people_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that everyone concerned was informed and passed the examination, for the step `cut_over`; "
        "null for other steps."
    )
    resources_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that the resources are available, for the step `cut_over`; null for other steps."
    )
    obstacles_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that no obstacles are left, for the step `cut_over`; null for other steps."
    )
    training_id: Annotated[UUID | None, ForeignRef("training")] = optional(
        "Training whose examination is the evidence, for the step `inform_and_train`; null for other steps."
    )
    effective_at: datetime | None = optional(
        "Time at which the published document takes effect, for the step `publish`; null for other steps."
    )
    went_well: Annotated[str | None, Personal()] = optional(
        "Success of daily management, for the step `manage_daily`; null for other steps."
    )
    follow_up_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that the process was followed up, for the step `manage_daily`; null for other steps."
    )
    coaching_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that people were coached, for the step `manage_daily`; null for other steps."
    )
    training_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that people were trained further, for the step `manage_daily`; null for other steps."
    )
    audit_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that the process was audited, for the step `manage_daily`; null for other steps."
    )
    assessment_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that the process was assessed, for the step `manage_daily`; null for other steps."
    )
    scoring_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that the work was scored, for the step `manage_daily`; null for other steps."
    )
    reward_shown: Annotated[str | None, Personal()] = optional(
        "Evidence that good work was rewarded, for the step `manage_daily`; null for other steps."
    )
    behaviour_shown: Annotated[str | None, Personal()] = optional(
        "Evidence in the behaviour of people, for the step `fix`; null for other steps."
    )
    performance_shown: Annotated[str | None, Personal()] = optional(
        "Evidence in performance, for the step `fix`; null for other steps."
    )
    it_shown: Annotated[str | None, Personal()] = optional(
        "Evidence in the IT systems, for the step `fix`; null for other steps."
    )
    order_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for completing the step before earlier ones; null if the order was kept."
    )
    order_skipped_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who allowed the step before earlier ones; null if the order was kept."
    )
    planned_at: datetime | None = required("Time at which the step was planned.")
    completed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who completed the step; null until then."
    )
    completed_at: datetime | None = optional("Time at which the step was completed; null until then.")


class RolloutSitting(ChildRecord):
    """A member of the teams in scope who has not passed the examination, and until when they sit it."""

    KIND: ClassVar[str] = "rollout_sitting"

    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.examination_due)
    ] = required("Person who is yet to pass the examination.")
    due_at: datetime | None = required("Time by which the person sits the examination.")
    listed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Owner of the step, who confirmed the list; null for a person who joined a team later."
    )
    listed_at: datetime | None = required("Time at which the person was listed.")
    overdue_at: datetime | None = optional(
        "Time at which the examination was flagged as overdue; null if it was not."
    )


class RolloutAnnouncement(ChildRecord):
    """An announcement of an improvement: the medium, the date, and the number of people reached."""

    KIND: ClassVar[str] = "rollout_announcement"

    step: RolloutStepName | None = required("Step of the announcement.")
    medium: str | None = required("Medium of the announcement.")
    announced_at: datetime | None = required("Time at which people were informed.")
    reach: int | None = required("Number of people who were reached.")
    recorded_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who recorded the announcement."
    )
    noted_at: datetime | None = required("Time at which the announcement was recorded.")
