"""Labels of versions: 0.1, 0.2 of drafts; 1.0 of what is published first; then 1.1, 2.0 (pure)."""

from __future__ import annotations


def next_draft(label: str | None) -> str:
    """Return the label of the draft that follows that version; None: it is the first."""
    major, minor = _numbers_of(label)
    return f"{major}.{minor + 1}"


def next_published(label: str | None) -> str:
    """Return the label that a draft gets when it is published."""
    return f"{_numbers_of(label)[0] + 1}.0"


def _numbers_of(label: str | None) -> tuple[int, int]:
    major, _, minor = (label or "0.0").partition(".")
    return int(major), int(minor)
