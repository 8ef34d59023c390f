"""Payloads of actions on pilot."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.notices import NoticeType, Responsible
from app.common.records import ChildRef, ForeignRef
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    Reference,
    ShortText,
    Title,
)
from app.kpis.effects.lifecycle import Scope
from app.log.canonical import LARGEST_WHOLE_NUMBER
from app.processes.improvements.pilot.records import (
    FeedbackStance,
    PilotIssue,
    PilotJudgement,
)


class StartPilotImprovement(Payload):
    """The readiness for the pilot; what is left out is missing, and the pilot is refused."""

    model_config = example_includes(
        "told",
        "key_user_training",
        "executor_training",
        "duties",
        "standards",
        "executor",
    )
    told: FreeText | None = Field(
        default=None,
        description="People who were told, and the way.",
        examples=["Both teams, in their meetings."],
    )
    key_user_training: Annotated[Reference, ForeignRef("training")] | None = Field(
        default=None, description="The training of the key users, which was held: its number or id."
    )
    executor_training: Annotated[Reference, ForeignRef("training")] | None = Field(
        default=None, description="The training of the executors, held after that of the key users."
    )
    duties: FreeText | None = Field(
        default=None, description="Adjustment of duties.", examples=["The first line closes, too."]
    )
    standards: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The numbers of the standards that were revised.",
        examples=[["PR2026001"]],
    )
    executor: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = Field(
        default=None,
        description="The accountable executor: a person's id. They are licensed to carry out the process, "
        "and do not own it.",
    )


class LogPilotIssueImprovement(Payload):
    """An issue that the pilot has met."""

    title: Title = Field(
        description="Issue in a line. Lists show it: name no persons here.",
        examples=["The form asks twice"],
    )
    text: FreeText | None = Field(default=None, description="Comment.")


class SolvePilotIssueImprovement(Payload):
    """An issue of the pilot, and how it was solved."""

    issue: Annotated[UUID, ChildRef(PilotIssue)] = Field(description="The issue: its id.")
    solution: FreeText = Field(description="Solution.", examples=["The second question is gone."])


class LogPilotFeedbackImprovement(Payload):
    """Feedback on the pilot: whose, for or against it, and what they suggest."""

    person: Annotated[Reference, ForeignRef("person")] = Field(
        description="Person whose feedback it is: their id, or `me`.", examples=["me"]
    )
    stance: FeedbackStance = Field(description="Stance towards the pilot.", examples=["in_favour"])
    text: FreeText = Field(description="Suggestions of the person.", examples=["Ask for the room first."])


class ReportPilotImprovement(Payload):
    """What the report of the pilot says besides what is computed: how far the goals were met, feedback and
    the open issues.
    """

    tools: FreeText = Field(
        description="Problems with tools, and their remedies.", examples=["None that has stayed."]
    )
    reception: FreeText = Field(
        description="Reception by the people in the pilot.", examples=["Well, after a week."]
    )
    goal_revisions: FreeText | None = Field(
        default=None, description="Revision of the goals; none: they stay."
    )
    rollout_advice: FreeText = Field(description="Advice on the rollout.", examples=["Team by team."])
    institutionalise: FreeText = Field(
        description="Practices to institutionalise.", examples=["The new form and its training."]
    )
    further_pilot: FreeText = Field(
        description="Recommendation on piloting further, with its reason.",
        examples=["No: three months have shown it."],
    )
    legacy: FreeText = Field(
        description="The people, templates and lessons that it leaves behind.",
        examples=["Four trained key users, and a template."],
    )


class AskJudgementImprovement(AskDecision):
    """The question what becomes of the pilot, the judgement that is put to the vote, and the measured effect
    that it names.
    """

    judgement: PilotJudgement = Field(
        description="Judgement that the committee is to approve.", examples=["passed"]
    )
    position: int = Field(
        ge=0,
        le=LARGEST_WHOLE_NUMBER,
        strict=True,
        description="The log position of the measured effect in the report, as `measured_position` says: the "
        "decision names it.",
    )
    reason: FreeText | None = Field(
        default=None,
        description="Reason; must be said to stop the pilot, or to pass it on an effect not improved.",
    )
    scope: Scope | None = Field(
        default=None, description="For an extended pilot, its new scope; none: as it is."
    )
    control: Scope | None = Field(
        default=None, description="The cases that it is compared with then; none: as they are."
    )
    begins_at: Instant | None = Field(
        default=None, description="Beginning of the extended pilot; must be said to extend it."
    )
    ends_at: Instant | None = Field(
        default=None, description="End of the extended pilot; must be said to extend it."
    )
    told: FreeText | None = Field(
        default=None,
        description="People who are told that it is stopped, and the way; must be said to stop it.",
    )


class PassPilotImprovement(Tallied):
    """The decision by which the pilot is passed, and the measured effect that it names."""

    position: int = Field(
        ge=0, le=LARGEST_WHOLE_NUMBER, strict=True, description="The log position of the measured effect."
    )


class ExtendPilotImprovement(PassPilotImprovement):
    """The decision by which the pilot is extended, and the measured effect that it names."""


class StopPilotImprovement(PassPilotImprovement):
    """The decision by which the pilot is stopped, and the measured effect that it names."""
