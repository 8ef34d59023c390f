"""Payloads of actions on deployments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.components import example_includes
from app.common.records import ForeignRef, KeyRef
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
from app.processes.deployments.records import DeploymentOutcome

MOST_REVISIONS = 500

ChangeReferences = Annotated[
    tuple[Annotated[Reference, ForeignRef("change", allow_tools=True)], ...], BoundedList
]


class Revision(PayloadPart):
    """A revision in the deployment."""

    revision: ShortText = Field(description="Its name in the repository.", examples=["4f2a91c"])
    committed_at: Instant = Field(description="When it was committed: lead times begin then.")


Revisions = Annotated[tuple[Revision, ...], at_most_entries(MOST_REVISIONS)]


class ReportDeployment(Payload):
    """A deployment as a pipeline, or a person, reports it: under way, or with its outcome."""

    model_config = example_includes("service", "pipeline", "run", "outcome", "revisions")
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service; that or `release` is given.", examples=["mail"]
    )
    environment: RecordKey = Field(
        description="Where it is deployed: `production`, `staging`, `test` or another. Figures count "
        "`production`.",
        examples=["production"],
    )
    pipeline: RecordKey | None = Field(
        default=None, description="What the pipeline calls itself.", examples=["mail-relay-deploy"]
    )
    run: ShortText | None = Field(
        default=None,
        description="What the pipeline calls this run: a run is one deployment, however often it is "
        "reported.",
        examples=["run-4711"],
    )
    release: Annotated[Reference, ForeignRef("release")] | None = Field(
        default=None,
        description="The release that is deployed: its id or number.",
        examples=["REL-2026-000123"],
    )
    changes: ChangeReferences = Field(
        default=(), max_length=LONGEST_LIST, description="The changes in it: ids or numbers."
    )
    revisions: Revisions = Field(
        default=(), max_length=MOST_REVISIONS, description="The revisions in it that were not there before."
    )
    started_at: Instant | None = Field(default=None, description="When it began, if not now.")
    ended_at: Instant | None = Field(default=None, description="When it ended, if not now; with `outcome`.")
    outcome: DeploymentOutcome | None = Field(
        default=None, description="What came of it; none: it is under way."
    )

    @model_validator(mode="after")
    def _check_complete(self) -> ReportDeployment:
        if self.service is None and self.release is None:
            raise PydanticCustomError("service_or_release", "name a service or a release")
        if (self.pipeline is None) != (self.run is None):
            raise PydanticCustomError("run_of_pipeline", "give pipeline and run, or neither")
        if self.ended_at is not None and self.outcome is None:
            raise PydanticCustomError("ended_without_outcome", "say the outcome of what has ended")
        return self


class EndDeployment(Payload):
    """What came of the deployment."""

    outcome: DeploymentOutcome = Field(description="What came of it.", examples=["succeeded"])
    ended_at: Instant | None = Field(default=None, description="When it ended, if not now.")
    revisions: Revisions = Field(
        default=(),
        max_length=MOST_REVISIONS,
        description="The revisions in it; none: as they were reported.",
    )


class RollBackDeployment(Payload):
    """The reason why the deployment is taken back."""

    reason: FreeText | None = Field(
        default=None, description="Why, if it is known.", examples=["Mail was lost."]
    )
    rolled_back_at: Instant | None = Field(default=None, description="When, if not now.")


class ConfirmCauseDeployment(Payload):
    """The incident that the deployment has caused."""

    incident: Annotated[Reference, ForeignRef("incident")] = Field(
        description="The incident: its id or number."
    )


class WithdrawCauseDeployment(Payload):
    """The incident that the deployment has not caused after all, and the reason."""

    incident: Annotated[Reference, ForeignRef("incident")] = Field(
        description="The incident: its id or number."
    )
    reason: FreeText = Field(description="Why.", examples=["The disk was full."])
