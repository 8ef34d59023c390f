"""Drawing a sample of persons by a seed: the same seed draws the same of an audience (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID


def drawn(population: Iterable[UUID], seed: int, size: int | None) -> list[UUID]:
    """Return the persons drawn, sorted by their ids; `size` None: all. Each person's place in the draw
    follows from the seed and their id alone, in whatever order they are given.
    """
    ranked = sorted(set(population), key=lambda person: sha256(f"{seed}/{person}".encode()).digest())
    return sorted(ranked[: len(ranked) if size is None else size])
