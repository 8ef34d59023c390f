"""Payloads of actions on releases."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.records import ChildRef, ForeignRef, KeyRef
from app.foundation.custom.values import CustomValues
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.foundation.documents.evidence import ExternalDocuments, RegisteredDocuments
from app.foundation.documents.records import DocumentClass
from app.foundation.environments import PRODUCTION, EnvironmentKey
from app.kernel.actions.conditions import at_least_one_member, member_only_with
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Note,
    Patch,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    ShortText,
    Statement,
    Title,
    at_most_entries,
)
from app.processes.releases.default_stages import DEFAULT_STAGES, STANDING_CLASSES
from app.processes.releases.records import PlanChange, Release, ReleaseStage, StageSet

MOST_REVISIONS = 500


ChangeReferences = Annotated[
    tuple[Annotated[Reference, ForeignRef("change")], ...], Field(max_length=LONGEST_LIST), BoundedList
]


class PlannedStage(PayloadPart, of=ReleaseStage):
    """A stage of the release."""

    key: RecordKey
    author: Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)] | None = None
    reviewer: Annotated[Reference, ForeignRef("person", GivenDuty.review, quiet=True)] | None = None


class ReleaseFields(Payload, of=Release):
    """The fields of a release that can be edited; its plan is changed by a decision."""

    title: Title = Field(
        description="Title of the release in one line, without names of persons, as lists show it.",
        examples=["Mail relay 4.2"],
    )
    description: FreeText | None = None
    service: Annotated[RecordKey, KeyRef("service")]
    custom: CustomValues = Field(default_factory=dict)


class PlanRelease(ReleaseFields, of=Release):
    """The release to plan, with its changes, stages, team and plan."""

    changes: ChangeReferences = Field(
        description="Changes in the release; an empty list if no change is needed.", examples=[[]]
    )
    environment: EnvironmentKey = PRODUCTION
    plan: FreeText
    target_at: Instant | None = None
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_handling)] = Field(
        description="Team that builds and deploys the release."
    )
    stage_set: Annotated[Reference, ForeignRef("release_stage_set")] | None = Field(
        default=None,
        description="Key of the set of stages; if left out, `software`.",
        examples=["software"],
    )
    stages: Annotated[tuple[PlannedStage, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Stages of `stage_set` that the release goes through, in their order, each with its "
        "author and reviewer; if left out, all stages of the set.",
    )
    stages_reason: FreeText | None = Field(
        default=None,
        description="Reason for leaving out stages of the set, on which a change of the plan decides.",
        examples=["The relay is only moved, not changed."],
    )
    requester: (
        Annotated[Reference, ForeignRef("person", GivenDuty.change_request, quiet=True, on_behalf=True)]
        | None
    ) = Field(
        default=None, description="Person on whose behalf the release is planned; if left out, the caller."
    )


class EditRelease(Patch, ReleaseFields):
    """The fields of the release to change. Its plan is changed by a decision."""

    REQUESTER_FIELDS = frozenset({"title", "description"})


class AppointRelease(Payload, of=ReleaseStage):
    """The author and the reviewer of a stage."""

    model_config = example_includes("reviewer")
    stage: Annotated[RecordKey, ChildRef(ReleaseStage, by="key")] = Field(
        description="Key of the stage.", examples=["build"]
    )
    author: Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)] | None = Field(
        default=None, description="Author of the stage's documents; if left out, the author stays."
    )
    reviewer: Annotated[Reference, ForeignRef("person", GivenDuty.review, quiet=True)] | None = Field(
        default=None, description="Reviewer of the stage's gate; if left out, the reviewer stays."
    )

    CONDITIONS = (at_least_one_member("author_or_reviewer", "author", "reviewer"),)


class PassGateRelease(Payload, of=ReleaseStage):
    """The documents of the current stage, which its reviewer accepts."""

    model_config = example_includes("external_numbers")
    attachments: Annotated[tuple[UUID, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)
    document_numbers: Annotated[
        tuple[ShortText, ...],
        BoundedList,
        RegisteredDocuments(
            since=lambda release, _: release.opened_at, of_service=True, standing=STANDING_CLASSES
        ),
    ] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Documents of the stage in the register: numbers or ids. Reports, implementations, "
        "tests, acceptances and minutes must be newer than the plan; others may stand for the service.",
        examples=[["TE2026001"]],
    )
    external_numbers: ExternalDocuments = Field(default=(), max_length=LONGEST_LIST)
    author: Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)] | None = Field(
        default=None,
        description="Author of the documents, if the plan names no author and another person attached them.",
    )
    comment: Note | None = Field(default=None, description="Findings of the review.")

    CONDITIONS = (
        at_least_one_member("stage_document_missing", "attachments", "document_numbers", "external_numbers"),
    )


class ChangePlanRelease(Payload, of=PlanChange):
    """The proposed change of a release's plan, its reason, and the assessments of the analyst and the project
    manager.
    """

    model_config = example_includes("target_at")
    reason: FreeText
    analyst: Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)]
    analyst_assessment: FreeText
    assessment: FreeText
    due_at: Instant | None = Field(
        default=None,
        description="Time by which the decision is made; if left out, the time that the approval rule "
        "sets, which is also the latest.",
    )
    plan: FreeText | None = None
    target_at: Instant | None = None
    environment: EnvironmentKey | None = None
    changes: ChangeReferences = ()
    leave_out_stages: bool | None = Field(
        default=None,
        strict=True,
        description="Request to leave out the stages that the release was planned without; the "
        "question names them and the reason. Without this approval the first gate cannot be passed.",
    )

    CONDITIONS = (
        at_least_one_member(
            "nothing_to_change", "plan", "target_at", "environment", "changes", "leave_out_stages"
        ),
    )


class AdoptPlanChangeRelease(Tallied):
    """The decision to change the plan."""

    plan_change: Annotated[UUID, ChildRef(PlanChange)] = Field(description="Identifier of the plan change.")


class RefusePlanChangeRelease(AdoptPlanChangeRelease):
    """The decision not to change the plan."""


class RequestGoRelease(AskDecision):
    """The question whether to bring the release into use, and the conditions."""

    conditions: FreeText | None = Field(
        default=None, description="Conditions of the go, which are part of the decision."
    )


class DeployedRevision(PayloadPart):
    """A revision that was deployed."""

    revision: ShortText = Field(description="Name of the revision in the repository.", examples=["4f2a91c"])
    committed_at: Instant = Field(description="Time of the commit in the repository.")


class DeployRelease(Payload, of=Release):
    """The deployment of the release: environment, times and revisions."""

    environment: EnvironmentKey | None = Field(
        default=None,
        description="Environment of the deployment; if left out, the planned environment.",
        examples=[PRODUCTION],
    )
    what: FreeText = Field(
        description="Description of the deployed contents.", examples=["Version 4.2 on both relays."]
    )
    started_at: Instant | None = Field(
        default=None, description="Beginning of the deployment; if left out, its end."
    )
    ended_at: Instant | None = Field(default=None, description="End of the deployment; if left out, now.")
    late_reason: FreeText | None = Field(
        default=None,
        description="Reason for reporting the deployment only during a freeze that began after it.",
    )
    revisions: Annotated[tuple[DeployedRevision, ...], at_most_entries(MOST_REVISIONS)] = Field(
        default=(),
        max_length=MOST_REVISIONS,
        description="Revisions in the deployment with the times of their commits, if they are known.",
    )


class RollBackRelease(Payload):
    """The reason for rolling the release back."""

    reason: FreeText = Field(description="Reason for rolling back.", examples=["Mail was lost."])


class EndSupportRelease(Payload, of=Release):
    """The faults that are open at the end of early-life support, and the person or team that handles them
    from then on.
    """

    model_config = example_includes("open_faults", "handed_over_to")
    open_faults: FreeText | None = None
    handed_over_to: (
        Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.in_charge)] | None
    ) = Field(default=None, description="Person who handles the open faults from now on.")
    handed_over_to_team: Annotated[Reference, ForeignRef("team", GivenDuty.team_handling)] | None = Field(
        default=None, description="Team that handles the open faults from now on."
    )

    CONDITIONS = (
        member_only_with("faults_to_nobody", "open_faults", "handed_over_to", "handed_over_to_team"),
    )


class CloseRelease(Payload, of=Release):
    """The lessons of the release."""

    lessons: FreeText


class StageDefinition(PayloadPart, of=ReleaseStage):
    """A stage: its deliverable, the author's role, and the reviewer's role."""

    key: RecordKey
    name_en: Statement = Field(description="Name in English.")
    name_zh: Statement = Field(description="Name in Chinese.")
    deliverable_en: Statement = Field(description="Deliverable in English.")
    deliverable_zh: Statement = Field(description="Deliverable in Chinese.")
    author_role: Role
    reviewer_role: Role
    apart_from: Annotated[tuple[RecordKey, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)
    document_classes: Annotated[tuple[DocumentClass, ...], BoundedList] = Field(
        default=(), max_length=len(DocumentClass)
    )


EXAMPLE_STAGES = [stage for stage in DEFAULT_STAGES if stage["key"] in ("build", "test")]


class ReviseReleaseStageSet(Payload, of=StageSet):
    """The new stages of the set."""

    stages: Annotated[tuple[StageDefinition, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, examples=[EXAMPLE_STAGES]
    )


class AddReleaseStageSet(ReviseReleaseStageSet, of=StageSet):
    """The stages of a kind of release."""

    key: RecordKey
    name_en: ShortText
    name_zh: ShortText
