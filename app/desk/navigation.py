"""The areas in which people look for kinds of records (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.faces import BilingualLabel


@dataclass(frozen=True, slots=True)
class NavigationArea:
    """An area: its name in addresses, its label, and its kinds of records."""

    name: str
    label: BilingualLabel
    kinds: tuple[str, ...]
