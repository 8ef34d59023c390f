"""The records of releases, of their stages, and of sets of stages, with states."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import ClearedBy, EnteredAt
from app.common.tickets import Ticket
from app.foundation.environments import OF_ENVIRONMENT


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
    description: Annotated[str | None, Personal()] = optional("Description of the release.")
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service in whose figures the release is counted."
    )
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who planned the release; null if the requester did."
    )
    change_ids: list[str] | None = optional("Changes in the release.")
    environment: Annotated[str | None, OF_ENVIRONMENT] = optional(
        "Key of the environment to which the release is deployed. Figures count only `production`.",
        examples=["production"],
    )
    plan: Annotated[str | None, Personal()] = optional(
        "Plan of the release.", examples=["Build in March, try in April."]
    )
    target_at: datetime | None = optional("Planned time of the deployment.")
    stage_set: str | None = optional("Key of the set of which the stages are copies.")
    stage: str | None = optional("Key of the stage whose gate must be passed next; null once all are passed.")
    stage_author_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)
    ] = optional("Author of the current stage's documents; null if not named.")
    stage_reviewer_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.review), Responsible(NoticeType.to_review)
    ] = optional("Reviewer of the current stage's gate; null if not named.")
    stages_skipped: list[str] | None = optional(
        "Keys of the stages of the set that the release leaves out; null if it leaves out none.",
        examples=[["trial_run"]],
    )
    stages_reason: Annotated[str | None, Personal()] = optional(
        "Reason for leaving out stages; null if none are left out."
    )
    stages_agreed_at: datetime | None = optional(
        "Time at which leaving out stages was approved; null until then, or if none are left out."
    )
    stages_total: int | None = optional("Number of stages of the release.")
    stages_passed: int | None = optional("Number of stages whose gate was passed.")
    plan_change_id: UUID | None = optional(
        "Change of the plan on which no decision was made yet; null if no change is open."
    )
    plan_changes: int | None = optional("Number of changes of the plan.")
    ready_at: Annotated[datetime | None, EnteredAt(ReleaseState.ready)] = None
    go_decision_id: UUID | None = optional(
        "Latest decision on whether to deploy the release; null before the first decision."
    )
    go_conditions: Annotated[str | None, Personal()] = optional(
        "Conditions of the go, which are part of the decision."
    )
    go: Annotated[bool | None, ClearedBy(entering={ReleaseState.ready})] = optional(
        "True for a go for the current plan; null until the decision, and after a change of the plan."
    )
    go_decided_at: Annotated[datetime | None, ClearedBy(entering={ReleaseState.ready})] = optional(
        "Time of the decision on the go for the current plan; null until then."
    )
    deployed_at: Annotated[datetime | None, EnteredAt(ReleaseState.deployed, first=True)] = None
    deployment_id: Annotated[UUID | None, ForeignRef("deployment")] = optional(
        "Deployment of the release; null until it is deployed."
    )
    deployed_what: Annotated[str | None, Personal()] = optional(
        "Description of the deployed contents; null until the release is deployed."
    )
    late_reason: Annotated[str | None, Personal()] = optional(
        "Reason for reporting the deployment only during a later freeze; null if there was none.",
        examples=["The network was down."],
    )
    rolled_back_at: Annotated[datetime | None, EnteredAt(ReleaseState.rolled_back)] = None
    roll_back_reason: Annotated[str | None, Personal()] = optional(
        "Reason for rolling the release back; null if it was not."
    )
    support_ended_at: Annotated[datetime | None, EnteredAt(ReleaseState.supported)] = optional(
        "Time at which early-life support ended; null until then."
    )
    open_faults: Annotated[str | None, Personal()] = optional(
        "Faults that were open at the end of early-life support; null if no faults were open."
    )
    faults_owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.in_charge)
    ] = optional("Person who handles the open faults; null if not set.")
    faults_team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team that handles the open faults; null if not set."
    )
    closed_at: Annotated[datetime | None, EnteredAt(ReleaseState.closed)] = None
    lessons: Annotated[str | None, Personal()] = optional(
        "Lessons learned from the release; null until it is closed."
    )
    cancelled_at: Annotated[datetime | None, EnteredAt(ReleaseState.cancelled)] = None


class ReleaseStage(ChildRecord):
    """A stage of a release, as its set described it when the release was planned.

    Once its gate is passed, its documents are archived: attachments of the release, or documents elsewhere.
    """

    KIND: ClassVar[str] = "release_stage"

    place: int | None = required("Place of the stage in the order of stages, from 1.")
    key: str | None = required("Key of the stage in its set.", examples=["build"])
    name_en: str | None = required("Name of the stage in English.")
    name_zh: str | None = required("Name of the stage in Chinese.")
    deliverable_en: str | None = required("Deliverable of the stage in English.")
    deliverable_zh: str | None = required("Deliverable of the stage in Chinese.")
    author_role: Role | None = optional("Role of the author, if no one is named.")
    reviewer_role: Role | None = optional("Role of the reviewer, if no one is named; never the author.")
    apart_from: list[str] | None = optional(
        "Keys of earlier stages whose authors may not be the author of this one: for example, a "
        "builder does not test."
    )
    document_classes: list[str] | None = optional(
        "Classes of documents in the register, of which the gate needs at least one; null or empty for any "
        "class.",
        examples=[["TE"]],
    )
    author_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.work, quiet=True)] = optional(
        "Author of the stage's documents; null if not named."
    )
    reviewer_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.review, quiet=True, role_field="reviewer_role")
    ] = optional("Reviewer, who passes the stage's gate; null for any holder of the reviewer's role.")
    attachment_ids: list[str] | None = optional(
        "Documents of the stage: ids of attachments of the release, which are archived with the stage."
    )
    document_numbers: list[str] | None = optional(
        "Numbers of the stage's documents in the register; null if not set.", examples=[["TE2026001"]]
    )
    external_numbers: list[str] | None = optional(
        "Documents of the stage elsewhere: their numbers, or a repository and its revision.",
        examples=[["git 4f2a91c"]],
    )
    planned_at: datetime | None = required("Time at which the stage was planned.")
    passed_at: datetime | None = optional("Time at which the stage's gate was passed; null until then.")
    passed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who passed the stage's gate; null until then."
    )


class PlanChange(ChildRecord):
    """A proposed change of the plan of a release, its reason, and its result. Null leaves the plan's
    value.
    """

    KIND: ClassVar[str] = "plan_change"

    decision_id: UUID | None = required("Decision on the change of the plan.")
    reason: Annotated[str | None, Personal()] = optional("Reason for changing the plan.")
    analyst_id: Annotated[UUID | None, ForeignRef("person")] = required(
        "Analyst who assessed the change.", examples=["me"]
    )
    analyst_assessment: Annotated[str | None, Personal()] = optional(
        "Assessment of the change by the analyst."
    )
    assessment: Annotated[str | None, Personal()] = optional(
        "Assessment of the change by the project manager."
    )
    plan: Annotated[str | None, Personal()] = optional("New plan; null if it remains the same.")
    target_at: datetime | None = optional("New time of the deployment; null if it remains the same.")
    environment: Annotated[str | None, OF_ENVIRONMENT] = optional(
        "New environment; null if it remains the same.", examples=["production"]
    )
    change_ids: list[str] | None = optional(
        "All changes in the release after the change of the plan; null if they remain the same."
    )
    leave_out_stages: bool | None = optional(
        "True if the change is to leave out the stages that the plan does not have; null otherwise."
    )
    proposed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who proposed the change of the plan."
    )
    proposed_at: datetime | None = required("Time at which the change of the plan was proposed.")
    adopted_at: datetime | None = optional(
        "Time at which the change of the plan was approved; null if it was not."
    )
    refused_at: datetime | None = optional(
        "Time at which the change of the plan was refused; null if it was not."
    )


class StageSetState(CodeEnum):
    """The state of a set of stages."""

    in_use = "in_use", "Defined", "已设定"
    retired = "retired", "Retired", "已停用"


class StageSet(Record):
    """The stages of a kind of release, in order. Releases keep the stages that they were planned with. A set,
    or its revision, is used once a second person has agreed to it.

    `stages` are `{"key": …, "name_en": …, "name_zh": …, "deliverable_en": …, "deliverable_zh": …,
    "author_role": …, "reviewer_role": …, "apart_from": […], "document_classes": […]}`.
    """

    KIND: ClassVar[str] = "release_stage_set"

    state: StageSetState | None = required()
    key: str | None = required(
        "Key of the set in plans. Releases that name no set use `software`.", examples=["hardware"]
    )
    name_en: str | None = required("Name of the set in English.", examples=["Hardware"])
    name_zh: str | None = required("Name of the set in Chinese.", examples=["硬件"])
    stages: Annotated[list[dict[str, Any]] | None, Document()] = required("Stages of the set, in order.")
    set_at: datetime | None = required("Time at which the stages were last set.")
    revision: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "Stages that await the agreement of a second person; null if there are none."
    )
    awaits_agreement: bool | None = optional(
        "True if the set is not used yet, since a second person has to agree to it."
    )
    agreed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who agreed to the stages last; null if nobody had to."
    )
    retired_at: Annotated[datetime | None, EnteredAt(StageSetState.retired)] = None

    @property
    def is_unagreed(self) -> bool:
        """Whether the set or its revision awaits the agreement of a second person."""
        return bool(self.awaits_agreement or self.revision)
