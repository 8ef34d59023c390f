"""The draw of a sample (pure): the same cases, seed and size draw the same, on any machine and for ever."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256


def draw_sample(cases: Iterable[str], seed: int, size: int) -> list[str]:
    """Return so many of the cases, drawn at random by the seed; all of them in that order, if there are
    fewer. The order in which the cases come does not matter, and a larger size draws the same and more.
    """

    def lot(case: str) -> bytes:
        return sha256(f"{seed}:{case}".encode()).digest()

    return sorted(sorted(set(cases)), key=lot)[:size]
