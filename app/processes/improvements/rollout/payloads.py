"""Payloads of actions on rollout."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ChildRef, ForeignRef
from app.common.state_fields import DeferredRef, EvidenceRef
from app.foundation.documents.evidence import ExternalDocuments, RegisteredDocuments
from app.kernel.actions.conditions import at_least_one_member
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    Finding,
    FreeText,
    Instant,
    Note,
    Payload,
    PayloadPart,
    Reference,
    ShortText,
    Statement,
    at_most_entries,
)
from app.kpis.targets.lifecycle import Number
from app.processes.improvements.proposal.payloads import DespiteFreeze
from app.processes.improvements.rollout.records import RolloutSitting, RolloutStepName

#: The share of the teams, in percent, that has cut over in the end.
ALL_TEAMS = 100

MOST_PEOPLE = 1_000_000
#: The most members of the teams of a rollout who are listed as absent.
MOST_MEMBERS = 500


def _work_began_at(improvement: Any, body: Any) -> datetime | None:
    """Return when the work began that the documents show: daily management follows the cutover."""
    is_daily = getattr(body, "step", None) == RolloutStepName.manage_daily
    began_at: datetime | None = improvement.cutover_at if is_daily else improvement.approved_at
    return began_at


#: Documents of the register that belong to the improvement's process, published since the committee approved
#: it; of daily management, since the cutover.
DocumentNumbers = Annotated[
    tuple[ShortText, ...],
    BoundedList,
    RegisteredDocuments(since=_work_began_at, own=False, of_process=True),
]
#: The same, published since the cutover.
LaterNumbers = Annotated[
    tuple[ShortText, ...],
    BoundedList,
    RegisteredDocuments(since=lambda improvement, _: improvement.cutover_at, of_process=True),
]
#: A training that was held after the committee approved the improvement.
TRAINED = EvidenceRef("training", "held_at", not_done="training_not_held", since="approved_at")
EXTERNAL = "Numbers of documents in other systems."


class PlannedRolloutStep(PayloadPart):
    """A step of the rollout, with its owner and due date."""

    step: RolloutStepName = Field(description="Step of the rollout.", examples=["name_owner"])
    # Only those whose step is new get work: the step itself names them. Owners of completed steps may have
    # left, so a check asks only for eligible owners of open ones.
    owner: Annotated[Reference, DeferredRef("person", GivenDuty.step_ownership, quiet=True)] = Field(
        description="Owner of the step: an id, or `me`.", examples=["me"]
    )
    due_at: Instant | None = Field(
        default=None,
        description="Time by which the step is due; for `cut_over` the planned day. If left out, "
        "`optimise` is due half a year after the cutover, and `fix` a quarter later.",
    )


class RollOutImprovement(Payload):
    """The plan of the rollout."""

    advice: FreeText = Field(
        description="Advice of the pilot's report and of the committee, and the way in which it is followed.",
        examples=["Team by team, as the report says."],
    )
    scope: FreeText = Field(
        description="Scope of the rollout, and the people affected.", examples=["All of the first line."]
    )
    departments: Annotated[tuple[Statement, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Departments affected by the rollout.",
        examples=[["Service desk"]],
    )
    contributions: FreeText = Field(
        description="Contributions of each department.", examples=["Two days of training each."]
    )
    schedule: FreeText = Field(description="Schedule of the rollout.", examples=["Half in May, all in June."])
    told: FreeText = Field(
        description="People who are informed and trained, and how.",
        examples=["All teams, by mail and in meetings."],
    )
    teams: Annotated[
        tuple[Annotated[Reference, ForeignRef("team", GivenDuty.audience)], ...], BoundedList
    ] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Teams that will work by the new process: keys or ids. Their members are examined, and "
        "informed of the publication, the cutover and a reversal. At least one is a team of the organisation "
        "with active members. Adding a team after the training reopens the steps that all teams go through.",
    )
    teams_reason: FreeText | None = Field(
        default=None,
        description="Reason for removing teams after the training, which the handover prints.",
        examples=["The night shift was dissolved."],
    )
    schedule_reason: FreeText | None = Field(
        default=None,
        description="Reason for a cutover within a week of this plan, for daily management of less than "
        "four weeks, or for steps due later than within a year, which the handover prints.",
        examples=["The law applies from the first of the month."],
    )
    release: Annotated[Reference, ForeignRef("release")] | None = Field(
        default=None,
        description="Release that deploys a changed tool: its number or id. If left out, the release of the "
        "plan before stays; null removes it.",
    )
    steps: Annotated[tuple[PlannedRolloutStep, ...], BoundedList] = Field(
        max_length=len(RolloutStepName),
        description="The nine steps with their owners. `pilot` and completed steps may be left out. If a "
        "plan names them, their owners and due dates must stay as they are. Steps that added teams reopen "
        "are needed again.",
    )


class StepAnnouncement(PayloadPart):
    """An announcement: its medium, its date, and its reach."""

    medium: Statement = Field(description="Medium of the announcement.", examples=["Mail to all teams"])
    announced_at: Instant = Field(
        description="Time at which people were informed.", examples=["2026-03-02T09:00:00Z"]
    )
    reach: int = Field(
        ge=1, le=MOST_PEOPLE, strict=True, description="Number of people who were reached.", examples=[120]
    )


class AbsentMember(PayloadPart):
    """A member of the teams in scope who was absent from the examination or failed it."""

    person: Annotated[
        Reference,
        ForeignRef("person", GivenDuty.participation),
        Responsible(NoticeType.examination_due),
    ] = Field(description="Member who has not passed: a person's id.")
    due_at: Instant = Field(description="Time by which they sit the examination.")


class CompleteRolloutStepImprovement(Payload):
    """A step of the rollout, and its evidence. The fields describe what each step needs in addition to
    `evidence`.
    """

    model_config = example_includes("external_numbers")
    step: RolloutStepName = Field(
        description="Step to complete. `pilot` is complete from the start; `optimise` and `fix` have "
        "an action of their own.",
        examples=["manage_daily"],
    )
    evidence: Finding = Field(description="Work that was done, and its evidence.", examples=["The minutes."])
    numbers: DocumentNumbers = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Documents of the register as evidence; for `publish`, the published document: numbers "
        "or ids.",
        examples=[["PR2026001"]],
    )
    external_numbers: ExternalDocuments = Field(
        default=(), max_length=LONGEST_LIST, description=EXTERNAL, examples=[["SOP-12"]]
    )
    owner: Annotated[Reference, ForeignRef("person", GivenDuty.process_ownership, quiet=True)] | None = Field(
        default=None,
        description="For the step `name_owner`: the process owner, a senior person other than the executor.",
    )
    goal: Number | None = Field(
        default=None,
        description="Intended improvement relative to the value before, for `organise`; if left out, "
        "half of it (0.5) for a major improvement.",
    )
    goal_reason: FreeText | None = Field(
        default=None, description="Reason for a goal below half (0.5), which the handover prints."
    )
    goals: FreeText | None = Field(default=None, description="Goals in words, for `organise`.")
    weekly_plan: FreeText | None = Field(default=None, description="Weekly plan, for `organise`.")
    announcements: Annotated[tuple[StepAnnouncement, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Announcements through at least two media, for `inform_and_train`.",
    )
    training: Annotated[Reference, TRAINED] | None = Field(
        default=None,
        description="Training, for `inform_and_train`, which was examined on all four topics and "
        "passed: its number or id.",
    )
    absent: Annotated[tuple[AbsentMember, ...], at_most_entries(MOST_MEMBERS)] = Field(
        default=(),
        max_length=MOST_MEMBERS,
        description="Members of the teams in scope who have not passed the examination, for "
        "`inform_and_train`, each with a date by which they sit it.",
    )
    effective_at: Instant | None = Field(
        default=None,
        description="Time at which the document takes effect, for `publish`; it must be on the planned day "
        "of the cutover.",
    )
    share: int | None = Field(
        default=None,
        ge=1,
        le=ALL_TEAMS,
        strict=True,
        description="Percentage of the teams that have cut over, for `cut_over`, after the published "
        "document has taken effect; 100 completes the step.",
    )
    pilot_shown: FreeText | None = Field(
        default=None, description="Evidence that the pilot was passed, for `cut_over`."
    )
    people_shown: FreeText | None = Field(
        default=None,
        description="Evidence that everyone concerned was informed and passed the examination, for "
        "`cut_over`.",
    )
    resources_shown: FreeText | None = Field(
        default=None, description="Evidence that the resources are available, for `cut_over`."
    )
    obstacles_shown: FreeText | None = Field(
        default=None, description="Evidence that no obstacles are left, for `cut_over`."
    )
    went_well: FreeText | None = Field(
        default=None,
        description="Success of daily management, for `manage_daily`, which all teams are informed of.",
    )
    follow_up_shown: FreeText | None = Field(
        default=None, description="Evidence that the process was followed up, for `manage_daily`."
    )
    coaching_shown: FreeText | None = Field(
        default=None, description="Evidence that people were coached, for `manage_daily`."
    )
    training_shown: FreeText | None = Field(
        default=None, description="Evidence that people were trained further, for `manage_daily`."
    )
    audit_shown: FreeText | None = Field(
        default=None, description="Evidence that the process was audited, for `manage_daily`."
    )
    assessment_shown: FreeText | None = Field(
        default=None, description="Evidence that the process was assessed, for `manage_daily`."
    )
    scoring_shown: FreeText | None = Field(
        default=None, description="Evidence that the work was scored, for `manage_daily`."
    )
    reward_shown: FreeText | None = Field(
        default=None, description="Evidence that good work was rewarded, for `manage_daily`."
    )


class SkipRolloutOrderImprovement(Payload):
    """A step that may be completed before earlier ones, and the reason."""

    step: RolloutStepName = Field(description="Step that may be completed early.", examples=["publish"])
    reason: FreeText = Field(
        description="Reason for completing the step early.",
        examples=["The document is needed for the training."],
    )


class FlagRolloutStepImprovement(Payload):
    """A rollout step that was not completed in time, and its owner."""

    step: RolloutStepName = Field(description="Step that is overdue.", examples=["name_owner"])
    owner: (
        Annotated[
            Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.rollout_step_overdue)
        ]
        | None
    ) = Field(default=None, description="Owner of the step, who is notified if they are active.")


class FlagSittingImprovement(Payload):
    """An examination that was not passed by its day, and who was to sit it."""

    sitting: Annotated[UUID, ChildRef(RolloutSitting)] = Field(description="Identifier of the sitting.")
    person: (
        Annotated[
            Reference,
            ForeignRef("person", GivenDuty.recorded),
            Responsible(NoticeType.examination_overdue),
        ]
        | None
    ) = Field(default=None, description="Person who is yet to pass; left out if they are not active.")


class ListNewcomerImprovement(Payload):
    """A person who has joined a team in scope since the training."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)] = Field(
        description="Person who is yet to sit the examination: an id."
    )


class AnnouncePublicationImprovement(Payload):
    """The documents that were published, and the day from which the teams work by them."""

    effective_at: Instant = Field(description="Time at which the published documents take effect.")
    document_numbers: tuple[ShortText, ...] = Field(
        default=(), max_length=LONGEST_LIST, description="Numbers of the published documents of the register."
    )
    external_numbers: ExternalDocuments = Field(default=(), max_length=LONGEST_LIST, description=EXTERNAL)


class TellNewcomerImprovement(AnnouncePublicationImprovement):
    """A person who has joined a team in scope since the publication, and what was published."""

    person: Annotated[
        Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.process_published)
    ] = Field(description="Person who works by the published documents, too: an id.")


class AnnounceCutoverImprovement(Payload):
    """The part of the teams that has cut over."""

    share: int = Field(
        ge=1, le=ALL_TEAMS, strict=True, description="Percentage of the teams that have cut over."
    )


class AskHandOverImprovement(Payload):
    """The content of the handover."""

    handed_over: FreeText = Field(
        description="Things that are handed over, and the people who take them over.",
        examples=["The process, its tool and its training."],
    )
    model_config = example_includes("external_numbers")
    numbers: DocumentNumbers = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="All documents of the register that are handed over: numbers or ids. The documents "
        "of the improvement itself are added automatically.",
        examples=[["PR2026001"]],
    )
    external_numbers: ExternalDocuments = Field(
        default=(), max_length=LONGEST_LIST, description=EXTERNAL, examples=[["SOP-12"]]
    )
    open_points: FreeText | None = Field(
        default=None, description="Open points; if left out, nothing is open."
    )

    CONDITIONS = (at_least_one_member("document_number_missing", "numbers", "external_numbers"),)


class HandOverImprovement(Payload):
    """The acceptance of the handover."""

    comment: Note | None = Field(default=None, description="Comment on the handover.")


class FixImprovement(DespiteFreeze):
    """One of the steps after the handover, and its evidence. To optimise within half a year of the cutover
    requires an exception to the freeze.
    """

    step: RolloutStepName = Field(description="Step to complete: `optimise` or `fix`.", examples=["optimise"])
    evidence: Finding = Field(
        description="Work that was done, and its evidence.", examples=["The form has two fields less."]
    )
    behaviour_shown: FreeText | None = Field(
        default=None, description="Evidence in the behaviour of people, for `fix`."
    )
    performance_shown: FreeText | None = Field(
        default=None, description="Evidence in performance, for `fix`."
    )
    it_shown: FreeText | None = Field(default=None, description="Evidence in the IT systems, for `fix`.")
    numbers: LaterNumbers = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Documents of the register as evidence: numbers or ids.",
    )
    external_numbers: ExternalDocuments = Field(
        default=(), max_length=LONGEST_LIST, description=EXTERNAL, examples=[["SOP-12"]]
    )
