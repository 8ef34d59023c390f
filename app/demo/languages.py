"""The demo's texts are written in both languages; each person uses one of them (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

Payloads = TypeVar("Payloads")

#: Texts that begin so are for programs.
STRUCTURED = ("{", "[", "<")
_CHINESE = "\u3001-\u303f\u3400-\u9fff\uff00-\uffef“”"
#: A run of Chinese signs, with what stands between them without being English: figures, names in capitals.
_RUN_OF_CHINESE = re.compile(rf"[{_CHINESE}](?:[^a-z]*[{_CHINESE}])*")
_ENGLISH_WORD = re.compile(r"[A-Za-z]*[a-z]{2,}")
_CHINESE_SIGN = re.compile("[\u3400-\u9fff]")


def in_language(text: str, language: str) -> str:
    """Return the part of the text in the language, if the text has both; else all of it."""
    parts: dict[str, list[str]] = {"zh": [], "en": []}
    end = 0
    for run in _RUN_OF_CHINESE.finditer(text):
        _add_english(parts, text[end : run.start()])
        parts["zh"].append(run.group())
        end = run.end()
    _add_english(parts, text[end:])
    halves = {
        name: " ".join(piece.strip() for piece in pieces if piece.strip()) for name, pieces in parts.items()
    }
    if not _CHINESE_SIGN.search(halves["zh"]) or not _ENGLISH_WORD.search(halves["en"]):
        return text
    return halves["zh" if language == "zh" else "en"]


def _add_english(parts: dict[str, list[str]], text: str) -> None:
    """Add the text between Chinese runs: figures without a word belong to the Chinese run that follows."""
    name = "en" if _ENGLISH_WORD.search(text) else "zh"
    parts[name].append(text)


def _names_one(field: str) -> bool:
    """Return whether the field names its language, as `title_zh` does."""
    return field.endswith(("_zh", "_en"))


def texts_in_language(language: str, payload: Payloads) -> Payloads:
    """Return the payload, or a part of it, with each text in that language."""
    changed: Any = payload
    if isinstance(payload, str) and type(payload) is str:  # codes are strings, too
        if payload.startswith(STRUCTURED):
            return payload
        changed = in_language(payload, language)
    elif isinstance(payload, BaseModel):
        values = {name: getattr(payload, name) for name in type(payload).model_fields}
        spoken = {
            name: texts_in_language(language, value) for name, value in values.items() if not _names_one(name)
        }
        changed = payload.model_copy(
            update={name: value for name, value in spoken.items() if value is not values[name]}
        )
    elif isinstance(payload, tuple | list):
        changed = type(payload)(texts_in_language(language, each) for each in payload)
    elif isinstance(payload, Mapping):
        changed = {
            name: value if _names_one(name) else texts_in_language(language, value)
            for name, value in payload.items()
        }
    return changed  # type: ignore[no-any-return]  # of the same type
