"""The records of releases, of their stages, and of sets of stages, with states."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import ClearedBy, EnteredAt
from app.common.tickets import Ticket


class ReleaseState(CodeEnum):
    """The state of a release."""

    planned = "planned", "Planned", "已计划"
    in_stage = "in_stage", "In a stage", "阶段进行中"
    ready = "ready", "Ready", "待发布"
    deployed = "deployed", "Deployed", "已部署"
    supported = "supported", "Early-life support ended", "早期支持已结束"
    closed = "closed", "Closed", "已关闭"
    rolled_back = "rolled_back", "Rolled back", "已回退"
    cancelled = "cancelled", "Cancelled", "已取消"


ENDED = frozenset({ReleaseState.closed})
OPEN = frozenset(ReleaseState) - ENDED - {ReleaseState.rolled_back, ReleaseState.cancelled}
#: The states in which the release is not in use yet.
BEFORE_DEPLOYMENT = frozenset({ReleaseState.planned, ReleaseState.in_stage, ReleaseState.ready})


class Release(Ticket):
    """Changes that are brought into use together, through the stages that they were planned with."""

    KIND: ClassVar[str] = "release"

    state: ReleaseState | None = required()
    description: Annotated[str | None, Personal()] = optional("A description of it.")
    service: Annotated[str | None, KeyRef("service")] = optional(
        "The key of the service that it counts under."
    )
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who planned it, if another than the requester."
    )
    change_ids: list[str] | None = optional("The changes in it.")
    environment: str | None = optional(
        "The key of the environment that it is deployed to. Figures count `production`.",
        examples=["production"],
    )
    plan: Annotated[str | None, Personal()] = optional(
        "The plan.", examples=["Build in March, try in April."]
    )
    target_at: datetime | None = optional("Time at which it is to be deployed.")
    stage_set: str | None = optional("The key of the set that its stages were copied from.")
    stage: str | None = optional("The key of the stage whose gate is passed next; null once all are passed.")
    stage_author_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = optional(
        "The person who writes that stage's documents."
    )
    stage_reviewer_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.to_review)] = (
        optional("The person who passes that stage's gate, if named.")
    )
    stages_total: int | None = None
    stages_passed: int | None = None
    plan_change_id: UUID | None = optional("The change of its plan that waits for a decision.")
    plan_changes: int | None = optional("Number of changes of its plan.")
    ready_at: Annotated[datetime | None, EnteredAt(ReleaseState.ready)] = None
    go_decision_id: UUID | None = optional("The latest decision on its going into use.")
    go_conditions: Annotated[str | None, Personal()] = optional(
        "The conditions under which it goes, which are decided on as well."
    )
    go: Annotated[bool | None, ClearedBy(entering={ReleaseState.ready})] = optional(
        "The decision on the present plan, true for a go; null before it, and after the plan was changed."
    )
    go_decided_at: Annotated[datetime | None, ClearedBy(entering={ReleaseState.ready})] = None
    deployed_at: Annotated[datetime | None, EnteredAt(ReleaseState.deployed, first=True)] = None
    deployment_id: Annotated[UUID | None, ForeignRef("deployment")] = None
    deployed_what: Annotated[str | None, Personal()] = None
    rolled_back_at: Annotated[datetime | None, EnteredAt(ReleaseState.rolled_back)] = None
    roll_back_reason: Annotated[str | None, Personal()] = None
    support_ended_at: Annotated[datetime | None, EnteredAt(ReleaseState.supported)] = optional(
        "Time at which early-life support ended."
    )
    open_faults: Annotated[str | None, Personal()] = optional(
        "The faults that were open when early-life support ended; null if there were none."
    )
    faults_owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = (
        optional("The person who sees to the open faults.")
    )
    faults_team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The team that sees to the open faults."
    )
    closed_at: Annotated[datetime | None, EnteredAt(ReleaseState.closed)] = None
    lessons: Annotated[str | None, Personal()] = optional("The lessons learnt.")
    cancelled_at: Annotated[datetime | None, EnteredAt(ReleaseState.cancelled)] = None


class ReleaseStage(ChildRecord):
    """A stage of a release, as its set described it when the release was planned.

    Once its gate is passed, its documents are archived: attachments of the release, or documents elsewhere.
    """

    KIND: ClassVar[str] = "release_stage"

    place: int | None = required("Place in the order of stages, from 1.")
    key: str | None = required("The key of the stage in its set.", examples=["build"])
    name_en: str | None = required()
    name_zh: str | None = required()
    deliverable_en: str | None = required()
    deliverable_zh: str | None = required()
    author_role: Role | None = optional("The role that writes its documents, if nobody is named.")
    reviewer_role: Role | None = optional(
        "The role that passes its gate, if nobody is named; never the author."
    )
    apart_from: list[str] | None = optional(
        "Keys of earlier stages whose authors may not write this one: who builds does not test."
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who writes its documents.")
    reviewer_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who passes its gate; if nobody is named, whoever holds the stage's role."
    )
    attachment_ids: list[str] | None = optional(
        "Its documents: ids of attachments of the release. They are archived with the stage."
    )
    external_numbers: list[str] | None = optional(
        "Its documents elsewhere: their numbers, or a repository and its revision.", examples=[["TE2026001"]]
    )
    planned_at: datetime | None = required()
    passed_at: datetime | None = None
    passed_by_id: Annotated[UUID | None, ForeignRef("person")] = None


class PlanChange(ChildRecord):
    """A proposed change of the plan of a release, its reason, and its result. What is null stays as it is."""

    KIND: ClassVar[str] = "plan_change"

    decision_id: UUID | None = required()
    reason: Annotated[str | None, Personal()] = optional("The reason for changing the plan.")
    analyst_id: Annotated[UUID | None, ForeignRef("person")] = required(
        "The analyst who has assessed it.", examples=["me"]
    )
    analyst_assessment: Annotated[str | None, Personal()] = optional("The analyst's assessment.")
    assessment: Annotated[str | None, Personal()] = optional("The project manager's assessment.")
    plan: Annotated[str | None, Personal()] = optional("The new plan; null: unchanged.")
    target_at: datetime | None = optional("The new time of deployment; null: unchanged.")
    environment: str | None = optional("The new environment; null: unchanged.", examples=["production"])
    change_ids: list[str] | None = optional("All changes in it from then on; null: unchanged.")
    proposed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    proposed_at: datetime | None = required()
    adopted_at: datetime | None = None
    refused_at: datetime | None = None


class StageSetState(CodeEnum):
    """The state of a set of stages."""

    in_use = "in_use", "In use", "在用"
    retired = "retired", "Retired", "已停用"


class StageSet(Record):
    """The stages of a kind of release, in order. Releases keep the stages that they were planned with.

    `stages` are `{"key": …, "name_en": …, "name_zh": …, "deliverable_en": …, "deliverable_zh": …,
    "author_role": …, "reviewer_role": …, "apart_from": […]}`.
    """

    KIND: ClassVar[str] = "release_stage_set"

    state: StageSetState | None = required()
    key: str | None = required(
        "The key in plans. Releases that name no set go through `software`.", examples=["hardware"]
    )
    name_en: str | None = required("The name in English.", examples=["Hardware"])
    name_zh: str | None = required("The name in Chinese.", examples=["硬件"])
    stages: Annotated[list[dict[str, Any]] | None, Document()] = required("The stages, in order.")
    set_at: datetime | None = required()
    retired_at: Annotated[datetime | None, EnteredAt(StageSetState.retired)] = None
