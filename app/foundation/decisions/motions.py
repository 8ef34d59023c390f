"""Motions in questions: voters read what they are asked to approve, whatever words the asker has chosen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.api.field_words import field_words
from app.common.records import CodeEnum, StaffOnly
from app.foundation.decisions.payloads import AskBoard, AskDecision
from app.i18n import translate
from app.kernel.access.reads import ReadContext
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks

#: The motion stands in them before the words of the asker.
BRACKETS = {"en": ("[", "] "), "zh": ("【", "】")}


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
    return f"{begin}{'; '.join(parts)}{end}{text}"


def without_motion(question: str | None) -> str:
    """Return the question without its motion."""
    for begin, end in BRACKETS.values():
        if question is not None and question.startswith(begin):
            return question.partition(end)[2]
    return question or ""


def _asked_for(body: AskBoard, language: str) -> list[str]:
    is_for_staff = marks(type(body), StaffOnly)
    parts = []
    for name in type(body).model_fields:
        value = getattr(body, name)
        if name not in AskBoard.model_fields and value not in (None, (), False):
            # Persons, sums and texts are not for all readers of the question.
            text = None if name in is_for_staff else _shown(value, language)
            label = _label(type(body), name, language)
            parts.append(f"{label}: {text or translate(language, 'question', 'in_record')}")
    return parts


def _label(payload: type[AskBoard], name: str, language: str) -> str:
    words = field_words()
    label = words.own.get(f"{payload.__name__}.{name}") or words.labels.get(name)
    return label[language == "zh"] if label else name.replace("_", " ")


def _shown(value: Any, language: str) -> str | None:
    if isinstance(value, CodeEnum):
        return value.label(language)
    if value is True:
        return translate(language, "question", "agreed")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, tuple):
        parts = list(dict.fromkeys(_shown(part, language) for part in value))
        return None if None in parts else ", ".join(str(part) for part in parts)
    return None
