"""Lifecycle of sets of stages: what a kind of release goes through before it is deployed.

in_use ─► retired
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.people import Role
from app.common.records import jsonb_ordered
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import EVERYBODY
from app.kernel.actions.actor_policy import admin, process_owner, quality_manager
from app.kernel.actions.constraints import ValueTaken
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    Payload,
    PayloadPart,
    RecordKey,
    ShortText,
)
from app.kernel.actions.refusals import WrongValue
from app.processes.releases.default_stages import DEFAULT_STAGES
from app.processes.releases.records import StageSet
from app.processes.releases.records import StageSetState as State

EXAMPLE_STAGES = [stage for stage in DEFAULT_STAGES if stage["key"] in ("build", "test")]


class StageDefinition(PayloadPart):
    """A stage: what it delivers, who writes that, and who passes its gate."""

    key: RecordKey = Field(description="What plans and figures call it.")
    name_en: ShortText = Field(description="What people call it, in English.")
    name_zh: ShortText = Field(description="What people call it, in Chinese.")
    deliverable_en: ShortText = Field(description="What it delivers, in English.")
    deliverable_zh: ShortText = Field(description="What it delivers, in Chinese.")
    author_role: Role = Field(description="The role that writes it.")
    reviewer_role: Role = Field(
        description="The role that passes its gate, unless the plan names somebody; never who wrote it."
    )
    apart_from: Annotated[tuple[RecordKey, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The keys of earlier stages whose authors may not write this one: who builds does not "
        "test.",
    )


Stages = Annotated[tuple[StageDefinition, ...], BoundedList]


class AddReleaseStageSet(Payload):
    """The stages of a kind of release."""

    key: RecordKey = Field(
        description="What plans call it. Releases that name no set go through `software`.",
        examples=["hardware"],
    )
    name_en: ShortText = Field(description="What people call it, in English.", examples=["Hardware"])
    name_zh: ShortText = Field(description="What people call it, in Chinese.", examples=["硬件"])
    stages: Stages = Field(
        min_length=1, max_length=LONGEST_LIST, description="The stages, in order.", examples=[EXAMPLE_STAGES]
    )


class ReviseReleaseStageSet(Payload):
    """The stages as they are from now on."""

    stages: Stages = Field(
        min_length=1, max_length=LONGEST_LIST, description="The stages, in order.", examples=[EXAMPLE_STAGES]
    )


def add(stages: StageSet, body: AddReleaseStageSet, ctx: ActionContext) -> None:
    """Add a release stage set, through which releases go."""
    stages.key, stages.name_en, stages.name_zh = body.key, body.name_en, body.name_zh
    _set_stages(stages, body.stages, ctx)


def revise(stages: StageSet, body: ReviseReleaseStageSet, ctx: ActionContext) -> None:
    """Revise the set, by other stages; releases that are planned already keep theirs."""
    _set_stages(stages, body.stages, ctx)


def _set_stages(stages: StageSet, said: tuple[StageDefinition, ...], ctx: ActionContext) -> None:
    stages.stages = jsonb_ordered([stage.model_dump(mode="json") for stage in said])
    stages.set_at = ctx.occurred_at


def retire(stages: StageSet, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the set: no release is planned with it any more."""


async def stages_invalid(
    reads: ReadContext, stages: StageSet, body: AddReleaseStageSet | ReviseReleaseStageSet, ctx: ActionContext
) -> None:
    """Refuse if a stage occurs twice (`each_once`), or is kept apart from one that does not come before it
    (`no_earlier_stage`).
    """
    earlier: set[str] = set()
    for n, stage in enumerate(body.stages):
        if stage.key in earlier:
            raise WrongValue(pointer=f"/stages/{n}/key", because="each_once")
        for m, key in enumerate(stage.apart_from):
            if key not in earlier:
                raise WrongValue(pointer=f"/stages/{n}/apart_from/{m}", because="no_earlier_stage")
        earlier.add(stage.key)


KEEPER = process_owner | quality_manager | admin

# fmt: off
LIFECYCLE = Lifecycle(
    kind="release_stage_set", plural="release_stage_sets", zh="发布阶段集", record=StageSet, states=State,
    audience=lambda stages: (EVERYBODY,), columns={"everybody": ()},
    retired={State.retired: "stage_set_retired"}, constraints={"release_stage_set_key_key": ValueTaken("key")},
    rows=(
        #      action  中文    from            to             who     event
        action(add,    "添加", NEW_RECORD,     State.in_use,  KEEPER, "release_stage_set.added",   wrong=(stages_invalid,)),
        action(revise, "调整", [State.in_use], STAYS,         KEEPER, "release_stage_set.revised", wrong=(stages_invalid,)),
        action(retire, "停用", [State.in_use], State.retired, KEEPER, "release_stage_set.retired"),
    ),
)
# fmt: on
