"""Payloads of actions on pilot."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ChildRef, ForeignRef
from app.common.state_fields import EvidenceRef
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.foundation.documents.evidence import ExternalDocuments, RegisteredDocuments
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

#: A training that was held after the committee approved the improvement.
TRAINED = EvidenceRef("training", "held_at", not_done="training_not_held", since="approved_at")


class StartPilotImprovement(Payload):
    """The preparation of the pilot; the pilot is refused if something is left out."""

    model_config = example_includes(
        "told",
        "key_user_training",
        "executor_training",
        "duties",
        "external_numbers",
        "executor",
    )
    told: FreeText | None = Field(
        default=None,
        description="People who were informed, and how.",
        examples=["Both teams, in their meetings."],
    )
    key_user_training: Annotated[Reference, TRAINED] | None = Field(
        default=None, description="Training of the key users, which was held: its number or id."
    )
    executor_training: Annotated[Reference, TRAINED] | None = Field(
        default=None,
        description="Training of the executors, which was held after the training of the key users.",
    )
    duties: FreeText | None = Field(
        default=None, description="Adjustment of duties.", examples=["The first line closes, too."]
    )
    standards: Annotated[
        tuple[ShortText, ...],
        BoundedList,
        RegisteredDocuments(since=lambda improvement, _: improvement.approved_at, own=False, of_process=True),
    ] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Revised standards in the register: numbers or ids.",
        examples=[["PR2026001"]],
    )
    external_numbers: ExternalDocuments = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Numbers of revised standards in other systems.",
        examples=[["SOP-12"]],
    )
    executor: (
        Annotated[Reference, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.in_charge)]
        | None
    ) = Field(
        default=None,
        description="Person who is accountable for the process during the pilot: their id. They must "
        "have a licence for the process and must not own it.",
    )


class LogPilotIssueImprovement(Payload):
    """An issue of the pilot."""

    title: Title = Field(
        description="Issue in one line, without names of persons, as lists show it.",
        examples=["The form asks twice"],
    )
    text: FreeText | None = Field(default=None, description="Comment on the issue.")


class SolvePilotIssueImprovement(Payload):
    """An issue of the pilot, and its solution."""

    issue: Annotated[UUID, ChildRef(PilotIssue)] = Field(description="Identifier of the issue.")
    solution: FreeText = Field(
        description="Solution of the issue.", examples=["The second question is gone."]
    )


class LogPilotFeedbackImprovement(Payload):
    """Feedback on the pilot: the person, their stance, and their suggestions."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)] = Field(
        description="Person who gave the feedback: their id, or `me`.", examples=["me"]
    )
    stance: FeedbackStance = Field(description="Stance towards the pilot.", examples=["in_favour"])
    text: FreeText = Field(description="Suggestions of the person.", examples=["Ask for the room first."])


class ReportPilotImprovement(Payload):
    """The written parts of the pilot's report; goals, feedback and open issues are computed."""

    tools: FreeText = Field(
        description="Problems with tools, and their solutions.", examples=["None that has stayed."]
    )
    reception: FreeText = Field(
        description="Reception by the people in the pilot.", examples=["Well, after a week."]
    )
    goal_revisions: FreeText | None = Field(
        default=None, description="Revision of the goals; if left out, they stay."
    )
    rollout_advice: FreeText = Field(
        description="Advice on the way in which to roll out the improvement.", examples=["Team by team."]
    )
    institutionalise: FreeText = Field(
        description="Practices that should become permanent.", examples=["The new form and its training."]
    )
    further_pilot: FreeText = Field(
        description="Recommendation whether to continue the pilot, with its reason.",
        examples=["No: three months have shown it."],
    )
    early_reason: FreeText | None = Field(
        default=None,
        description="Reason for a report before the agreed end of the pilot; the report prints it.",
    )
    legacy: FreeText = Field(
        description="People, templates and lessons that the pilot leaves behind.",
        examples=["Four trained key users, and a template."],
    )


class AskJudgementImprovement(AskDecision):
    """The proposed judgement on the pilot, which is put to the vote, and the measured effect on which it is
    based.
    """

    judgement: PilotJudgement = Field(
        description="Judgement that the committee is asked to approve.", examples=["passed"]
    )
    position: int = Field(
        ge=0,
        le=LARGEST_WHOLE_NUMBER,
        strict=True,
        description="Position of the log of the measured effect in the report, as in `measured_position`.",
    )
    reason: FreeText | None = Field(
        default=None,
        description="Reason for the judgement; required to stop the pilot, to pass it without an "
        "improved effect, or to extend it by less than three or more than six months.",
    )
    scope: Scope | None = Field(
        default=None, description="New scope of an extended pilot; if left out, the scope stays."
    )
    control: Scope | None = Field(
        default=None, description="New comparison cases of an extended pilot; if left out, they stay."
    )
    begins_at: Instant | None = Field(
        default=None, description="Beginning of the extended pilot; required to extend it."
    )
    ends_at: Instant | None = Field(
        default=None, description="End of the extended pilot; required to extend it."
    )
    told: FreeText | None = Field(
        default=None,
        description="People who are informed that the pilot is stopped, and how; required to stop it.",
    )


class PassPilotImprovement(Tallied):
    """The decision that passes the pilot, and the measured effect on which it is based."""

    position: int = Field(
        ge=0, le=LARGEST_WHOLE_NUMBER, strict=True, description="Position of the log of the measured effect."
    )


class ExtendPilotImprovement(PassPilotImprovement):
    """The decision that extends the pilot, and the measured effect on which it is based."""


class StopPilotImprovement(PassPilotImprovement):
    """The decision that stops the pilot, and the measured effect on which it is based."""
