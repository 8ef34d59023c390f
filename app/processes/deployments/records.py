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

    `pipeline` and `run` are the pipeline's names for itself and for this run. `author_id` is who reported it,
    `release_id` its release and `change_ids` its changes, if they are known. `revisions` are
    `{"revision": …, "committed_at": …}`. `ended_at` is when it had succeeded or failed, `rolled_back_at` when
    it was taken back. `is_outside`: what went out with it might not go out then, as `outside_because` says by
    its codes; None: nobody looked, as in another environment than production.
    """

    KIND: ClassVar[str] = "deployment"

    state: DeploymentState | None = required()
    outcome: DeploymentOutcome | None = optional("Null while it is under way.")
    service: Annotated[str | None, KeyRef("service")] = None
    environment: str | None = required()
    pipeline: str | None = optional("What the pipeline calls itself, if one has reported it.")
    run: str | None = optional("What the pipeline calls the run.")
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("Who reported it.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team of its release.")
    release_id: Annotated[UUID | None, ForeignRef("release")] = None
    change_ids: list[str] | None = None
    revisions: Annotated[list[dict[str, Any]] | None, Document()] = None
    started_at: datetime | None = required()
    ended_at: datetime | None = None
    rolled_back_at: datetime | None = None
    reported_at: datetime | None = required()
    is_outside: bool | None = optional(
        "Whether it went into production though a change in it, or a freeze, forbade it. "
        "Null: another environment, or reported before this was looked at."
    )
    outside_because: list[str] | None = None


class DeploymentCause(ChildRecord):
    """An incident that the deployment has caused, as somebody has confirmed. An incident has one at most."""

    KIND: ClassVar[str] = "deployment_cause"

    incident_id: Annotated[UUID | None, ForeignRef("incident")] = required()
    confirmed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    confirmed_at: datetime | None = required()
