"""Sentences for people, by code, in English and Chinese. Labels of codes stand next to the codes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Protocol, TypeAlias, runtime_checkable

from app.i18n.clocks import clock_time, reader_zone, with_clock_times

LANGUAGES = ("en", "zh")
#: Separator between the parts of a list.
LIST_SEPARATORS = {"en": ", ", "zh": "、"}
#: The language whose own characters and Latin ones have a space between them; and where one is wanting.
SPACED = "zh"
JOINT = re.compile("[\\u3400-\\u9fff][0-9A-Za-z]|[0-9A-Za-z][\\u3400-\\u9fff]")


@runtime_checkable
class Labelled(Protocol):
    """A value that has a name for people, such as a code."""

    def label(self, language: str) -> str:
        """Return the name in that language."""


#: Value of a placeholder. People see the label of a code, and a time without the letters of ISO 8601.
Word: TypeAlias = "str | datetime | Labelled | Sequence[Word]"


@cache
def sentences(language: str) -> dict[str, dict[str, str]]:
    """Return all sentences of a language, by table and code."""
    path = Path(__file__).with_name(f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def translate(language: str, table: str, code: str, words: Mapping[str, Word] | None = None) -> str:
    """Return the sentence with its placeholders filled; a missing word becomes an ellipsis. In Chinese a
    space separates Chinese characters from Latin letters or digits that are filled in next to them, as it
    does within the sentences. Refusals on a page state times by the clocks of its reader.
    """
    template, zone = sentences(language)[table][code], reader_zone(table)
    blanks = _Blanks({name: text_of_word(word, language, zone, name) for name, word in (words or {}).items()})
    if language != SPACED:
        return template.format_map(blanks)
    filled = ""
    for literal, name in _literals_with_blanks(template):
        filled = _joined(filled, literal)
        if name is not None:
            filled = _joined(filled, str(blanks[name]))
    return filled


def text_of_word(word: Word, language: str, zone: tzinfo | None = None, name: str = "") -> str:
    """Return the value of the placeholder `name` as people read it in that language, with times by the clocks
    of the zone (None: in UTC).
    """
    if isinstance(word, Labelled):
        return word.label(language)
    if isinstance(word, datetime):
        return clock_time(word, zone, name)
    if isinstance(word, str):
        return with_clock_times(word, zone, name)
    parts = [text_of_word(part, language, zone, name) for part in word]
    return ("; " if any(", " in part for part in parts) else LIST_SEPARATORS[language]).join(parts)


@cache
def _literals_with_blanks(template: str) -> tuple[tuple[str, str | None], ...]:
    """Return the literal texts of a sentence, each with the name of the placeholder after it."""
    return tuple((literal, name) for literal, name, _, _ in Formatter().parse(template))


def _joined(before: str, after: str) -> str:
    """Return the two texts, one after the other, with a space between the two scripts."""
    is_joint = JOINT.fullmatch(before[-1:] + after[:1]) is not None
    return f"{before} {after}" if is_joint else before + after


class _Blanks(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def language_of(accept: str | None) -> str:
    """Return the language to answer in: the preferred one of those in an Accept-Language header that exist
    here; else English.
    """
    best, liking = "en", 0.0
    for part in accept.split(",") if accept else ():
        tag, _, weight = part.partition(";")
        try:
            q = float(weight.strip().lower().removeprefix("q=")) if weight.strip() else 1.0
        except ValueError:
            q = 0.0
        primary = tag.strip().lower().split("-")[0]
        if primary in LANGUAGES and q > liking:
            best, liking = primary, q
    return best
