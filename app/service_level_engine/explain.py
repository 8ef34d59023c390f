"""The segments of a clock's life, whose sum a person can check by hand (32-sla-engine, 15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.common.records import CodeEnum
from app.common.times.business_time import BusinessTime
from app.service_level_engine.activity import Stretch, activities, ends_case, party_activity
from app.service_level_engine.case_events import CaseEvent, EventKind, in_order, instant_of, seconds_of
from app.service_level_engine.clock import ClockReading, ClockState


class SegmentReason(CodeEnum):
    """The reason why a segment counts or does not count."""

    counted = "counted", "Counted", "计入"
    outside_hours = "outside_hours", "Outside business hours", "约定服务时间之外"
    held = "held", "On hold", "挂起"
    in_state = "in_state", "Paused by the state", "处于暂停计时的状态"
    #: Resolved, delivered or closed, and reopened later.
    stopped = "stopped", "Stopped until reopened", "停表至重新打开"
    other_party = "other_party", "Another party's turn", "轮到另一方"


@dataclass(frozen=True, slots=True)
class ClockSegment:
    """A part of a clock's life."""

    begins_at: datetime
    ends_at: datetime
    reason: SegmentReason
    #: For a hold its reason, for a state the state.
    detail: str | None = None

    @property
    def counted(self) -> bool:
        """Whether its seconds are in the sum."""
        return self.reason is SegmentReason.counted

    @property
    def seconds(self) -> int:
        """The seconds that it adds to the sum."""
        return seconds_of(self.ends_at) - seconds_of(self.begins_at) if self.counted else 0


def explain(
    events: Iterable[CaseEvent],
    reading: ClockReading,
    hours: BusinessTime,
    asked_at: datetime,
    *,
    known_at: datetime | None = None,
    party: str | None = None,
) -> tuple[ClockSegment, ...]:
    """Return the segments from the clock's start to its stop, or to `asked_at`, without gaps: the seconds of
    those that count add up to `elapsed_seconds`.

    `reading` is the clock's reading at `asked_at` from the same events; `hours` is its calendar. `party` is
    the one whose time the clock of an OLA or UC measures.
    """
    ordered = in_order(events, asked_at, known_at)
    if not ordered:
        return ()
    opened = seconds_of(ordered[0].occurred_at)
    times = [max(opened, seconds_of(event.occurred_at)) for event in ordered]
    if party is None:
        active = activities(reading.metric, ordered, times, seconds_of(asked_at))[reading.round - 1]
    else:
        active = party_activity(party, ordered, times)
    end = seconds_of(asked_at)
    if reading.stopped_at is not None:
        end = min(end, seconds_of(reading.stopped_at))
    gap = SegmentReason.stopped if party is None else SegmentReason.other_party
    clock_segments: list[ClockSegment] = []
    second = active.started
    for begin, until in _cut(active.stretches, end):
        if second < begin:
            clock_segments.append(ClockSegment(instant_of(second), instant_of(begin), gap))
        clock_segments += _stretch(ordered, times, reading, hours, (begin, until))
        second = until
    return tuple(clock_segments)


def spans_to_come(
    reading: ClockReading, hours: BusinessTime, asked_at: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the business hours from `asked_at` to the due time, in which a countdown runs; empty for a clock
    that does not run, or is past due.
    """
    if reading.state is not ClockState.running or reading.due_at is None or reading.due_at <= asked_at:
        return []
    return hours.spans(asked_at, reading.due_at)


def _cut(stretches: Sequence[Stretch], end: int) -> Iterator[tuple[int, int]]:
    for begin, until in stretches:
        last = end if until is None else min(until, end)
        if begin < last:
            yield begin, last


def _stretch(
    events: Sequence[CaseEvent],
    times: Sequence[int],
    reading: ClockReading,
    hours: BusinessTime,
    stretch: tuple[int, int],
) -> Iterator[ClockSegment]:
    """Yield the segments of a stretch in which the clock is not stopped."""
    second, end = stretch
    for begin, until in _cut(reading.runs, end):
        if until <= second:
            continue
        if second < begin:
            yield _pause(events, times, reading, second, begin)
        yield from _run(hours, max(second, begin), until)
        second = until
    if second < end:
        yield _pause(events, times, reading, second, end)


def _run(hours: BusinessTime, begin: int, end: int) -> Iterator[ClockSegment]:
    instant, last = instant_of(begin), instant_of(end)
    for opens, closes in hours.spans(instant, last):
        if instant < opens:
            yield ClockSegment(instant, opens, SegmentReason.outside_hours)
        yield ClockSegment(opens, closes, SegmentReason.counted)
        instant = closes
    if instant < last:
        yield ClockSegment(instant, last, SegmentReason.outside_hours)


def _pause(
    events: Sequence[CaseEvent], times: Sequence[int], reading: ClockReading, begin: int, end: int
) -> ClockSegment:
    """Return the pause, with the hold or the state that caused it."""
    hold: str | None = None
    state: str | None = None
    for event, time in zip(events, times, strict=True):
        if time > begin:
            break
        if event.kind is EventKind.held:
            hold = event.hold_reason if event.hold_reason in reading.target.pause_reasons else hold
        else:
            if event.kind in (EventKind.resumed, EventKind.reopened) or ends_case(event.kind):
                hold = None
            state = event.state if event.state is not None else state
    reason = SegmentReason.held if hold is not None else SegmentReason.in_state
    return ClockSegment(instant_of(begin), instant_of(end), reason, state if hold is None else hold)
