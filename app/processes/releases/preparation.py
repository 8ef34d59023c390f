"""Reads that actions on releases need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.children import Attachment
from app.common.people import Person
from app.foundation.documents.lookups import is_readable
from app.foundation.environments import environment_key, is_production
from app.kernel.access.reads import ReadContext, Reading, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue, caller_check
from app.log.events import stream
from app.processes.releases.default_stages import DEFAULT_KEY, DEFAULT_STAGES
from app.processes.releases.payloads import DeployRelease, PassGateRelease, PlanRelease
from app.processes.releases.records import Release, ReleaseStage, StageSet, StageSetState
from app.ticketing.going_out_lookups import (
    GoingOutObstacle,
    GoingOutTime,
    freezes_in_the_way,
    obstacles_of_changes,
)


@dataclass(frozen=True, slots=True)
class ChosenStages:
    """The set of stages that a release is planned with (its key), and those of its stages that the release
    goes through, in order; `skipped` are the keys of the others.
    """

    set_key: str
    stages: tuple[dict[str, Any], ...]
    skipped: tuple[str, ...] = ()


async def chosen_stages(
    reads: ReadContext, release: Release, body: PlanRelease, ctx: ActionContext
) -> ChosenStages:
    """Find the stages of the set in the plan, or all of them by default. Raises WrongValue at a stage that
    the set does not have, or that is out of order, if stages are left out without a reason, and if nobody
    has agreed to the set yet.
    """
    stage_set = ctx.ref(StageSet, "stage_set")
    if stage_set is None:
        defaults = [loaded.record for loaded in await reads.by_key(StageSet.KIND, DEFAULT_KEY)]
        in_use = [record for record in defaults if record.state is StageSetState.in_use]
        stage_set = next((record for record in in_use if not record.awaits_agreement), None)
    elif stage_set.awaits_agreement:
        raise WrongValue(pointer="/stage_set", because="stage_set_unagreed")
    key = DEFAULT_KEY if stage_set is None else str(stage_set.key)
    offered = list(DEFAULT_STAGES if stage_set is None else stage_set.stages or ())
    if not body.stages:
        return ChosenStages(key, tuple(offered))
    places = {stage["key"]: place for place, stage in enumerate(offered)}
    last = -1
    for n, planned in enumerate(body.stages):
        place = places.get(planned.key)
        if place is None:
            words = {"stage": planned.key, "stages": ", ".join(places)}
            raise WrongValue(words, pointer=f"/stages/{n}/key", because="no_such_stage")
        if place <= last:
            raise WrongValue(pointer=f"/stages/{n}/key", because="stage_out_of_order")
        last = place
    named = {planned.key for planned in body.stages}
    skipped = tuple(name for name in places if name not in named)
    if skipped and body.stages_reason is None:
        raise WrongValue({"stages": ", ".join(skipped)}, pointer="/stages_reason", because="stages_skipped")
    return ChosenStages(key, tuple(offered[places[planned.key]] for planned in body.stages), skipped)


@dataclass(frozen=True, slots=True)
class StagesOfRelease:
    """The stages of a release, in order."""

    stages: tuple[ReleaseStage, ...]

    def current(self, release: Release) -> ReleaseStage:
        """Return the stage whose gate is passed next."""
        (current,) = (stage for stage in self.stages if stage.key == release.stage)
        return current

    def successor(self, stage: ReleaseStage) -> ReleaseStage | None:
        """Return the stage that follows; None after the last."""
        return next((other for other in self.stages if other.place == (stage.place or 0) + 1), None)


@caller_check
async def stages_of_release(
    reads: ReadContext, release: Release, body: object, ctx: ActionContext
) -> StagesOfRelease:
    """Find the stages of the release."""
    stages = await reads.children(ReleaseStage, release)
    return StagesOfRelease(tuple(sorted(stages, key=lambda stage: stage.place or 0)))


@dataclass(frozen=True, slots=True)
class StageDocuments:
    """The documents of a stage: attachments of the release, and the author of the stage."""

    attachments: tuple[Attachment, ...]
    author_id: UUID | None


async def stage_documents(
    reads: ReadContext, release: Release, body: PassGateRelease, ctx: ActionContext
) -> StageDocuments:
    """Find the attachments that the payload names, and their author: the person named as the stage's author,
    now or in the plan, or else the one who attached the first of them. Raises WrongValue for an attachment
    that is unknown, withdrawn, without content or named twice.
    """
    attachments = await reads.children(Attachment, release) if body.attachments else []
    by_id = {attachment.id: attachment for attachment in attachments}
    attached: list[Attachment] = []
    for n, name in enumerate(body.attachments):
        if name not in by_id:
            words = {"kind": Attachment.KIND, "name": str(name)}
            raise WrongValue(words, pointer=f"/attachments/{n}", because="unknown_reference")
        if not await is_readable(reads, by_id[name]):
            raise WrongValue(pointer=f"/attachments/{n}", because="nothing_to_read")
        attached.append(by_id[name])
    if len(set(body.attachments)) < len(body.attachments):
        raise WrongValue(pointer="/attachments", because="each_once")
    author = ctx.ref(Person, "author")
    author_id = author.id if author is not None else release.stage_author_id
    if author_id is None and attached:
        author_id = attached[0].author_id
    if author_id is None:
        raise WrongValue(pointer="/author", because="missing")
    return StageDocuments(tuple(attached), author_id)


@dataclass(frozen=True, slots=True)
class DeploymentToRollBack:
    """The stream of the deployment to roll back; None without one, or if it was rolled back before."""

    stream: str | None


async def deployment_to_roll_back(
    reads: ReadContext, release: Release, body: object, ctx: ActionContext
) -> DeploymentToRollBack:
    """Find the deployment that the release has made, if it is to be rolled back with the release."""
    if release.deployment_id is None:
        return DeploymentToRollBack(None)
    loaded = await reads.record("deployment", str(release.deployment_id))
    if loaded is None or loaded.record.state == "rolled_back":
        return DeploymentToRollBack(None)
    return DeploymentToRollBack(stream("deployment", release.deployment_id))


@dataclass(frozen=True, slots=True)
class ReadyToGoOut:
    """The result of a check that nothing keeps the release from going out."""


@caller_check
async def changes_that_go(
    reads: ReadContext, release: Release, body: object, ctx: ActionContext
) -> ReadyToGoOut:
    """Check that a release to production brings changes, and that all of them may go out. Raises
    PreparationRefused (`production_needs_changes`, or `changes_may_not_go_out` with those that are drafts,
    waiting for their approval, rejected, cancelled or undone).
    """
    if is_production(release.environment):
        if not release.change_ids:
            raise PreparationRefused("production_needs_changes")
        await _refuse_changes(reads, release, ctx.occurred_at)
    return ReadyToGoOut()


async def going_out_now(
    reads: ReadContext, release: Release, body: DeployRelease, ctx: ActionContext
) -> ReadyToGoOut:
    """Check that all changes of the release may go out, that it begins within their windows, and that there
    is no freeze from its begin to its end. Raises PreparationRefused (`changes_may_not_go_out`,
    `outside_change_windows`, `release_is_frozen`), or WrongValue for an undecided environment, and for a
    deployment before the freeze that is only reported during it, without a reason.
    """
    if body.environment not in (None, environment_key(release.environment or "")):
        words = {"environment": release.environment or ""}
        raise WrongValue(words, pointer="/environment", because="another_environment")
    if not is_production(release.environment):
        return ReadyToGoOut()
    end = body.ended_at or ctx.occurred_at
    time = GoingOutTime(min(body.started_at or end, end), end, ctx.now)
    outside = await _refuse_changes(reads, release, time.begin)
    if outside:
        raise PreparationRefused("outside_change_windows", {"changes": ", ".join(outside)})
    freezes = await freezes_in_the_way(_reading(reads), release.service, release.change_ids or (), time)
    if freezes:
        words = {"freezes": ", ".join(freeze.name for freeze in freezes)}
        if freezes[0].because is GoingOutObstacle.frozen:
            raise PreparationRefused("release_is_frozen", words)
        if body.late_reason is None:
            raise WrongValue(words, pointer="/late_reason", because="told_in_freeze")
    return ReadyToGoOut()


async def _refuse_changes(reads: ReadContext, release: Release, when: datetime) -> list[str]:
    """Refuse changes that may not go out, and return the others that are not scheduled for that time."""
    obstacles = await obstacles_of_changes(_reading(reads), release.change_ids or (), when)
    names = [change.name for change in obstacles if change.because is GoingOutObstacle.change_not_open]
    if names:
        raise PreparationRefused("changes_may_not_go_out", {"changes": ", ".join(names)})
    return [change.name for change in obstacles]


def _reading(reads: ReadContext) -> Reading:
    guard = Unguarded("What is decided on a change, or frozen, meanwhile is so for the next release.")

    async def read(query: str, parameters: Any) -> list[dict[str, Any]]:
        return await reads.rows(query, parameters, guard=guard)

    return read
