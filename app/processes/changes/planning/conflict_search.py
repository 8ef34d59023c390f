"""Conflicts of a window before a change is scheduled in it, and the next windows that are free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from app.api.contract.problems import WindowConflict
from app.api.listings.filters import CommaSeparated
from app.api.records.shapes import OutputModel
from app.kernel.actions.payloads import LONGEST_KEY, LONGEST_LIST, Instant
from app.kernel.actions.refusals import WrongValue
from app.log.canonical import instant
from app.platform.db import Database
from app.processes.changes.payloads import LONGEST_WINDOW
from app.processes.changes.planning.bookings import (
    MOST_CONFLICTS,
    Conflict,
    changes_of_same_services,
    conflicts,
    excepted_freezes,
)
from app.processes.changes.planning.lookups import CI_KEYS, CIS_BY_NAME
from app.processes.changes.planning.scheduling import ItemScope, item_scope
from app.processes.changes.records import Change

#: Period ahead in which free windows are looked for, and how many are offered.
SEARCHED_AHEAD, MOST_OFFERED = timedelta(days=60), 3
#: Most conflicts in an answer.
MOST_CONFLICTS_SHOWN = 50

Names = Annotated[list[Annotated[str, Field(max_length=LONGEST_KEY)]] | None, CommaSeparated]


class ConflictsQuery(BaseModel):
    """The window that a change would take, and what it would touch."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    begin: Instant = Field(alias="from", description="Beginning of the window.")
    end: Instant = Field(alias="to", description="End of the window, at most 92 days later.")
    cis: Names = Field(
        default=None,
        max_length=LONGEST_LIST,
        description="Configuration items that the change would affect: keys or ids. Required unless "
        "`services` or `change` is given.",
        examples=[["srv-17"]],
    )
    services: Names = Field(
        default=None,
        max_length=LONGEST_LIST,
        description="Keys of the services that the change would affect.",
        examples=[["mail"]],
    )
    change: Annotated[str, Field(max_length=LONGEST_KEY)] | None = Field(
        default=None,
        description="Change to be scheduled or moved: its id or number. Its items and services are "
        "used, and its own booking does not count as a conflict.",
    )


@dataclass(frozen=True, slots=True)
class ConflictReader:
    """The reader of conflicts: the database, `sees` whether the caller may see records of an audience, the
    time zone by whose days windows repeat, and the current time.
    """

    db: Database
    sees: Callable[[list[str]], bool]
    zone: ZoneInfo
    now: datetime


class FreeWindowOut(OutputModel):
    """A window of the same length without conflicts."""

    from_at: datetime = Field(description="Beginning of the window.")
    until_at: datetime = Field(description="End of the window.")


class WindowConflicts(OutputModel):
    """The conflicts of a window, and the next free windows."""

    items: list[WindowConflict] = Field(
        description="Changes and freezes that conflict with the window, the earliest first."
    )
    overlaps: list[WindowConflict] = Field(
        description="Changes in the window that affect the same services but not the same items. They "
        "do not count as conflicts but should be looked at. The earliest comes first."
    )
    needed_cis: list[str] = Field(description="Keys of the items that the given items need.")
    needs_truncated: bool = Field(description="True if the given items need more items than were followed.")
    free_windows: list[FreeWindowOut] = Field(
        description=f"Free windows of the same length within {SEARCHED_AHEAD.days} days, at most "
        f"{MOST_OFFERED}: at the same time on another day, or at the end of a conflict. If no "
        "items are given, they have no `overlaps` either."
    )


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What the conflicts are looked for: the scope, and what was found from the beginning of the window to
    the horizon. Conflicts of streams in `excepted` count only outside the window for which the exceptions
    from these freezes were granted.
    """

    scope: ItemScope
    conflicts: list[Conflict]
    excepted: frozenset[str]
    horizon: datetime

    def in_the_way(self, begin: datetime, end: datetime) -> list[Conflict]:
        """Return the conflicts of that window, the earliest first."""
        excepted = self.excepted if self.scope.is_within_asked_window(begin, end) else frozenset[str]()
        return [
            conflict
            for conflict in self.conflicts
            if conflict.from_at < end
            and (conflict.until_at is None or begin < conflict.until_at)
            and conflict.stream not in excepted
        ]


def free_windows(
    ahead: _Ahead, begin: datetime, end: datetime, reader: ConflictReader
) -> list[tuple[datetime, datetime]]:
    """Return the next windows that can be scheduled, until the horizon. Each is as long as the time from
    `begin` to `end`, and starts at the time of day of `begin` in the reader's zone, or at the end of a
    conflict.
    """
    length = end - begin
    offered: list[tuple[datetime, datetime]] = []
    local = begin.astimezone(reader.zone)
    daily = {(local + timedelta(days=n)).astimezone(UTC) for n in range(1, SEARCHED_AHEAD.days)}
    ends = {conflict.until_at for conflict in ahead.conflicts if conflict.until_at is not None}
    for start in sorted({begin, *daily, *(until for until in ends if until > begin)}):
        until = start + length
        if until > ahead.horizon or len(offered) == MOST_OFFERED:
            break
        is_over = until <= reader.now or bool(offered and start < offered[-1][1])
        if not is_over and not ahead.in_the_way(start, until):
            offered.append((start, until))
    return offered


async def conflicts_of(
    reader: ConflictReader, query: ConflictsQuery, change: Change | None
) -> dict[str, Any]:
    """Return the conflicts of the window, for a change or for items and services by their names, in the form
    of WindowConflicts. Raises WrongValue for an empty or too long window, for an unknown item, and if nothing
    is named.
    """
    if not timedelta(0) < query.end - query.begin <= LONGEST_WINDOW:
        raise WrongValue(parameter="to", because="ends_before_it_begins")
    if change is None and not query.cis and not query.services:
        raise WrongValue(parameter="cis", because="missing")
    db = reader.db
    names = list((change and change.ci_ids) or query.cis or ())
    touched = await db.rows(CIS_BY_NAME, {"names": names})
    existing = {name for row in touched for name in (row["key"], str(row["id"]))}
    if unknown := [name for name in names if name not in existing]:
        raise WrongValue({"value": unknown[0]}, parameter="cis", because="unknown_value")
    services = (change and change.services) or query.services or ()
    scope = await item_scope(db.rows, change, touched, services)
    horizon = max(query.begin + SEARCHED_AHEAD, query.end)
    everything = replace(scope.window(query.begin, horizon), is_as_asked=False)
    obstacles = await conflicts(db.rows, everything)
    excepted = frozenset(await excepted_freezes(db.rows, everything.change_id))
    same_services = await changes_of_same_services(db.rows, everything)
    ids = {conflict.id for conflict in obstacles}
    overlaps = [change for change in same_services if change.id not in ids]
    avoided = obstacles if scope.touches else [*obstacles, *overlaps]
    # Conflicts beyond the limit are unknown, and begin later than the last known one.
    ends_known = [rows[-1].from_at for rows in (obstacles, same_services) if len(rows) == MOST_CONFLICTS]
    searched = _Ahead(scope, avoided, excepted, min([horizon, *ends_known]))
    in_the_way = replace(searched, conflicts=obstacles).in_the_way(query.begin, query.end)
    # No window can be scheduled while the items that it needs are unknown.
    free = [] if scope.truncated else free_windows(searched, query.begin, query.end, reader)
    return {
        "items": _first_conflicts(in_the_way, query.end, reader),
        "overlaps": _first_conflicts(overlaps, query.end, reader),
        "needed_cis": [row["key"] for row in await db.rows(CI_KEYS, (list(scope.needs),))],
        "needs_truncated": scope.truncated,
        "free_windows": [{"from_at": instant(begin), "until_at": instant(end)} for begin, end in free],
    }


def _first_conflicts(
    conflicts: list[Conflict], end: datetime, reader: ConflictReader
) -> list[dict[str, Any]]:
    """Return the first of those that begin before the end of the window, as the answer has them."""
    inside = [conflict for conflict in conflicts if conflict.from_at < end]
    return [conflict.as_json(reader.sees) for conflict in inside[:MOST_CONFLICTS_SHOWN]]
