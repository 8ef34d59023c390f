"""Motions in questions: voters read what they are asked to approve, whatever words the asker has chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.common.records import CodeEnum, StaffOnly
from app.foundation.decisions.payloads import AskBoard, AskDecision
from app.foundation.decisions.records import Decision
from app.i18n import LANGUAGES, Word, translate
from app.i18n.field_words import field_words
from app.kernel.access.reads import ReadContext
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks

#: The motion stands in them before the words of the asker.
BRACKETS = {"en": ("[", "] "), "zh": ("【", "】")}
#: Between the parts of a motion, and between the fields that stand in the record only.
SEPARATORS, COMMAS = {"en": "; ", "zh": "；"}, {"en": ", ", "zh": "、"}


def in_each_language(text_in: Callable[[str], str]) -> dict[str, str]:
    """Return the text by language."""
    return {language: text_in(language) for language in LANGUAGES}


def question_of(decision: Decision) -> str | Mapping[str, str]:
    """Return the question of an earlier decision, by language if its texts differ."""
    return decision.question_texts or decision.question or ""


def question_in(decision: Decision, language: str) -> str:
    """Return the question of a decision in that language."""
    return (decision.question_texts or {}).get(language) or decision.question or ""


def with_motion(reads: ReadContext, record: Any, body: AskBoard, text: str, language: str) -> str:
    """Return the question with the action that asks and what its payload asks for, in that language. A
    payload of several actions asks for nothing else than the kind of the decision says.
    """
    lifecycle = reads.lifecycles[record.KIND]
    assert isinstance(lifecycle, Lifecycle)
    rows = [row for row in lifecycle.rows if row.body is type(body)]
    if type(body) in (AskBoard, AskDecision) or len(rows) != 1:
        return text
    begin, end = BRACKETS[language]
    parts = [rows[0].label(language), *_asked_for(body, language)]
    return f"{begin}{SEPARATORS[language].join(parts)}{end}{text}"


def without_motion(question: str | None) -> str:
    """Return the question without its motion."""
    for begin, end in BRACKETS.values():
        if question is not None and question.startswith(begin):
            return question.partition(end)[2]
    return question or ""


def _asked_for(body: AskBoard, language: str) -> list[str]:
    # Persons, sums and texts are not for all readers of the question, and a log position tells them nothing.
    hidden = {*marks(type(body), StaffOnly), "position"}
    parts, in_record = [], []
    for name in type(body).model_fields:
        value = getattr(body, name)
        is_said = value not in (None, ()) and (value is not False or name in body.model_fields_set)
        if name not in AskBoard.model_fields and is_said:
            text = None if name in hidden else _shown(value, language)
            label = _label(type(body), name, language)
            if text is None:
                in_record.append(label)
            else:
                parts.append(translate(language, "question", "value", {"label": label, "value": text}))
    if in_record:
        words: dict[str, Word] = {"fields": COMMAS[language].join(in_record)}
        parts.append(translate(language, "question", "in_record", words))
    return parts


def _label(payload: type[AskBoard], name: str, language: str) -> str:
    return field_words().of_field(payload, name, language)[0]


def _shown(value: Any, language: str) -> str | None:
    if isinstance(value, CodeEnum):
        return value.label(language)
    if isinstance(value, bool):
        return translate(language, "question", "agreed" if value else "declined")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, tuple):
        parts = list(dict.fromkeys(_shown(part, language) for part in value))
        return None if None in parts else COMMAS[language].join(str(part) for part in parts)
    return None
