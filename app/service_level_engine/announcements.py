"""Announcements of a clock: the events that its stream should have by an instant (pure). They follow from the
case and from when each thing became known, not from when a worker ran (32-sla-engine, 6, 9, 11 and 12).

The case is replayed in the order in which its events, and the versions of calendars, became known. After each
of them the clock is read as of the next one, after the last as of now, and each change of the reading is
announced. So a breach before a late correction is announced, and its withdrawal after it, even by a worker
that was down all the while.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from app.common.records import CodeEnum
from app.service_level_engine.case_events import CaseEvent, EventKind
from app.service_level_engine.clock import ClockReading, ClockState, read_clocks, read_party_clock
from app.service_level_engine.targets import Calendars, Metric, Target, Targeting


class AnnouncementKind(StrEnum):
    """The kind of an announcement."""

    started = "started"
    warned = "warned"
    #: A further percentage that was asked for.
    reached = "reached"
    breached = "breached"
    breach_withdrawn = "breach_withdrawn"
    retargeted = "retargeted"
    stopped = "stopped"


class AnnouncementCause(CodeEnum):
    """The cause of the withdrawal of a breach, or of a change of target."""

    reprioritised = "reprioritised", "Another priority", "优先级调整"
    recategorised = "recategorised", "Another category", "分类调整"
    moved_service = "moved_service", "Another service, customer or item", "服务、客户或目录项变更"
    excluded = "excluded", "Cancelled or a duplicate", "取消或重复"
    calendar = "calendar", "Another version of the calendar", "日历新版本"
    late_event = "late_event", "Entered late", "补录"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """An announcement of a clock, which becomes an event of its stream."""

    kind: AnnouncementKind
    #: The number of the round of `update`, otherwise 1.
    round: int
    #: The true instant: of the start, the percentage, the breach, the stop, the change of target. A
    #: withdrawal occurs when its cause becomes known.
    occurred_at: datetime
    target: Target
    percent: int | None = None
    #: Set for a withdrawal, a change of target, and a breach that did not come by time alone.
    because: AnnouncementCause | None = None
    #: The position of the event that caused it; None: a calendar, or time alone.
    by_position: int | None = None
    #: Set for a stop: how the clock ended.
    state: ClockState | None = None


class _Step(NamedTuple):
    """A step of the replay: the instant at which an event, or the version of a calendar, became known."""

    known_at: datetime
    order: int
    event: CaseEvent | None


@dataclass(slots=True)
class _Announced:
    """The announcements of a clock so far, as far as the next ones depend on them."""

    target: Target
    percents: set[tuple[AnnouncementKind, int]] = field(default_factory=set)
    breached_at: datetime | None = None
    stop: tuple[datetime | None, ClockState] | None = None


def announcements(
    events: Iterable[CaseEvent],
    metric: Metric,
    targeting: Targeting,
    calendars: Calendars,
    now: datetime,
    *,
    percents: Sequence[int] = (),
    party: str | None = None,
    publications: Iterable[datetime] = (),
) -> tuple[Announcement, ...]:
    """Return the announcements of the clock by `now`, in order; of `update` those of all rounds.

    `percents` are further percentages to announce. `party` is the one whose time the clock of an OLA or UC
    measures. `publications` are all instants at which a calendar concerned got another version.
    """
    steps = _steps(events, publications, now)
    announced: dict[int, _Announced] = {}
    announced_changes: list[Announcement] = []
    case_events: list[CaseEvent] = []
    for n, step in enumerate(steps):
        if step.event is not None:
            case_events.append(step.event)
        until = steps[n + 1].known_at if n + 1 < len(steps) else now
        if party is None:
            readings: Iterable[ClockReading] = read_clocks(
                case_events, metric, targeting, calendars, until, known_at=step.known_at, percents=percents
            )
        else:
            own = read_party_clock(
                case_events,
                party,
                metric,
                targeting,
                calendars,
                until,
                known_at=step.known_at,
                percents=percents,
            )
            readings = [own] if own is not None and _has_had_turn(own) else []
        announced_changes += _new_announcements(
            announced, {reading.round: reading for reading in readings}, step
        )
    return tuple(announced_changes)


def _steps(events: Iterable[CaseEvent], publications: Iterable[datetime], now: datetime) -> list[_Step]:
    """Return the steps of the replay up to now, in order. An event dated ahead takes effect at its time."""
    steps = [_Step(_effect_at(event), event.position, event) for event in events]
    steps += [_Step(publication, -1, None) for publication in publications]
    return sorted((step for step in steps if step.known_at <= now), key=lambda step: step[:2])


def _effect_at(event: CaseEvent) -> datetime:
    return max(event.occurred_at, event.understood_since)


def next_effect(events: Iterable[CaseEvent], now: datetime) -> datetime | None:
    """Return when the next of the events that are dated ahead takes effect; None: all have by now."""
    return min((effect_at for effect_at in map(_effect_at, events) if effect_at > now), default=None)


def _has_had_turn(reading: ClockReading) -> bool:
    return reading.stopped_at is not None or not reading.is_stopped


def _new_announcements(
    announced: dict[int, _Announced], readings: dict[int, ClockReading], step: _Step
) -> Iterator[Announcement]:
    """Yield the announcements that follow from the readings and were not made yet, and note them."""
    for number in sorted(announced.keys() | readings.keys()):
        reading = readings.get(number)
        if reading is None:
            yield from _never_started(number, announced[number], step)
        else:
            if number not in announced:
                announced[number] = _Announced(reading.target)
                yield Announcement(
                    kind=AnnouncementKind.started,
                    round=number,
                    occurred_at=reading.started_at,
                    target=reading.target,
                )
            yield from _changes(announced[number], reading, step)


def _never_started(number: int, announced: _Announced, step: _Step) -> Iterator[Announcement]:
    """Yield the announcements of a clock that, as is known by now, was never started."""
    if announced.breached_at is not None:
        yield _withdrawn(number, announced.target, step, _cause(step, retargeted=False))
        announced.breached_at = None
    end = (None, ClockState.excluded)
    if announced.stop != end:
        announced.stop = end
        yield Announcement(
            kind=AnnouncementKind.stopped,
            round=number,
            occurred_at=step.known_at,
            target=announced.target,
            by_position=_position(step),
            state=ClockState.excluded,
        )


def _changes(announced: _Announced, reading: ClockReading, step: _Step) -> Iterator[Announcement]:
    retargeted = reading.target != announced.target
    cause = _cause(step, retargeted=retargeted)
    if retargeted:
        announced.target = reading.target
        yield Announcement(
            kind=AnnouncementKind.retargeted,
            round=reading.round,
            occurred_at=step.known_at
            if step.event is None
            else max(step.event.occurred_at, reading.started_at),
            target=reading.target,
            because=cause,
            by_position=_position(step),
        )
    moved = announced.breached_at is not None and announced.breached_at != reading.breached_at
    if moved:
        announced.breached_at = None
        yield _withdrawn(reading.round, reading.target, step, cause)
    yield from _thresholds_passed(announced, reading, step, cause, retargeted=retargeted)
    stop = (reading.stopped_at, reading.state) if reading.is_stopped else None
    if stop is not None and stop != announced.stop:
        yield Announcement(
            kind=AnnouncementKind.stopped,
            round=reading.round,
            occurred_at=reading.stopped_at or step.known_at,
            target=reading.target,
            by_position=_position(step),
            state=reading.state,
        )
    announced.stop = stop


def _thresholds_passed(
    announced: _Announced, reading: ClockReading, step: _Step, cause: AnnouncementCause, *, retargeted: bool
) -> list[Announcement]:
    """Return the percentages and the breach that were not announced yet, in the order of their instants."""
    passed = [(passed_at, AnnouncementKind.warned, percent) for percent, passed_at in reading.warned]
    passed += [(passed_at, AnnouncementKind.reached, percent) for percent, passed_at in reading.reached]
    new_announcements = [
        Announcement(
            kind=kind, round=reading.round, occurred_at=passed_at, target=reading.target, percent=percent
        )
        for passed_at, kind, percent in passed
        if (kind, percent) not in announced.percents
    ]
    announced.percents |= {(kind, percent) for _, kind, percent in passed}
    if reading.breached_at is not None and announced.breached_at is None:
        announced.breached_at = reading.breached_at
        known_at = step.known_at.replace(microsecond=0)
        revealed = reading.breached_at < known_at or (retargeted and reading.breached_at == known_at)
        breach = Announcement(
            kind=AnnouncementKind.breached,
            round=reading.round,
            occurred_at=reading.breached_at,
            target=reading.target,
            because=cause if revealed else None,
            by_position=_position(step) if revealed else None,
        )
        # Percentages up to 100 that are reached at the due time come before the breach, others after it.
        new_announcements.append(breach)
    return sorted(new_announcements, key=lambda each: (each.occurred_at, each.percent or 100))


def _withdrawn(number: int, target: Target, step: _Step, cause: AnnouncementCause) -> Announcement:
    return Announcement(
        kind=AnnouncementKind.breach_withdrawn,
        round=number,
        occurred_at=step.known_at,
        target=target,
        because=cause,
        by_position=_position(step),
    )


def _position(step: _Step) -> int | None:
    return None if step.event is None else step.event.position


def _cause(step: _Step, *, retargeted: bool) -> AnnouncementCause:
    if step.event is None:
        return AnnouncementCause.calendar
    if step.event.kind is EventKind.excluded:
        return AnnouncementCause.excluded
    changes = step.event.changes
    if retargeted and "priority" in changes:
        return AnnouncementCause.reprioritised
    if changes.keys() & {"service", "customer", "catalogue_item"}:
        return AnnouncementCause.moved_service
    if retargeted and "category" in changes:
        return AnnouncementCause.recategorised
    return AnnouncementCause.late_event
