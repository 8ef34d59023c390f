"""Payloads of actions on deployments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.components import example_includes
from app.common.records import ForeignRef, KeyRef
from app.foundation.environments import EnvironmentKey
from app.kernel.actions.conditions import all_members_or_none, at_least_one_member, member_only_with
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    ShortNote,
    at_most_entries,
)
from app.processes.deployments.records import Deployment, DeploymentOutcome

MOST_REVISIONS = 500


class Revision(PayloadPart):
    """A revision in the deployment."""

    revision: ShortNote = Field(description="Name of the revision in the repository.", examples=["4f2a91c"])
    committed_at: Instant = Field(description="Time of the commit, at which the lead time begins.")


Revisions = Annotated[tuple[Revision, ...], Field(max_length=MOST_REVISIONS), at_most_entries(MOST_REVISIONS)]


class ReportDeployment(Payload, of=Deployment):
    """A deployment as reported by a pipeline or a person: in progress, or with its outcome."""

    model_config = example_includes("service", "pipeline", "run", "outcome", "revisions")
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="Key of the service; required without `release`.", examples=["mail"]
    )
    environment: EnvironmentKey
    pipeline: RecordKey | None = None
    run: ShortNote | None = None
    release: Annotated[Reference, ForeignRef("release")] | None = None
    changes: Annotated[
        tuple[Annotated[Reference, ForeignRef("change", allow_tools=True)], ...], BoundedList
    ] = Field(default=(), max_length=LONGEST_LIST)
    revisions: Revisions = ()
    started_at: Instant | None = Field(
        default=None, description="Beginning of the deployment; if left out, now."
    )
    ended_at: Instant | None = Field(
        default=None, description="End of the deployment, for a deployment with an outcome; if left out, now."
    )
    outcome: DeploymentOutcome | None = None

    CONDITIONS = (
        at_least_one_member("service_or_release", "service", "release"),
        all_members_or_none("run_of_pipeline", "pipeline", "run"),
        member_only_with("ended_without_outcome", "ended_at", "outcome"),
    )


class EndDeployment(Payload, of=Deployment):
    """The outcome of the deployment."""

    outcome: DeploymentOutcome = Field(description="Outcome of the deployment.", examples=["succeeded"])
    ended_at: Instant | None = Field(default=None, description="End of the deployment; if left out, now.")
    revisions: Revisions = Field(
        default=(), description="Revisions in the deployment; if left out, as reported before."
    )


class RollBackDeployment(Payload):
    """The reason for rolling the deployment back."""

    reason: FreeText | None = Field(
        default=None, description="Reason for rolling back, if it is known.", examples=["Mail was lost."]
    )
    rolled_back_at: Instant | None = Field(
        default=None, description="Time of rolling back; if left out, now."
    )


class ConfirmCauseDeployment(Payload):
    """The incident that the deployment caused."""

    incident: Annotated[Reference, ForeignRef("incident")] = Field(
        description="Incident that the deployment caused."
    )


class WithdrawCauseDeployment(ConfirmCauseDeployment):
    """The incident that the deployment did not cause, and the reason for the correction."""

    reason: FreeText = Field(description="Reason for the correction.", examples=["The disk was full."])
