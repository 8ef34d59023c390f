"""The XmR chart: tells whether a series varies as usual, or something has changed.

Walter Shewhart's chart of single values, as Donald Wheeler sets it out (Understanding Variation, 1993; Making
Sense of Data, 2003): the limits are those of the process itself, from the differences between successive
values, and are independent of its target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.common.records import CodeEnum

#: The factor from the mean moving range to a limit: 3 / d2, with d2 = 1.128 the mean range of two normal
#: values.
LIMIT_FACTOR = 2.66
#: Fewer values are not enough for natural limits.
LEAST_VALUES = 6
RUN_LENGTH = 8
NEAR_COUNT, NEAR_WINDOW = 3, 4


class Signal(CodeEnum):
    """The rule by which a value is more than chance (Wheeler's detection rules one to three)."""

    beyond_limits = "beyond_limits", "Beyond the natural limits", "超出自然界限"
    run_of_eight = "run_of_eight", "One of eight in a row on one side of the centre", "连续八个值在中心线同侧"
    near_limit = (
        "near_limit",
        "One of three in four that are nearer to one limit than to the centre",
        "连续四个值中有三个更靠近同一界限",
    )


@dataclass(frozen=True, slots=True)
class Chart:
    """The centre line, the mean moving range, and for each value the rules by which it is a signal.

    If there are too few values, there are neither limits nor signals.
    """

    centre: float | None
    moving_range: float | None
    signals: list[list[Signal]]

    @property
    def reach(self) -> float | None:
        """The distance of the natural limits from the centre."""
        return None if self.moving_range is None else LIMIT_FACTOR * self.moving_range


def chart(values: Sequence[float]) -> Chart:
    """Return the chart of the values in their order."""
    if len(values) < LEAST_VALUES:
        return Chart(None, None, [[] for _ in values])
    centre = sum(values) / len(values)
    moves = [abs(later - earlier) for earlier, later in pairwise(values)]
    moving_range = sum(moves) / len(moves)
    reach = LIMIT_FACTOR * moving_range
    beyond = {n for n, value in enumerate(values) if abs(value - centre) > reach}
    # Each side of the centre separately; values on the centre line are on neither side.
    sides = [[(value - centre) * side for value in values] for side in (1, -1)]
    runs = {n for side in sides for n in _run(side)}
    near = {n for side in sides for n in _near(side, reach / 2)}
    rules = ((Signal.beyond_limits, beyond), (Signal.run_of_eight, runs), (Signal.near_limit, near))
    return Chart(
        centre, moving_range, [[rule for rule, places in rules if n in places] for n in range(len(values))]
    )


def _run(above: Sequence[float]) -> set[int]:
    """Return the indices of values that belong to eight or more successive values above 0."""
    windows = range(len(above) - RUN_LENGTH + 1)
    return {
        n
        for at in windows
        if all(value > 0 for value in above[at : at + RUN_LENGTH])
        for n in range(at, at + RUN_LENGTH)
    }


def _near(above: Sequence[float], half: float) -> set[int]:
    """Return the indices of values above `half` that are three of four successive values."""
    found: set[int] = set()
    for at in range(len(above) - NEAR_WINDOW + 1):
        near = {n for n in range(at, at + NEAR_WINDOW) if above[n] > half}
        found |= near if len(near) >= NEAR_COUNT else set()
    return found
