"""Payloads of actions on releases."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.records import ChildRef, ForeignRef, KeyRef
from app.foundation.custom.values import CustomValues
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.kernel.actions.conditions import at_least_one_member, member_only_with
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
from app.processes.releases.records import PlanChange, Release, ReleaseStage, StageSet
from app.ticketing.going_out_lookups import PRODUCTION

MOST_REVISIONS = 500


ChangeReferences = Annotated[
    tuple[Annotated[Reference, ForeignRef("change")], ...], Field(max_length=LONGEST_LIST), BoundedList
]


class PlannedStage(PayloadPart, of=ReleaseStage):
    """A stage that the release goes through."""

    key: RecordKey
    author: Annotated[Reference, ForeignRef("person")] | None = None
    reviewer: Annotated[Reference, ForeignRef("person")] | None = None


class ReleaseFields(Payload, of=Release):
    """The fields of a release that can be edited; its plan is changed by a decision."""

    title: Title = Field(
        description="A line about what it brings. Lists show it: name no persons here.",
        examples=["Mail relay 4.2"],
    )
    description: FreeText | None = None
    service: Annotated[RecordKey, KeyRef("service")]
    custom: CustomValues = Field(default_factory=dict)


class PlanRelease(ReleaseFields, of=Release):
    """The release to plan: the changes in it, its stages, its team and its plan."""

    changes: ChangeReferences = Field(
        description="The changes in it; an empty list if none was needed.", examples=[[]]
    )
    environment: RecordKey = PRODUCTION
    plan: FreeText
    target_at: Instant | None = None
    team: Annotated[Reference, ForeignRef("team")] = Field(
        description="The team that makes it and deploys it."
    )
    stage_set: Annotated[Reference, ForeignRef("release_stage_set")] | None = Field(
        default=None,
        description="The key of the set of stages; if left out, `software`.",
        examples=["software"],
    )
    stages: Annotated[tuple[PlannedStage, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The stages of the set that it goes through, in order, with their persons; if left out, "
        "all of them.",
    )
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None, description="The person whom it is planned for; if left out, the caller."
    )


class EditRelease(Patch, ReleaseFields):
    """The fields of the release to change; its plan is changed by a decision."""

    REQUESTER_FIELDS = frozenset({"title", "description"})


class AppointRelease(Payload, of=ReleaseStage):
    """The author and the reviewer of a stage."""

    model_config = example_includes("reviewer")
    stage: Annotated[RecordKey, ChildRef(ReleaseStage, by="key")] = Field(
        description="The key of the stage.", examples=["build"]
    )
    author: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="The person who writes its documents; if left out, unchanged."
    )
    reviewer: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="The person who passes its gate; if left out, unchanged."
    )

    CONDITIONS = (at_least_one_member("author_or_reviewer", "author", "reviewer"),)


class PassGateRelease(Payload, of=ReleaseStage):
    """The documents of the present stage, as its reviewer accepts them."""

    model_config = example_includes("external_numbers")
    attachments: Annotated[tuple[UUID, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)
    external_numbers: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )
    author: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None,
        description="The person who wrote them, if the plan names nobody and another one attached them.",
    )
    comment: FreeText | None = Field(default=None, description="The findings of the review.")

    CONDITIONS = (at_least_one_member("stage_document_missing", "attachments", "external_numbers"),)


class ChangePlanRelease(Payload, of=PlanChange):
    """The proposed change of a release's plan, its reason, and how analyst and project manager assess it."""

    model_config = example_includes("target_at")
    reason: FreeText
    analyst: Annotated[Reference, ForeignRef("person")]
    analyst_assessment: FreeText
    assessment: FreeText
    due_at: Instant | None = Field(
        default=None, description="Time until which it is decided, if sooner than the approval rule says."
    )
    plan: FreeText | None = None
    target_at: Instant | None = None
    environment: RecordKey | None = None
    changes: ChangeReferences = ()

    CONDITIONS = (at_least_one_member("nothing_to_change", "plan", "target_at", "environment", "changes"),)


class AdoptPlanChangeRelease(Tallied):
    """The decision by which the plan is changed."""

    plan_change: Annotated[UUID, ChildRef(PlanChange)] = Field(description="The id of the plan's change.")


class RefusePlanChangeRelease(AdoptPlanChangeRelease):
    """The decision by which the plan stays as it is."""


class RequestGoRelease(AskDecision):
    """The question whether the release goes into use, and under which conditions."""

    conditions: FreeText | None = Field(
        default=None, description="The conditions under which it goes, which are decided on as well."
    )


class DeployedRevision(PayloadPart):
    """A revision that was deployed."""

    revision: ShortText = Field(description="Its name in the repository.", examples=["4f2a91c"])
    committed_at: Instant = Field(description="Time of the commit.")


class DeployRelease(Payload):
    """The deployment of the release: environment, times and revisions."""

    environment: RecordKey | None = Field(
        default=None, description="The environment; if left out, as planned.", examples=[PRODUCTION]
    )
    what: FreeText = Field(
        description="A description of what was deployed.", examples=["Version 4.2 on both relays."]
    )
    started_at: Instant | None = Field(default=None, description="Its begin; if left out, its end.")
    ended_at: Instant | None = Field(default=None, description="Its end; if left out, now.")
    revisions: Annotated[tuple[DeployedRevision, ...], at_most_entries(MOST_REVISIONS)] = Field(
        default=(),
        max_length=MOST_REVISIONS,
        description="The revisions in it, with the times of their commits, if they are known.",
    )


class RollBackRelease(Payload):
    """The reason why the release is taken back."""

    reason: FreeText = Field(description="The reason for rolling it back.", examples=["Mail was lost."])


class EndSupportRelease(Payload, of=Release):
    """The faults that are open when early-life support ends, and to whom they are handed over."""

    model_config = example_includes("open_faults", "handed_over_to")
    open_faults: FreeText | None = None
    handed_over_to: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = (
        Field(default=None, description="The person who sees to them from now on.")
    )
    handed_over_to_team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="The team that sees to them from now on."
    )

    CONDITIONS = (
        member_only_with("faults_to_nobody", "open_faults", "handed_over_to", "handed_over_to_team"),
    )


class CloseRelease(Payload, of=Release):
    """The lessons of the release."""

    lessons: FreeText


class StageDefinition(PayloadPart, of=ReleaseStage):
    """A stage: what it delivers, who writes that, and who passes its gate."""

    key: RecordKey
    name_en: ShortText = Field(description="The name in English.")
    name_zh: ShortText = Field(description="The name in Chinese.")
    deliverable_en: ShortText = Field(description="The deliverable in English.")
    deliverable_zh: ShortText = Field(description="The deliverable in Chinese.")
    author_role: Role
    reviewer_role: Role
    apart_from: Annotated[tuple[RecordKey, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)


EXAMPLE_STAGES = [stage for stage in DEFAULT_STAGES if stage["key"] in ("build", "test")]


class ReviseReleaseStageSet(Payload, of=StageSet):
    """The stages as they are from now on."""

    stages: Annotated[tuple[StageDefinition, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, examples=[EXAMPLE_STAGES]
    )


class AddReleaseStageSet(ReviseReleaseStageSet, of=StageSet):
    """The stages of a kind of release."""

    key: RecordKey
    name_en: ShortText
    name_zh: ShortText
