"""The events of the log as lists of what happened to each record, in the order that counts (rule 3)."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class LogEvent:
    """An event as the log tells it."""

    position: int
    stream: str
    version: int
    type: str
    actor: str
    source: str
    occurred_at: datetime
    recorded_at: datetime
    data: Mapping[str, Any]

    @property
    def what(self) -> str:
        """Its type without the kind of its record."""
        return self.type.partition(".")[2]


@dataclass(frozen=True)
class Step:
    """What happened to a record at an instant: `told` are the fields of the record itself that it told,
    `rows` those of the rows beneath it.
    """

    at: datetime
    position: int
    version: int
    what: str
    actor: str
    source: str
    recorded_at: datetime
    told: Json
    rows: Mapping[str, Any]
    observed: bool
    irregular: bool

    @property
    def by_rule(self) -> bool:
        """Whether a rule did it."""
        return self.actor.startswith("rule:")


@dataclass(frozen=True)
class Record:
    """A record's life: its opening, and all that happened to it by `occurred_at`, then by position."""

    id: str
    kind: str
    steps: Sequence[Step]
    #: All that was told of it, in the order of the log, also what something else was told instead of.
    events: Sequence[LogEvent]

    @property
    def stream(self) -> str:
        """Its stream."""
        return f"{self.kind}/{self.id}"

    @property
    def opening(self) -> Step:
        """Its opening."""
        return self.steps[0]

    @property
    def opened_at(self) -> datetime:
        """When it was opened."""
        return self.steps[0].at

    def fields(self, n: int) -> Json:
        """What was known of the record after the first n + 1 steps."""
        return self._known[n]

    @cached_property
    def _known(self) -> list[Json]:
        documents: list[Json] = []
        for step in self.steps:
            documents.append((documents[-1] if documents else {}) | step.told)
        return documents

    def last_before(self, instant: datetime) -> int | None:
        """The number of the last step before the instant; None if the record was not opened before it."""
        if self.opened_at >= instant:
            return None
        return bisect_left(self._times_behind, instant)

    @cached_property
    def _times_behind(self) -> list[datetime]:
        return [step.at for step in self.steps[1:]]


def instant_of(text: str | None) -> datetime | None:
    """An instant as the log writes it."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def seconds_between(begin: datetime, end: datetime) -> int:
    """The seconds from one instant to another, whole: halves go up in size."""
    half = (abs(end - begin) + timedelta(milliseconds=500)) // timedelta(seconds=1)
    return half if end >= begin else -half


def whole_seconds(begin: datetime, end: datetime) -> int:
    """The seconds that have passed from one instant to another."""
    return (end - begin) // timedelta(seconds=1)


def records(events: Iterable[LogEvent]) -> dict[str, Record]:
    """All records of the log by their streams."""
    log_events_by_key: dict[str, list[LogEvent]] = defaultdict(list)
    for event in events:
        log_events_by_key[event.stream].append(event)
    return {stream: _record(stream, stream_events) for stream, stream_events in log_events_by_key.items()}


def _record(stream: str, events: list[LogEvent]) -> Record:
    kind, _, record_id = stream.partition("/")
    events.sort(key=lambda event: event.position)
    first = events[0]
    withdrawn = {event.data["instead"] for event in events if "instead" in event.data} - {1}
    opened_at = first.occurred_at
    for event in events:
        if (opened_text := _own(event).get("opened_at")) is not None:
            opened_at = instant_of(opened_text) or opened_at
    behind = [
        event for event in events[1:] if event.version not in withdrawn and event.data.get("instead") != 1
    ]
    steps = [_step(event) for event in behind]
    steps.sort(key=lambda step: (step.at, step.position))
    return Record(record_id, kind, [_opening(events, opened_at), *steps], events)


def _opening(events: Sequence[LogEvent], opened_at: datetime) -> Step:
    """The opening as it came to be known: from the last event that tells of it again (0084); or, as was
    written before that, from the last that moved it to its own time or later (0006).
    """
    step = replace(_step(events[0]), at=opened_at)
    retold = [event for event in events[1:] if event.data.get("instead") == 1]
    movers = [
        event
        for event in events[1:]
        if (moved := instant_of(_own(event).get("opened_at"))) is not None and moved >= event.occurred_at
    ]
    if not retold and not movers:
        return step
    teller = _step((retold or movers)[-1])
    fields = step.told | {name: value for name, value in teller.told.items() if name != "state"}
    if retold:
        step = replace(step, actor=teller.actor, irregular=teller.irregular)
    return replace(step, told=fields)


def _own(event: LogEvent) -> Json:
    """What an event told of its own record, of then and of now."""
    values, late = (event.data.get(name) or {} for name in ("set", "late"))
    return {**(values.get(event.stream) or {}), **late.get(event.stream, {})}


def _step(event: LogEvent) -> Step:
    return Step(
        at=event.occurred_at,
        position=event.position,
        version=event.version,
        what=event.what,
        actor=event.actor,
        source=event.source,
        recorded_at=event.recorded_at,
        told=_own(event),
        rows={name: row for name, row in event.data["set"].items() if name != event.stream},
        observed="observed" in event.data,
        irregular="irregular" in event.data,
    )


@dataclass
class World:
    """All that the log holds, and what else is known at the instant `now`.

    `clocks` are the readings of the engine of service levels, `abouts` says whose the streams of clocks are;
    `currency` is the organisation's.
    """

    events: Sequence[LogEvent]
    now: datetime
    clocks: Sequence[Mapping[str, Any]] = ()
    abouts: Mapping[str, str] = field(default_factory=dict)
    currency: str = "EUR"
    records: dict[str, Record] = field(init=False)
    _kept: dict[Any, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.records = records(self.events)

    def once(self, make: Callable[[World], T]) -> T:
        """What is made of all this, made the first time that it is asked for."""
        if make not in self._kept:
            self._kept[make] = make(self)
        computed: T = self._kept[make]
        return computed

    def of(self, kind: str) -> list[Record]:
        """All records of that kind."""
        return [record for record in self.records.values() if record.kind == kind]
