"""Signs of a program in texts for people: what they are, and the values that are exempt."""

from __future__ import annotations

import re
from collections.abc import Iterator

SIGNS = {
    "a backtick": re.compile(r"`"),
    "null": re.compile(r"\bnull\b|\bundefined\b|\bNaN\b|\{\}|\[object\b"),
    "key of": re.compile(r"\b[Ii]ds?(?: or (?:keys?|numbers?))* of\b|\b[Kk]eys? of\b|的键(?!盘)|的标识符"),
    "a path": re.compile(r"(?<![\w.:/…])/[a-z_]\w*(?:[/?]|\b)"),
    "a UUID": re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
    "a code": re.compile(r"(?<![\w@./-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b(?![.@])"),
    "an instant": re.compile(r"\d{4}-\d\d-\d\dT\d\d:"),
    "seconds": re.compile(
        r"\bin seconds\b|以秒|秒数"
        r"|(?<!min )(?<!分 )(?<![\d.,])(?:[6-9]\d|\d[\d,]{2,})(?:\.\d+)? ?(?:s|sec|seconds?|秒)(?![a-z])"
    ),
    "JSON": re.compile(r"\bJSON\b|\bISO 8601\b|\b[Bb]oolean\b|\bUUID\b|\b(?:True|False)\b"),
}


def signs_in(text: str) -> Iterator[str]:
    """Yield each sign of a program in the text, with the words around it."""
    for name, pattern in SIGNS.items():
        for match in pattern.finditer(text):
            around = text[max(0, match.start() - 50) : match.end() + 50]
            yield f"{name}: {match[0]!r} in {around!r}"
