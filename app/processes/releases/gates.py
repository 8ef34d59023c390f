"""Actions of the gates between the stages of a release: who writes and reviews, and passing a gate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.common.children import Follower
from app.common.people import Person, Role
from app.common.records import CodeEnum
from app.kernel.access.visibility import follower
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Branch
from app.processes.releases.default_stages import STAGE_CLASSES
from app.processes.releases.payloads import AppointRelease, PassGateRelease, PlannedStage
from app.processes.releases.preparation import ChosenStages, StageDocuments, StagesOfRelease
from app.processes.releases.records import Release, ReleaseStage
from app.processes.releases.records import ReleaseState as State

#: The author of the present stage's documents does not pass its gate.
stage_author = RecordDuty("author of the stage", "阶段成果作者", ("stage_author_id",))


def add_stages(release: Release, planned: tuple[PlannedStage, ...], ctx: ActionContext) -> None:
    """Add the stages that the release goes through, as their set describes them now, and begin with the first
    one. The authors and reviewers that are named follow the release.
    """
    chosen = ctx.prepared(ChosenStages)
    release.stage_set = chosen.set_key
    release.stages_skipped = list(chosen.skipped) or None
    release.stages_total, release.stages_passed = len(chosen.stages), 0
    rows: list[ReleaseStage] = []
    for n, stage in enumerate(chosen.stages):
        author = ctx.ref(Person, f"stages/{n}/author") if planned else None
        reviewer = ctx.ref(Person, f"stages/{n}/reviewer") if planned else None
        row = _new_stage(release, n + 1, stage, ctx)
        row.author_id = author.id if author else None
        row.reviewer_id = reviewer.id if reviewer else None
        rows.append(row)
        ctx.outcome.add(row)
    set_current_stage(release, rows[0])
    add_followers(release, (person for row in rows for person in (row.author_id, row.reviewer_id)), ctx)


def _new_stage(release: Release, place: int, stage: dict[str, Any], ctx: ActionContext) -> ReleaseStage:
    return ReleaseStage(
        id=ctx.new_id(),
        record=release.row_key,
        place=place,
        key=stage["key"],
        name_en=stage["name_en"],
        name_zh=stage["name_zh"],
        deliverable_en=stage["deliverable_en"],
        deliverable_zh=stage["deliverable_zh"],
        author_role=Role(stage["author_role"]),
        reviewer_role=Role(stage["reviewer_role"]),
        apart_from=list(stage["apart_from"]),
        document_classes=_document_classes(stage),
        planned_at=ctx.occurred_at,
    )


def _document_classes(stage: dict[str, Any]) -> list[str]:
    """Return the stage's classes of documents; sets from before stages had classes have none."""
    classes = stage.get("document_classes")
    return list(STAGE_CLASSES.get(stage["key"], ()) if classes is None else classes)


def set_current_stage(release: Release, stage: ReleaseStage | None) -> None:
    """Set the stage whose gate is passed next; None: all are passed."""
    release.stage = None if stage is None else stage.key
    release.stage_author_id = None if stage is None else stage.author_id
    release.stage_reviewer_id = None if stage is None else stage.reviewer_id


def add_followers(release: Release, persons: Iterable[UUID | None], ctx: ActionContext) -> None:
    """Make the persons followers of the release, so that they see it before their stage has come."""
    for person in dict.fromkeys(persons):
        if person is not None and follower(person) not in ctx.audience:
            ctx.outcome.add(Follower.for_person(release, person, ctx.occurred_at))


def appoint(release: Release, body: AppointRelease, ctx: ActionContext) -> None:
    """Appoint a person for the release: the author of a stage's documents, or the reviewer of its gate."""
    stage = ctx.outcome.change(ctx.required_ref(ReleaseStage, "stage"))
    author, reviewer = ctx.ref(Person, "author"), ctx.ref(Person, "reviewer")
    stage.author_id = stage.author_id if author is None else author.id
    stage.reviewer_id = stage.reviewer_id if reviewer is None else reviewer.id
    if stage.key == release.stage:
        set_current_stage(release, stage)
    add_followers(release, (stage.author_id, stage.reviewer_id), ctx)


def pass_gate(release: Release, body: PassGateRelease, ctx: ActionContext) -> None:
    """Pass a gate of the release: the documents of the current stage are accepted and archived."""
    stages, documents = ctx.prepared(StagesOfRelease), ctx.prepared(StageDocuments)
    before = stages.current(release)
    stage = ctx.outcome.change(before)
    stage.author_id = documents.author_id
    stage.attachment_ids = [str(attachment.id) for attachment in documents.attachments]
    stage.document_numbers = list(body.document_numbers) or None
    stage.external_numbers = list(body.external_numbers)
    stage.passed_at = ctx.occurred_at
    stage.passed_by_id = ctx.caller.person_id
    release.stages_passed = stage.place
    set_current_stage(release, stages.successor(before))


def reopen_last_stage(release: Release, ctx: ActionContext) -> None:
    """Return to the last stage, whose gate must be passed again."""
    last = ctx.outcome.change(ctx.prepared(StagesOfRelease).stages[-1])
    last.passed_at = last.passed_by_id = None
    release.stages_passed = (last.place or 1) - 1
    set_current_stage(release, last)


def state_after_gate(release: Release) -> CodeEnum:
    """Return the state after a gate was passed: ready after the last one."""
    return State.in_stage if release.stage is not None else State.ready


GATE_PASSED = Branch(state_after_gate, (State.in_stage, State.ready))
