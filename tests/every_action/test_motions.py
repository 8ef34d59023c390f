"""Voters read in the question what they are asked to approve, whatever words the asker has chosen."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest

from app.common.records import CodeEnum
from app.foundation.decisions.motions import with_motion, without_motion
from app.foundation.decisions.payloads import AskBoard, AskDecision
from app.foundation.decisions.preparation import question_preparation
from app.i18n import LANGUAGES
from app.kernel.access.reads import ReadContext
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.registry import LIFECYCLES

QUESTION = "Shall it be so?"
#: What puts a question in a payload of its own, by the usual preparation.
ASKING = [
    (lifecycle, row)
    for lifecycle in LIFECYCLES
    for row in lifecycle.rows
    if issubclass(row.body, AskBoard) and row.body not in (AskBoard, AskDecision)
    if any(prepare.__qualname__.startswith(question_preparation.__name__) for prepare in row.checks.prepare)
]


def _codes(annotation: Any) -> list[CodeEnum]:
    if isinstance(annotation, type) and issubclass(annotation, CodeEnum):
        return list(annotation)
    return [code for part in get_args(annotation) for code in _codes(part)]


def _asked(lifecycle: Lifecycle[Any], row: Action[Any, Any], language: str, **fields: Any) -> str:
    body = row.body.model_construct(**{**dict.fromkeys(row.body.model_fields), **fields})
    reads = cast("ReadContext", SimpleNamespace(lifecycles={lifecycle.kind: lifecycle}))
    return with_motion(reads, SimpleNamespace(KIND=lifecycle.kind), body, QUESTION, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", ASKING, ids=lambda case: f"{case[0].kind}.{case[1].name}")
def test_what_is_asked_for_stands_before_the_words_of_the_asker(case: Any, language: str) -> None:
    lifecycle, row = case
    plain = _asked(lifecycle, row, language)
    assert without_motion(plain) == QUESTION
    assert row.label(language) in plain.removesuffix(QUESTION), "what the action asks for"
    for name, field in row.body.model_fields.items():
        if name in AskBoard.model_fields:
            continue
        codes = _codes(field.annotation)
        values: list[object] = [*codes] or ["something"]
        questions = [_asked(lifecycle, row, language, **{name: value}) for value in values]
        assert len({plain, *questions}) == len(questions) + 1, f"two motions read the same: {name}"
        for code, text in zip(codes, questions, strict=False):
            assert code.label(language) in text


def test_the_usual_preparation_is_found() -> None:
    assert {"ask_judgement", "charter", "return_plan"} <= {row.name for _, row in ASKING}


def test_no_two_actions_ask_with_the_same_words_for_something_else() -> None:
    questions = [(lifecycle.kind, _asked(lifecycle, row, "en")) for lifecycle, row in ASKING]
    assert len(set(questions)) == len(questions)
