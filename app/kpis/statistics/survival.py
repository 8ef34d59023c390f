"""How long until something happens, where it has not happened to all: Kaplan and Meier's estimate.

Kaplan and Meier, Nonparametric Estimation from Incomplete Observations, JASA 53 (1958), 457-481. Of those
that are still under way at a time, some end then; what is left is the product of the shares that do not.
Whoever is still open counts as long as they have been watched, and no longer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

#: What is left when half of them, and nine in ten, have ended.
HALF, TENTH = 0.5, 0.1
#: Products of floating point are off by less than this; 3/4 of 2/3 is a half.
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Survival:
    """How many have ended, how many are open, and in how many seconds half and nine in ten end.

    Null: so many have not ended while anybody was watched.
    """

    ended: int
    open: int
    median: int | None
    p90: int | None


def kaplan_meier(observed: Iterable[tuple[int, bool]]) -> Survival:
    """The estimate from each one's seconds, and whether it ended then, or is open.

    Of those with the same seconds, those that are open are taken to be so for a moment longer.
    """
    ends, leaving = Counter[int](), Counter[int]()
    for seconds, ended in observed:
        leaving[seconds] += 1
        ends[seconds] += ended
    there, left = leaving.total(), 1.0
    reached: dict[float, int] = {}
    for seconds in sorted(leaving):
        left *= (there - ends[seconds]) / there
        there -= leaving[seconds]
        for share in (HALF, TENTH):
            if left <= share * (1 + SLACK):
                reached.setdefault(share, seconds)
    ended_at_all = ends.total()
    return Survival(ended_at_all, leaving.total() - ended_at_all, reached.get(HALF), reached.get(TENTH))
