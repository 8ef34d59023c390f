"""Lifecycle of sets of stages: the stages of a kind of release before it is deployed.

in_use ─► retired
"""

from __future__ import annotations

from typing import Any

from app.common.faces import RecordFace
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import jsonb_ordered
from app.foundation.decisions.authorship import agreed_by_another, agrees_to_what_was_read
from app.kernel.access.audience_rules import to_everybody
from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, process_owner, quality_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import Rules, ValueTaken
from app.processes.releases.payloads import AddReleaseStageSet, ReviseReleaseStageSet
from app.processes.releases.records import StageSet
from app.processes.releases.records import StageSetState as State


def add(stages: StageSet, body: AddReleaseStageSet, ctx: ActionContext) -> None:
    """Add a release stage set: the stages that releases go through, once a second person agrees."""
    copy_fields(stages, body, ctx, without="stages")
    _set(stages, _contents(body), ctx)
    stages.awaits_agreement = True if ctx.caller.person_id is not None else None


def revise(stages: StageSet, body: ReviseReleaseStageSet, ctx: ActionContext) -> None:
    """Revise the set: its stages change once a second person agrees. Releases that are already planned keep
    theirs.
    """
    if stages.awaits_agreement or ctx.caller.person_id is None:
        _set(stages, _contents(body), ctx)
    else:
        stages.revision = _contents(body)


def agree(stages: StageSet, body: EmptyPayload, ctx: ActionContext) -> None:
    """Agree to the set, or to its revision, as a second person: releases use its stages from now on."""
    _set(stages, stages.revision or stages.stages or [], ctx)
    stages.awaits_agreement = None
    stages.agreed_by_id = ctx.caller.person_id


def _set(stages: StageSet, contents: list[Any], ctx: ActionContext) -> None:
    stages.stages, stages.revision, stages.set_at = contents, None, ctx.occurred_at


def _contents(body: ReviseReleaseStageSet) -> list[Any]:
    contents: list[Any] = jsonb_ordered([stage.model_dump(mode="json") for stage in body.stages])
    return contents


async def nothing_to_agree(reads: ReadContext, stages: StageSet, ctx: ActionContext) -> str | None:
    """Refuse if the set is used as it is, without a revision (`nothing_to_agree`)."""
    return None if stages.is_unagreed else "nothing_to_agree"


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
AGREEING = KEEPER.in_person().for_people()
#: Fields to whose content a second person agrees.
CONTENTS = ("stages", "revision")
AGREED_AS_READ = agrees_to_what_was_read(("added", "revised"), ("agreed",))
TELL_AGREEING = (
    RecipientRule(
        NoticeType.setting_to_agree,
        roles=frozenset({Role.admin, Role.process_owner, Role.quality_manager}),
        when="is_unagreed",
    ),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="release_stage_set", plural="release_stage_sets", zh="发布阶段集", record=StageSet,
    visible=(to_everybody(),),
    face=RecordFace(by_agreement={State.in_use: "awaits_agreement"}),
    lookup=Lookup(retired={State.retired: "stage_set_retired"}), rules=Rules(constraints={"release_stage_set_key_key": ValueTaken("key")}),
    rows=(
        #      action  中文    from            to             who     event
        action(add,    "添加", NEW_RECORD,     State.in_use,  KEEPER, "release_stage_set.added",   wrong=(stages_invalid,), notifies=TELL_AGREEING),
        action(revise, "调整", [State.in_use], STAYS,         KEEPER, "release_stage_set.revised", wrong=(stages_invalid,), notifies=TELL_AGREEING),
        action(agree,  "同意", [State.in_use], STAYS,         AGREEING, "release_stage_set.agreed",
               unless=(nothing_to_agree,), wrong=(agreed_by_another(CONTENTS), AGREED_AS_READ)),
        action(retire, "停用", [State.in_use], State.retired, KEEPER, "release_stage_set.retired"),
    ),
)
# fmt: on
