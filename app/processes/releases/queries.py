"""Read side of releases and of sets of stages: schemas, and listings with filters and sorts."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, PersonStub, RecordOut, TeamStub, TicketOut
from app.common.people import Role
from app.foundation.documents.records import DocumentClass
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.services.queries import SERVICES
from app.foundation.statements.shapes import STATEMENTS
from app.processes.releases import stages
from app.processes.releases.lifecycle import LIFECYCLE
from app.processes.releases.records import PlanChange, Release, ReleaseStage, StageSet


class ReleaseOut(
    TicketOut,
    of=Release,
    after={"title": "description", "target_at": "requester reported_by customer team assignee opened_at"},
):
    """Changes that are brought into use together."""

    requester: PersonStub | None = Field(
        description="Requester: the person who planned the release, or on whose behalf it was planned."
    )
    customer: TeamStub | None = Field(description="Team of the requester when the release was planned.")
    team: TeamStub | None = Field(description="Team that builds and deploys the release.")
    opened_at: datetime = Field(description="Time at which the release was planned.")


class ReleaseStageOut(OutputModel, of=ReleaseStage, without="planned_at"):
    """A stage of a release."""


class PlanChangeOut(OutputModel, of=PlanChange):
    """A change of a release's plan; a value that is null stays unchanged."""

    analyst: PersonStub | None


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
    STATEMENTS,
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

    key: str = Field(description="Key of the stage in its set.")
    name_en: str = Field(description="Name of the stage in English.")
    name_zh: str = Field(description="Name of the stage in Chinese.")
    deliverable_en: str = Field(description="Deliverable of the stage in English.")
    deliverable_zh: str = Field(description="Deliverable of the stage in Chinese.")
    author_role: Role = Field(description="Role of the deliverable's author.")
    reviewer_role: Role = Field(description="Role of the reviewer, who passes the stage's gate.")
    apart_from: list[str] = Field(
        description="Keys of earlier stages whose authors may not be the author of this one."
    )
    document_classes: list[DocumentClass] = Field(
        default=[],
        description="Classes of documents in the register, of which the gate needs at least one; empty for "
        "any class.",
    )


class ReleaseStageSetOut(RecordOut, of=StageSet):
    """A set of stages for releases."""

    stages: list[StageOut]
    revision: list[StageOut] | None


STAGE_SETS = Listing(
    lifecycle=stages.LIFECYCLE, shape=ReleaseStageSetOut, filters=("set_at",), sorts=("set_at",)
)
