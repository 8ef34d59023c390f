"""The draw of a sample (pure): the same cases, seed and size draw the same, on any machine and for ever."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

#: Seeds have so many bits.
SEED_BITS = 31


def seed_of(head: UUID, draw: UUID) -> int:
    """Return the seed of a draw: the first bits of the SHA-256 of `<head>:<draw>`, where `head` is the id of
    the newest event in the log and `draw` the id of the draw. Nobody knows either before the draw, and
    everybody can compute the seed afterwards.
    """
    return int.from_bytes(sha256(f"{head}:{draw}".encode()).digest()[:4]) >> (32 - SEED_BITS)


def draw_sample(cases: Iterable[str], seed: int, size: int) -> list[str]:
    """Return so many of the cases, drawn at random by the seed; all of them in that order, if there are
    fewer. The order in which the cases come does not matter, and a larger size draws the same and more.
    """

    def lot(case: str) -> bytes:
        return sha256(f"{seed}:{case}".encode()).digest()

    return sorted(sorted(set(cases)), key=lot)[:size]
