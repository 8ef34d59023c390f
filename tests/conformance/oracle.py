"""How each case went, by a plain loop over its events in Python: what the facts and the raw SQL must say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.conformance.kinds import WAITING, ends_of, with_cases
from app.log.events import Event, id_of, kind_of
from app.registry import LIFECYCLES

KEPT = ("state", "team_id", "assignee_id", "service", "customer_id")


@dataclass
class Walk:
    """How one case went: a row a step (type, the one before, seconds, state, state before, whether it came
    back), all its events (type, whether it is a step, seconds), the instants of its steps, its hand-overs.
    """

    case_id: UUID
    kind: str
    source: str
    started_at: datetime
    ended_at: datetime | None = None
    fields_known: dict[str, Any] = field(default_factory=dict)
    steps: list[tuple[str, str | None, int | None, str, str | None, bool]] = field(default_factory=list)
    events: list[tuple[str, bool, int]] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)
    handovers: list[tuple[str, str, str, int, bool]] = field(default_factory=list)

    @property
    def types(self) -> tuple[str, ...]:
        """The variant."""
        return tuple(step[0] for step in self.steps)


def seconds(since: datetime, until: datetime) -> int:
    """To the nearest second; a half to the larger one, as PostgreSQL rounds."""
    microseconds = (until - since).days * 86_400_000_000 + (until - since).seconds * 1_000_000
    microseconds += (until - since).microseconds
    return (microseconds + 500_000) // 1_000_000


def walks(events: Iterable[Event]) -> list[Walk]:
    """Of all cases of kinds that have any."""
    ends = {lifecycle.kind: ends_of(lifecycle) for lifecycle in with_cases(LIFECYCLES)}
    by_stream: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if kind_of(event.stream) in ends:
            by_stream[event.stream].append(event)
    return [_walk(name, events, ends[kind_of(name)]) for name, events in by_stream.items()]


def _walk(name: str, events: list[Event], ends: frozenset[str]) -> Walk:
    events.sort(key=lambda event: event.version)
    opening, later = events[0], events[1:]
    started_at, fields = _instant(opening, name) or opening.occurred_at, _fields(opening, name)
    for event in later:
        started_at = _instant(event, name) or started_at
    retold = _retold(later, name)
    fields |= {key: told_value for key, told_value in retold.items() if key != "state"}
    replaced = {event.data["instead"] for event in later if event.data.get("instead", 1) != 1}
    counted = [event for event in later if event.data.get("instead") != 1 and event.version not in replaced]
    # The versions of a case are in the order of the log.
    counted.sort(key=lambda event: (event.occurred_at, event.version))
    walk = Walk(id_of(name), kind_of(name), opening.source, started_at)
    state_at: datetime | None = None
    stood, held = set[str](), dict[str, tuple[str, datetime, set[str]]]()
    last = started_at
    for place, event in enumerate((opening, *counted)):
        instant = max(event.occurred_at, started_at) if place else started_at
        state_before = walk.fields_known.get("state")
        walk.fields_known |= fields if place == 0 else _fields(event, name)
        state = walk.fields_known.get("state")
        moves = state is not None and state != state_before
        walk.events.append((event.type, moves, seconds(last, instant) if place else 0))
        last = instant
        if state is not None and moves:
            before = walk.steps[-1][0] if walk.steps else None
            took = None if state_at is None else seconds(state_at, instant)
            came_back = bool(walk.steps) and state in stood and state_before not in WAITING
            walk.steps.append((event.type, before, took, state, state_before, came_back))
            walk.instants.append(instant)
            stood.add(state)
            state_at = instant
        _hand_over(walk, held, instant)
    if walk.fields_known.get("state") in ends:
        walk.ended_at = state_at
    return walk


def _hand_over(walk: Walk, held: dict[str, tuple[str, datetime, set[str]]], instant: datetime) -> None:
    for holding, key in (("team", "team_id"), ("person", "assignee_id")):
        holder = walk.fields_known.get(key)
        if holder is None:
            continue
        if holding not in held:
            held[holding] = holder, instant, {holder}
            continue
        before, since, all_before = held[holding]
        if holder != before:
            walk.handovers.append((holding, before, holder, seconds(since, instant), holder in all_before))
            held[holding] = holder, instant, all_before | {holder}


def _fields(event: Event, name: str) -> dict[str, Any]:
    fields = (event.data.get("late", {}).get(name) or {}) | (event.data["set"].get(name) or {})
    return {key: fields[key] for key in KEPT if key in fields}


def _instant(event: Event, name: str) -> datetime | None:
    text = (event.data["set"].get(name) or {}).get("opened_at")
    return None if text is None else datetime.fromisoformat(text)


def _retold(later: Iterable[Event], name: str) -> Mapping[str, Any]:
    """What came to be known later of the opening: what was told instead of it last; or, as was written
    once, what was told of the time to which it was moved.
    """
    instead, moved = None, None
    for event in later:
        opened_at = _instant(event, name)
        if event.data.get("instead") == 1:
            instead = _fields(event, name)
        if opened_at is not None and event.occurred_at <= opened_at:
            moved = _fields(event, name)
    return instead if instead is not None else moved or {}
