"""The newest events of the log, kept in memory for all who follow it: one reader for each process, however
many of them there are.

Whose an event is to see is decided in memory, when it is passed on: by the tokens that the caller holds then,
and by the audience of its record as the newest event of that record has left it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from app.common.people import Caller
from app.kernel.access.naming_fields import named_in
from app.kernel.access.redaction import Viewer, viewer
from app.kernel.access.visibility import event_tokens
from app.kernel.histories.feed import (
    EVENTS_WITH_RECORDS,
    EventFilter,
    SeenEvent,
    is_for_staff,
    policy_records,
)
from app.kernel.ledger import Ledger
from app.kernel.named_records import audiences_of, is_stream_visible
from app.log.events import Recorded, id_of, kind_of, recorded
from app.log.wake_signal import WakeSignal
from app.platform.db import DatabaseGone, Row

#: Number of newest events that are kept; callers that are further behind read from the database.
LONGEST_WINDOW = 2_000
#: Most events that one statement reads, so that the event loop is never blocked for long.
READ_AT_ONCE = 500
#: Shortest time between two reads, so that events appended meanwhile are read by one statement.
READ_AGAIN_SECONDS = 0.05
#: Followers are woken after this time, even without new events.
TICK_SECONDS = 0.5

NEWEST = f"""{EVENTS_WITH_RECORDS}
where e.position > %(low)s and e.position <= %(high)s order by e.position"""
GROUPS = """
select g.id, g.chair_id,
  array(select m.person_id from fold.group_member m where m.record = 'group/' || g.id) as members
from fold."group" g where g.id = any(%s)
"""


@dataclass(slots=True, weakref_slot=True)
class RecordAccess:
    """Access to a record, as of its newest event: the tokens of those who see it, the fields that decide who
    is staff for it, and the group that reviews it.
    """

    kind: str
    audience: frozenset[str] = frozenset()
    policy: Any = None
    group_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event, the kind of its stream, and the access to the record that it is of, or about."""

    event: Recorded
    kind: str
    record: RecordAccess
    #: The audiences of other records that it names, by the names of their streams.
    named: dict[str, list[str]] = field(default_factory=dict)

    def fits(self, conditions: EventFilter) -> bool:
        """Return whether the event meets the conditions."""
        event = self.event
        return (
            (not conditions.kinds or self.kind in conditions.kinds)
            and (not conditions.streams or event.stream in conditions.streams)
            and (not conditions.types or event.type in conditions.types)
            and (not conditions.actors or event.actor in conditions.actors)
            and (conditions.occurred_from is None or event.occurred_at >= conditions.occurred_from)
            and (conditions.occurred_to is None or event.occurred_at < conditions.occurred_to)
        )


class NewestEvents:
    """The newest events, which are read while somebody follows them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._window: deque[KeptEvent] = deque(maxlen=LONGEST_WINDOW)
        self._records: WeakValueDictionary[str, RecordAccess] = WeakValueDictionary()
        self._members: dict[UUID, frozenset[UUID]] = {}
        self._signal = WakeSignal()
        self._reader: asyncio.Task[None] | None = None
        #: The number of those who follow.
        self.followers = 0
        #: Position of the newest event that has been read; -1 before the first.
        self.position = -1
        #: How often the database did not answer the reader.
        self.outages = 0

    @contextlib.contextmanager
    def followed(self) -> Iterator[None]:
        """Read the newest events until the block ends and nobody else follows them."""
        if self._reader is None:
            self.position = self._ledger.new_events.position
            self._reader = asyncio.create_task(self._follow_log(), name="newest events")
            self._reader.add_done_callback(lambda _: self._signal.wake_all())
        self.followers += 1
        try:
            yield
        finally:
            self.followers -= 1
            if not self.followers:
                self._reader.cancel()
                self._reader = None
                self._window.clear()
                self._members.clear()

    def next_signal(self) -> asyncio.Event:
        """Return the event that is set when there are new events, and at each tick."""
        return self._signal.next_signal()

    def events_after(self, position: int, most: int) -> list[KeptEvent] | None:
        """Return the next events after that position; None if they are not kept any more. Raises whatever has
        ended the reader.
        """
        if self._reader is not None and self._reader.done():
            self._reader.result()
        first = self.position - len(self._window)
        if position < first:
            return None
        begin = position - first
        return list(islice(self._window, begin, begin + most))

    def groups_of(self, person_id: UUID | None, group_id: UUID | None) -> Collection[UUID]:
        """Return the group, if the person belongs to it."""
        is_member = group_id is not None and person_id in self._members.get(group_id, ())
        return (group_id,) if is_member and group_id is not None else ()

    async def _follow_log(self) -> None:
        new_events = self._ledger.new_events
        while True:
            pause = 0.0
            if await new_events.wait(self.position, TICK_SECONDS):
                try:
                    await self._read_to(new_events.position)
                    pause = READ_AGAIN_SECONDS
                except DatabaseGone:
                    self.outages += 1
                    pause = TICK_SECONDS
            self._signal.wake_all()
            await asyncio.sleep(pause)

    async def _read_to(self, head: int) -> None:
        # Reads stop at the announced head, because changes announced with an event, such as a revoked role,
        # must reach this process before the event does.
        low = max(self.position, head - LONGEST_WINDOW)
        while low < head:
            high = min(low + READ_AT_ONCE, head)
            rows = await self._ledger.db.rows(NEWEST, {"low": low, "high": high})
            kept_events = await self._with_access(rows)
            if low > self.position:
                self._window.clear()
            self._window.extend(kept_events)
            self.position = low = high

    async def _with_access(self, rows: Sequence[Row]) -> list[KeptEvent]:
        """Return the events of these rows, and renew the access to their records."""
        records: dict[str, RecordAccess] = {}
        kept_events, changed_groups = [], set[UUID]()
        for row in rows:
            name, kind, record_kind = row.pop("record"), row.pop("kind"), row.pop("record_kind")
            audience = frozenset(row.pop("audience") or ())
            event = recorded(row)
            access = records.get(name) or self._records.get(name) or RecordAccess(record_kind or kind)
            access.audience = audience
            records[name] = access
            kept_events.append(KeptEvent(event, kind, access))
            if kind == "group":
                changed_groups.add(id_of(event.stream))
        await self._find_named(kept_events)
        await self._renew_policies(records)
        await self._renew_groups(changed_groups, records.values())
        self._records.update(records)
        return kept_events

    async def _find_named(self, kept_events: Sequence[KeptEvent]) -> None:
        """Note the audiences of the records that the events name. Runs a statement if they name any."""
        lifecycles = self._ledger.lifecycles
        named = [
            set() if lifecycle is None else named_in(lifecycle, each.event.data["set"])
            for each in kept_events
            for lifecycle in (lifecycles.get(each.record.kind),)
        ]
        audiences = await audiences_of(self._ledger, set[str]().union(*named))
        for each, streams in zip(kept_events, named, strict=True):
            each.named.update({stream: audiences.get(stream, []) for stream in streams})

    async def _renew_policies(self, records: dict[str, RecordAccess]) -> None:
        by_kind: dict[str, list[UUID]] = {}
        for name in records:
            by_kind.setdefault(kind_of(name), []).append(id_of(name))
        for kind, ids in by_kind.items():
            lifecycle = self._ledger.lifecycles.get(kind)
            if lifecycle is None:
                continue
            for record in await policy_records(self._ledger.db, lifecycle, ids):
                access = records[f"{kind}/{record.id}"]
                access.policy = record
                if lifecycle.access.reviewer_group_field is not None:
                    access.group_id = getattr(record, lifecycle.access.reviewer_group_field)

    async def _renew_groups(self, changed: set[UUID], records: Collection[RecordAccess]) -> None:
        reviewing = {record.group_id for record in records if record.group_id is not None}
        group_ids = reviewing | (changed & self._members.keys())
        if not group_ids:
            return
        for row in await self._ledger.db.rows(GROUPS, (list(group_ids),)):
            self._members[row["id"]] = frozenset({row["chair_id"], *row["members"]} - {None})


@dataclass
class Sight:
    """The sight of one caller upon the newest events."""

    ledger: Ledger
    newest: NewestEvents
    caller: Caller
    _tokens: dict[str, frozenset[str] | None] = field(default_factory=dict)

    def seen_event(self, kept_event: KeptEvent) -> SeenEvent | None:
        """Return the event as the caller sees it; None if it is not for them."""
        record = kept_event.record
        lifecycle = self.ledger.lifecycles.get(record.kind)
        if lifecycle is None or record.policy is None:
            return None
        if record.kind not in self._tokens:
            agents_see = self.ledger.settings.agents_see
            self._tokens[record.kind] = event_tokens(self.caller, lifecycle, agents_see=agents_see)
        shown_to = self._tokens[record.kind]
        if shown_to is not None and shown_to.isdisjoint(record.audience):
            return None
        groups = self.newest.groups_of(self.caller.person_id, record.group_id)
        relation = viewer(lifecycle, self.caller, record.policy, groups)
        sees_named = all(
            is_stream_visible(self.ledger, self.caller, stream, audience)
            for stream, audience in kept_event.named.items()
        )
        seen_event = SeenEvent(kept_event.event, lifecycle, relation, sees_named)
        return None if relation is not Viewer.staff and is_for_staff(seen_event) else seen_event
