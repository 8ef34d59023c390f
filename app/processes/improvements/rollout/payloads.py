"""Payloads of actions on rollout."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.components import example_includes
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    Reference,
    ShortText,
)
from app.kpis.targets.lifecycle import Number
from app.processes.improvements.proposal.payloads import DespiteFreeze
from app.processes.improvements.rollout.records import RolloutStepName

#: The share of the teams, in percent, that has cut over in the end.
ALL_TEAMS = 100

MOST_PEOPLE = 1_000_000

DocumentNumbers = Annotated[tuple[ShortText, ...], BoundedList]


class PlannedRolloutStep(PayloadPart):
    """A step of the rollout, its owner and when it is due."""

    step: RolloutStepName = Field(description="The step.", examples=["name_owner"])
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)] = Field(
        description="Person who sees to it: their id, or `me`.", examples=["me"]
    )
    due_at: Instant | None = Field(
        default=None,
        description="Time by which it is due; for `cut_over` the planned day. None, for `optimise`: half a "
        "year after the cutover; for `fix`: a quarter after that.",
    )


class RollOutImprovement(Payload):
    """The plan of the rollout."""

    advice: FreeText = Field(
        description="Advice of the pilot's report and the committee, and the way in which it is followed.",
        examples=["Team by team, as the report says."],
    )
    scope: FreeText = Field(
        description="Scope, and the people whom it affects.", examples=["All of the first line."]
    )
    departments: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The departments that it affects.",
        examples=[["Service desk"]],
    )
    contributions: FreeText = Field(
        description="Contribution that each of them must make.", examples=["Two days of training each."]
    )
    schedule: FreeText = Field(description="The schedule.", examples=["Half in May, all in June."])
    told: FreeText = Field(
        description="People who are told and trained, and the way.",
        examples=["All teams, by mail and in meetings."],
    )
    release: Annotated[Reference, ForeignRef("release")] | None = Field(
        default=None, description="The release that deploys a changed tool: its number or id."
    )
    steps: Annotated[tuple[PlannedRolloutStep, ...], BoundedList] = Field(
        max_length=len(RolloutStepName),
        description="The nine steps with their owners. `pilot` may be left out: it is done.",
    )


class StepAnnouncement(PayloadPart):
    """How people were told: the medium, the date, and how many were reached."""

    medium: ShortText = Field(description="The medium.", examples=["Mail to all teams"])
    announced_at: Instant = Field(description="Time of the announcement.", examples=["2026-03-02T09:00:00Z"])
    reach: int = Field(
        ge=1, le=MOST_PEOPLE, strict=True, description="Number of people who were reached.", examples=[120]
    )


class CompleteRolloutStepImprovement(Payload):
    """A step of the rollout, and its evidence: what it needs besides `evidence` is said at each field."""

    model_config = example_includes("numbers")
    step: RolloutStepName = Field(
        description="The step. `pilot` is complete from the start; for `optimise` and `fix` there is an "
        "action of their own.",
        examples=["manage_daily"],
    )
    evidence: FreeText = Field(description="Work that was done, and its evidence.", examples=["The minutes."])
    numbers: DocumentNumbers = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Numbers of documents that show it; for `publish` that of what was published.",
        examples=[["PR2026001"]],
    )
    owner: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None,
        description="For `name_owner`: the process owner, a senior person who is not the executor: their id.",
    )
    goal: Number | None = Field(
        default=None,
        description="For `organise`: the improvement aimed at, as a part of the value before. None: half of "
        "it (0.5) for a major improvement.",
    )
    goals: FreeText | None = Field(default=None, description="For `organise`: the goals in words.")
    weekly_plan: FreeText | None = Field(default=None, description="For `organise`: the plan by the week.")
    announcements: Annotated[tuple[StepAnnouncement, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="For `inform_and_train`: how people were told, through two media at least.",
    )
    training: Annotated[Reference, ForeignRef("training")] | None = Field(
        default=None,
        description="For `inform_and_train`: the training, examined on all four topics and passed: its "
        "number or id.",
    )
    effective_at: Instant | None = Field(
        default=None,
        description="For `publish`: when the document takes effect, on the planned day of the cutover.",
    )
    share: int | None = Field(
        default=None,
        ge=1,
        le=ALL_TEAMS,
        strict=True,
        description="For `cut_over`, not before what was published takes effect: the part of the teams that "
        "works by it now, in percent; with 100 the step is complete.",
    )
    pilot_shown: FreeText | None = Field(
        default=None, description="For `cut_over`: what shows that the pilot was passed."
    )
    people_shown: FreeText | None = Field(
        default=None, description="For `cut_over`: what shows that people were told and examined."
    )
    resources_shown: FreeText | None = Field(
        default=None, description="For `cut_over`: what shows that the resources are there."
    )
    obstacles_shown: FreeText | None = Field(
        default=None, description="For `cut_over`: what shows that nothing makes it impossible."
    )
    went_well: FreeText | None = Field(
        default=None, description="For `manage_daily`: what went well; all teams are told."
    )


class SkipRolloutOrderImprovement(Payload):
    """A step that may be completed before those in front of it, and why."""

    step: RolloutStepName = Field(description="The step.", examples=["publish"])
    reason: FreeText = Field(
        description="Reason why it may come first.", examples=["The document is needed for the training."]
    )


class FlagRolloutStepImprovement(Payload):
    """A step of the rollout that was not completed in time, and its owner."""

    step: RolloutStepName = Field(description="The step.", examples=["name_owner"])
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.rollout_step_overdue)] | None = (
        Field(default=None, description="Owner of the step, who is told if they are active.")
    )


class AskHandOverImprovement(Payload):
    """What the project manager hands over."""

    handed_over: FreeText = Field(
        description="Things that are handed over, and the people who take them over.",
        examples=["The process, its tool and its training."],
    )
    numbers: DocumentNumbers = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The numbers of all its documents; those that it has made itself are added.",
        examples=[["PR2026001"]],
    )
    open_points: FreeText | None = Field(default=None, description="Work that is left to do; none: nothing.")


class HandOverImprovement(Payload):
    """The acceptance of what is handed over."""

    comment: FreeText | None = Field(default=None, description="Comment.")


class FixImprovement(DespiteFreeze):
    """One of the steps after the hand-over, and its evidence; to optimise within half a year of the cutover
    takes an exception from the freeze.
    """

    step: RolloutStepName = Field(description="`optimise`, or `fix`.", examples=["optimise"])
    evidence: FreeText = Field(
        description="Work that was done, and its evidence.", examples=["The form has two fields less."]
    )
    numbers: DocumentNumbers = Field(
        default=(), max_length=LONGEST_LIST, description="Numbers of documents that show it."
    )
