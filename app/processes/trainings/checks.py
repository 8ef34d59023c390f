"""Checks of actions on trainings, beyond state and role."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.common.people import Person
from app.common.records import Record
from app.foundation.licences.records import Licence
from app.foundation.process_names import process_named
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LATEST_YEAR
from app.kernel.actions.refusals import PreparationRefused, WrongValue, caller_check
from app.processes.trainings.payloads import (
    PASS_MARK,
    ExamineTraining,
    FlagLicenceTraining,
    HoldTraining,
    LicenseTraining,
    PlanTraining,
    RevokeLicenceTraining,
)
from app.processes.trainings.preparation import LicensedParticipants, Results, TrainingParticipants
from app.processes.trainings.records import Training

#: States of improvements for which nobody is trained any more.
ENDED_STATES = ("rejected", "reverted")


async def plan_invalid(
    reads: ReadContext, training: Training, body: PlanTraining, ctx: ActionContext
) -> None:
    """Refuse a training without material, a pass mark of nothing or a low one without a reason, and what is
    named twice.
    """
    if body.material is None and body.material_number is None and body.external_number is None:
        raise WrongValue(pointer="/material", because="material_missing")
    if not body.pass_mark:
        raise WrongValue(pointer="/pass_mark", because="passes_everybody")
    if body.pass_mark < PASS_MARK and body.pass_mark_reason is None:
        words = {"least": str(PASS_MARK)}
        raise WrongValue(words, pointer="/pass_mark_reason", because="pass_mark_low")
    for name in ("skills", "topics"):
        entries = getattr(body, name)
        if len(set(entries)) < len(entries):
            raise WrongValue(pointer=f"/{name}", because="each_once")


async def improvement_does_not_fit(
    reads: ReadContext, training: Training, body: PlanTraining, ctx: ActionContext
) -> None:
    """Refuse an improvement of another process, and one that was rejected or reverted."""
    improvement: Any = ctx.ref(Record, "improvement")
    if improvement is None:
        return
    words = {"number": str(improvement.number)}
    process = improvement.process
    if process is not None and process_named(process) != process_named(body.process):
        raise WrongValue(words, pointer="/improvement", because="origin_of_other_process")
    if improvement.state in ENDED_STATES:
        raise WrongValue(words, pointer="/improvement", because="record_ended")


@caller_check
async def training_not_begun(
    reads: ReadContext, training: Training, body: object, ctx: ActionContext
) -> None:
    """Refuse a training before its planned day (`training_not_begun`)."""
    assert training.planned_at is not None
    if _day(ctx.occurred_at, ctx) < _day(training.planned_at, ctx):
        raise PreparationRefused("training_not_begun", {"until": training.planned_at})


async def attendance_invalid(
    reads: ReadContext, training: Training, body: HoldTraining, ctx: ActionContext
) -> None:
    """Refuse somebody who was not to take part, or who is named twice."""
    _check_participants([f"/attended/{n}" for n in range(len(body.attended))], "attended", ctx)


async def results_invalid(
    reads: ReadContext, training: Training, body: ExamineTraining, ctx: ActionContext
) -> None:
    """Refuse results of somebody who was not there, has passed or holds a licence of this training, marks
    that are not one for each topic, an examiner who is a participant, and a statement that is the examiner's
    to make.
    """
    licensed = ctx.prepared(LicensedParticipants).person_ids
    examiner, participants = ctx.ref(Person, "examiner"), ctx.prepared(TrainingParticipants).by_person
    if body.closed_book and examiner is not None and examiner.id != ctx.caller.person_id:
        raise WrongValue(pointer="/closed_book", because="examiner_states")
    if examiner is not None and examiner.id in participants:
        raise WrongValue(pointer="/examiner", because="is_a_participant")
    passed = {person for person, result in ctx.prepared(Results).by_person.items() if result.passed}
    examined: set[UUID] = set()
    for n, result in enumerate(body.results):
        person = ctx.required_ref(Person, f"results/{n}/person").id
        _check_participant(person, examined, f"/results/{n}/person", ctx)
        examined.add(person)
        if not participants[person].attended:
            raise WrongValue(pointer=f"/results/{n}/person", because="was_not_there")
        if person in licensed:
            raise WrongValue(pointer=f"/results/{n}/person", because="licensed_already")
        if person in passed:
            raise WrongValue(pointer=f"/results/{n}/person", because="passed_already")
        if set(result.marks) != set(training.topics or ()):
            words = {"topics": ", ".join(training.topics or ())}
            raise WrongValue(words, pointer=f"/results/{n}/marks", because="mark_for_each_topic")


async def licences_invalid(
    reads: ReadContext, training: Training, body: LicenseTraining, ctx: ActionContext
) -> None:
    """Refuse licences for people who have not passed, all by name, and an end that is past."""
    named, results = ctx.refs(Person, "persons"), ctx.prepared(Results).by_person
    _check_participants([f"/persons/{n}" for n in range(len(named))], "persons", ctx)
    wrong = [
        WrongValue(pointer=f"/persons/{n}", because="has_not_passed")
        for n, person in enumerate(named)
        if person.id not in results or not results[person.id].passed
    ]
    if wrong:
        wrong[0].further = tuple(wrong[1:])
        raise wrong[0]
    licensed = ctx.prepared(LicensedParticipants).person_ids
    for n, person in enumerate(named):
        if person.id in licensed:
            raise WrongValue(pointer=f"/persons/{n}", because="licensed_already")
    if body.until_at is not None and not ctx.counts_from < body.until_at:
        raise WrongValue(pointer="/until_at", because="not_ahead")
    if body.until_at is None and ctx.occurred_at.year + 2 > LATEST_YEAR:
        raise WrongValue(pointer="/until_at", because="missing")


@caller_check
async def nobody_has_passed(
    reads: ReadContext, training: Training, body: object, ctx: ActionContext
) -> str | None:
    """Refuse if nobody has passed who has no licence of this training (`nobody_has_passed`)."""
    licensed = ctx.prepared(LicensedParticipants).person_ids
    left = ctx.prepared(TrainingParticipants).left
    results = ctx.prepared(Results).by_person.items()
    is_left = any(result.passed and person not in licensed | left for person, result in results)
    return None if is_left else "nobody_has_passed"


async def licence_not_to_flag(
    reads: ReadContext, training: Training, body: FlagLicenceTraining, ctx: ActionContext
) -> str | None:
    """Refuse a licence that is revoked (`licence_is_revoked`) or flagged (`flagged_already`)."""
    licence = ctx.required_ref(Licence, "licence")
    if licence.revoked_at is not None:
        return "licence_is_revoked"
    if licence.ended_at is not None:
        raise WrongValue(pointer="/licence", because="flagged_already")
    return None


@caller_check
async def licence_revoked_already(
    reads: ReadContext, training: Training, body: RevokeLicenceTraining, ctx: ActionContext
) -> str | None:
    """Refuse if the licence is revoked already (`licence_is_revoked`)."""
    revoked = ctx.required_ref(Licence, "licence").revoked_at is not None
    return "licence_is_revoked" if revoked else None


def _day(instant: datetime, ctx: ActionContext) -> date:
    return instant.astimezone(ctx.settings.zone).date()


def _check_participants(pointers: list[str], field: str, ctx: ActionContext) -> None:
    earlier: set[UUID] = set()
    for pointer, person in zip(pointers, ctx.refs(Person, field), strict=True):
        _check_participant(person.id, earlier, pointer, ctx)
        earlier.add(person.id)


def _check_participant(person: UUID, earlier: Collection[UUID], pointer: str, ctx: ActionContext) -> None:
    participants = ctx.prepared(TrainingParticipants)
    if person not in participants.by_person:
        raise WrongValue(pointer=pointer, because="not_a_participant")
    if person in earlier:
        raise WrongValue(pointer=pointer, because="each_once")
    if person in participants.left:
        raise WrongValue(pointer=pointer, because="had_left")
