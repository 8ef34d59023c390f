"""The pilot of an improvement: its rounds and judgement, its issues and feedback (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    Document,
    ForeignRef,
    RecordPart,
    optional,
    required,
)


class PilotLength(CodeEnum):
    """How a pilot's length compares with the usual one, of 1 to 6 months."""

    short = "short", "Shorter than a month", "不足一个月"
    usual = "usual", "1 to 6 months", "一至六个月"
    long = "long", "Longer than 6 months", "超过六个月"


class PilotJudgement(CodeEnum):
    """What becomes of a pilot that was reported."""

    passed = "passed", "Passed", "通过"
    extended = "extended", "Extended", "延长"
    stopped = "stopped", "Stopped", "终止"


class ImprovementPilot(RecordPart):
    """The round of a pilot that goes on, or was the last: its cases, dates, agreement and report.

    `pilot_scope` and `pilot_control` are filters of cases by dimension: those of the pilot, and those that it
    is compared with.
    """

    KIND: ClassVar[str] = "improvement_pilot"

    pilot_scope: Annotated[dict[str, Any] | None, Document()] = None
    pilot_control: Annotated[dict[str, Any] | None, Document()] = None
    pilot_begins_at: datetime | None = None
    pilot_ends_at: datetime | None = None
    pilot_length: PilotLength | None = optional(
        "Comparison of its length with the usual one; it is pointed out, not refused."
    )
    pilot_agreement: Annotated[str | None, Personal()] = None
    data_gathering: Annotated[str | None, Personal()] = None
    kicked_off_at: datetime | None = optional(
        "Time at which the sponsor kicked off the pilot; null once its plan is returned."
    )
    pilot_rounds: int | None = optional("Number of rounds that the pilot has had.")
    pilot_started_at: datetime | None = None
    pilot_report_id: UUID | None = optional("The document of the pilot's report.")


class ImprovementJudgement(RecordPart):
    """The judgement of a pilot, and the question whether an improvement is reverted.

    `asked_judgement` is what the committee is asked to approve, `asked_position` the log position of the
    measured effect that the question names, `asked_reason` why, `asked_told` who is told of a stopped pilot,
    or of a reverted improvement, and `next_…` the scope and dates of an extended pilot.
    `judgement_overdue_at` is when it was flagged that the committee had not judged the pilot in time.
    """

    KIND: ClassVar[str] = "improvement_judgement"

    asked_judgement: PilotJudgement | None = optional(
        "Judgement of the pilot that the committee is asked to approve."
    )
    asked_position: int | None = optional(
        "The log position of the measured effect that the question names.", sa_type=BigInteger
    )
    asked_reason: Annotated[str | None, Personal()] = None
    asked_told: Annotated[str | None, Personal()] = optional(
        "People who are told if it is reverted, and the way."
    )
    judgement_overdue_at: datetime | None = optional(
        "Time at which the committee had failed to judge the pilot in time."
    )
    next_scope: Annotated[dict[str, Any] | None, Document()] = None
    next_control: Annotated[dict[str, Any] | None, Document()] = None
    next_begins_at: datetime | None = None
    next_ends_at: datetime | None = None
    first_judgement: PilotJudgement | None = None
    first_judged_at: datetime | None = None
    last_judgement: PilotJudgement | None = None
    judged_at: datetime | None = None


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

    in_favour = "in_favour", "In favour", "赞成"
    neutral = "neutral", "Neither", "中立"
    opposed = "opposed", "Opposed", "反对"


class PilotFeedback(ChildRecord):
    """Feedback on a pilot: whose, for or against it, and what they suggest."""

    KIND: ClassVar[str] = "pilot_feedback"

    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    stance: FeedbackStance | None = required()
    text: Annotated[str | None, Personal()] = None
    pilot_round: int | None = None
    logged_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    logged_at: datetime | None = required()
