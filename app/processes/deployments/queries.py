"""Read side of deployments: what clients see of one, of the incidents that it caused, and the list."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.services.queries import SERVICES
from app.processes.deployments.lifecycle import LIFECYCLE
from app.processes.deployments.records import Deployment, DeploymentCause
from app.ticketing.going_out_lookups import GoingOutObstacle


class RevisionOut(OutputModel):
    """A revision that was deployed."""

    revision: str = Field(description="Name of the revision in the repository.")
    committed_at: datetime = Field(
        description="Time of the commit in the repository, at which the lead time begins."
    )


class DeploymentOut(RecordOut, of=Deployment):
    """A deployment of a service to an environment."""

    revisions: list[RevisionOut] | None = Field(
        description="New revisions in the deployment; null if not reported."
    )
    outside_because: list[GoingOutObstacle] | None = Field(
        description="Codes of the reasons why the deployment was not permitted; null if it was, or if "
        "it was not checked."
    )


class PermissionReason(OutputModel):
    """An obstacle to a deployment."""

    code: GoingOutObstacle
    message: str = Field(description="Obstacle as a sentence, in the requested language.")
    change: str | None = Field(description="Number of the change, or else the given name; null for others.")
    state: str | None = Field(
        description="State of the change or release; null for a freeze, and for an unknown change."
    )
    freeze: str | None = Field(description="Title of the freeze; null for others.")
    release: str | None = Field(description="Number of the release without a go; null for others.")
    from_at: datetime | None = Field(
        description="Beginning of the freeze, or of the change's window; null for a change without a window."
    )
    until_at: datetime | None = Field(
        description="End of the freeze, or of the change's window; null for a change without a window."
    )


class DeploymentPermission(OutputModel):
    """The permission for a deployment, or the obstacles to it."""

    permitted: bool = Field(description="True if the deployment is permitted.")
    at: datetime = Field(description="Time of the deployment.")
    reasons: list[PermissionReason] = Field(
        description="Obstacles to the deployment; empty if it is permitted."
    )


class DeploymentCauseOut(OutputModel, of=DeploymentCause):
    """An incident that the deployment caused."""


CAUSES = ChildListing(
    "causes",
    DeploymentCause,
    "confirmed_at",
    DeploymentCauseOut,
    "the incidents that a deployment has caused, the first confirmed first",
)

LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=DeploymentOut,
    filters=(
        "state",
        "service",
        "environment",
        "pipeline",
        "author",
        "team",
        "is_outside",
        "started_at",
        "ended_at",
        "changed_at",
    ),
    sorts=("started_at", "ended_at", "changed_at"),
    expands=(PERSONS, TEAMS, SERVICES),
)
