"""Read side of releases and of sets of stages: schemas, and listings with filters and sorts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.lists import Listing
from app.api.shapes import OutputModel, PersonStub, RecordOut, TeamStub, TicketOut
from app.common.people import Role
from app.common.priority import Impact, Priority, Urgency
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.services.queries import SERVICES
from app.processes.releases import stages
from app.processes.releases.lifecycle import LIFECYCLE
from app.processes.releases.records import PlanChange, ReleaseStage, ReleaseState, StageSetState


class ReleaseOut(TicketOut):
    """Changes that are brought into use together."""

    state: ReleaseState
    state_since: datetime
    title: str | None = Field(description="Null where an imported history has none.")
    description: str | None
    impact: Impact | None
    urgency: Urgency | None
    priority: Priority | None
    service: str | None
    change_ids: list[str] | None = Field(description="The changes in it.")
    environment: str | None = Field(description="Where it is deployed.")
    plan: str | None
    target_at: datetime | None = Field(description="When it is to be deployed.")
    requester: PersonStub | None = Field(description="Who planned it, or whom it was planned for.")
    reported_by: PersonStub | None = Field(description="Who planned it, where it is somebody else's.")
    customer: TeamStub | None = Field(description="The requester's team when it was planned.")
    team: TeamStub | None = Field(description="The team that makes it and deploys it.")
    assignee: PersonStub | None
    opened_at: datetime = Field(description="When it was planned.")
    stage_set: str | None = Field(description="The key of the set that its stages are from.")
    stage: str | None = Field(description="The key of the stage whose gate is next; null: all are passed.")
    stage_author: PersonStub | None = Field(description="Who writes that stage's documents.")
    stage_reviewer: PersonStub | None = Field(description="Who passes that stage's gate, if named.")
    stages_total: int | None
    stages_passed: int | None
    plan_change_id: UUID | None = Field(description="The change of its plan that waits for a decision.")
    plan_changes: int | None = Field(description="How often its plan was changed.")
    ready_at: datetime | None
    go_decision_id: UUID | None = Field(description="The latest decision whether it goes into use.")
    go_conditions: str | None = Field(description="The conditions that it was put with.")
    go: bool | None = Field(description="What was decided on the present plan; null: nothing yet.")
    go_decided_at: datetime | None
    deployed_at: datetime | None
    deployment_id: UUID | None
    deployed_what: str | None
    rolled_back_at: datetime | None
    roll_back_reason: str | None
    support_ended_at: datetime | None = Field(description="When early-life support ended.")
    open_faults: str | None = Field(description="The faults that were open then.")
    faults_owner: PersonStub | None = Field(description="Who sees to them.")
    faults_team: TeamStub | None = Field(description="The team that sees to them.")
    closed_at: datetime | None
    lessons: str | None
    cancelled_at: datetime | None


class ReleaseStageOut(OutputModel):
    """A stage of a release."""

    id: UUID
    place: int = Field(description="From 1.")
    key: str
    name_en: str
    name_zh: str
    deliverable_en: str
    deliverable_zh: str
    author_role: Role | None
    reviewer_role: Role | None = Field(description="The role that passes its gate, if nobody is named.")
    apart_from: list[str] | None = Field(description="Keys of stages that its author may not have written.")
    author: PersonStub | None
    reviewer: PersonStub | None
    attachment_ids: list[str] | None = Field(description="Its archived documents: attachments.")
    external_numbers: list[str] | None = Field(description="Its archived documents elsewhere.")
    passed_at: datetime | None
    passed_by: PersonStub | None


class PlanChangeOut(OutputModel):
    """A change of a release's plan; what is null stays as it was."""

    id: UUID
    decision_id: UUID
    reason: str | None = Field(description="Null when its author was erased.")
    analyst: PersonStub | None
    analyst_assessment: str | None
    assessment: str | None = Field(description="What the project manager says of it.")
    plan: str | None
    target_at: datetime | None
    environment: str | None
    change_ids: list[str] | None
    proposed_by: PersonStub | None
    proposed_at: datetime
    adopted_at: datetime | None
    refused_at: datetime | None


#: The listings of child records that only releases have.
CHILD_LISTINGS = (
    ChildListing("stages", ReleaseStage, "planned_at", ReleaseStageOut, "the stages of a release, in order"),
    ChildListing(
        "plan_changes",
        PlanChange,
        "proposed_at",
        PlanChangeOut,
        "the changes of a release's plan, the oldest first",
    ),
)

LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ReleaseOut,
    filters=(
        "state",
        "state_since",
        "priority",
        "service",
        "environment",
        "requester",
        "team",
        "assignee",
        "stage_author",
        "stage_reviewer",
        "opened_at",
        "target_at",
        "deployed_at",
        "closed_at",
        "changed_at",
        "tag",
        "follower",
        "external_reference",
    ),
    sorts=("opened_at", "changed_at", "state_since", "priority", "target_at", "deployed_at", "closed_at"),
    expands=(PERSONS, TEAMS, SERVICES),
)


class StageOut(OutputModel):
    """A stage of a set."""

    key: str
    name_en: str
    name_zh: str
    deliverable_en: str
    deliverable_zh: str
    author_role: Role = Field(description="The role that writes its deliverable.")
    reviewer_role: Role = Field(description="The role that passes its gate.")
    apart_from: list[str] = Field(description="Keys of earlier stages whose authors may not write this one.")


class ReleaseStageSetOut(RecordOut):
    """A set of stages that releases go through."""

    state: StageSetState
    key: str
    name_en: str
    name_zh: str
    stages: list[StageOut]
    set_at: datetime
    retired_at: datetime | None


STAGE_SETS = Listing(
    lifecycle=stages.LIFECYCLE, shape=ReleaseStageSetOut, filters=("set_at",), sorts=("set_at",)
)
