"""What changes hold, worked out from the events and relations alone, event by event: slow, and written
without a look at how the service does it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.kernel.ledger import Ledger

EVENTS = """
select position, type, stream, convert_from(data, 'UTF8')::jsonb as data from log.event order by position"""
HOLDING = {"scheduled", "implementing"}
BOOKED = {"change.scheduled", "change.rescheduled", "change.started"}
DECLARED = {"freeze.declared", "freeze.moved"}
DEEPEST = 10

Row = dict[str, Any]


async def events(ledger: Ledger) -> list[Row]:
    """All events, in order."""
    return await ledger.db.rows(EVENTS)


@dataclass
class Replay:
    """The state after the events so far, and every rule that one of them broke."""

    position: int = 0
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def apply(self, event: Row) -> None:
        """Take in one event, and check what it books."""
        self.position = event["position"]
        for key, fields in event["data"]["set"].items():
            kind, _, name = key.partition("/")
            rows = self.rows.setdefault(kind, {})
            if fields is None:
                rows.pop(name, None)
            else:
                rows.setdefault(name, {}).update(fields)
        name = event["stream"].partition("/")[2]
        if event["type"] in BOOKED:
            self._check_booking(event, name)
        if event["type"] in DECLARED:
            self._check_freeze(event, name)

    def of(self, kind: str) -> dict[str, Row]:
        """The rows of that kind by their ids."""
        return self.rows.get(kind, {})

    def needs(self, touched: Iterable[str]) -> set[str]:
        """What these items need as the relations stand, without themselves."""
        edges: dict[str, set[str]] = {}
        for relation in self.of("ci_relation").values():
            needing, needed = relation["from_ci_id"], relation["to_ci_id"]
            if relation["kind"] == "part_of":
                needing, needed = needed, needing
            if self.of("ci")[needed]["state"] != "retired":
                edges.setdefault(needing, set()).add(needed)
        start = set(touched)
        reached, frontier = set(start), set(start)
        for _ in range(DEEPEST):
            frontier = {other for ci in frontier for other in edges.get(ci, ())} - reached
            reached |= frontier
        return reached - start

    def in_the_way(
        self, name: str, touched: set[str], needed: set[str], span: tuple[str, str | None]
    ) -> set[str]:
        """The streams of what stands in the way of such a change in that time."""
        overlaps = set()
        for other, row in self.of("change").items():
            if other == name or row["state"] not in HOLDING or row.get("booked_from_at") is None:
                continue
            theirs, their_needs = set(row["ci_ids"]), set(row.get("needed_ci_ids") or ())
            shared = touched & (theirs | their_needs) or needed & theirs
            if shared and overlap(span, (row["booked_from_at"], row.get("booked_until_at"))):
                overlaps.add(f"change/{other}")
        own = self.of("change").get(name, {})
        items = [self.of("ci")[ci] for ci in touched]
        classes = {item["ci_class"] for item in items}
        services = {service for named in (own, *items) for service in named.get("services") or ()}
        for freeze, row in self.of("freeze").items():
            if row["state"] == "declared" and overlap(span, (row["from_at"], row["until_at"])):
                scope = (
                    set(row.get("services") or ()) & services or set(row.get("ci_classes") or ()) & classes
                )
                if row["everything"] or scope:
                    overlaps.add(f"freeze/{freeze}")
        return overlaps

    def _check_booking(self, event: Row, name: str) -> None:
        change = self.of("change")[name]
        touched, needed = set(change["ci_ids"]), set(change.get("needed_ci_ids") or ())
        where = f"{event['position']} {event['type']} {change['number']}"
        if needed != self.needs(touched):
            self.broken.append(f"{where}: needs {sorted(self.needs(touched) ^ needed)}")
        span = (change["booked_from_at"], change.get("booked_until_at"))
        overlaps = self.in_the_way(name, touched, needed, span)
        over = {*(change.get("overrides") or ()), *(change.get("excepted_freezes") or ())}
        if overlaps - over:
            self.broken.append(f"{where}: overlaps {sorted(overlaps - over)}")

    def _check_freeze(self, event: Row, name: str) -> None:
        hit = set(self.of("freeze")[name].get("hit_change_ids") or ())
        expected = {
            other
            for other, row in self.of("change").items()
            if row["state"] in HOLDING
            and f"freeze/{name}"
            in self.in_the_way(
                other, set(row["ci_ids"]), set(), (row["booked_from_at"], row.get("booked_until_at"))
            )
        }
        if hit != expected:
            self.broken.append(f"{event['position']} {event['type']}: hits {sorted(hit ^ expected)}")


def overlap(span: tuple[str, str | None], other: tuple[str, str | None]) -> bool:
    """Whether two spans have an instant in common; without an end they go on for ever."""

    def ends_after(span: tuple[str, str | None], begin: str) -> bool:
        return span[1] is None or _instant(span[1]) > _instant(begin)

    return ends_after(span, other[0]) and ends_after(other, span[0])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
