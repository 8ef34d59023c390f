"""The clock of one target and one case: a function of the case's events, the target and the calendar, and of
nothing else (32-sla-engine).

Inside, instants are whole seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.common.records import CodeEnum
from app.service_level_engine.activity import Activity, Stretch, activities, party_activity
from app.service_level_engine.case_events import CaseEvent, in_order, instant_of, seconds_of
from app.service_level_engine.counting import Count, pauses, runs_of
from app.service_level_engine.targets import Calendars, Metric, Target, Targeting


class ClockState(CodeEnum):
    """The state of a clock: whether it is running, and whether its target was met."""

    #: Also outside business hours.
    running = "running", "Running", "计时中"
    paused = "paused", "Paused", "已暂停"
    #: Not stopped and past the target.
    breached = "breached", "Breached", "已超时"
    met = "met", "Met", "达标"
    missed = "missed", "Missed", "未达标"
    excluded = "excluded", "Excluded", "不计入"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The reading of a clock at an instant."""

    metric: Metric
    #: The number of the round of `update`, otherwise 1.
    round: int
    #: The target in force; of a clock that no target fits any more the last one.
    target: Target
    #: The clock counts by the newest version of the calendar that was published by then.
    calendar_as_of: datetime
    started_at: datetime
    #: None while the clock is not stopped.
    stopped_at: datetime | None
    #: The position of the event that stopped it.
    stopped_by: int | None
    state: ClockState
    elapsed_seconds: int
    #: Negative when the target is exceeded; None when excluded.
    remaining_seconds: int | None
    #: None while paused, unless it is already reached; None when excluded, and of a party without a turn.
    due_at: datetime | None
    #: False where the clock runs, but its calendar does not reach as far as the due time.
    due_known: bool
    breached_at: datetime | None
    #: The target's warning percentages that were reached, each with the instant, in order.
    warned: tuple[tuple[int, datetime], ...]
    #: The further percentages asked for that were reached, likewise.
    reached: tuple[tuple[int, datetime], ...]
    #: The stretches in which the clock ran, in seconds since 1970, regardless of business hours; the last
    #: has no end while it runs. Empty, of a party's clock, if it had no turn.
    runs: tuple[Stretch, ...]
    #: The next instant at which the reading changes, if nothing else happens: a percentage is reached, or
    #: the target is breached, which shows a second after `breached_at`.
    next_at: datetime | None

    @property
    def target_seconds(self) -> int:
        """The seconds of business time that the target allows."""
        return self.target.threshold_seconds

    @property
    def is_stopped(self) -> bool:
        """Whether the clock is stopped, or excluded."""
        return self.state in (ClockState.met, ClockState.missed, ClockState.excluded)


def read_clocks(
    events: Iterable[CaseEvent],
    metric: Metric,
    targeting: Targeting,
    calendars: Calendars,
    asked_at: datetime,
    *,
    known_at: datetime | None = None,
    percents: Sequence[int] = (),
) -> tuple[ClockReading, ...]:
    """Return the reading of the metric's clock at `asked_at`, from the events that were recorded by
    `known_at`; of `update` one reading per round.

    The list is empty before the opening, and if no target has ever fitted. `percents` are further percentages
    of the target to look for, besides those at which it warns.
    """
    case = _Case.from_events(events, targeting, asked_at, known_at)
    if case is None:
        return ()
    readings = (
        _read(case, metric, activity, calendars, percents)
        for activity in activities(metric, case.events, case.times, case.asked_second)
    )
    return tuple(reading for reading in readings if reading is not None)


def read_party_clock(
    events: Iterable[CaseEvent],
    party: str,
    metric: Metric,
    targeting: Targeting,
    calendars: Calendars,
    asked_at: datetime,
    *,
    known_at: datetime | None = None,
    percents: Sequence[int] = (),
) -> ClockReading | None:
    """Return the reading of the clock of an OLA or UC, which runs in the turns of its party (`team_party`,
    `supplier_party`). None before the opening, or if no target has ever fitted.
    """
    case = _Case.from_events(events, targeting, asked_at, known_at)
    if case is None:
        return None
    return _read(case, metric, party_activity(party, case.events, case.times), calendars, percents)


@dataclass(frozen=True, slots=True)
class _Case:
    """The known events of a case, and the target in force from each instant on."""

    events: list[CaseEvent]
    times: list[int]
    targets: list[tuple[int, Target | None]]
    asked_second: int
    #: A clock that is not stopped counts by the newest version of its calendar that was published by then.
    as_of: datetime
    #: The position of the last event that changed the target.
    unfit_by: int

    @classmethod
    def from_events(
        cls, events: Iterable[CaseEvent], targeting: Targeting, asked_at: datetime, known_at: datetime | None
    ) -> _Case | None:
        ordered = in_order(events, asked_at, known_at)
        if not ordered:
            return None
        opened = seconds_of(ordered[0].occurred_at)
        times = [max(opened, seconds_of(event.occurred_at)) for event in ordered]
        targets, changed_by = _targets_over(ordered, times, targeting)
        return cls(ordered, times, targets, seconds_of(asked_at), known_at or asked_at, changed_by)


def _targets_over(
    events: Sequence[CaseEvent], times: Sequence[int], targeting: Targeting
) -> tuple[list[tuple[int, Target | None]], int]:
    """Return the targets, each with the instant from which it is in force (of several at one instant the
    last), and the position of the event that brought the last one.
    """
    changed_by = events[0].position
    attributes: dict[str, str | None] = {}
    selections: list[tuple[int, Target | None]] = []
    for event, time in zip(events, times, strict=True):
        if event.changes or not selections:
            attributes.update(event.changes)
            target = targeting(attributes)
            if selections and selections[-1][0] == time:
                selections.pop()
            if not selections or selections[-1][1] != target:
                selections.append((time, target))
                changed_by = event.position
    return selections, changed_by


@dataclass(slots=True)
class _Segment:
    """A span in which one target was in force, with what counts by it over the clock's whole life."""

    begin: int
    #: None: up to now.
    end: int | None
    target: Target
    count: Count


def _read(
    case: _Case, metric: Metric, activity: Activity, calendars: Calendars, percents: Sequence[int]
) -> ClockReading | None:
    as_of = activity.stop_recorded_at or case.as_of
    segments, unfit_since = _segments(case, activity, calendars, as_of)
    if not segments:
        return None
    target, count = segments[-1].target, segments[-1].count
    excluded = activity.excluded or unfit_since is not None
    elapsed = count.total if unfit_since is None else count.counted_before(unfit_since)
    running = activity.is_active and not excluded
    paused = running and not (count.runs and count.runs[-1][1] is None)
    due, due_known = (None, True) if excluded else _due_time(activity, count, elapsed, target, paused=paused)
    breached = None if excluded else _breach(segments, case.asked_second)
    passed = _percents_reached(segments, activity, case.asked_second, percents)
    next_at = _next_change(count, elapsed, target, passed, percents) if running and not paused else None
    stop = activity.stretches[-1][1] if activity.stretches else None
    stopped_by = activity.stop_position
    if unfit_since is not None and (stop is None or unfit_since < stop):
        stop, stopped_by = unfit_since, case.unfit_by
    return ClockReading(
        metric=metric,
        round=activity.round,
        target=target,
        calendar_as_of=as_of,
        started_at=instant_of(activity.started),
        stopped_at=None if stop is None else instant_of(stop),
        stopped_by=stopped_by,
        state=_state(elapsed > target.threshold_seconds, excluded=excluded, running=running, paused=paused),
        elapsed_seconds=elapsed,
        remaining_seconds=None if excluded else target.threshold_seconds - elapsed,
        due_at=None if due is None else instant_of(due),
        due_known=due_known,
        breached_at=None if breached is None else instant_of(breached),
        warned=tuple((p, instant_of(second)) for p, (second, warns) in passed.items() if warns),
        reached=tuple((p, instant_of(passed[p][0])) for p in percents if p in passed),
        runs=tuple(count.runs),
        next_at=None if next_at is None else instant_of(next_at),
    )


def _state(exceeded: bool, *, excluded: bool, running: bool, paused: bool) -> ClockState:
    if excluded:
        return ClockState.excluded
    if not running:
        return ClockState.missed if exceeded else ClockState.met
    if exceeded:
        return ClockState.breached
    return ClockState.paused if paused else ClockState.running


def _segments(
    case: _Case, activity: Activity, calendars: Calendars, as_of: datetime
) -> tuple[list[_Segment], int | None]:
    """Return the targets in force since the clock's start, and since when no target fits any more.

    Each target counts the whole life of the clock, in its own calendar and with its own pauses.
    """
    timed = _targets_from(activity.started, case.targets)
    segments: list[_Segment] = []
    end: int | None = None
    for begin, target in reversed(timed):
        if target is not None:
            # Targets that differ in their thresholds only, as those of priorities, count alike.
            after = segments[-1] if segments and _count_alike(segments[-1].target, target) else None
            count = after.count if after is not None else _count(case, activity, target, calendars, as_of)
            segments.append(_Segment(begin, end, target, count))
        end = begin
    return segments[::-1], timed[-1][0] if timed[-1][1] is None else None


def _targets_from(started: int, targets: list[tuple[int, Target | None]]) -> list[tuple[int, Target | None]]:
    """Return the targets in force from that instant on."""
    if targets[0][0] == started and len(targets) == 1:
        return targets
    before = [target for begin, target in targets if begin <= started]
    return [(started, before[-1]), *(each for each in targets if each[0] > started)]


def _count_alike(target: Target, second: Target) -> bool:
    return (
        target.calendar == second.calendar
        and target.pause_reasons == second.pause_reasons
        and target.pause_states == second.pause_states
    )


def _count(case: _Case, activity: Activity, target: Target, calendars: Calendars, as_of: datetime) -> Count:
    runs = runs_of(activity.stretches, pauses(case.events, case.times, target))
    return Count(calendars(target.calendar, as_of), runs, case.asked_second)


def _due_time(
    activity: Activity, count: Count, elapsed: int, target: Target, *, paused: bool
) -> tuple[int | None, bool]:
    """Return the due time, and whether it is known."""
    left = target.threshold_seconds - elapsed
    if left <= 0:
        return count.reaches(target.threshold_seconds) if count.runs else activity.started, True
    if paused or not activity.stretches:
        return None, True
    stop = activity.stretches[-1][1]
    due = count.hours.advance(count.asked_second if stop is None else stop, left)
    return due, due is not None


def _breach(segments: Sequence[_Segment], asked_second: int) -> int | None:
    """Return the beginning of the last unbroken stretch in which elapsed exceeded the target then in force:
    None unless it does so now.
    """
    begin: int | None = None
    following: int | None = asked_second
    for segment in reversed(segments):
        if segment.end is not None and segment.end != following:
            break  # no target was in force in between
        threshold = segment.target.threshold_seconds
        end = asked_second if segment.end is None else segment.end
        if segment.count.counted_before(end) <= threshold:
            break
        if segment.count.counted_before(segment.begin) <= threshold:
            return segment.count.reaches(threshold + 1) - 1
        begin = following = segment.begin
    return begin


def _percents_reached(
    segments: Sequence[_Segment], activity: Activity, asked_second: int, percents: Sequence[int]
) -> dict[int, tuple[int, bool]]:
    """Return the percentages that were reached, in order: each with the first instant at which it was, and
    whether the target then in force warned of it.
    """
    reached: dict[int, tuple[int, bool]] = {}
    for segment in segments:
        warning = segment.target.warning_percents
        for percent in sorted({*warning, *percents} - reached.keys()):
            second = _first_reached(segment, activity, asked_second, percent)
            if second is not None:
                reached[percent] = second, percent in warning
    return dict(sorted(reached.items(), key=lambda item: (item[1][0], item[0])))


def _first_reached(segment: _Segment, activity: Activity, asked_second: int, percent: int) -> int | None:
    seconds = _seconds_of_percent(segment.target, percent)
    if not segment.count.runs or segment.count.total < seconds:
        return None
    second = segment.count.reaches(seconds)
    if second < segment.begin:
        # The change of target brought it about; of a stopped clock it counts only once that runs again.
        later = (max(segment.begin, a) for a, b in activity.stretches if b is None or segment.begin < b)
        second = next(later, asked_second + 1)
    return second if second <= asked_second and (segment.end is None or second < segment.end) else None


def _seconds_of_percent(target: Target, percent: int) -> int:
    return -(-target.threshold_seconds * percent // 100)


def _next_change(
    count: Count,
    elapsed: int,
    target: Target,
    passed: dict[int, tuple[int, bool]],
    percents: Sequence[int],
) -> int | None:
    ahead = [
        _seconds_of_percent(target, percent)
        for percent in {*target.warning_percents, *percents}
        if percent not in passed
    ]
    if elapsed <= target.threshold_seconds:
        ahead.append(target.threshold_seconds + 1)
    return count.hours.advance(count.asked_second, min(ahead) - elapsed) if ahead else None
