"""The records of deployments and of the incidents that they have caused, with states."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, KeyRef, Record, optional, required


class DeploymentState(CodeEnum):
    """The state of a deployment: under way, or its outcome."""

    running = "running", "Running", "进行中"
    succeeded = "succeeded", "Succeeded", "成功"
    failed = "failed", "Failed", "失败"
    rolled_back = "rolled_back", "Rolled back", "已回退"


ENDED = frozenset(DeploymentState) - {DeploymentState.running}


class DeploymentOutcome(CodeEnum):
    """The outcome of a deployment, which is its state from then on."""

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
        "The outcome; null while it is under way.", examples=["succeeded"]
    )
    service: Annotated[str | None, KeyRef("service")] = None
    environment: str | None = required(
        "The environment: `production`, `staging`, `test` or another. Figures count `production`.",
        examples=["production"],
    )
    pipeline: str | None = optional(
        "The name of the pipeline, if one has reported it.", examples=["mail-relay-deploy"]
    )
    run: str | None = optional(
        "The pipeline's name for the run: a run is one deployment, however often it is reported.",
        examples=["run-4711"],
    )
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person or tool that reported it.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team of its release.")
    release_id: Annotated[UUID | None, ForeignRef("release")] = optional(
        "The release that is deployed.", examples=["REL-2026-000123"]
    )
    change_ids: list[str] | None = optional("The changes in it.")
    revisions: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "The revisions in it that were not there before."
    )
    started_at: datetime | None = required()
    ended_at: datetime | None = None
    rolled_back_at: datetime | None = None
    reported_at: datetime | None = required()
    is_outside: bool | None = optional(
        "True if it went into production though a change in it, or a freeze, forbade it; null: another "
        "environment, or reported before this was checked."
    )
    outside_because: list[str] | None = None


class DeploymentCause(ChildRecord):
    """An incident that the deployment has caused, as somebody has confirmed. An incident has one at most."""

    KIND: ClassVar[str] = "deployment_cause"

    incident_id: Annotated[UUID | None, ForeignRef("incident")] = required()
    confirmed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    confirmed_at: datetime | None = required()
