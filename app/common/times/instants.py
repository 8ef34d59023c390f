"""Comparison of instants of which one may be missing (pure)."""

from __future__ import annotations

from datetime import datetime


def later_instant(first: datetime | None, other: datetime) -> datetime:
    """Return the later of two instants."""
    return other if first is None or other > first else first
