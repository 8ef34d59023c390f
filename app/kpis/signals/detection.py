"""Signals among the final values of a KPI, each as it stood when its period was the newest one (pure).

A value is judged by the chart of the periods up to its own, at most WINDOW and after the last re-basing. So
later periods neither make nor undo its signal; late events and re-basing do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.kpis.statistics.behaviour import LIMIT_FACTOR, NEAR_WINDOW, Signal, chart

#: The periods of the chart that a value is judged by: every season twice.
WINDOW = 24
#: With fewer values nothing is noted.
LEAST_PERIODS_NOTED = 12


@dataclass(frozen=True, slots=True)
class FinalValue:
    """The value of a period that is over and final, of enough cases."""

    begin: datetime
    end: datetime
    value: float


@dataclass(frozen=True, slots=True)
class FoundSignal:
    """A signal: its rule, the period in which it was met, since when, and the chart that it was judged by.

    `above`: the value lies above the centre.
    """

    rule: Signal
    since: datetime
    begin: datetime
    end: datetime
    value: float
    centre: float
    moving_range: float
    above: bool

    @property
    def reach(self) -> float:
        """Return the distance of the natural limits from the centre."""
        return LIMIT_FACTOR * self.moving_range


def find_signals(
    values: Sequence[FinalValue], rebased: Sequence[datetime], earliest: datetime
) -> list[FoundSignal]:
    """Return the signals of the periods that begin at `earliest` or later, in their order.

    `values` ascend; `rebased` are the instants at which limits restart. The continuation of a run (a ninth
    value on the same side) is no further signal, but every value beyond the limits is one.
    """
    signals: list[FoundSignal] = []
    for place, newest_value in enumerate(values):
        if newest_value.begin < earliest:
            continue
        before = {
            (earlier_signal.rule, earlier_signal.above)
            for earlier_signal in _met_at(values, place - 1, rebased)
        }
        signals += [
            earlier_signal
            for earlier_signal in _met_at(values, place, rebased)
            if earlier_signal.rule is Signal.beyond_limits
            or (earlier_signal.rule, earlier_signal.above) not in before
        ]
    return signals


def _met_at(values: Sequence[FinalValue], place: int, rebased: Sequence[datetime]) -> list[FoundSignal]:
    """Return the rules that the value at that place meets as the newest one of its chart."""
    if place < 0:
        return []
    newest = values[place]
    since = max((rebased_at for rebased_at in rebased if rebased_at <= newest.begin), default=None)
    window = [
        value
        for value in values[max(0, place + 1 - WINDOW) : place + 1]
        if since is None or value.begin >= since
    ]
    if len(window) < LEAST_PERIODS_NOTED:
        return []
    limits = chart([value.value for value in window])
    assert limits.centre is not None, "there are enough values"
    assert limits.moving_range is not None, "there are enough values"
    above = newest.value > limits.centre
    return [
        FoundSignal(
            rule=rule,
            since=_since(rule, window, limits.centre, LIMIT_FACTOR * limits.moving_range / 2, above=above),
            begin=newest.begin,
            end=newest.end,
            value=newest.value,
            centre=limits.centre,
            moving_range=limits.moving_range,
            above=above,
        )
        for rule in limits.signals[-1]
    ]


def _since(
    rule: Signal, window: Sequence[FinalValue], centre: float, half: float, *, above: bool
) -> datetime:
    """Return the beginning of the first period that makes up the signal of the newest one."""
    side = 1 if above else -1
    if rule is Signal.beyond_limits:
        return window[-1].begin
    if rule is Signal.near_limit:
        return next(value.begin for value in window[-NEAR_WINDOW:] if (value.value - centre) * side > half)
    run = len(window)
    while run and (window[run - 1].value - centre) * side > 0:
        run -= 1
    return window[run].begin
