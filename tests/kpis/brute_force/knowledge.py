"""The KPIs of knowledge, from the words of the catalogue (63, 64, `knowledge_shared`) and decision 0104."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tests.kpis.brute_force.counted import Counted, Definition
from tests.kpis.brute_force.reading import LogEvent, World, instant_of
from tests.kpis.brute_force.tickets import tickets

OF_VISITS = frozenset({"article.shown", "article.viewed", "article.rated"})
DAY = timedelta(hours=24)


def _solved(world: World) -> list[Counted]:
    counted_cases = []
    for ticket in tickets(world):
        n = ticket.final
        if n is not None:
            used = any(event.what == "article_used" for event in ticket.record.events)
            counted_cases.append(
                Counted(ticket.id, ticket.steps[n].at, int(used), ticket.cut(n), ticket.excluded)
            )
    return counted_cases


class Visit:
    """A visit to a portal, by what it told of articles."""

    def __init__(self, events: Sequence[LogEvent], world: World) -> None:
        self._events = sorted(events, key=lambda event: (event.occurred_at, event.position))
        self._world = world

    def _of(self, event_type: str) -> list[LogEvent]:
        return [event for event in self._events if event.what == event_type]

    @property
    def first(self) -> LogEvent | None:
        """The first suggestion of an article."""
        return next(iter(self._of("shown")), None)

    @property
    def visitor(self) -> str | None:
        """The person that an event of it is by."""
        return next((event.actor for event in self._events if event.actor.startswith("person:")), None)

    @property
    def verdicts(self) -> list[bool | None]:
        """What was said last of each article that was suggested and opened in it; None: nothing."""
        read = {event.stream for event in self._of("shown")} & {event.stream for event in self._of("viewed")}
        verdict_of: dict[str, bool | None] = dict.fromkeys(read)
        for event in self._of("rated"):
            if event.stream in read:
                verdict_of[event.stream] = event.data["given"]["helped"]
        return list(verdict_of.values())

    def is_followed(self, since: datetime) -> bool:
        """Whether a ticket of the visitor was opened within 24 hours."""
        for record in self._world.records.values():
            first = record.events[0]
            if record.kind not in {"incident", "request"} or self.visitor is None:
                continue
            fields = first.data["set"].get(first.stream, {})
            opened_at = instant_of(fields.get("opened_at")) or first.occurred_at
            if f"person:{fields.get('requester_id')}" == self.visitor and since <= opened_at < since + DAY:
                return True
        return False


def _visits(holds: Callable[[Visit], bool]) -> Definition:
    """The visits in which an article was suggested; whether that holds, and no ticket followed."""

    def cases(world: World) -> list[Counted]:
        log_events_by_key: dict[str, list[LogEvent]] = defaultdict(list)
        for event in world.events:
            if event.type in OF_VISITS and (session := event.data["given"].get("session")) is not None:
                log_events_by_key[session].append(event)
        counted_cases = []
        for events in log_events_by_key.values():
            visit = Visit(events, world)
            first = visit.first
            if first is not None:
                spared = holds(visit) and not visit.is_followed(first.occurred_at)
                counted_cases.append(
                    Counted(first.stream.partition("/")[2], first.occurred_at, int(spared), {})
                )
        return counted_cases

    return Definition(cases)


def _may_have_helped(visit: Visit) -> bool:
    """Whether it is said that something helped, or nothing is said of all that was opened."""
    verdicts = visit.verdicts
    return bool(verdicts) and (True in verdicts or set(verdicts) == {None})


def _has_helped(visit: Visit) -> bool:
    return visit.visitor is not None and True in visit.verdicts


def _published(world: World) -> list[Counted]:
    counted_cases = []
    for record in world.of("article"):
        n = next((n for n, step in enumerate(record.steps) if step.what == "published"), None)
        if n is not None:
            owner = record.fields(n).get("author_id")
            counted_cases.append(Counted(record.id, record.steps[n].at, 1, {"owner": owner}))
    return counted_cases


def _used(world: World) -> list[Counted]:
    counted_cases = []
    for record in world.of("article"):
        for n, step in enumerate(record.steps):
            owner = record.fields(n).get("author_id")
            if step.what == "used" and step.actor != f"person:{owner}":
                counted_cases.append(Counted(record.id, step.at, 1, {"owner": owner}))
    return counted_cases


DEFINITIONS = {
    "knowledge_use": Definition(_solved),
    "knowledge_deflection": _visits(_may_have_helped),
    "knowledge_deflection_confirmed": _visits(_has_helped),
    "knowledge_shared": Definition(_published),
    "knowledge_shared_uses": Definition(_used),
}
