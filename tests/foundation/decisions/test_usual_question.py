"""The usual question of a decision is in one language, that of the organisation."""

from __future__ import annotations

from types import SimpleNamespace

from app.foundation.decisions.preparation import usual_question
from app.processes.improvements.preparation import CLASS
from tests.cases import each_case


@each_case(
    ("language", "question"),
    [("en", "Class of an improvement: Fewer calls"), ("zh", "改进分类：Fewer calls")],
)
def test_the_usual_question_is_in_one_language(language: str, question: str) -> None:
    assert usual_question(SimpleNamespace(title="Fewer calls"), CLASS, language) == question
