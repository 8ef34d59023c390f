"""Sentences for people, by code, in English and Chinese. Labels of codes stand beside the codes."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")


@cache
def sentences(language: str) -> dict[str, dict[str, str]]:
    """Return all sentences of a language, by table and code."""
    path = Path(__file__).with_name(f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def translate(language: str, table: str, code: str, words: dict[str, str] | None = None) -> str:
    """Return the sentence with its placeholders filled; a missing word becomes an ellipsis."""
    return sentences(language)[table][code].format_map(_Blanks(words or {}))


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
