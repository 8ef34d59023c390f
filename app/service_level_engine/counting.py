"""The counted part of a clock's activity: the hours of its calendar, without the pauses of its target."""

from __future__ import annotations

from collections.abc import Sequence

from app.common.times.business_time import BusinessTime
from app.service_level_engine.activity import Stretch, ends_case
from app.service_level_engine.case_events import CaseEvent, EventKind
from app.service_level_engine.targets import Target

_HELD, _RESUMED, _REOPENED = EventKind.held, EventKind.resumed, EventKind.reopened


def pauses(events: Sequence[CaseEvent], times: Sequence[int], target: Target) -> list[Stretch]:
    """Return the stretches in which the target pauses the clock, in order; those that overlap are merged."""
    reasons, states = target.pause_reasons, target.pause_states
    if not reasons and not states:
        return []
    stretches: list[Stretch] = []
    held = waiting = False
    since: int | None = None
    for event, time in zip(events, times, strict=True):
        kind = event.kind
        if kind is _HELD:
            # The state of the hold does not end a pause by the state that it interrupts.
            held = held or event.hold_reason in reasons
        else:
            if kind is _RESUMED or kind is _REOPENED or ends_case(kind):
                held = False
            if event.state is not None:
                waiting = event.state in states
        if held or waiting:
            since = time if since is None else since
        elif since is not None:
            if since < time:
                stretches.append((since, time))
            since = None
    if since is not None:
        stretches.append((since, None))
    return stretches


def runs_of(stretches: Sequence[Stretch], paused: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """Return the non-empty parts of the stretches without a pause."""
    if not paused:
        return tuple(stretch for stretch in stretches if stretch[1] is None or stretch[0] < stretch[1])
    runs: list[Stretch] = []
    for begin, end in stretches:
        second: int | None = begin
        for since, until in paused:
            if second is None or (end is not None and since >= end):
                break
            if until is not None and until <= second:
                continue
            if second < since:
                runs.append((second, since))
            second = until
        if second is not None and (end is None or second < end):
            runs.append((second, end))
    return tuple(runs)


class Count:
    """The seconds of a clock's runs that count, up to the instant `asked`."""

    __slots__ = ("_sums", "asked_second", "hours", "runs", "total")

    def __init__(self, hours: BusinessTime, runs: Sequence[Stretch], asked_second: int) -> None:
        self.hours = hours
        self.runs = runs
        self.asked_second = asked_second
        self._sums = [hours.seconds_between(a, asked_second if b is None else b) for a, b in runs]
        self.total = sum(self._sums)

    def counted_before(self, second: int) -> int:
        """Return the number of seconds that count before the instant."""
        if second >= self.asked_second:
            return self.total
        total = 0
        for (begin, end), counted in zip(self.runs, self._sums, strict=True):
            if begin >= second:
                break
            total += (
                counted if end is not None and end <= second else self.hours.seconds_between(begin, second)
            )
        return total

    def reaches(self, seconds: int) -> int:
        """Return the first instant by which so many seconds have counted: `total` at most."""
        left = seconds
        for (begin, _), counted in zip(self.runs, self._sums, strict=True):
            if left <= counted:
                second = self.hours.advance(begin, left)
                assert second is not None, "so many seconds have counted"
                return second
            left -= counted
        raise AssertionError("fewer seconds have counted")
