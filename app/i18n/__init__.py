"""Sentences for people, by code, in English and Chinese. Labels of codes stand beside the codes."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from string import Formatter

LANGUAGES = ("en", "zh")
#: The language whose own characters and Latin ones have a space between them; and where one is wanting.
SPACED = "zh"
JOINT = re.compile("[\\u3400-\\u9fff][0-9A-Za-z]|[0-9A-Za-z][\\u3400-\\u9fff]")


@cache
def sentences(language: str) -> dict[str, dict[str, str]]:
    """Return all sentences of a language, by table and code."""
    path = Path(__file__).with_name(f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def translate(language: str, table: str, code: str, words: dict[str, str] | None = None) -> str:
    """Return the sentence with its placeholders filled; a missing word becomes an ellipsis. In Chinese a
    space stands between Chinese characters and the Latin letters or digits that are filled in beside them, as
    it does within the sentences.
    """
    template, blanks = sentences(language)[table][code], _Blanks(words or {})
    if language != SPACED:
        return template.format_map(blanks)
    filled = ""
    for literal, name in _literals_with_blanks(template):
        filled = _joined(filled, literal)
        if name is not None:
            filled = _joined(filled, str(blanks[name]))
    return filled


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
