"""The activity of a clock: the stretches from its start to its stop, and from a reopening to the next stop.
Pauses are taken out later (`counting.py`).

Instants are seconds since 1970. A stretch is [from, to); if `to` is None, it has not ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.service_level_engine.case_events import ActorKind, CaseEvent, EventKind, seconds_of
from app.service_level_engine.targets import Metric

Stretch = tuple[int, int | None]

_EXCLUDED, _REOPENED, _RESOLVED = EventKind.excluded, EventKind.reopened, EventKind.resolved
_CLOSED, _FULFILLED, _CONTAINED = EventKind.closed, EventKind.fulfilled, EventKind.contained
_ACKNOWLEDGED, _STARTED = EventKind.acknowledged, EventKind.started
_HELD, _RESUMED = EventKind.held, EventKind.resumed
_MESSAGE, _UPDATED = EventKind.message, EventKind.updated
_REQUESTER, _STAFF, _TOOL = ActorKind.requester, ActorKind.staff, ActorKind.tool

#: The reason of a hold in which a supplier is awaited.
AWAITING_SUPPLIER = "awaiting_vendor"
#: The party of a case that no team has.
NO_PARTY = "none"


@dataclass(slots=True)
class Activity:
    """The stretches in which a clock is not stopped. The last one has no end unless the clock was stopped."""

    started: int
    round: int = 1
    stretches: list[Stretch] = field(default_factory=list)
    #: When the event was recorded that ended the last stretch.
    stop_recorded_at: datetime | None = None
    #: The position of that event.
    stop_position: int | None = None
    excluded: bool = False

    @property
    def is_active(self) -> bool:
        """Whether the clock is not stopped."""
        return bool(self.stretches) and self.stretches[-1][1] is None

    def start(self, second: int) -> None:
        """Start a stretch, unless one has not ended."""
        if not self.is_active:
            self.stretches.append((second, None))
            self.stop_recorded_at = self.stop_position = None

    def end(self, second: int, event: CaseEvent) -> None:
        """End the stretch that has not ended, if there is one."""
        if self.is_active:
            self.stretches[-1] = (self.stretches[-1][0], second)
            self.stop_recorded_at, self.stop_position = event.recorded_at, event.position


def activities(
    metric: Metric, events: Sequence[CaseEvent], times: Sequence[int], asked_second: int
) -> list[Activity]:
    """Return the activity of the metric's clock; of `update` one per round.

    `events` are in order, the opening first; `times` are their instants, the opening's being the earliest.
    """
    if metric is Metric.response:
        return [_until_stopped(events, times, _is_response, resumes=False)]
    if metric is Metric.resolution:
        return [_until_stopped(events, times, _is_resolution, resumes=True)]
    if metric is Metric.fulfilment:
        return [_until_stopped(events, times, _is_fulfilment, resumes=True)]
    if metric is Metric.restore:
        return [_restoration(events, times, asked_second)]
    assert metric is Metric.update, "no clock measures this"
    return _rounds(events, times)


def _is_response(event: CaseEvent) -> bool:
    kind = event.kind
    if kind is _ACKNOWLEDGED or kind is _STARTED:
        return event.by is _STAFF or event.by is _TOOL
    return kind is _RESOLVED or kind is _CLOSED


def _is_resolution(event: CaseEvent) -> bool:
    return event.kind is _RESOLVED or event.kind is _CLOSED


def _is_fulfilment(event: CaseEvent) -> bool:
    return event.kind is _FULFILLED or event.kind is _CLOSED


def _until_stopped(
    events: Sequence[CaseEvent],
    times: Sequence[int],
    stops: Callable[[CaseEvent], bool],
    *,
    resumes: bool,
) -> Activity:
    """Return the activity from the opening to the first event that stops it; a reopening resumes it where
    `resumes`, and always after an exclusion.
    """
    activity = Activity(times[0], stretches=[(times[0], None)])
    stopped = False
    for event, time in zip(events, times, strict=True):
        if event.kind is _EXCLUDED:
            activity.end(time, event)
            activity.excluded = True
        elif event.kind is _REOPENED:
            if resumes or not stopped:
                activity.start(time)
                stopped = False
            activity.excluded = False
        elif not stopped and stops(event):
            activity.end(time, event)
            stopped = True
    return activity


class _Episode:
    """The time from the opening or a reopening to the next reopening, and when service was restored in it."""

    def __init__(self, begin: int) -> None:
        self.begin = begin
        self._restored: tuple[int, CaseEvent] | None = None
        self._resolved: tuple[int, CaseEvent] | None = None
        self._closed: tuple[int, CaseEvent] | None = None
        self._excluded: tuple[int, CaseEvent] | None = None

    def add(self, event: CaseEvent, second: int) -> None:
        """Note the event as far as it bears on the restoration of service."""
        kind, here = event.kind, (second, event)
        if event.service_restored_at is not None and (kind is _CONTAINED or kind is _RESOLVED):
            self._restored = (max(self.begin, seconds_of(event.service_restored_at)), event)
        if kind is _RESOLVED:
            self._resolved = self._resolved or here
        elif kind is _CLOSED:
            self._closed = self._closed or here
        elif kind is _EXCLUDED:
            self._excluded = self._excluded or here

    def stop(self) -> tuple[int, CaseEvent] | None:
        """Return the instant of the restoration, and its event."""
        stop = self._restored or self._resolved or self._closed
        if self._excluded is not None and (stop is None or self._excluded[0] < stop[0]):
            return self._excluded
        return stop


def _restoration(events: Sequence[CaseEvent], times: Sequence[int], asked_second: int) -> Activity:
    activity = Activity(times[0], stretches=[(times[0], None)])
    episode = _Episode(times[0])
    for event, time in zip(events, times, strict=True):
        if event.kind is _REOPENED:
            stop = episode.stop()
            if stop is not None and stop[0] < time:
                activity.end(*stop)
            activity.start(time)
            episode = _Episode(time)
            activity.excluded = False
        else:
            episode.add(event, time)
            activity.excluded = activity.excluded or event.kind is _EXCLUDED
    stop = episode.stop()
    # A restoration may be dated ahead: service is not back before that.
    if stop is not None and stop[0] <= asked_second:
        activity.end(max(stop[0], activity.stretches[-1][0]), stop[1])
    return activity


def _rounds(events: Sequence[CaseEvent], times: Sequence[int]) -> list[Activity]:
    """Return the rounds: each from the requester's first unanswered message to our next one."""
    rounds: list[Activity] = []
    unanswered: Activity | None = None
    excluded = False
    for event, time in zip(events, times, strict=True):
        kind = event.kind
        if kind is _EXCLUDED:
            excluded = True
            if unanswered is not None:
                unanswered.end(time, event)
            continue
        if kind is _REOPENED:
            excluded = False
            if unanswered is not None:
                unanswered.start(time)
        if unanswered is None:
            if not excluded and _is_question(event):
                unanswered = Activity(time, len(rounds) + 1, [(time, None)])
                rounds.append(unanswered)
        elif _is_answer(event):
            unanswered.end(time, event)
            unanswered = None
    for activity in rounds:
        activity.excluded = excluded
    return rounds


def _is_question(event: CaseEvent) -> bool:
    if event.by is not _REQUESTER:
        return False
    return event.kind is _REOPENED or (event.kind is _MESSAGE and event.public)


def _is_answer(event: CaseEvent) -> bool:
    kind = event.kind
    if kind is _UPDATED or (kind is _MESSAGE and event.public):
        return event.by is _STAFF or event.by is _TOOL
    return kind is _RESOLVED or kind is _FULFILLED or kind is _CLOSED


def team_party(team: str) -> str:
    """Return the team as a party that has a case."""
    return f"team:{team}"


def supplier_party(supplier: str) -> str:
    """Return the supplier as a party that has a case."""
    return f"supplier:{supplier}"


@dataclass(frozen=True, slots=True)
class PartyTurn:
    """The party that has the case from an instant on; None: the case has ended."""

    second: int
    party: str | None
    event: CaseEvent


def party_turns(events: Sequence[CaseEvent], times: Sequence[int]) -> list[PartyTurn]:
    """Return the turns of the parties, in order: the supplier that is awaited has the case, else its team,
    else NO_PARTY.
    """
    turns: list[PartyTurn] = []
    team: str | None = None
    supplier: str | None = None
    ended = False
    for event, time in zip(events, times, strict=True):
        kind = event.kind
        if "team" in event.changes:
            team = event.changes["team"]
        if kind is _HELD:
            supplier = event.supplier if event.hold_reason == AWAITING_SUPPLIER else None
        elif kind is _RESUMED:
            supplier = None
        elif kind is _REOPENED:
            supplier, ended = None, False
        elif ends_case(kind):
            supplier, ended = None, True
        party = supplier_party(supplier) if supplier else team_party(team) if team else NO_PARTY
        whose = None if ended else party
        if not turns or turns[-1].party != whose:
            turns.append(PartyTurn(time, whose, event))
    return turns


def ends_case(kind: EventKind) -> bool:
    """Return whether work on the case ends with such an event, and with it any hold."""
    return kind is _RESOLVED or kind is _FULFILLED or kind is _CLOSED or kind is _EXCLUDED


def party_activity(party: str, events: Sequence[CaseEvent], times: Sequence[int]) -> Activity:
    """Return the activity of the clock that measures one party: its turns."""
    activity = Activity(times[0])
    for turn in party_turns(events, times):
        if turn.party == party:
            activity.start(turn.second)
        else:
            activity.end(turn.second, turn.event)
    if activity.stretches:
        activity.started = activity.stretches[0][0]
    for event in events:
        if event.kind is _EXCLUDED:
            activity.excluded = True
        elif event.kind is _REOPENED:
            activity.excluded = False
    return activity
