"""Validation of answers to a catalogue item's form, for making a request and for checking it beforehand."""

from __future__ import annotations

from app.foundation.services.records import CatalogueItem
from app.kernel.actions.forms import read_answers, validate_answers
from app.kernel.actions.refusals import WrongValue

ANSWERS = "/answers"


def answer_errors(item: CatalogueItem, answers: str | None) -> list[WrongValue]:
    """Return the errors of `answers`, the value of an `Answers` field, by the item's form; empty if they are
    valid.
    """
    if item.form is None:
        return [] if answers is None else [WrongValue(pointer=ANSWERS, because="answers_to_nothing")]
    values = {} if answers is None else read_answers(answers)
    return [
        WrongValue(fault.words, pointer=fault.pointer, because=fault.because)
        for fault in validate_answers(item.form, values, ANSWERS)
    ]
