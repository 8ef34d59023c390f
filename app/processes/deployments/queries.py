"""Read side of deployments: what clients see of one, of the incidents that it caused, and the list."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.child_rows import ChildListing
from app.api.records.shapes import OutputModel, RecordOut
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.services.queries import SERVICES
from app.platform.db import Database
from app.processes.deployments.lifecycle import LIFECYCLE
from app.processes.deployments.records import Deployment, DeploymentCause
from app.ticketing.going_out_lookups import GoingOutObstacle


class RevisionOut(OutputModel):
    """A revision that was deployed."""

    revision: str
    committed_at: datetime


class DeploymentOut(RecordOut, of=Deployment):
    """A deployment of a service into an environment."""

    revisions: list[RevisionOut] | None = Field(description="Null where none was reported.")
    outside_because: list[GoingOutObstacle] | None = Field(description="What forbade it.")


class PermissionReason(OutputModel):
    """What keeps a deployment from going out."""

    code: GoingOutObstacle
    message: str
    change: str | None = Field(description="The number of the change, or as it was named.")
    state: str | None = Field(description="The state of the change.")
    freeze: str | None = Field(description="The title of the freeze.")
    from_at: datetime | None = Field(description="From when the freeze, or the change's window, is.")
    until_at: datetime | None = Field(description="Until when it is.")


class DeploymentPermission(OutputModel):
    """Whether a deployment may go out."""

    permitted: bool
    at: datetime = Field(description="The instant that it is asked for.")
    reasons: list[PermissionReason] = Field(description="What keeps it; empty if it may.")


class DeploymentCauseOut(OutputModel, of=DeploymentCause):
    """An incident that the deployment has caused."""


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

REPORTED_RUN = """
select id, service, environment, outcome from fold.deployment where pipeline = %s and run = %s"""


async def find_reported_run(db: Database, pipeline: str | None, run: str | None) -> dict[str, object] | None:
    """Return the deployment that the run of the pipeline was reported as; None if it was not yet, or the
    report names no run.
    """
    return None if run is None else await db.row(REPORTED_RUN, (pipeline, run))
