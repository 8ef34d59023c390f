"""Bookings of changes, their windows and configuration items, as rows derived from records; and the search
for conflicts (docs/decisions/0093).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.common.records import from_row, rows_with_parts
from app.i18n import translate
from app.kernel.access.reads import Reading
from app.log.canonical import instant
from app.log.events import stream
from app.platform.db import Connection, fetch_rows
from app.processes.changes.policies.records import Freeze, FreezeState
from app.processes.changes.records import HOLDING, Change

#: The tables as actions write to them.
CHANGE_WINDOWS, FREEZE_WINDOWS = "schedule.change_window", "schedule.freeze_window"
#: Largest number of conflicts that are reported: more are never overridden.
MOST_CONFLICTS = 1_000

# The items that the change would hold, each by its number, with its role. No change has the number 0: what is
# merely needed meets what others touch, and not what they need.
WANTED_ITEMS = """wanted as materialized (
  select int8range(e.position, e.position, '[]') as item, t.role from (
    select unnest(%(touches)s::uuid[]) as id, int8range(null, null) as role
    union all select unnest(%(needs)s::uuid[]), int8range(0, 0, '[]')
  ) as t join log.event e on (e.stream, e.version) = ('ci/' || t.id, 1)
)"""
# Bookings by others of the same items at the same time, and freezes of that scope without an exception. Two
# changes conflict if both touch an item, or one touches what the other needs; they may need the same item.
# The SQL function `schedule.write_change` has the same rule, for windows that are taken meanwhile (read it in
# migrations/schema.sql): change both, that one by a migration. A command that only one of them refuses is
# decided again until it gives up.
CONFLICTS = f"""
with {WANTED_ITEMS}, span as (
  select tstzrange(%(from_at)s::timestamptz, %(until_at)s::timestamptz) as during
)
select 'change' as kind, c.id, c.number as name, c.title, h.audience, i.key as ci,
  lower(b.during) as from_at, upper(b.during) as until_at
from span s cross join wanted w
  join schedule.booking b on int8range(b.ci_no, b.ci_no, '[]') && w.item and b.role && w.role
  join fold.change c on c.id = b.change_id join fold.ci i on i.id = b.ci_id
  join log.stream_head h on h.stream = 'change/' || c.id
where b.change_id <> %(id)s and b.during && s.during
union all
select 'freeze', f.id, f.freeze_kind, f.title, null, null, f.from_at, f.until_at
from span s, schedule.freeze_window w join fold.freeze f on f.id = w.freeze_id
where w.during && s.during and schedule.concerns(w, %(services)s::text[], %(ci_classes)s::text[])
  and not (%(is_as_asked)s and exists (
    select from fold.freeze_exception x
    where x.record = 'freeze/' || f.id and x.change_id = %(id)s and x.granted_at is not null))
order by 7, 1, 3, 6 limit %(limit)s
"""
# Other changes that touch one of the services in that time, by name or by an item: nothing keeps them apart.
SAME_SERVICE = """
select 'change' as kind, c.id, c.number as name, c.title, h.audience, null as ci,
  lower(w.during) as from_at, upper(w.during) as until_at
from schedule.change_window w join fold.change c on c.id = w.change_id
  join log.stream_head h on h.stream = 'change/' || c.id
where w.change_id <> %(id)s and w.services && %(services)s::text[]
  and w.during && tstzrange(%(from_at)s::timestamptz, %(until_at)s::timestamptz)
order by 7, 3 limit %(limit)s
"""
EXCEPTED = """
select split_part(x.record, '/', 2)::uuid as id from fold.freeze_exception x
where x.change_id = %s and x.granted_at is not null order by 1
"""
# Other changes that are being implemented on the same items, whatever their windows.
CHANGES_IMPLEMENTING = f"""
with {WANTED_ITEMS}
select 'change' as kind, c.id, c.number as name, c.title, h.audience, i.key as ci,
  c.started_at as from_at, null::timestamptz as until_at
from wanted w join schedule.booking b on int8range(b.ci_no, b.ci_no, '[]') && w.item and b.role && w.role
  join fold.change c on c.id = b.change_id join fold.ci i on i.id = b.ci_id
  join log.stream_head h on h.stream = 'change/' || c.id
where b.change_id <> %(id)s and c.state = 'implementing'
order by c.number, i.key limit %(limit)s
"""
# All windows and bookings, for the comparison of a rebuild.
WRITTEN_BOOKINGS = """
select
  (select coalesce(jsonb_agg(to_jsonb(w) order by w.change_id), '[]') from schedule.change_window w)
    as changes,
  (select coalesce(jsonb_agg(to_jsonb(b) order by b.change_id, b.ci_id), '[]') from schedule.booking b)
    as bookings,
  (select coalesce(jsonb_agg(to_jsonb(f) order by f.freeze_id), '[]') from schedule.freeze_window f)
    as freezes
"""
CLEAR_BOOKINGS = (
    "delete from schedule.booking",
    "delete from schedule.change_window",
    "delete from schedule.freeze_window",
)
# Other requests that schedule meanwhile wait, and write the consequences of their event when this one is
# done.
LOCK = (
    b"lock table schedule.change_window, schedule.booking, schedule.freeze_window in share row exclusive mode"
)
HOLDERS = f"""
select * from {rows_with_parts(Change)} r
where state = any(%s) and booked_from_at is not null order by id"""
FREEZES = "select * from fold.freeze where state = %s order by id"
WRITE_CHANGE, WRITE_FREEZE = "select schedule.write_change(%s)", "select schedule.write_freeze(%s)"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that stands in the way of a window: another change, by one of its items, or a freeze.

    `name` is the number of the change, or the kind of the freeze; `until_at` is None while the change holds
    its items without end. `audience` are the tokens of those who may see the change; all staff see freezes.
    """

    kind: str
    id: UUID
    name: str
    title: str | None
    audience: list[str] | None
    ci: str | None
    from_at: datetime
    until_at: datetime | None

    @property
    def stream(self) -> str:
        """The stream of the change or freeze."""
        return stream(self.kind, self.id)

    def as_json(self, sees: Callable[[list[str]], bool]) -> dict[str, Any]:
        """Return the conflict as the answers of the API have it: with the title of the change for those who
        may see what has its audience.
        """
        until = None if self.until_at is None else instant(self.until_at)
        return {
            "kind": self.kind,
            "id": str(self.id),
            "name": self.name,
            "title": self.title if self.audience is None or sees(self.audience) else None,
            "ci": self.ci,
            "from_at": instant(self.from_at),
            "until_at": until,
        }


@dataclass(frozen=True, slots=True)
class ConflictName:
    """Names of a conflict for people: a freeze by its title, a change by its number, with the shared item."""

    conflict: Conflict

    def label(self, language: str) -> str:
        """Return the name in that language."""
        code = self.conflict.kind if self.conflict.ci is None else "change_of_ci"
        words = {"name": self.conflict.name, "title": self.conflict.title or "", "ci": self.conflict.ci or ""}
        return translate(language, "conflict", code, words)


@dataclass(frozen=True, slots=True)
class WantedWindow:
    """A window in which a change would hold items: `touches` and `needs` are their ids, `services` keys.
    `is_as_asked`: it is within the window for which exceptions from freezes were granted.
    """

    change_id: UUID
    from_at: datetime
    until_at: datetime | None
    touches: tuple[UUID, ...]
    needs: tuple[UUID, ...]
    services: tuple[str, ...]
    ci_classes: tuple[str, ...]
    is_as_asked: bool

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the queries for conflicts."""
        return {
            "id": self.change_id,
            "from_at": self.from_at,
            "until_at": self.until_at,
            "touches": list(self.touches),
            "needs": list(self.needs),
            "services": list(self.services),
            "ci_classes": list(self.ci_classes),
            "is_as_asked": self.is_as_asked,
            "limit": MOST_CONFLICTS,
        }


async def conflicts(read: Reading, window: WantedWindow) -> list[Conflict]:
    """Return the changes and freezes that stand in the way of the window, the earliest first."""
    return await _conflicts(read, CONFLICTS, window)


async def changes_under_way(read: Reading, window: WantedWindow) -> list[Conflict]:
    """Return the other changes that are being implemented on the items of the window."""
    return await _conflicts(read, CHANGES_IMPLEMENTING, window)


async def _conflicts(read: Reading, query: str, window: WantedWindow) -> list[Conflict]:
    rows = await read(query, window.parameters())
    return [Conflict(**{name: row[name] for name in Conflict.__slots__}) for row in rows]


async def changes_of_same_services(read: Reading, window: WantedWindow) -> list[Conflict]:
    """Return the other changes that touch one of the services in the window, the earliest first. They are no
    obstacle, but the person who schedules should look at them.
    """
    return await _conflicts(read, SAME_SERVICE, window)


async def excepted_freezes(read: Reading, change_id: UUID) -> list[str]:
    """Return the streams of the freezes from which the change is excepted."""
    return [stream(Freeze.KIND, row["id"]) for row in await read(EXCEPTED, (change_id,))]


#: The rows of a change, and of a freeze, that hold nothing. Rows of one table are written together, so all
#: have the same members.
NO_BOOKING: dict[str, Any] = {
    "from": None,
    "until": None,
    "touches": [],
    "needs": [],
    "services": [],
    "ci_classes": [],
    "overrides": [],
    "checked": False,
    "walked": False,
}
NO_FREEZE: dict[str, Any] = {
    "from": None,
    "until": None,
    "everything": False,
    "services": [],
    "ci_classes": [],
    "hits": [],
    "checked": False,
}


def no_booking(change: Change) -> dict[str, Any]:
    """Return the row of a change that holds nothing, as `schedule.write_change` takes it."""
    return {"id": str(change.id), **NO_BOOKING}


def booking_row(change: Change, *, checked: bool = True, walked: bool = False) -> dict[str, Any]:
    """Return the row of a change that is scheduled or being implemented, as `schedule.write_change` takes it.
    `checked`: it is compared with the bookings of others; `walked`: all items needed have just been looked
    up.
    """
    row = no_booking(change)
    if change.booked_from_at is None:
        return row
    until = change.booked_until_at
    return {
        **row,
        "from": instant(change.booked_from_at),
        "until": None if until is None else instant(until),
        "touches": change.ci_ids or [],
        "needs": change.needed_ci_ids or [],
        "services": list(change.touched_services),
        "ci_classes": change.ci_classes or [],
        "overrides": [*(change.overrides or ()), *(change.excepted_freezes or ())],
        "checked": checked,
        "walked": walked,
    }


def freeze_row(freeze: Freeze, *, checked: bool = True) -> dict[str, Any]:
    """Return the row of the freeze's window, as `schedule.write_freeze` takes it. `checked`: the changes in
    it are compared with those that the record names.
    """
    row = {"id": str(freeze.id), **NO_FREEZE}
    if freeze.state is FreezeState.withdrawn:
        return row
    assert freeze.from_at is not None
    assert freeze.until_at is not None
    return {
        **row,
        "from": instant(freeze.from_at),
        "until": instant(freeze.until_at),
        "everything": bool(freeze.everything),
        "services": freeze.services or [],
        "ci_classes": freeze.ci_classes or [],
        "hits": freeze.hit_change_ids or [],
        "checked": checked,
    }


async def rebuild_bookings(connection: Connection) -> Sequence[str]:
    """Rebuild all windows and bookings from the records. Returns the names of the tables that differed."""
    async with connection.transaction():
        await connection.execute(LOCK)
        before = (await fetch_rows(connection, WRITTEN_BOOKINGS, ()))[0]
        for statement in CLEAR_BOOKINGS:
            await connection.execute(statement.encode())
        for row in await fetch_rows(connection, HOLDERS, (sorted(state.value for state in HOLDING),)):
            entry = booking_row(from_row(Change, row), checked=False)
            await fetch_rows(connection, WRITE_CHANGE, (Jsonb(entry),))
        for row in await fetch_rows(connection, FREEZES, (FreezeState.declared.value,)):
            entry = freeze_row(from_row(Freeze, row), checked=False)
            await fetch_rows(connection, WRITE_FREEZE, (Jsonb(entry),))
        after = (await fetch_rows(connection, WRITTEN_BOOKINGS, ()))[0]
    return _differing(before, after)


def _differing(before: dict[str, Any], after: dict[str, Any]) -> Sequence[str]:
    names: Iterable[str] = before.keys()
    return [name for name in names if before[name] != after[name]]
