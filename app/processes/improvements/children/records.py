"""Child records of improvements: target KPIs, measurements, the pilot's issues and feedback, rollout steps
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef
from app.kpis.effects.records import PromisedAs
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.processes.improvements.records import MeasurementOccasion


class ImprovementTarget(ChildRecord):
    """A target KPI of an improvement: the promised change, and how it will be judged. Its baseline is the
    `kpi_baseline` of the same `name`. `pilot_promised` is what is expected of the pilot.
    """

    KIND: ClassVar[str] = "improvement_target"

    name: str | None = None
    kpi: str | None = None
    promised: str | None = None
    promised_as: PromisedAs | None = None
    judged_by: Annotated[str | None, Personal()] = None
    pilot_promised: str | None = None
    pilot_promised_as: PromisedAs | None = None
    added_at: datetime | None = None
    dropped_at: datetime | None = None


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

    occasion: MeasurementOccasion | None = None
    pilot_round: int | None = None
    target: str | None = None
    kpi: str | None = None
    effect_id: Annotated[UUID | None, ForeignRef("kpi_effect")] = None
    verdict: EffectVerdict | None = None
    promise: PromiseVerdict | None = None
    effect: str | None = None
    promised_effect: str | None = None
    kept: bool | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    agreed_until_at: datetime | None = None
    times: int | None = None
    change: str | None = None
    goal: str | None = None
    goal_met: bool | None = None
    position: int | None = Field(default=None, sa_type=BigInteger)
    measured_at: datetime | None = None


class ImprovementMember(ChildRecord):
    """A person in the team of an improvement project."""

    KIND: ClassVar[str] = "improvement_member"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = None
    added_at: datetime | None = None


class PilotReadiness(ChildRecord):
    """What was ready when a round of the pilot was started. `kicked_off_by_id` is the sponsor, who did it."""

    KIND: ClassVar[str] = "pilot_readiness"

    pilot_round: int | None = None
    kicked_off_at: datetime | None = None
    kicked_off_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    told: Annotated[str | None, Personal()] = None
    key_user_training_id: Annotated[UUID | None, ForeignRef("training")] = None
    executor_training_id: Annotated[UUID | None, ForeignRef("training")] = None
    duties: Annotated[str | None, Personal()] = None
    standards: list[str] | None = None
    started_at: datetime | None = None


class PilotIssue(ChildRecord):
    """An issue that a pilot has met, and how it was solved."""

    KIND: ClassVar[str] = "pilot_issue"

    title: str | None = None
    text: Annotated[str | None, Personal()] = None
    solution: Annotated[str | None, Personal()] = None
    pilot_round: int | None = None
    logged_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    logged_at: datetime | None = None
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
    stance: FeedbackStance | None = None
    text: Annotated[str | None, Personal()] = None
    pilot_round: int | None = None
    logged_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    logged_at: datetime | None = None


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

    step: RolloutStepName | None = None
    place: int | None = None
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = None
    due_at: datetime | None = None
    overdue_at: datetime | None = None
    evidence: Annotated[str | None, Personal()] = None
    evidence_numbers: list[str] | None = None
    goals: Annotated[str | None, Personal()] = None
    weekly_plan: Annotated[str | None, Personal()] = None
    pilot_shown: Annotated[str | None, Personal()] = None
    people_shown: Annotated[str | None, Personal()] = None
    resources_shown: Annotated[str | None, Personal()] = None
    obstacles_shown: Annotated[str | None, Personal()] = None
    training_id: Annotated[UUID | None, ForeignRef("training")] = None
    effective_at: datetime | None = None
    went_well: Annotated[str | None, Personal()] = None
    order_reason: Annotated[str | None, Personal()] = None
    order_skipped_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    planned_at: datetime | None = None
    completed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    completed_at: datetime | None = None


class RolloutAnnouncement(ChildRecord):
    """How people were told of an improvement: the medium, the date, and how many were reached."""

    KIND: ClassVar[str] = "rollout_announcement"

    step: RolloutStepName | None = None
    medium: str | None = None
    announced_at: datetime | None = None
    reach: int | None = None
    recorded_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    noted_at: datetime | None = None
