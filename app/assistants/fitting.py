"""Responses of tools within their bound: long texts and lists are cut, and marked as cut (pure)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

#: The largest answer of a tool on the wire, in bytes, and what of it is left for the envelope.
LARGEST_ANSWER = 25_000
ENVELOPE = 1_500
#: The longest text and list that are tried, in characters and entries, the longest first.
CUTS = ((20_000, 500), (4_000, 200), (1_500, 100), (500, 50), (200, 25), (80, 10), (30, 4), (10, 1))
#: Cut of a page that is requested again with fewer entries instead of being cut further.
CUT_OF_PAGES = CUTS[2]
DEEPEST = 40


def size_of(document: Any) -> int:
    """Return how many bytes the document takes on the wire: JSON within a JSON string."""
    return len(json.dumps(as_text(document), ensure_ascii=False).encode())


def as_text(document: Any) -> str:
    """Return the document as JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)


def fits(document: Any, cut: tuple[int, int] = CUT_OF_PAGES) -> bool:
    """Return whether the document is within the bound, once its texts and lists are cut so."""
    return size_of(shortened(document, *cut)) <= LARGEST_ANSWER - ENVELOPE


def fitted(document: dict[str, Any], bound: int = LARGEST_ANSWER - ENVELOPE) -> dict[str, Any]:
    """Return the document with its longest texts and lists cut as little as the bound needs."""
    for cut in CUTS:
        within: dict[str, Any] = shortened(document, *cut)
        if size_of(within) <= bound:
            return within
    return {"left_out": sorted(document)[:20] if size_of(sorted(document)[:20]) < bound else len(document)}


def shortened(document: Any, longest: int, most: int, depth: int = 0) -> Any:
    """Return the document with texts of that many characters at most, and lists and objects of that many
    entries.
    """
    if isinstance(document, str):
        return _cut_text(document, longest)
    if isinstance(document, (list, tuple, dict)) and depth >= DEEPEST:
        return "…"
    if isinstance(document, dict):
        members = list(document.items())
        shorter = {
            _cut_text(str(name), longest): shortened(part, longest, most, depth + 1)
            for name, part in members[: max(most, 12) if depth < 2 else most]
        }
        return shorter if len(shorter) >= len(members) else {**shorter, "…": len(members) - len(shorter)}
    if isinstance(document, (list, tuple)):
        return _cut_list(document, longest, most, depth)
    return document


def _cut_list(entries: Sequence[Any], longest: int, most: int, depth: int) -> list[Any]:
    shorter = [shortened(entry, longest, most, depth + 1) for entry in entries[:most]]
    return shorter if len(shorter) == len(entries) else [*shorter, {"…": len(entries) - len(shorter)}]


def _cut_text(text: str, longest: int) -> str:
    """Return the text, or its beginning and how long it is."""
    return text if len(text) <= longest else f"{text[:longest]}… [{len(text)}]"
