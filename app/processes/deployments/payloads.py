"""Payloads of actions on deployments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.components import example_includes
from app.common.records import ForeignRef, KeyRef
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
    ShortText,
    at_most_entries,
)
from app.processes.deployments.records import Deployment, DeploymentOutcome

MOST_REVISIONS = 500


class Revision(PayloadPart):
    """A revision in the deployment."""

    revision: ShortText = Field(description="Its name in the repository.", examples=["4f2a91c"])
    committed_at: Instant = Field(description="Time of its commit, at which lead times begin.")


Revisions = Annotated[tuple[Revision, ...], Field(max_length=MOST_REVISIONS), at_most_entries(MOST_REVISIONS)]


class ReportDeployment(Payload, of=Deployment):
    """A deployment as a pipeline, or a person, reports it: under way, or with its outcome."""

    model_config = example_includes("service", "pipeline", "run", "outcome", "revisions")
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service; required without `release`.", examples=["mail"]
    )
    environment: RecordKey
    pipeline: RecordKey | None = None
    run: ShortText | None = None
    release: Annotated[Reference, ForeignRef("release")] | None = None
    changes: Annotated[
        tuple[Annotated[Reference, ForeignRef("change", allow_tools=True)], ...], BoundedList
    ] = Field(default=(), max_length=LONGEST_LIST)
    revisions: Revisions = ()
    started_at: Instant | None = Field(default=None, description="Its begin; if left out, now.")
    ended_at: Instant | None = Field(default=None, description="Its end, with `outcome`; if left out, now.")
    outcome: DeploymentOutcome | None = None

    CONDITIONS = (
        at_least_one_member("service_or_release", "service", "release"),
        all_members_or_none("run_of_pipeline", "pipeline", "run"),
        member_only_with("ended_without_outcome", "ended_at", "outcome"),
    )


class EndDeployment(Payload, of=Deployment):
    """The outcome of the deployment."""

    outcome: DeploymentOutcome = Field(description="The outcome.", examples=["succeeded"])
    ended_at: Instant | None = Field(default=None, description="Its end; if left out, now.")
    revisions: Revisions = Field(
        default=(), description="The revisions in it; if left out, as they were reported."
    )


class RollBackDeployment(Payload):
    """The reason why the deployment is taken back."""

    reason: FreeText | None = Field(
        default=None, description="The reason, if it is known.", examples=["Mail was lost."]
    )
    rolled_back_at: Instant | None = Field(
        default=None, description="Time of rolling back; if left out, now."
    )


class ConfirmCauseDeployment(Payload):
    """The incident that the deployment has caused."""

    incident: Annotated[Reference, ForeignRef("incident")] = Field(description="The incident.")


class WithdrawCauseDeployment(ConfirmCauseDeployment):
    """The incident that the deployment has not caused after all, and the reason."""

    reason: FreeText = Field(description="The reason.", examples=["The disk was full."])
