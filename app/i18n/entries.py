"""Entries of a list in a sentence (pure)."""

from __future__ import annotations

from collections.abc import Iterable


def joined(entries: Iterable[str], language: str) -> str:
    """Return the entries one after the other, with the comma that the language has between them."""
    return ("、" if language == "zh" else ", ").join(entries)
