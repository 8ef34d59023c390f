"""Checks of actions on releases, beyond state and role. Each returns or raises the code of its refusal."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from app.common.people import Person, Role
from app.common.tickets import Ticket
from app.foundation.decisions.lookups import once_named
from app.foundation.decisions.records import Decision, DecisionState
from app.foundation.documents.lookups import registered_document, since_recorded
from app.foundation.documents.records import DocumentClass
from app.foundation.own_numbers import folded_number
from app.foundation.people.records import Team
from app.foundation.people.succession.handing_over import HandOverDuties, HeldDuties
from app.kernel.access.eligibility import scopes_of
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, Refusal, WrongValue, caller_check
from app.kernel.commands.dating import CLOCK_TOLERANCE
from app.processes.releases.approvals import GO_MATTER
from app.processes.releases.default_stages import STAGE_CLASSES, STAGES_MAKING
from app.processes.releases.lookups import evidence_elsewhere, is_release_document
from app.processes.releases.payloads import (
    AppointRelease,
    ChangePlanRelease,
    CloseRelease,
    DeployRelease,
    EditRelease,
    PassGateRelease,
    PlanRelease,
)
from app.processes.releases.preparation import (
    ChosenStages,
    StageDocuments,
    StagesOfRelease,
    stages_of_release,
)
from app.processes.releases.records import BEFORE_DEPLOYMENT, Release, ReleaseStage
from app.ticketing.change_endings import ENDED_AS_MADE, ending_of

#: States of changes in which nothing is left to be carried out.
FINISHED_CHANGES = frozenset({"implemented", "backed_out", "closed", "rejected", "cancelled"})


class NotTheStageReviewer(Refusal):
    """Refusal: the caller is not the reviewer of the present stage."""

    STATUS = 403
    CODE = "not_the_stage_reviewer"


async def decision_is_open(reads: ReadContext, release: Release, ctx: ActionContext) -> str | None:
    """Refuse while a decision on the release is open (`release_decision_open`)."""
    decisions = await reads.children(Decision, release, state=DecisionState.open.value)
    return "release_decision_open" if decisions else None


async def go_is_granted(reads: ReadContext, release: Release, ctx: ActionContext) -> str | None:
    """Refuse if the go for the present plan was granted (`go_is_given`)."""
    return "go_is_given" if release.go else None


async def go_is_missing(reads: ReadContext, release: Release, ctx: ActionContext) -> str | None:
    """Refuse without a go for the present plan (`go_is_missing`)."""
    return None if release.go else "go_is_missing"


@caller_check
async def stages_left_out_undecided(
    reads: ReadContext, release: Release, body: PassGateRelease, ctx: ActionContext
) -> None:
    """Refuse the first gate of a release that leaves out stages until that was decided
    (`stages_left_out_undecided`). Later ones of a release from before this rule are passed.
    """
    if release.stages_skipped and release.stages_agreed_at is None and not release.stages_passed:
        raise PreparationRefused("stages_left_out_undecided", {"stages": ", ".join(release.stages_skipped)})


async def no_stages_left_out(
    reads: ReadContext, release: Release, body: ChangePlanRelease, ctx: ActionContext
) -> None:
    """Refuse to ask whether stages may be left out if the plan leaves out none (`no_stages_left_out`), or if
    the voters have agreed to it already (`stages_agreed_already`).
    """
    if body.leave_out_stages is None:
        return
    if not (body.leave_out_stages and release.stages_skipped):
        raise WrongValue(pointer="/leave_out_stages", because="no_stages_left_out")
    if release.stages_agreed_at is not None:
        raise WrongValue(pointer="/leave_out_stages", because="stages_agreed_already")


async def target_not_ahead(
    reads: ReadContext, release: Release, body: PlanRelease | ChangePlanRelease, ctx: ActionContext
) -> None:
    """Refuse a deployment that is planned for a time that is past."""
    if body.target_at is not None and body.target_at <= ctx.counts_from:
        raise WrongValue(pointer="/target_at", because="not_ahead")


async def changes_do_not_fit(
    reads: ReadContext, release: Release, body: PlanRelease | ChangePlanRelease, ctx: ActionContext
) -> None:
    """Refuse if a change is named twice, even by its id and by its number (`each_once`), and a change that
    touches another service, was rejected, cancelled or undone, or was over before the release was planned.
    """
    changes: list[Any] = ctx.refs(Ticket, "changes")
    if len({change.id for change in changes}) < len(changes):
        raise WrongValue(pointer="/changes", because="each_once")
    service = body.service if isinstance(body, PlanRelease) else release.service
    since = release.opened_at or ctx.now
    for n, change in enumerate(changes):
        if change.touched_services and service not in change.touched_services:
            words = {"service": service or "", "change": change.number}
            raise WrongValue(words, pointer=f"/changes/{n}", because="change_of_other_service")
        ending = ending_of(change)
        if ending is not None and ending not in ENDED_AS_MADE:
            words = {"change": change.number, "change_state": ending}
            raise WrongValue(words, pointer=f"/changes/{n}", because="change_not_to_release")
        if change.closed_at is not None and change.closed_at < since:
            words = {"change": change.number}
            raise WrongValue(words, pointer=f"/changes/{n}", because="change_was_over")


@caller_check
async def changes_unfinished(
    reads: ReadContext, release: Release, body: CloseRelease, ctx: ActionContext
) -> None:
    """Refuse to close a release while one of its changes is neither carried out nor dropped
    (`changes_unfinished`).
    """
    unfinished: list[str] = []
    for change_id in release.change_ids or ():
        loaded = await reads.record("change", change_id)
        change: Any = None if loaded is None else loaded.record
        if change is not None and change.state not in FINISHED_CHANGES:
            unfinished.append(str(change.number))
    if unfinished:
        raise PreparationRefused("changes_unfinished", {"changes": ", ".join(unfinished)})


async def service_without_changes(
    reads: ReadContext, release: Release, body: EditRelease, ctx: ActionContext
) -> None:
    """Refuse another service that a change of the release does not touch."""
    if "service" not in body.model_fields_set or body.service == release.service:
        return
    for change_id in release.change_ids or ():
        loaded = await reads.record("change", change_id)
        change: Any = None if loaded is None else loaded.record
        if change is not None and change.touched_services and body.service not in change.touched_services:
            words = {"service": body.service or "", "change": change.number}
            raise WrongValue(words, pointer="/service", because="change_of_other_service")


async def put_to_the_vote(
    reads: ReadContext, release: Release, body: EditRelease, ctx: ActionContext
) -> None:
    """Refuse to alter what the go was decided on, from the go on (`put_to_the_vote`); and the service as soon
    as its plan is under decision, or leaving out stages was decided for it.
    """
    if release.go or release.state not in BEFORE_DEPLOYMENT:
        locked: Collection[str] = GO_MATTER.fields
    else:
        locked = ("service",) if release.plan_change_id or release.stages_agreed_at else ()
    for name in locked:
        if name in body.model_fields_set and getattr(body, name) != getattr(release, name):
            raise WrongValue(pointer=f"/{name}", because="put_to_the_vote")


async def analyst_is_proposer(
    reads: ReadContext, release: Release, body: ChangePlanRelease, ctx: ActionContext
) -> None:
    """Refuse the person who proposes the change as its analyst (`analyst_is_proposer`): two people assess
    it.
    """
    if ctx.required_ref(Person, "analyst").id == ctx.caller.person_id:
        raise WrongValue(pointer="/analyst", because="analyst_is_proposer")


async def plan_not_workable(
    reads: ReadContext, release: Release, body: PlanRelease, ctx: ActionContext
) -> None:
    """Refuse persons whose duties in the stages conflict, and reviewers without the stage's role."""
    chosen = ctx.prepared(ChosenStages).stages
    authors: dict[str, UUID] = {}
    team = ctx.ref(Team, "team")
    scopes = scopes_of(release, body, None if team is None else team.id)
    for n, planned in enumerate(body.stages):
        author, reviewer = ctx.ref(Person, f"stages/{n}/author"), ctx.ref(Person, f"stages/{n}/reviewer")
        _check_reviewer(reviewer, Role(chosen[n]["reviewer_role"]), scopes, f"/stages/{n}/reviewer")
        if author is None:
            continue
        if reviewer is not None and reviewer.id == author.id:
            raise WrongValue(pointer=f"/stages/{n}/reviewer", because="reviews_own_stage")
        _check_apart(author.id, chosen[n]["apart_from"], authors, f"/stages/{n}/author")
        authors[planned.key] = author.id


def _check_reviewer(reviewer: Person | None, role: Role | None, scopes: list[str], pointer: str) -> None:
    """Raise WrongValue unless the reviewer holds the role in one of the scopes, or everywhere."""
    if reviewer is None or role is None:
        return
    grants = {role.value, *(f"{role.value}@{scope}" for scope in scopes)}
    if grants.isdisjoint(reviewer.roles or ()):
        raise WrongValue({"role": role}, pointer=pointer, because="not_the_reviewer_role")


def _check_apart(author: UUID, apart_from: list[str], authors: dict[str, UUID], pointer: str) -> None:
    """Raise WrongValue if the author has written one of the stages `apart_from`."""
    for key in apart_from:
        if authors.get(key) == author:
            raise WrongValue({"stage": key}, pointer=pointer, because="wrote_other_stage")


async def appointment_not_workable(
    reads: ReadContext, release: Release, body: AppointRelease, ctx: ActionContext
) -> None:
    """Refuse to appoint for a stage whose gate is passed, persons whose duties in the stages conflict, and a
    reviewer without the stage's role.
    """
    stage = ctx.required_ref(ReleaseStage, "stage")
    if stage.passed_at is not None:
        raise WrongValue(pointer="/stage", because="stage_is_passed")
    author, reviewer = ctx.ref(Person, "author"), ctx.ref(Person, "reviewer")
    _check_reviewer(reviewer, stage.reviewer_role, scopes_of(release, body, None), "/reviewer")
    author_id = stage.author_id if author is None else author.id
    reviewer_id = stage.reviewer_id if reviewer is None else reviewer.id
    if author_id is not None and author_id == reviewer_id:
        pointer = "/author" if reviewer is None else "/reviewer"
        raise WrongValue(pointer=pointer, because="reviews_own_stage")
    if author_id is not None:
        _check_apart_in(ctx.prepared(StagesOfRelease), stage, author_id, "/author")


def _check_apart_in(release: StagesOfRelease, stage: ReleaseStage, author: UUID, pointer: str) -> None:
    """Raise WrongValue if the author of the stage has written one that it is kept apart from, or one that is
    kept apart from it.
    """
    authors = {str(other.key): other.author_id for other in release.stages if other.author_id is not None}
    _check_apart(author, stage.apart_from or [], authors, pointer)
    for other in release.stages:
        if stage.key in (other.apart_from or ()) and other.author_id == author:
            raise WrongValue({"stage": str(other.key)}, pointer=pointer, because="wrote_other_stage")


async def successor_does_not_fit(
    reads: ReadContext, release: Release, body: HandOverDuties, ctx: ActionContext
) -> None:
    """Refuse a successor in the duties of stages that `appoint` would refuse: a reviewer without the stage's
    role, and an author who wrote a stage that is kept apart.
    """
    successor = ctx.required_ref(Person, "new_holder")
    stages = await stages_of_release(reads, release, body, ctx)
    for row, name in ctx.prepared(HeldDuties).rows:
        if isinstance(row, ReleaseStage) and name == "author_id":
            _check_apart_in(stages, row, successor.id, "/new_holder")
        elif isinstance(row, ReleaseStage):
            _check_reviewer(successor, row.reviewer_role, scopes_of(release, body, None), "/new_holder")


@caller_check
async def not_the_stage_reviewer(
    reads: ReadContext, release: Release, body: object, ctx: ActionContext
) -> None:
    """Refuse if the caller is not the stage's reviewer."""
    stage = ctx.prepared(StagesOfRelease).current(release)
    role, caller = stage.reviewer_role, ctx.caller
    if stage.reviewer_id is not None:
        may = stage.reviewer_id == caller.person_id
    else:
        may = role is not None and caller.has_role(role, release)
    if not may:
        raise NotTheStageReviewer()


async def reviews_own_stage(
    reads: ReadContext, release: Release, body: PassGateRelease, ctx: ActionContext
) -> None:
    """Refuse an author of the stage's documents: who is or was named as such, or has attached one of them."""
    stage, caller = ctx.prepared(StagesOfRelease).current(release), ctx.caller
    documents = ctx.prepared(StageDocuments)
    named = await once_named(reads, release, stage.row_key, "author_id")
    if caller.person_id == documents.author_id or caller.person_id in named:
        raise WrongValue(pointer="/author", because="reviews_own_stage")
    for n, attachment in enumerate(documents.attachments):
        if attachment.author_id == caller.person_id:
            raise WrongValue(pointer=f"/attachments/{n}", because="reviews_own_stage")


async def document_of_other_stage(
    reads: ReadContext, release: Release, body: PassGateRelease, ctx: ActionContext
) -> None:
    """Refuse a document or file that was the deliverable of an earlier stage (`evidence_of_other`)."""
    stages = ctx.prepared(StagesOfRelease)
    present = stages.current(release).key
    kept_as = {"attachments": "attachment_ids"}
    for name in ("attachments", "document_numbers", "external_numbers"):
        for stage in stages.stages:
            numbers = () if stage.key == present else getattr(stage, kept_as.get(name, name)) or ()
            used = {folded_number(number) for number in numbers}
            for n, number in enumerate(str(value) for value in getattr(body, name)):
                if folded_number(number) in used:
                    raise WrongValue({"number": number}, pointer=f"/{name}/{n}", because="evidence_of_other")


async def evidence_of_other_release(
    reads: ReadContext, release: Release, body: PassGateRelease, ctx: ActionContext
) -> None:
    """Refuse a number of another system, and a document that is made for one release, that was evidence of
    another release (`evidence_of_other_release`).
    """
    named = [(f"/external_numbers/{n}", number) for n, number in enumerate(body.external_numbers)]
    named += [
        (f"/document_numbers/{n}", number)
        for n, number in enumerate(body.document_numbers)
        if is_release_document(number)
    ]
    used = await evidence_elsewhere(reads, release, [number for _, number in named])
    for pointer, number in named:
        if folded_number(number) in used:
            raise WrongValue({"number": number}, pointer=pointer, because="evidence_of_other_release")


async def document_of_other_class(
    reads: ReadContext, release: Release, body: PassGateRelease, ctx: ActionContext
) -> None:
    """Refuse documents of the register among which none is of a class that the stage delivers, as a test
    report is (`document_of_other_class`).
    """
    stage = ctx.prepared(StagesOfRelease).current(release)
    classes = stage.document_classes
    needed = STAGE_CLASSES.get(str(stage.key), ()) if classes is None else classes
    if not needed or not body.document_numbers:
        return
    if not any(number.startswith(tuple(needed)) for number in body.document_numbers):
        words = {"document_classes": [DocumentClass(code) for code in needed]}
        raise WrongValue(words, pointer="/document_numbers/0", because="document_of_other_class")


async def nothing_made_for_release(
    reads: ReadContext, release: Release, body: PassGateRelease, ctx: ActionContext
) -> None:
    """Refuse a stage that makes something of its own if all its documents are older than the plan
    (`nothing_made_for_release`).
    """
    stage, planned_at = ctx.prepared(StagesOfRelease).current(release), release.opened_at
    if stage.key not in STAGES_MAKING or planned_at is None or body.attachments or body.external_numbers:
        return
    since = await since_recorded(reads, release.row_key, planned_at)
    for number in body.document_numbers:
        entry = await registered_document(reads, number, None)
        if entry is not None and entry["published_at"] is not None and entry["published_at"] >= since:
            return
    raise WrongValue({"since": since}, pointer="/document_numbers", because="nothing_made_for_release")


async def stage_author_not_apart(
    reads: ReadContext, release: Release, body: PassGateRelease, ctx: ActionContext
) -> None:
    """Refuse documents whose author has written a stage that is kept apart: builders do not test. The person
    who attached a file counts as an author, too, whoever is named as its author.
    """
    stages = ctx.prepared(StagesOfRelease)
    author = ctx.ref(Person, "author")
    documents = ctx.prepared(StageDocuments)
    author_id = documents.author_id
    assert author_id is not None
    for n, attachment in enumerate(documents.attachments):
        if attachment.author_id is not None:
            _check_apart_in(stages, stages.current(release), attachment.author_id, f"/attachments/{n}")
    pointer = "/author" if author is not None or not body.attachments else "/attachments/0"
    _check_apart_in(stages, stages.current(release), author_id, pointer)


async def deployment_times_invalid(
    reads: ReadContext, release: Release, body: DeployRelease, ctx: ActionContext
) -> None:
    """Refuse a deployment that begins in the future, or ends before it begins; and one that began before the
    go was decided on.
    """
    for name in ("started_at", "ended_at"):
        value = getattr(body, name)
        if value is not None and value > ctx.now + CLOCK_TOLERANCE:
            raise WrongValue(pointer=f"/{name}", because="in_the_future")
    if body.started_at is not None and (body.ended_at or ctx.occurred_at) < body.started_at:
        raise WrongValue(pointer="/ended_at", because="before_it_began")
    for name in ("started_at", "ended_at", "occurred_at"):
        value, go_at = getattr(body, name), release.go_decided_at
        if value is not None and go_at is not None and value < go_at:
            raise WrongValue({"since": go_at}, pointer=f"/{name}", because="before_the_go")
