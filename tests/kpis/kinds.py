"""The kinds of KPIs, of each of which `make test` tries one (tests/selection.py)."""

from __future__ import annotations

from collections.abc import Hashable

from app.kpis.catalogue import KPIS


def process_of(key: str) -> Hashable:
    """What it is about."""
    return KPIS[key].process


def kind_of(key: str) -> Hashable:
    """What it is about and how its figures are put together."""
    return KPIS[key].process, KPIS[key].aggregate


def aggregate_of(key: str) -> Hashable:
    """How its figures are put together."""
    return KPIS[key].aggregate
