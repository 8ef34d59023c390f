"""Payloads of actions on releases."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.components import example_includes
from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.records import ChildRef, ForeignRef, KeyRef
from app.foundation.custom.values import CustomValues
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Patch,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    ShortText,
    Title,
    at_most_entries,
)
from app.processes.releases.default_stages import DEFAULT_STAGES
from app.processes.releases.records import (
    PlanChange,
    ReleaseStage,
)
from app.ticketing.going_out_lookups import PRODUCTION

MOST_REVISIONS = 500


class PlanRelease(Payload):
    """The release to plan: the changes in it, its stages, its team and its plan."""

    title: Title = Field(
        description="What it brings, in a line. Lists show it: name no persons here.",
        examples=["Mail relay 4.2"],
    )
    description: FreeText | None = Field(default=None, description="What is to be known of it.")
    service: Annotated[RecordKey, KeyRef("service")] = Field(description="The key of its service.")
    changes: ChangeReferences = Field(
        max_length=LONGEST_LIST,
        description="The changes in it: ids or numbers; an empty list, if none was needed.",
        examples=[[]],
    )
    environment: RecordKey = Field(
        default=PRODUCTION,
        description="Where it is deployed. Figures count `production`.",
        examples=[PRODUCTION],
    )
    plan: FreeText = Field(description="The plan.", examples=["Build in March, try in April."])
    target_at: Instant | None = Field(default=None, description="When it is to be deployed.")
    team: Annotated[Reference, ForeignRef("team")] = Field(
        description="The team that makes it and deploys it: its key or id."
    )
    stage_set: Annotated[Reference, ForeignRef("release_stage_set")] | None = Field(
        default=None, description="The set of stages: its key; none: `software`.", examples=["software"]
    )
    stages: Annotated[tuple[PlannedStage, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The stages of the set that it goes through, in order, and by whom; none: all of them.",
    )
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None, description="Whom it is planned for, if not the caller: a person's id."
    )
    custom: CustomValues = Field(default_factory=dict)


class DeployedRevision(PayloadPart):
    """A revision that was deployed."""

    revision: ShortText = Field(description="Its name in the repository.", examples=["4f2a91c"])
    committed_at: Instant = Field(description="When it was committed.")


class DeployRelease(Payload):
    """What was deployed, where and when."""

    environment: RecordKey | None = Field(
        default=None, description="Where; none: as planned.", examples=[PRODUCTION]
    )
    what: FreeText = Field(description="What was deployed.", examples=["Version 4.2 on both relays."])
    started_at: Instant | None = Field(default=None, description="When it began, if not when it ended.")
    ended_at: Instant | None = Field(default=None, description="When it ended, if not now.")
    revisions: Annotated[tuple[DeployedRevision, ...], at_most_entries(MOST_REVISIONS)] = Field(
        default=(),
        max_length=MOST_REVISIONS,
        description="The revisions in it, with the times of their commits, if they are known.",
    )


class RollBackRelease(Payload):
    """The reason why the release is taken back."""

    reason: FreeText = Field(description="Why it is rolled back.", examples=["Mail was lost."])


class EndSupportRelease(Payload):
    """The faults that are open when early-life support ends, and to whom they are handed over."""

    model_config = example_includes("open_faults", "handed_over_to")
    open_faults: FreeText | None = Field(default=None, description="The faults that are open; none: none.")
    handed_over_to: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = (
        Field(default=None, description="Who sees to them from now on: a person's id.")
    )
    handed_over_to_team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="Or the team that does: its key or id."
    )

    @model_validator(mode="after")
    def _check_handed_over(self) -> EndSupportRelease:
        if self.open_faults is not None and self.handed_over_to is None and self.handed_over_to_team is None:
            raise PydanticCustomError("faults_to_nobody", "say who sees to the open faults")
        return self


class CloseRelease(Payload):
    """The lessons of the release."""

    lessons: FreeText = Field(description="What was learnt.")


class EditRelease(Patch):
    """The fields of the release to change; its plan is changed by a decision."""

    REQUESTER_FIELDS = frozenset({"title", "description"})

    title: Title = Field(default_factory=str, description="What it brings, in a line. Lists show it.")
    description: FreeText | None = Field(default=None, description="What is to be known of it.")
    service: Annotated[RecordKey, KeyRef("service")] = Field(
        default_factory=str, description="The key of its service."
    )
    custom: CustomValues = Field(default_factory=dict)


EXAMPLE_STAGES = [stage for stage in DEFAULT_STAGES if stage["key"] in ("build", "test")]


class StageDefinition(PayloadPart):
    """A stage: what it delivers, who writes that, and who passes its gate."""

    key: RecordKey = Field(description="What plans and figures call it.")
    name_en: ShortText = Field(description="What people call it, in English.")
    name_zh: ShortText = Field(description="What people call it, in Chinese.")
    deliverable_en: ShortText = Field(description="What it delivers, in English.")
    deliverable_zh: ShortText = Field(description="What it delivers, in Chinese.")
    author_role: Role = Field(description="The role that writes it.")
    reviewer_role: Role = Field(
        description="The role that passes its gate, unless the plan names somebody; never who wrote it."
    )
    apart_from: Annotated[tuple[RecordKey, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The keys of earlier stages whose authors may not write this one: who builds does not "
        "test.",
    )


Stages = Annotated[tuple[StageDefinition, ...], BoundedList]


class AddReleaseStageSet(Payload):
    """The stages of a kind of release."""

    key: RecordKey = Field(
        description="What plans call it. Releases that name no set go through `software`.",
        examples=["hardware"],
    )
    name_en: ShortText = Field(description="What people call it, in English.", examples=["Hardware"])
    name_zh: ShortText = Field(description="What people call it, in Chinese.", examples=["硬件"])
    stages: Stages = Field(
        min_length=1, max_length=LONGEST_LIST, description="The stages, in order.", examples=[EXAMPLE_STAGES]
    )


class ReviseReleaseStageSet(Payload):
    """The stages as they are from now on."""

    stages: Stages = Field(
        min_length=1, max_length=LONGEST_LIST, description="The stages, in order.", examples=[EXAMPLE_STAGES]
    )


class PlannedStage(PayloadPart):
    """A stage that the release goes through."""

    key: RecordKey = Field(description="The key of the stage in its set.", examples=["build"])
    author: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who writes its documents: a person's id, or `me`."
    )
    reviewer: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None,
        description="Who passes its gate: a person's id, or `me`; none: whoever holds the stage's role.",
    )


class AppointRelease(Payload):
    """Who writes the documents of a stage, and who passes its gate."""

    model_config = example_includes("reviewer")
    stage: Annotated[RecordKey, ChildRef(ReleaseStage, by="key")] = Field(
        description="The key of the stage.", examples=["build"]
    )
    author: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who writes its documents: an id, or `me`; none: as it is."
    )
    reviewer: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who passes its gate: an id, or `me`; none: as it is."
    )

    @model_validator(mode="after")
    def _check_somebody(self) -> AppointRelease:
        if self.author is None and self.reviewer is None:
            raise PydanticCustomError("author_or_reviewer", "name an author or a reviewer")
        return self


class PassGateRelease(Payload):
    """The documents of the present stage, as its reviewer accepts them."""

    model_config = example_includes("external_numbers")
    attachments: Annotated[tuple[UUID, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The stage's documents: ids of attachments of the release. They are archived with the "
        "stage.",
    )
    external_numbers: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Or the numbers of documents that are elsewhere, or a repository and its revision.",
        examples=[["TE2026001"]],
    )
    author: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None,
        description="Who wrote them, if the plan does not say, and whoever attached them has not: an id.",
    )
    comment: FreeText | None = Field(default=None, description="What the review has found.")

    @model_validator(mode="after")
    def _check_documents(self) -> PassGateRelease:
        if not self.attachments and not self.external_numbers:
            raise PydanticCustomError("stage_document_missing", "name a document of the stage")
        return self


ChangeReferences = Annotated[tuple[Annotated[Reference, ForeignRef("change")], ...], BoundedList]


class ChangePlanRelease(Payload):
    """The proposed change of a release's plan, its reason, and how analyst and project manager assess it."""

    model_config = example_includes("target_at")
    reason: FreeText = Field(description="Why the plan is to be changed.")
    analyst: Annotated[Reference, ForeignRef("person")] = Field(
        description="The analyst who has assessed it: a person's id.", examples=["me"]
    )
    analyst_assessment: FreeText = Field(description="What the analyst says of it.")
    assessment: FreeText = Field(description="What the project manager says of it.")
    due_at: Instant | None = Field(
        default=None, description="Until when it is decided, if sooner than the approval rule says."
    )
    plan: FreeText | None = Field(default=None, description="The new plan; none: as it is.")
    target_at: Instant | None = Field(
        default=None, description="When it is to be deployed now; none: as it is."
    )
    environment: RecordKey | None = Field(
        default=None, description="The environment; none: as it is.", examples=["production"]
    )
    changes: ChangeReferences = Field(
        default=(), max_length=LONGEST_LIST, description="All changes in it from then on; none: as they are."
    )

    @model_validator(mode="after")
    def _check_something_changes(self) -> ChangePlanRelease:
        if self.plan is None and self.target_at is None and self.environment is None and not self.changes:
            raise PydanticCustomError("nothing_to_change", "say what is to change")
        return self


class AdoptPlanChangeRelease(Tallied):
    """The decision by which the plan is changed."""

    plan_change: Annotated[UUID, ChildRef(PlanChange)] = Field(description="The change of the plan: its id.")


class RefusePlanChangeRelease(AdoptPlanChangeRelease):
    """The decision by which the plan stays as it is."""


class RequestGoRelease(AskDecision):
    """The question whether the release goes into use, and under which conditions."""

    conditions: FreeText | None = Field(
        default=None, description="The conditions under which it goes, which are decided on as well."
    )
