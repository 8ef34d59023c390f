"""Lifecycle of sets of stages: the stages of a kind of release before it is deployed.

in_use ─► retired
"""

from __future__ import annotations

from app.common.records import jsonb_ordered
from app.kernel.access.audience_rules import to_everybody
from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, process_owner, quality_manager
from app.kernel.actions.constraints import ValueTaken
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, Rules, action
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import WrongValue
from app.processes.releases.payloads import AddReleaseStageSet, ReviseReleaseStageSet
from app.processes.releases.records import StageSet
from app.processes.releases.records import StageSetState as State


def add(stages: StageSet, body: AddReleaseStageSet, ctx: ActionContext) -> None:
    """Add a release stage set: the stages that releases go through."""
    copy_fields(stages, body, ctx, without="stages")
    revise(stages, body, ctx)


def revise(stages: StageSet, body: ReviseReleaseStageSet, ctx: ActionContext) -> None:
    """Revise the set: its stages change. Releases that are already planned keep theirs."""
    stages.stages = jsonb_ordered([stage.model_dump(mode="json") for stage in body.stages])
    stages.set_at = ctx.occurred_at


def retire(stages: StageSet, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the set: no more releases are planned with it."""


async def stages_invalid(
    reads: ReadContext, stages: StageSet, body: ReviseReleaseStageSet, ctx: ActionContext
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
    visible=(to_everybody(),),
    lookup=Lookup(retired={State.retired: "stage_set_retired"}), rules=Rules(constraints={"release_stage_set_key_key": ValueTaken("key")}),
    rows=(
        #      action  中文    from            to             who     event
        action(add,    "添加", NEW_RECORD,     State.in_use,  KEEPER, "release_stage_set.added",   wrong=(stages_invalid,)),
        action(revise, "调整", [State.in_use], STAYS,         KEEPER, "release_stage_set.revised", wrong=(stages_invalid,)),
        action(retire, "停用", [State.in_use], State.retired, KEEPER, "release_stage_set.retired"),
    ),
)
# fmt: on
