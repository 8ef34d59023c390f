"""The records of deployments and of the incidents that they have caused, with states."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, KeyRef, Record, optional, required
from app.foundation.environments import OF_ENVIRONMENT


class DeploymentState(CodeEnum):
    """The state of a deployment: in progress, or its outcome."""

    running = "running", "Running", "进行中"
    succeeded = "succeeded", "Succeeded", "成功"
    failed = "failed", "Failed", "失败"
    rolled_back = "rolled_back", "Rolled back", "已回退"


ENDED = frozenset(DeploymentState) - {DeploymentState.running}


class DeploymentOutcome(CodeEnum):
    """The outcome of a deployment, which becomes its state."""

    succeeded = "succeeded", "Succeeded", "成功"
    failed = "failed", "Failed", "失败"
    rolled_back = "rolled_back", "Rolled back", "已回退"


class Deployment(Record):
    """A deployment of a service into an environment, by a release or by a pipeline.

    `revisions` are `{"revision": …, "committed_at": …}`. `ended_at` is the time of its success or failure.
    `is_outside` is true if a change in it, or a freeze, forbade it then, and `outside_because` are the codes
    of the reasons.
    """

    KIND: ClassVar[str] = "deployment"

    state: DeploymentState | None = required()
    outcome: DeploymentOutcome | None = optional(
        "Outcome of the deployment; null while it is in progress.", examples=["succeeded"]
    )
    service: Annotated[str | None, KeyRef("service")] = optional("Key of the service that was deployed.")
    environment: Annotated[str | None, OF_ENVIRONMENT] = required(
        "Environment of the deployment: `production`, `staging`, `test` or another. Figures count only "
        "`production`.",
        examples=["production"],
    )
    pipeline: str | None = optional(
        "Name of the pipeline that reported the deployment; null if a person did.",
        examples=["mail-relay-deploy"],
    )
    run: str | None = optional(
        "Name of the pipeline's run; all reports of one run are one deployment.",
        examples=["run-4711"],
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person or tool that reported the deployment."
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "Team of the release; null if the deployment belongs to no release."
    )
    release_id: Annotated[UUID | None, ForeignRef("release")] = optional(
        "Release that is deployed; null if not set.", examples=["REL-2026-000123"]
    )
    change_ids: list[str] | None = optional("Changes in the deployment.")
    revisions: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "New revisions in the deployment; null if not reported."
    )
    started_at: datetime | None = required("Time at which the deployment began.")
    ended_at: datetime | None = optional("Time at which the deployment ended; null while it is in progress.")
    rolled_back_at: datetime | None = optional(
        "Time at which the deployment was rolled back; null if it was not."
    )
    reported_at: datetime | None = required("Time at which the deployment was first reported.")
    is_outside: bool | None = optional(
        "True if the deployment went into production although one of its changes or a freeze did not "
        "permit it; null for another environment, or if it was not checked."
    )
    outside_because: list[str] | None = optional(
        "Codes of the reasons why the deployment was not permitted; null if it was, or if it was not checked."
    )


class DeploymentCause(ChildRecord):
    """An incident that the deployment has caused, as somebody has confirmed. An incident has one at most."""

    KIND: ClassVar[str] = "deployment_cause"

    incident_id: Annotated[UUID | None, ForeignRef("incident")] = required(
        "Incident that the deployment caused."
    )
    confirmed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who confirmed the cause."
    )
    confirmed_at: datetime | None = required("Time at which the cause was confirmed.")
