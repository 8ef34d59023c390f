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
    """Changes that are brought into use together, through the stages that they were planned with.

    `change_ids` are the changes in it, `service` the key of the service under which it counts, and
    `environment` the key of the environment that it is for. `stage_set` is the key of the set that its stages
    were copied from. `stage` is the key of the stage whose gate is passed next, with `stage_author_id` and
    `stage_reviewer_id` as far as they were named; none is left once it is ready.

    `go` is the decision on its present plan: none before, or after the plan was changed. `plan_change_id` is
    the change of the plan that waits for a decision.
    """

    KIND: ClassVar[str] = "release"

    state: ReleaseState | None = required()
    description: Annotated[str | None, Personal()] = None
    service: Annotated[str | None, KeyRef("service")] = None
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Who planned it, where it is somebody else's."
    )
    change_ids: list[str] | None = optional("The changes in it.")
    environment: str | None = optional("Where it is deployed.")
    plan: Annotated[str | None, Personal()] = None
    target_at: datetime | None = optional("When it is to be deployed.")
    stage_set: str | None = optional("The key of the set that its stages are from.")
    stage: str | None = optional("The key of the stage whose gate is next; null: all are passed.")
    stage_author_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = optional(
        "Who writes that stage's documents."
    )
    stage_reviewer_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.to_review)] = (
        optional("Who passes that stage's gate, if named.")
    )
    stages_total: int | None = None
    stages_passed: int | None = None
    plan_change_id: UUID | None = optional("The change of its plan that waits for a decision.")
    plan_changes: int | None = optional("How often its plan was changed.")
    ready_at: Annotated[datetime | None, EnteredAt(ReleaseState.ready)] = None
    go_decision_id: UUID | None = optional("The latest decision whether it goes into use.")
    go_conditions: Annotated[str | None, Personal()] = optional("The conditions that it was put with.")
    go: Annotated[bool | None, ClearedBy(entering={ReleaseState.ready})] = optional(
        "What was decided on the present plan; null: nothing yet."
    )
    go_decided_at: Annotated[datetime | None, ClearedBy(entering={ReleaseState.ready})] = None
    deployed_at: Annotated[datetime | None, EnteredAt(ReleaseState.deployed, first=True)] = None
    deployment_id: Annotated[UUID | None, ForeignRef("deployment")] = None
    deployed_what: Annotated[str | None, Personal()] = None
    rolled_back_at: Annotated[datetime | None, EnteredAt(ReleaseState.rolled_back)] = None
    roll_back_reason: Annotated[str | None, Personal()] = None
    support_ended_at: Annotated[datetime | None, EnteredAt(ReleaseState.supported)] = optional(
        "When early-life support ended."
    )
    open_faults: Annotated[str | None, Personal()] = optional("The faults that were open then.")
    faults_owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = (
        optional("Who sees to them.")
    )
    faults_team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team that sees to them.")
    closed_at: Annotated[datetime | None, EnteredAt(ReleaseState.closed)] = None
    lessons: Annotated[str | None, Personal()] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(ReleaseState.cancelled)] = None


class ReleaseStage(ChildRecord):
    """A stage of a release, as its set described it when the release was planned; `place` counts from 1.

    `author_role` writes its deliverable and `reviewer_role` passes its gate, or the persons who are named.
    Its author may not have written the stages whose keys are in `apart_from`. Once its gate is passed, its
    documents are archived: `attachment_ids` are attachments of the release, `external_numbers` are documents
    elsewhere.
    """

    KIND: ClassVar[str] = "release_stage"

    place: int | None = required("From 1.")
    key: str | None = required()
    name_en: str | None = required()
    name_zh: str | None = required()
    deliverable_en: str | None = required()
    deliverable_zh: str | None = required()
    author_role: Role | None = None
    reviewer_role: Role | None = optional("The role that passes its gate, if nobody is named.")
    apart_from: list[str] | None = optional("Keys of stages that its author may not have written.")
    author_id: Annotated[UUID | None, ForeignRef("person")] = None
    reviewer_id: Annotated[UUID | None, ForeignRef("person")] = None
    attachment_ids: list[str] | None = optional("Its archived documents: attachments.")
    external_numbers: list[str] | None = optional("Its archived documents elsewhere.")
    planned_at: datetime | None = required()
    passed_at: datetime | None = None
    passed_by_id: Annotated[UUID | None, ForeignRef("person")] = None


class PlanChange(ChildRecord):
    """A change of the plan of a release: what is to be otherwise, why, and what came of it.

    Values that it does not have stay as they are.
    """

    KIND: ClassVar[str] = "plan_change"

    decision_id: UUID | None = required()
    reason: Annotated[str | None, Personal()] = None
    analyst_id: Annotated[UUID | None, ForeignRef("person")] = required()
    analyst_assessment: Annotated[str | None, Personal()] = None
    assessment: Annotated[str | None, Personal()] = optional("What the project manager says of it.")
    plan: Annotated[str | None, Personal()] = None
    target_at: datetime | None = None
    environment: str | None = None
    change_ids: list[str] | None = None
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
    key: str | None = required()
    name_en: str | None = required()
    name_zh: str | None = required()
    stages: Annotated[list[dict[str, Any]] | None, Document()] = required()
    set_at: datetime | None = required()
    retired_at: Annotated[datetime | None, EnteredAt(StageSetState.retired)] = None
