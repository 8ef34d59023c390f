"""The XmR chart: whether a series varies as usual, or something has changed.

Walter Shewhart's chart of single values, as Donald Wheeler sets it out (Understanding Variation, 1993; Making
Sense of Data, 2003): the limits are those of the process itself, from the differences between successive
values, and are independent of its target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.common.records import CodeEnum

#: The factor from the mean moving range to a limit: 3 / d2, with d2 = 1.128 the mean range of two normal
#: values.
LIMIT_FACTOR = 2.66
#: Fewer values are not enough for natural limits.
LEAST_VALUES = 6
RUN_LENGTH = 8
#: The largest part of the values that limits leave out as exceptions.
LARGEST_EXCEPTION_SHARE = 1 / 6
NEAR_COUNT, NEAR_WINDOW = 3, 4


class Signal(CodeEnum):
    """The rule by which a value differs from the usual variation (Wheeler's detection rules one to three)."""

    beyond_limits = "beyond_limits", "Beyond the natural limits", "超出自然过程界限"
    run_of_eight = "run_of_eight", "Eight in a row on one side of the centre", "连续八个值在中心线同侧"
    near_limit = (
        "near_limit",
        "Three of four closer to one limit than to the centre",
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
    centre, moving_range = _usual(values)
    reach = LIMIT_FACTOR * moving_range
    beyond = {n for n, value in enumerate(values) if abs(value - centre) > reach}
    runs = {end - n for end in run_ends(values, centre) for n in range(RUN_LENGTH)}
    sides = _sides(values, centre)
    near = {n for side in sides for end in _near_ends(side, reach / 2) for n in _near(side, reach / 2, end)}
    rules = ((Signal.beyond_limits, beyond), (Signal.run_of_eight, runs), (Signal.near_limit, near))
    return Chart(
        centre, moving_range, [[rule for rule, places in rules if n in places] for n in range(len(values))]
    )


def _usual(values: Sequence[float]) -> tuple[float, float]:
    """Return the centre and the mean moving range of the values that are not beyond their own limits.

    Otherwise one bad month would lift the centre, so that the months before it seem better than usual, and
    widen the limits for those after it. If too many are beyond, the process itself is another one: then all
    of them count.
    """
    left_out = set[int]()
    everything = centre, moving_range = _centre_and_range(values, left_out)
    while beyond := {
        n for n, value in enumerate(values) if abs(value - centre) > LIMIT_FACTOR * moving_range
    }:
        if beyond <= left_out:
            break
        left_out |= beyond
        if (
            len(left_out) > LARGEST_EXCEPTION_SHARE * len(values)
            or len(values) - len(left_out) < LEAST_VALUES
        ):
            return everything
        centre, moving_range = _centre_and_range(values, left_out)
    return centre, moving_range


def _centre_and_range(values: Sequence[float], left_out: set[int]) -> tuple[float, float]:
    """Return the mean and the mean moving range without these indices and the moves to and from them."""
    usual_values = [value for n, value in enumerate(values) if n not in left_out]
    moves = [
        abs(values[n + 1] - values[n])
        for n in range(len(values) - 1)
        if not left_out.intersection((n, n + 1))
    ]
    return sum(usual_values) / len(usual_values), sum(moves) / len(moves)


def run_ends(values: Sequence[float], centre: float) -> list[int]:
    """Return the indices at which eight successive values on one side of the centre end."""
    return sorted(
        end
        for side in _sides(values, centre)
        for end in range(RUN_LENGTH - 1, len(side))
        if all(value > 0 for value in side[end - RUN_LENGTH + 1 : end + 1])
    )


def near_ends(values: Sequence[float], centre: float, reach: float) -> list[int]:
    """Return the indices at which four successive values end of which three are nearer to one limit than to
    the centre; `reach` is the distance of the limits.
    """
    return sorted({end for side in _sides(values, centre) for end in _near_ends(side, reach / 2)})


def _sides(values: Sequence[float], centre: float) -> list[list[float]]:
    """Return how far the values are above the centre, and how far below; on the line they are on neither
    side.
    """
    return [[(value - centre) * side for value in values] for side in (1, -1)]


def _near_ends(above: Sequence[float], half: float) -> list[int]:
    return [end for end in range(NEAR_WINDOW - 1, len(above)) if len(_near(above, half, end)) >= NEAR_COUNT]


def _near(above: Sequence[float], half: float, end: int) -> list[int]:
    """Return the indices of the values above `half` in the window that ends there."""
    return [n for n in range(end - NEAR_WINDOW + 1, end + 1) if above[n] > half]
