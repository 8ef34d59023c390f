"""The timeline of a case: its events in the log, as the engine takes them. Pure.

Events count, and are ordered, as for KPIs (app/kpis/raw/_events.sql): an event that another one replaces is
left out, an event that was recorded late counts at its own time, and the opening is as it was recorded last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from app.log.batches import IMPORT_PREFIX
from app.log.canonical import from_instant
from app.service_level_engine.case_events import ActorKind, CaseEvent, EventKind

#: The columns of log.event that a timeline is made of, in the order of the fields of `LogEvent`.
COLUMNS = "position, version, type, occurred_at, recorded_at, actor, on_behalf_of, source, data"

#: The kinds of events of tickets for the engine, by the part of their type after the dot. Assessing a request
#: is its acknowledgement, as in the KPIs.
KINDS: Mapping[str, EventKind] = {
    "acknowledged": EventKind.acknowledged,
    "assessed": EventKind.acknowledged,
    "started": EventKind.started,
    "held": EventKind.held,
    "resumed": EventKind.resumed,
    "resolved": EventKind.resolved,
    "fulfilled": EventKind.fulfilled,
    "accepted": EventKind.fulfilled,
    "closed": EventKind.closed,
    "reopened": EventKind.reopened,
    "cancelled": EventKind.excluded,
    "marked_duplicate": EventKind.excluded,
    "rejected": EventKind.excluded,
    "refused": EventKind.excluded,
    "contained": EventKind.contained,
    "commented": EventKind.message,
    "update_posted": EventKind.updated,
}
#: The first event of one of these kinds counts as the response to a case that another system reports.
_MOVES = frozenset(
    {
        EventKind.acknowledged,
        EventKind.started,
        EventKind.held,
        EventKind.resumed,
        EventKind.resolved,
        EventKind.fulfilled,
        EventKind.closed,
        EventKind.reopened,
    }
)
#: The reason by which facts exclude a case, by the last part of the event's type.
_LEFT_OUT = {
    "cancelled": "cancelled",
    "marked_duplicate": "duplicate",
    "rejected": "rejected",
    "refused": "rejected",
}
#: The attributes of a case that agreements and targets depend on, by the field of the record.
ATTRIBUTES: Mapping[str, str] = {
    "priority": "priority",
    "service": "service",
    "category": "category",
    "customer_id": "customer",
    "item": "catalogue_item",
    "team_id": "team",
}
#: The dimensions of facts, as of the event that decided.
DIMENSIONS = frozenset(
    {"priority", "team_id", "service", "channel", "category", "assignee_id", "customer_id", "item"}
)
#: Those of which the opening has what the case was given first, whenever that was.
GIVEN_COLUMNS = ("team_id", "assignee_id")
_ON_HOLD = "on_hold"
_CAUSE_STATED, _CAUSE_PREFIX = ".breach_cause_stated", "breach_cause/"
_UNKNOWN_CAUSE = "unknown"


class LogEvent(NamedTuple):
    """An event of a case as the log has it; `data` is decoded."""

    position: int
    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    on_behalf_of: str | None
    source: str
    data: Mapping[str, Any]

    @property
    def replaces_version(self) -> int | None:
        """Return the version of the event that this one replaces; 1: it corrects the opening."""
        version: int | None = self.data.get("instead")
        return version

    @property
    def is_imported(self) -> bool:
        """Return whether the event was imported with another system's history."""
        return self.source.startswith(IMPORT_PREFIX)


class StatedCause(NamedTuple):
    """Why targets of a case were missed, as it was stated; of all of them if no metric is named."""

    id: str
    agreement_type: str | None
    metric: str | None
    cause: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A case for the engine. `stream` is that of the case, `version` its last, `position` that of its last
    event.

    `events` are those that matter to clocks, as known now; `history` has also those that were replaced, if
    the case was ever worked on here. `lived_since` is when that began, None if it has not: the opening of a
    case that was not imported, else the recording of the first event that was not. `excluded` is the reason
    why facts exclude the case. `causes` are those of its breaches.
    """

    stream: str
    version: int
    position: int
    recorded_at: datetime
    events: tuple[CaseEvent, ...]
    history: tuple[CaseEvent, ...]
    opened_at: datetime
    opened_position: int
    imported: bool
    lived_since: datetime | None
    excluded: str | None
    irregular: bool
    dimension_changes: tuple[tuple[int, Mapping[str, Any], datetime], ...] = field(repr=False)
    causes: tuple[StatedCause, ...] = ()

    @property
    def last_event_at(self) -> datetime:
        """Return the time of the last event of the case, whether it matters to clocks or not."""
        return max(instant for _, _, instant in self.dimension_changes)

    @property
    def kind(self) -> str:
        """Return the kind of the case: `incident`."""
        return self.stream.partition("/")[0]

    @property
    def case_id(self) -> str:
        """Return the id of the case, as text."""
        return self.stream.partition("/")[2]

    def dimensions_at(self, position: int | None = None) -> dict[str, Any]:
        """Return the dimensions of facts, as of the event of that position; None: as of the last."""
        values: dict[str, Any] = {}
        for event_position, fields, _ in self.dimension_changes:
            values.update(fields)
            if event_position == position:
                break
        return values

    def dimensions_of_opening(self) -> dict[str, Any]:
        """Return the dimensions of facts of the opening: it belongs to the first team and assignee of the
        case.
        """
        values = dict(self.dimension_changes[0][1])
        for name in GIVEN_COLUMNS:
            named = (fields.get(name) for _, fields, _ in self.dimension_changes)
            values[name] = next((given_to for given_to in named if given_to is not None), None)
        return values

    def cause_of_breach(self, agreement_type: str, metric: str) -> str | None:
        """Return the cause that was stated of a breach: a known one before an unknown one, and one of that
        metric before one of all.
        """
        stated = [
            (cause.cause == _UNKNOWN_CAUSE, cause.agreement_type is None, cause.id, cause.cause)
            for cause in self.causes
            if cause.agreement_type is None
            or (cause.agreement_type, cause.metric) == (agreement_type, metric)
        ]
        return min(stated)[-1] if stated else None

    def dimensions_before(self, instant: datetime) -> dict[str, Any]:
        """Return the dimensions of facts as they were known just before the instant; at least those of the
        opening.
        """
        values: dict[str, Any] = {}
        for n, (_, fields, occurred_at) in enumerate(self.dimension_changes):
            if n and occurred_at >= instant:
                break
            values.update(fields)
        return values


def timeline_of(stream: str, events: Sequence[LogEvent]) -> Timeline:
    """Return the timeline of a case from its events, all of them up to some position, in the order of their
    versions.
    """
    opening, reader = _read(stream, events)
    live = next((event for event in events if not event.is_imported), None)
    imported = events[0].is_imported
    since = None if live is None else live.recorded_at if imported else opening.opened_at
    effective = history = tuple(reader.case_events)
    # Only observed events of another system are ever replaced.
    if live is not None and any("observed" in event.data for event in events):
        history = _history(stream, events)
        effective = tuple(event for event in history if event.replaced_at is None)
    return Timeline(
        stream,
        events[-1].version,
        events[-1].position,
        events[-1].recorded_at,
        effective,
        history,
        opening.opened_at,
        events[0].position,
        imported,
        since,
        reader.excluded,
        reader.irregular,
        tuple(reader.dimension_changes),
        _stated_causes(events),
    )


def _stated_causes(events: Sequence[LogEvent]) -> tuple[StatedCause, ...]:
    """Return the causes of breaches that the events state, as each was stated last."""
    stated: dict[str, dict[str, Any]] = {}
    for event in events:
        if event.type.endswith(_CAUSE_STATED):
            for key, fields in event.data["set"].items():
                if key.startswith(_CAUSE_PREFIX):
                    stated.setdefault(key.removeprefix(_CAUSE_PREFIX), {}).update(fields or {})
    return tuple(
        StatedCause(key, fields.get("agreement_type"), fields.get("metric"), fields["cause"])
        for key, fields in stated.items()
        if fields.get("cause") is not None
    )


def _read(stream: str, events: Sequence[LogEvent]) -> tuple[_Opening, _Reader]:
    opening, counted = _counting(stream, events)
    reader = _Reader(stream)
    for event in counted:
        reader.read(event)
    return opening, reader


def _history(stream: str, events: Sequence[LogEvent]) -> tuple[CaseEvent, ...]:
    """Return the events as they were known after each event of the log: one that is not among them any more
    counts as replaced when that event was recorded, one with another meaning as retold then.
    """
    case_events: list[CaseEvent] = []
    current: list[CaseEvent] = []
    for n, event in enumerate(events, 1):
        _, reader = _read(stream, events[:n])
        now = [_as_known_at(case_event, current, event.recorded_at) for case_event in reader.case_events]
        replaced = [case_event for case_event in current if case_event not in now]
        case_events += [replace(case_event, replaced_at=event.recorded_at) for case_event in replaced]
        if replaced and not any(case_event.position == event.position for case_event in now):
            now.append(_marker(event))
        current = now
    return tuple(sorted((*case_events, *current), key=lambda case_event: case_event.understood_since))


def _as_known_at(case_event: CaseEvent, case_events: Sequence[CaseEvent], instant: datetime) -> CaseEvent:
    """Return the event as it is in `case_events`; if it is missing, as retold at that instant."""
    retold = replace(case_event, retold_at=instant if instant > case_event.recorded_at else None)
    return next((before for before in case_events if replace(before, retold_at=None) == case_event), retold)


def _marker(event: LogEvent) -> CaseEvent:
    """Return an event without effect, which only marks when others were replaced."""
    instant = event.recorded_at
    return CaseEvent(kind=EventKind.other, occurred_at=instant, recorded_at=instant, position=event.position)


class _Opening(NamedTuple):
    """The time of a case's opening and, if it was corrected later, the event that did so."""

    opened_at: datetime
    retold: LogEvent | None


class _Counted(NamedTuple):
    """An event that counts, with the fields of the case that it has, and whether it is the opening."""

    event: LogEvent
    occurred_at: datetime
    actor: str
    fields: Mapping[str, Any]
    irregular: bool
    opens: bool


def _counting(stream: str, events: Sequence[LogEvent]) -> tuple[_Opening, list[_Counted]]:
    """Return the opening, and the events that count in the order of the case."""
    replaced = {event.replaces_version for event in events if event.replaces_version is not None} - {1}
    opening = _opening(stream, events)
    counted_events = []
    for event in events:
        if event.replaces_version == 1 or event.version in replaced:
            continue
        opens = event.version == 1
        fields = _set_fields(stream, event)
        occurred_at, actor, irregular = event.occurred_at, event.actor, "irregular" in event.data
        if opens:
            occurred_at = opening.opened_at
            if (retold := opening.retold) is not None:
                fields = {**fields, **{n: v for n, v in _set_fields(stream, retold).items() if n != "state"}}
                if retold.replaces_version == 1:
                    actor, irregular = retold.actor, "irregular" in retold.data
        counted_events.append(_Counted(event, occurred_at, actor, fields, irregular, opens))
    counted_events.sort(key=lambda counted: (not counted.opens, counted.occurred_at, counted.event.position))
    return opening, counted_events


def _opening(stream: str, events: Sequence[LogEvent]) -> _Opening:
    opened_at, retold = events[0].occurred_at, None
    for event in events:
        stated_opening = (event.data["set"].get(stream) or {}).get("opened_at")
        if stated_opening is not None:
            opened_at = from_instant(stated_opening)
        # Histories imported by the first versions mark a corrected opening by its instant only.
        again = event.replaces_version == 1 or (stated_opening is not None and event.occurred_at <= opened_at)
        if (
            event.version > 1
            and again
            and (event.replaces_version == 1 or retold is None or retold.replaces_version != 1)
        ):
            retold = event
    return _Opening(opened_at, retold)


def _set_fields(stream: str, event: LogEvent) -> Mapping[str, Any]:
    """Return the fields of the case that the event has, also those too late to change the record."""
    now: Mapping[str, Any] = event.data["set"].get(stream) or {}
    late = event.data.get("late")
    return now if late is None else {**(late.get(stream) or {}), **now}


class _Reader:
    """Reader of the events that count, one after the other, in the order of the case."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.case_events: list[CaseEvent] = []
        self.dimension_changes: list[tuple[int, Mapping[str, Any], datetime]] = []
        self.excluded: str | None = None
        self.irregular = False
        self._state: str | None = None
        self._moved = False
        self._requester: str | None = None
        self._reason: str | None = None
        self._reason_before: str | None = None

    def read(self, counted: _Counted) -> None:
        """Add the engine's events for the event: mostly one, for one of another system sometimes several."""
        fields, event = counted.fields, counted.event
        self.irregular = self.irregular or counted.irregular
        named = fields.keys()
        self.dimension_changes.append(
            (event.position, {name: fields[name] for name in DIMENSIONS & named}, counted.occurred_at)
        )
        if "requester_id" in named:
            self._requester = fields["requester_id"]
        # A system that reports states names the reason of a hold only when it has changed since the last
        # time, which may be the opening.
        self._reason_before, self._reason = self._reason, fields.get("hold_reason") or self._reason
        name = event.type.partition(".")[2]
        kind = EventKind.opened if counted.opens else KINDS.get(name, EventKind.other)
        state = fields.get("state")
        changes = {ATTRIBUTES[column]: fields[column] for column in ATTRIBUTES.keys() & named}
        if kind is EventKind.message:
            self._add(counted, kind, public=_is_public(event), changes=changes)
            return
        self._note_end(kind, name)
        if "observed" in event.data and not counted.opens:
            self._read_observed(counted, kind, state)
        if kind is EventKind.held:
            self._hold(counted, changes)
        elif kind is not EventKind.other or changes or (state is not None and state != _ON_HOLD):
            restored = fields.get("service_restored_at")
            restored_at = restored if kind in (EventKind.contained, EventKind.resolved) else None
            self._add(
                counted,
                kind,
                state=None if state == _ON_HOLD else state,
                changes=changes,
                service_restored_at=None if restored_at is None else from_instant(restored_at),
            )
        if "observed" in event.data and state == _ON_HOLD and kind is not EventKind.held:
            self._hold(counted, {})
        self._state = state if state is not None else self._state

    def _note_end(self, kind: EventKind, name: str) -> None:
        if kind is EventKind.excluded:
            self.excluded = _LEFT_OUT[name]
        elif kind in _MOVES:
            self.excluded = None

    def _read_observed(self, counted: _Counted, kind: EventKind, state: str | None) -> None:
        """Add the events that must be inferred where a system reports states and not actions."""
        if kind in _MOVES and not self._moved:
            self._moved = True
            if kind not in (EventKind.acknowledged, EventKind.started):
                self._add(counted, EventKind.acknowledged, by=ActorKind.tool)
        if self._state == _ON_HOLD and state not in (None, _ON_HOLD) and kind is not EventKind.resumed:
            self._add(counted, EventKind.resumed)
        fields = counted.fields
        waits_on = self._state == _ON_HOLD and state in (None, _ON_HOLD) and kind is EventKind.other
        if waits_on and (fields.get("hold_reason") or fields.get("supplier_id")):
            self._hold(counted, {})
        restored = fields.get("service_restored_at")
        if restored is not None and kind not in (EventKind.contained, EventKind.resolved):
            self._add(counted, EventKind.contained, service_restored_at=from_instant(restored))

    def _hold(self, counted: _Counted, changes: Mapping[str, str | None]) -> None:
        if "observed" not in counted.event.data:
            self._reason = counted.fields.get("hold_reason")
        elif self._state == _ON_HOLD and self._reason != self._reason_before:
            # Another reason begins another hold.
            self._add(counted, EventKind.resumed)
        supplier = counted.fields.get("supplier_id")
        self._add(counted, EventKind.held, hold_reason=self._reason, supplier=supplier, changes=changes)

    def _add(self, counted: _Counted, kind: EventKind, by: ActorKind | None = None, **more: Any) -> None:
        by = by or self._actor_kind(counted)
        if kind in (EventKind.acknowledged, EventKind.started):
            if "observed" in counted.event.data:
                # The tool reported it, even if the event names another actor.
                self._moved, by = True, ActorKind.tool
            elif by is ActorKind.requester:
                # Only staff may do so, and they also acknowledge and start their own requests.
                by = ActorKind.staff
        self.case_events.append(
            CaseEvent(
                kind=kind,
                occurred_at=counted.occurred_at,
                recorded_at=counted.event.recorded_at,
                position=counted.event.position,
                by=by,
                **more,
            )
        )

    def _actor_kind(self, counted: _Counted) -> ActorKind:
        actor_type, _, _ = counted.actor.partition(":")
        if self._requester is not None and f"person:{self._requester}" in (
            counted.actor,
            counted.event.on_behalf_of,
        ):
            return ActorKind.requester
        if actor_type == "person" or counted.event.on_behalf_of is not None:
            return ActorKind.staff
        return ActorKind.rule if actor_type == "rule" else ActorKind.tool


def _is_public(event: LogEvent) -> bool:
    """Return whether the event adds a comment that the requester sees."""
    rows: Iterable[tuple[str, Any]] = event.data["set"].items()
    return any(
        fields is not None and key.startswith("comment/") and fields.get("visibility") == "public"
        for key, fields in rows
    )
