"""Events of a case as the clocks read them: kind, times and actor (32-sla-engine, 1 and 9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_SECOND = timedelta(seconds=1)


class EventKind(StrEnum):
    """The kind of an event, by what it means to a clock."""

    opened = "opened"
    acknowledged = "acknowledged"
    started = "started"
    held = "held"
    resumed = "resumed"
    resolved = "resolved"
    #: Delivered, or accepted.
    fulfilled = "fulfilled"
    closed = "closed"
    reopened = "reopened"
    #: Cancelled, marked as a duplicate, rejected or refused.
    excluded = "excluded"
    contained = "contained"
    #: A comment that the requester can see, or has written.
    message = "message"
    #: A statement for those affected.
    updated = "updated"
    #: Nothing by itself; it may still change attributes or lead to a state.
    other = "other"


class ActorKind(StrEnum):
    """The kind of actor of an event."""

    requester = "requester"
    staff = "staff"
    #: The tool that the ticket is mirrored from.
    tool = "tool"
    #: A rule or a timer.
    rule = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """An event of a case. `position` orders events whose two times are the same."""

    kind: EventKind
    occurred_at: datetime
    recorded_at: datetime
    position: int
    by: ActorKind = ActorKind.staff
    #: The state that it led to, for targets that name states in which they pause.
    state: str | None = None
    #: Of `held`: the reason, and the supplier that is awaited.
    hold_reason: str | None = None
    supplier: str | None = None
    #: Of `contained` and `resolved`: when the service was back.
    service_restored_at: datetime | None = None
    #: Of `message`: whether the requester can see it.
    public: bool = False
    #: Attributes that have new values from then on: `priority`, `service`, `category`, `customer`,
    #: `catalogue_item`, and `team`, which has the case. For the opening: the case's first values.
    changes: Mapping[str, str | None] = field(default_factory=dict)
    #: Time at which an event recorded later gave this its meaning; None if the meaning was clear from the
    #: beginning.
    retold_at: datetime | None = None
    #: When another event was recorded in its place: it counts only for readings as of an earlier time.
    replaced_at: datetime | None = None

    @property
    def understood_since(self) -> datetime:
        """Since when the event was known, with this meaning."""
        return self.retold_at or self.recorded_at


_order = attrgetter("occurred_at", "recorded_at", "position")


def in_order(
    events: Iterable[CaseEvent], asked_at: datetime, known_at: datetime | None = None
) -> list[CaseEvent]:
    """Return the events that have occurred by `asked_at` and are recorded by `known_at`, and not replaced by
    then: the opening first, then by `occurred_at`, `recorded_at`, position. Empty without an opening.
    """
    effective = [
        event
        for event in events
        if event.occurred_at <= asked_at
        and (known_at is None or event.understood_since <= known_at)
        and (event.replaced_at is None or (known_at is not None and known_at < event.replaced_at))
    ]
    effective.sort(key=_order)
    for n, event in enumerate(effective):
        if event.kind is EventKind.opened:
            if n:
                effective.insert(0, effective.pop(n))
            return effective
    return []


def seconds_of(instant: datetime) -> int:
    """Return the instant in seconds since 1970, without its fraction."""
    return (instant - _EPOCH) // _ONE_SECOND


def instant_of(seconds: int) -> datetime:
    """Return the instant that is so many seconds after the beginning of 1970."""
    return datetime.fromtimestamp(seconds, UTC)
