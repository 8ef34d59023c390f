"""Reads for the page of a training's record: who attended, with their marks, and the lines for signatures."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.records.shapes import Renderer
from app.foundation.documents.pages import PrintedPage, SignatureLine
from app.foundation.documents.papers import (
    TABLE,
    Paper,
    PaperSource,
    PaperTable,
    PaperWords,
    print_paper,
    signature_lines,
)
from app.foundation.documents.printing import load_document
from app.foundation.licences.records import ExaminationResult, ExaminationTopic, TrainingParticipant
from app.foundation.process_names import process_in_words
from app.foundation.statements.records import StatedFact
from app.html.wording import Wording
from app.processes.trainings.records import Training


async def print_record(
    renderer: Renderer, training: Training, number: str, edition: int | None
) -> PrintedPage:
    """Return the page of the training's document with that number, in its newest edition or in the given one.
    Marks are of the examinations so far. Raises NotFound if it does not exist, or the caller may not see it.
    """
    loaded = await load_document(renderer, training, number, edition)
    is_for_staff = renderer.caller.is_staff_for(training)
    source = PaperSource(renderer.ledger, loaded, is_for_staff, Wording(renderer.language, TABLE))
    then = source.record_then
    participants = then.rows(TrainingParticipant, "added_at")
    results = source.record_while_newest.rows(ExaminationResult, "examined_at")
    words = await source.read(
        [training.pass_mark_reason],
        [
            training.trainer_id,
            *(row.person_id for row in participants),
            *(row.examiner_id for row in results),
        ],
    )
    trainer = None if training.trainer_id is None else words.name(training.trainer_id)
    present = [row.person_id for row in participants if row.attended]
    attended = source.objections.uncontested(StatedFact.attended, present)
    return await print_paper(
        source,
        Paper(
            facts=(
                ("audience", source.label(training.kind)),
                ("method", source.label(training.method)),
                (
                    "process",
                    process_in_words(renderer.ledger.lifecycles, training.process, renderer.language),
                ),
                ("skills", source.wording.sentence("joined").join(training.skills or ())),
                ("held_at", source.moment(training.held_at)),
                ("trainer", trainer),
                ("pass_mark", str(training.pass_mark)),
                ("pass_mark_reason", words.text(training.pass_mark_reason)),
            ),
            tables=(
                _attendance(source, participants, words),
                *([_examination(source, results, words)] if is_for_staff else []),
            ),
            signatures=(
                SignatureLine("training_recorded_by", loaded.printed.author, loaded.printed.recorded_at),
                *(
                    []
                    if training.trainer_id is None
                    else signature_lines("trainer", [training.trainer_id], words)
                ),
                *signature_lines("examiner", [row.examiner_id for row in results], words),
                *signature_lines("participant", attended, words),
            ),
        ),
    )


def _attendance(
    source: PaperSource, participants: Sequence[TrainingParticipant], words: PaperWords
) -> PaperTable:
    objections = source.objections
    return PaperTable(
        "participants",
        ("participant", "attendance"),
        [
            (
                words.name(row.person_id),
                source.stated(row.attended, objections.time_of(StatedFact.attended, row.person_id)),
            )
            for row in participants
        ],
    )


def _examination(source: PaperSource, results: Sequence[ExaminationResult], words: PaperWords) -> PaperTable:
    return PaperTable(
        "examination",
        ("participant", "sitting", "marks", "passed", "closed_book", "examiner"),
        [
            (
                words.name(row.person_id),
                str(row.sitting),
                _marks(source, row),
                source.answer(row.passed),
                source.answer(row.closed_book),
                words.name(row.examiner_id),
            )
            for row in results
        ],
    )


def _marks(source: PaperSource, result: ExaminationResult) -> str:
    """Return the marks by topic, in the order of the topics."""
    marks = result.marks or {}
    return source.wording.sentence("joined").join(
        f"{source.label(topic)} {marks[topic.value]}" for topic in ExaminationTopic if topic.value in marks
    )
