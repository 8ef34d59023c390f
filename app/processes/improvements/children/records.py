"""Child records of improvements: target KPIs, measurements, the pilot's issues and feedback, rollout steps
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, optional, required
from app.kpis.effects.records import PromisedAs
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.processes.improvements.records import MeasurementOccasion


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
    dropped_at: datetime | None = optional("When it was proposed anew without it.")


class ImprovementMeasurement(ChildRecord):
    """The measured effect of an improvement on one target KPI: the effect's record, and the log position at
    which it was computed.

    `kept` tells, of a benefit that is measured again, whether 80 % of the effect that was judged is still
    there; None where there is nothing to compare with.

    `from_at` and `until_at` are the window after the change, `agreed_until_at` is until when the pilot was
    agreed, and `times` how often it was measured on this occasion, in this round of the pilot, this time
    among them. `change` is the change as a part of the value before, the way that the KPI improves: 0.5 is
    half better. `goal` is what the rollout aims at, or by default a major improvement, and `goal_met` whether
    the change is as much.
    """

    KIND: ClassVar[str] = "improvement_measurement"

    occasion: MeasurementOccasion | None = required()
    pilot_round: int | None = None
    target: str | None = required("The key of the target.")
    kpi: str | None = required()
    effect_id: Annotated[UUID | None, ForeignRef("kpi_effect")] = required(
        "The effect, with all its figures: `/v1/effects/{id}`."
    )
    verdict: EffectVerdict | None = required()
    promise: PromiseVerdict | None = optional("Whether it reaches what was promised.")
    effect: str | None = optional("As a decimal text; null: there is none.")
    promised_effect: str | None = None
    kept: bool | None = optional("Of a benefit: whether 80 % of the judged effect is still there.")
    from_at: datetime | None = optional("Where the window after the change begins.")
    until_at: datetime | None = optional("Where it ends: the end of the pilot, or when it was measured.")
    agreed_until_at: datetime | None = optional("Of a pilot: until when it was agreed to last.")
    times: int | None = optional(
        "How often it was measured on this occasion by then; each look may find something by chance."
    )
    change: str | None = optional(
        "The change as a part of the value before, as a decimal text: 0.5 is half better."
    )
    goal: str | None = optional(
        "What the rollout aims at, or a major improvement by default, as such a part."
    )
    goal_met: bool | None = optional("Whether the change is as much; null: there is no such goal.")
    position: int | None = required("The log position at which it was computed.", sa_type=BigInteger)
    measured_at: datetime | None = required()


class ImprovementMember(ChildRecord):
    """A person in the team of an improvement project."""

    KIND: ClassVar[str] = "improvement_member"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = required()
    added_at: datetime | None = required()


class PilotReadiness(ChildRecord):
    """What was ready when a round of the pilot was started. `kicked_off_by_id` is the sponsor, who did it."""

    KIND: ClassVar[str] = "pilot_readiness"

    pilot_round: int | None = required()
    kicked_off_at: datetime | None = None
    kicked_off_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The sponsor then.")
    told: Annotated[str | None, Personal()] = None
    key_user_training_id: Annotated[UUID | None, ForeignRef("training")] = None
    executor_training_id: Annotated[UUID | None, ForeignRef("training")] = None
    duties: Annotated[str | None, Personal()] = None
    standards: list[str] | None = None
    started_at: datetime | None = required()


class PilotIssue(ChildRecord):
    """An issue that a pilot has met, and how it was solved."""

    KIND: ClassVar[str] = "pilot_issue"

    title: str | None = required()
    text: Annotated[str | None, Personal()] = None
    solution: Annotated[str | None, Personal()] = None
    pilot_round: int | None = None
    logged_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    logged_at: datetime | None = required()
    solved_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    solved_at: datetime | None = None


class FeedbackStance(CodeEnum):
    """Whether the feedback on a pilot is for it or against it."""

    in_favour = "in_favour", "For it", "赞成"
    neutral = "neutral", "Neither", "中立"
    opposed = "opposed", "Against it", "反对"


class PilotFeedback(ChildRecord):
    """Feedback on a pilot: whose, for or against it, and what they suggest."""

    KIND: ClassVar[str] = "pilot_feedback"

    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    stance: FeedbackStance | None = required()
    text: Annotated[str | None, Personal()] = None
    pilot_round: int | None = None
    logged_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    logged_at: datetime | None = required()


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
    place: int | None = required("From 1.")
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = None
    due_at: datetime | None = None
    overdue_at: datetime | None = None
    evidence: Annotated[str | None, Personal()] = None
    evidence_numbers: list[str] | None = None
    goals: Annotated[str | None, Personal()] = optional("Of `organise`: the goals in words.")
    weekly_plan: Annotated[str | None, Personal()] = optional("Of `organise`: the plan by the week.")
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
    effective_at: datetime | None = optional("When the published document takes effect.")
    went_well: Annotated[str | None, Personal()] = optional("What all teams are told of daily management.")
    order_reason: Annotated[str | None, Personal()] = optional("Why it may be completed out of order.")
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
    reach: int | None = required("How many were reached.")
    recorded_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    noted_at: datetime | None = required()
