"""Axes of charts: from values to places, with round ticks; and labels that have room (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MOST_TICKS = 6
#: Round steps of durations, in seconds; beyond, days in decimal steps.
DURATION_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
DAY = 86_400
#: Round durations on a logarithmic axis, in seconds.
LOG_DURATIONS = (1, 10, 60, 600, 3_600, 4 * 3_600, DAY, 7 * DAY, 30 * DAY, 365 * DAY, 3_650 * DAY)
#: The part of the range that is left free above and below it.
ROOM = 0.1
#: A range that begins beneath this part of its end begins at 0.
NEAR_ZERO = 0.4
STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`, drawn from `begin` to `end`; values on a logarithmic one are above 0."""

    low: float
    high: float
    begin: float
    end: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def pixel_of(self, value: float) -> float:
        """Return the place of the value; of one beyond the axis its nearer end."""
        low, high, inside = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, inside = math.log(low), math.log(high), math.log(inside)
        return self.begin + (inside - low) / (high - low) * (self.end - self.begin)


def padded(values: Sequence[float], begin: float, end: float, *, room: float, least: float) -> Scale:
    """Return an axis without ticks that holds all of the values, with that part of their range left free at
    both ends; `least` is the range of values that are all zero.
    """
    low, high = min(values), max(values)
    spread = (high - low) or max(abs(high) * room, least)
    return Scale(low - spread * room, high + spread * room, begin, end, ())


def linear(
    values: Sequence[float], begin: float, end: float, *, durations: bool = False, signed: bool = False
) -> Scale:
    """Return an axis that holds all of the values, at least one. Without values below 0, it begins at 0 if
    that is near, and never below; unless it is `signed`, of differences. Ticks of `durations` are round
    times.
    """
    low, high = min(values), max(values)
    spread = (high - low) or abs(high) or 1.0
    if not signed and 0 <= low < NEAR_ZERO * high:
        low = 0.0
        bottom = 0.0
    else:
        bottom = low - ROOM * spread
    top = high + ROOM * spread
    if low >= 0 and not signed:
        bottom = max(bottom, 0.0)
    step = _step((top - bottom) / (MOST_TICKS - 1), durations=durations)
    first = math.ceil(bottom / step - 1e-9)
    count = math.floor(top / step + 1e-9) - first + 1
    return Scale(bottom, top, begin, end, tuple((first + n) * step for n in range(count)))


def logarithmic(
    values: Sequence[float], begin: float, end: float, *, durations: bool = False, least: float
) -> Scale:
    """Return a logarithmic axis that holds all of the values; those below `least` lie at its beginning."""
    low = max(min(values), least)
    high = max(*values, low * 1.5)
    bottom, top = max(low / 1.3, least), high * 1.3
    if durations:
        ticks = tuple(float(seconds) for seconds in LOG_DURATIONS if bottom <= seconds <= top)
    else:
        decades = range(math.floor(math.log10(bottom)), math.ceil(math.log10(top)) + 1)
        ticks = tuple(10.0**n for n in decades if bottom <= 10.0**n <= top)
    return Scale(bottom, top, begin, end, ticks or (low, high), logarithmic=True)


def _step(least: float, *, durations: bool) -> float:
    """Return the least round step that is no smaller."""
    if durations and 1 <= least <= DURATION_STEPS[-1]:
        return float(next(step for step in DURATION_STEPS if step >= least))
    base = DAY if durations and least > DURATION_STEPS[-1] else 1
    least = max(least / base, 1e-12)
    power = 10.0 ** math.floor(math.log10(least))
    return base * power * next(step for step in STEPS if step * power >= least * (1 - 1e-9))


def decimals_of(scale: Scale, *, shares: bool) -> int:
    """Return the decimals needed to distinguish values on the axis, at most 4: for `shares`, those of their
    percents.
    """
    span = (scale.high - scale.low) * (100 if shares else 1)
    return min(max(2 - math.floor(math.log10(span)), 0), 4)


def spread_out(wishes: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Return places for labels as near to those wanted as they can be, at least so far from one another, and
    between the bounds if there is room.
    """
    order = sorted(range(len(wishes)), key=lambda n: wishes[n])
    places = [wishes[n] for n in order]
    for n in range(1, len(places)):
        places[n] = max(places[n], places[n - 1] + least)
    if places:
        places[-1] = min(places[-1], high)
    for n in range(len(places) - 2, -1, -1):
        places[n] = min(places[n], places[n + 1] - least)
    # Pushed out at the top: from there downwards again.
    for n in range(len(places)):
        places[n] = max(places[n], low + n * least)
    spread = [0.0] * len(wishes)
    for n, place in zip(order, places, strict=True):
        spread[n] = place
    return spread


def with_room(wishes: Sequence[int], places: Sequence[float], room: float) -> frozenset[int]:
    """Return those of the wanted labels that fit side by side, the last first; each stands at the place of
    its number.
    """
    chosen: list[int] = []
    for n in reversed(wishes):
        if not chosen or places[chosen[-1]] - places[n] >= room:
            chosen.append(n)
    return frozenset(chosen)
