"""The Kaplan-Meier estimate: the time until an event, where it has not yet happened to all.

Kaplan and Meier, Nonparametric Estimation from Incomplete Observations, JASA 53 (1958), 457-481. Some of the
cases that are open at a time end then; the share left open is the product of the shares that do not end. An
open case counts for as long as it has been observed, and no longer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

#: The shares left open when half of the cases, and nine in ten, have ended.
HALF, TENTH = 0.5, 0.1
#: Floating-point products are off by less than this: 3/4 of 2/3 must count as a half.
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Survival:
    """Estimated durations: the numbers of ended and open cases, and the seconds until half (`median`) and
    nine in ten (`p90`) of all have ended; None if fewer ended within the observed time.
    """

    ended: int
    open: int
    median: int | None
    p90: int | None


def kaplan_meier(observed: Iterable[tuple[int, bool]]) -> Survival:
    """Return the estimate from the seconds of each case and whether it ended then or is still open.

    Among cases with the same seconds, the open ones are taken to stay open a moment longer.
    """
    ends, leaving = Counter[int](), Counter[int]()
    for seconds, ended in observed:
        leaving[seconds] += 1
        ends[seconds] += ended
    at_risk, left = leaving.total(), 1.0
    reached: dict[float, int] = {}
    for seconds in sorted(leaving):
        left *= (at_risk - ends[seconds]) / at_risk
        at_risk -= leaving[seconds]
        for share in (HALF, TENTH):
            if left <= share * (1 + SLACK):
                reached.setdefault(share, seconds)
    ended_at_all = ends.total()
    return Survival(ended_at_all, leaving.total() - ended_at_all, reached.get(HALF), reached.get(TENTH))
