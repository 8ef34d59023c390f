"""Reads for the documents of a project: its pilot with what was ready, and its rollout with trainings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from app.common.records import from_row
from app.foundation.documents.past import PastRecord, WrittenEdition
from app.foundation.documents.printing import DecryptedDocument, decrypt
from app.foundation.licences.records import TRAINING, ExaminationResult, TrainingParticipant
from app.kernel.ledger import Ledger
from app.kpis.baselines.figures import named_filters
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Unit
from app.kpis.questions.chart_words import ChartWords
from app.processes.improvements.documents.printed import (
    PrintedMotion,
    PrintedPilot,
    PrintedSitting,
    PrintedStep,
    PrintedTraining,
)
from app.processes.improvements.pilot.records import PilotJudgement, PilotReadiness
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.lookups import NOT_PASSED
from app.processes.improvements.rollout.records import DAILY_MANAGEMENT, FIXED_IN, RolloutStep

JUDGEMENT_ASKED = "improvement.judgement_asked"
TRAININGS = """
select id, number, title, pass_mark, pass_mark_reason from fold.training
where id = any(%s) order by number"""
PARTICIPANTS = "select * from fold.training_participant where record = any(%s) order by added_at, id"
RESULTS = "select * from fold.examination_result where record = any(%s) order by examined_at, id"
SITTINGS = f"""
select r.person_id, r.due_at from fold.rollout_sitting r
where r.record = %s and {NOT_PASSED} order by r.due_at, r.id"""
#: The texts of a step besides its evidence, which are also the codes of their sentences.
STEP_TEXTS = (
    *(
        "goals",
        "goal_reason",
        "weekly_plan",
        "pilot_shown",
        "people_shown",
        "resources_shown",
        "obstacles_shown",
    ),
    "went_well",
    *DAILY_MANAGEMENT,
    *FIXED_IN,
)


async def pilot_facts(
    ledger: Ledger, improvement: Improvement, then: PastRecord, language: str
) -> PrintedPilot | None:
    """Return the pilot of the improvement as it was then, or None."""
    ready = then.rows(PilotReadiness, "started_at")
    if not ready or improvement.pilot.pilot_scope is None:
        return None
    newest = ready[-1]
    words = ChartWords(language, Unit.cases, ZoneInfo(ledger.settings.time_zone), "")
    decrypted = await decrypt(
        ledger,
        [newest.told, newest.duties, improvement.pilot.pilot_length_reason],
        [newest.kicked_off_by_id, improvement.executor_id],
    )
    texts = {
        "pilot_length_reason": decrypted.text(improvement.pilot.pilot_length_reason),
        "told": decrypted.text(newest.told),
        "duties": decrypted.text(newest.duties),
        "standards": ", ".join([*(newest.standards or ()), *(newest.external_numbers or ())]) or None,
    }
    trainings = [newest.key_user_training_id, newest.executor_training_id]
    return PrintedPilot(
        scope=await named_filters(ledger, _filters(improvement.pilot.pilot_scope), words),
        control=None
        if improvement.pilot.pilot_control is None
        else await named_filters(ledger, _filters(improvement.pilot.pilot_control), words),
        agreed=(improvement.pilot.pilot_begins_at, improvement.pilot.pilot_ends_at),
        started_at=improvement.pilot.pilot_started_at,
        kicked_off_at=newest.kicked_off_at,
        kicked_off_by=decrypted.name(newest.kicked_off_by_id),
        executor=decrypted.name(improvement.executor_id),
        readiness=[(code, text) for code, text in texts.items() if text is not None],
        trainings=await printed_trainings(ledger, trainings),
    )


async def motions_of(
    ledger: Ledger, improvement: Improvement, edition: WrittenEdition, language: str
) -> list[PrintedMotion]:
    """Return the judgements that were put to the committee on this edition, the oldest first."""
    words = ChartWords(language, Unit.cases, ZoneInfo(ledger.settings.time_zone), "")
    motions = []
    for question in edition.since(lambda event: event.type == JUDGEMENT_ASKED):
        events = [event for event in edition.events if event.version <= question.version]
        judgement = PastRecord(events).itself(improvement).judgement
        if judgement.asked_judgement is None:
            continue
        scope, control = judgement.next_scope, judgement.next_control
        decrypted = await decrypt(ledger, [judgement.asked_reason])
        motions.append(
            PrintedMotion(
                judgement=judgement.asked_judgement,
                dates=(judgement.next_begins_at, judgement.next_ends_at),
                scope=await named_filters(ledger, _filters(scope or {}), words),
                control=None if control is None else await named_filters(ledger, _filters(control), words),
                reason=decrypted.text(judgement.asked_reason),
                is_extension=judgement.asked_judgement is PilotJudgement.extended,
            )
        )
    return motions


def _filters(scope: Mapping[str, Sequence[str]]) -> dict[Dimension, tuple[str, ...]]:
    return {Dimension(name): tuple(values) for name, values in scope.items()}


async def rollout_of(ledger: Ledger, then: PastRecord) -> tuple[list[PrintedStep], list[PrintedTraining]]:
    """Return the steps of the rollout as they were at that time (`then`), and the trainings that are their
    evidence.
    """
    steps = [step for step in then.rows(RolloutStep, "place") if step.step is not None]
    texts = [getattr(step, name) for step in steps for name in ("evidence", "order_reason", *STEP_TEXTS)]
    decrypted = await decrypt(ledger, texts, [step.owner_id for step in steps])
    trainings = await printed_trainings(ledger, [step.training_id for step in steps])
    return [_step(step, decrypted) for step in steps], trainings


def _step(step: RolloutStep, decrypted: DecryptedDocument) -> PrintedStep:
    assert step.step is not None
    texts = ((code, decrypted.text(getattr(step, code))) for code in STEP_TEXTS)
    return PrintedStep(
        step=step.step,
        place=step.place or 0,
        owner=decrypted.name(step.owner_id),
        due_at=step.due_at,
        completed_at=step.completed_at,
        evidence=decrypted.text(step.evidence),
        evidence_numbers=[*(step.evidence_numbers or ()), *(step.external_numbers or ())],
        order_reason=decrypted.text(step.order_reason),
        texts=[(code, text) for code, text in texts if text is not None],
        effective_at=step.effective_at,
    )


async def sittings_left(ledger: Ledger, improvement: Improvement) -> list[PrintedSitting]:
    """Return who has not passed the examination of the rollout, and until when they sit it."""
    rows = await ledger.db.rows(SITTINGS, (improvement.row_key,))
    names = await decrypt(ledger, [], [row["person_id"] for row in rows])
    return [PrintedSitting(names.name(row["person_id"]), row["due_at"]) for row in rows]


async def printed_trainings(ledger: Ledger, trainings: Iterable[UUID | None]) -> list[PrintedTraining]:
    """Return the trainings with the marks of those who took part."""
    named = [training_id for training_id in dict.fromkeys(trainings) if training_id is not None]
    if not named:
        return []
    streams = [f"{TRAINING}/{training_id}" for training_id in named]
    people = [from_row(TrainingParticipant, row) for row in await ledger.db.rows(PARTICIPANTS, (streams,))]
    results = [from_row(ExaminationResult, row) for row in await ledger.db.rows(RESULTS, (streams,))]
    rows = await ledger.db.rows(TRAININGS, (named,))
    reasons = [row["pass_mark_reason"] for row in rows]
    names = await decrypt(ledger, reasons, [participant.person_id for participant in people])
    marks = {(result.record, result.person_id): result for result in results}
    return [
        PrintedTraining(
            number=str(row["number"]),
            title=str(row["title"] or ""),
            pass_mark=row["pass_mark"],
            pass_mark_reason=names.text(row["pass_mark_reason"]),
            closed_book=_closed_book(
                result for result in marks.values() if result.record == f"{TRAINING}/{row['id']}"
            ),
            results=[
                _result(
                    names.name(participant.person_id), marks.get((participant.record, participant.person_id))
                )
                for participant in people
                if participant.record == f"{TRAINING}/{row['id']}" and participant.attended is not False
            ],
        )
        for row in rows
    ]


def _closed_book(results: Iterable[ExaminationResult]) -> bool | None:
    """Return whether all sat with closed books; None if it was not recorded for all, or there were no
    candidates.
    """
    stated = {result.closed_book for result in results}
    return None if not stated or None in stated else False not in stated


def _result(
    name: str | None, result: ExaminationResult | None
) -> tuple[str | None, Mapping[str, int], bool | None]:
    if result is None:
        return name, {}, None
    return name, {topic: int(mark) for topic, mark in (result.marks or {}).items()}, result.passed
