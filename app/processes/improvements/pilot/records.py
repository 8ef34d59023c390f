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
from app.common.state_fields import PrintedReason


class PilotLength(CodeEnum):
    """The comparison of a pilot's length with the usual one, of 3 to 6 months."""

    short = "short", "Shorter than 3 months", "不足三个月"
    usual = "usual", "3 to 6 months", "三至六个月"
    long = "long", "Longer than 6 months", "超过六个月"


class PilotJudgement(CodeEnum):
    """The judgement on a pilot."""

    passed = "passed", "Passed", "通过"
    extended = "extended", "Extended", "延长"
    stopped = "stopped", "Stopped", "终止"


class ImprovementPilot(RecordPart):
    """The present or last round of a pilot: its cases, dates, agreement and report.

    `pilot_scope` and `pilot_control` are filters of cases by dimension: the cases of the pilot, and the cases
    with which they are compared.
    """

    KIND: ClassVar[str] = "improvement_pilot"

    pilot_scope: Annotated[dict[str, Any] | None, Document()] = optional(
        "Filters of the pilot's cases, by dimension; null until the pilot is planned."
    )
    pilot_control: Annotated[dict[str, Any] | None, Document()] = optional(
        "Filters of the comparison cases, by dimension; null for all other cases."
    )
    pilot_begins_at: datetime | None = optional("Planned beginning of the pilot; null until it is planned.")
    pilot_ends_at: datetime | None = optional("Planned end of the pilot; null until it is planned.")
    pilot_length: PilotLength | None = optional(
        "Comparison of the pilot's length with the usual one, for information."
    )
    pilot_length_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for a pilot shorter or longer than usual; null for the usual length."
    )
    pilot_agreement: Annotated[str | None, Personal()] = optional(
        "Agreement of the departments to the dates; null until the pilot is planned."
    )
    data_gathering: Annotated[str | None, Personal()] = optional(
        "Way in which the pilot's data are gathered and analysed; null until the pilot is planned."
    )
    kicked_off_at: datetime | None = optional(
        "Time at which the sponsor kicked off the pilot; null until then, and after the plan is returned."
    )
    pilot_rounds: int | None = optional("Number of rounds of the pilot so far.")
    pilot_started_at: datetime | None = optional("Time at which the pilot was started; null until then.")
    pilot_report_id: UUID | None = optional("Document with the pilot's report; null until it is reported.")


class ImprovementJudgement(RecordPart):
    """The judgement of a pilot, and the question whether an improvement is reverted.

    `asked_judgement` is the motion to the committee, `asked_position` the log position of the measured effect
    in the question, `asked_reason` its reason, `asked_told` the people to notify of a stopped pilot, or of a
    reverted improvement, and `next_…` the scope and dates of an extended pilot.
    `judgement_overdue_at` is when it was flagged that the committee had not judged the pilot in time.
    """

    KIND: ClassVar[str] = "improvement_judgement"

    asked_judgement: PilotJudgement | None = optional(
        "Judgement that the committee is asked to approve; null if not asked."
    )
    asked_position: int | None = optional(
        "Position of the log of the measured effect on which the question is based; null if not asked.",
        sa_type=BigInteger,
    )
    asked_reason: Annotated[str | None, Personal()] = optional(
        "Reason for the proposed judgement; null if not given."
    )
    asked_told: Annotated[str | None, Personal()] = optional(
        "People who are informed if the improvement is reverted or its pilot stopped, and how."
    )
    judgement_overdue_at: datetime | None = optional(
        "Time at which the committee's judgement became overdue; null if it is not overdue."
    )
    next_scope: Annotated[dict[str, Any] | None, Document()] = optional(
        "Filters of the cases in the extended pilot, by dimension; null if it is not extended."
    )
    next_control: Annotated[dict[str, Any] | None, Document()] = optional(
        "Filters of the comparison cases in the extended pilot, by dimension; null if they remain the same."
    )
    next_begins_at: datetime | None = optional("Beginning of the extended pilot; null if it is not extended.")
    next_ends_at: datetime | None = optional("End of the extended pilot; null if it is not extended.")
    first_judgement: PilotJudgement | None = optional(
        "First judgement on the pilot; null until it is judged."
    )
    first_judged_at: datetime | None = optional(
        "Time of the first judgement; null until the pilot is judged."
    )
    last_judgement: PilotJudgement | None = optional(
        "Latest judgement on the pilot; null until it is judged."
    )
    judged_at: datetime | None = optional("Time of the latest judgement; null until the pilot is judged.")


class PilotReadiness(ChildRecord):
    """Preparations at the start of a round of the pilot. `kicked_off_by_id` is the sponsor, who did it."""

    KIND: ClassVar[str] = "pilot_readiness"

    pilot_round: int | None = required("Number of the round of the pilot, from 1.")
    kicked_off_at: datetime | None = optional("Time at which the sponsor kicked off the pilot.")
    kicked_off_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Sponsor who kicked off the pilot."
    )
    told: Annotated[str | None, Personal()] = optional("People who were informed of the pilot, and how.")
    key_user_training_id: Annotated[UUID | None, ForeignRef("training")] = optional(
        "Training of the key users that preceded the round."
    )
    executor_training_id: Annotated[UUID | None, ForeignRef("training")] = optional(
        "Training of the executors that preceded the round."
    )
    duties: Annotated[str | None, Personal()] = optional("Adjustment of duties for the pilot.")
    standards: list[str] | None = optional("Numbers of the standards that were revised for the pilot.")
    external_numbers: list[str] | None = optional(
        "Numbers of revised standards in other systems; null if not set.", examples=[["SOP-12"]]
    )
    started_at: datetime | None = required("Time at which the round was started.")


class PilotIssue(ChildRecord):
    """An issue that a pilot has met, and how it was solved."""

    KIND: ClassVar[str] = "pilot_issue"

    title: str | None = required("Issue in one line.")
    text: Annotated[str | None, Personal()] = optional("Comment on the issue; null if not given.")
    solution: Annotated[str | None, Personal()] = optional("Solution of the issue; null until it is solved.")
    pilot_round: int | None = optional("Round of the pilot in which the issue was logged, from 1.")
    logged_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who logged the issue.")
    logged_at: datetime | None = required("Time at which the issue was logged.")
    solved_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who solved the issue; null until it is solved."
    )
    solved_at: datetime | None = optional("Time at which the issue was solved; null until then.")


class FeedbackStance(CodeEnum):
    """The stance of the feedback: for or against the pilot."""

    in_favour = "in_favour", "In favour", "赞成"
    neutral = "neutral", "Neither", "中立"
    opposed = "opposed", "Opposed", "反对"


class PilotFeedback(ChildRecord):
    """Feedback on a pilot: whose, for or against it, and what they suggest."""

    KIND: ClassVar[str] = "pilot_feedback"

    person_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who gave the feedback.")
    stance: FeedbackStance | None = required("Stance towards the pilot: for it or against it.")
    text: Annotated[str | None, Personal()] = optional("Suggestions of the person.")
    pilot_round: int | None = optional("Round of the pilot in which the feedback was given, from 1.")
    logged_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who logged the feedback.")
    logged_at: datetime | None = required("Time at which the feedback was logged.")
