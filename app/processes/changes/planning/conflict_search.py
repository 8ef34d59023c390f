"""What stands in the way of a window before a change is scheduled, and the next windows that are free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from app.api.contract.problems import WindowConflict
from app.api.listings.filters import CommaSeparated
from app.api.records.shapes import OutputModel
from app.foundation.cis.dependencies import needed_cis
from app.kernel.actions.payloads import LONGEST_KEY, LONGEST_LIST, Instant
from app.kernel.actions.refusals import WrongValue
from app.log.canonical import instant
from app.platform.db import Database
from app.processes.changes.payloads import LONGEST_WINDOW
from app.processes.changes.planning.bookings import (
    Conflict,
    WantedWindow,
    changes_of_same_services,
    conflicts,
)
from app.processes.changes.planning.lookups import CI_KEYS, CIS_BY_NAME
from app.processes.changes.records import Change

#: How far ahead free windows are looked for, and how many are offered.
SEARCHED_AHEAD, MOST_OFFERED = timedelta(days=60), 3
#: Most conflicts in an answer.
MOST_CONFLICTS_SHOWN = 50
NO_CHANGE = UUID(int=0)

Names = Annotated[list[Annotated[str, Field(max_length=LONGEST_KEY)]] | None, CommaSeparated]


class ConflictsQuery(BaseModel):
    """The window that a change would take, and what it would touch."""

    model_config = ConfigDict(extra="forbid")

    begin: Instant = Field(alias="from", description="When it would begin.")
    end: Instant = Field(alias="to", description="When it would end; at most 92 days later.")
    cis: Names = Field(
        default=None,
        max_length=LONGEST_LIST,
        description="The configuration items that it would touch: keys or ids; these, `services` or `change` "
        "are given.",
        examples=[["srv-17"]],
    )
    services: Names = Field(
        default=None,
        max_length=LONGEST_LIST,
        description="The keys of the services that it would touch.",
        examples=[["mail"]],
    )
    change: Annotated[str, Field(max_length=LONGEST_KEY)] | None = Field(
        default=None,
        description="The change to be scheduled, or moved: its id or number. It says what is touched, and "
        "its own booking is not in the way.",
    )


@dataclass(frozen=True, slots=True)
class ConflictReader:
    """Who asks for conflicts: how to read, whether they may see what has an audience, and the time zone by
    whose days windows repeat.
    """

    db: Database
    sees: Callable[[list[str]], bool]
    zone: ZoneInfo


class FreeWindowOut(OutputModel):
    """A window of the same length in which nothing stands in the way."""

    from_at: datetime
    until_at: datetime


class WindowConflicts(OutputModel):
    """What stands in the way of a window, and the next windows that are free."""

    items: list[WindowConflict] = Field(description="The earliest first.")
    overlaps: list[WindowConflict] = Field(
        description="Changes in the window that touch the same services and no such item: nothing keeps them "
        "apart, so look at them. The earliest first."
    )
    needed_cis: list[str] = Field(description="Keys of the items that the named ones need.")
    needs_truncated: bool = Field(description="Whether more items are needed than are followed.")
    free_windows: list[FreeWindowOut] = Field(
        description=f"The next {MOST_OFFERED} within {SEARCHED_AHEAD.days} days, fewer if there are none: at "
        "the same time of another day, or where something ends. Where no items are asked for, without "
        "`overlaps` as well."
    )


def free_windows(
    found: list[Conflict], begin: datetime, end: datetime, horizon: datetime, zone: ZoneInfo
) -> list[tuple[datetime, datetime]]:
    """Return the next windows of the length of that from `begin` to `end` in which none of the conflicts
    found is, until the horizon: each starts at the time of day of `begin` in that zone, or where something
    ends.
    """
    length = end - begin
    taken = sorted((one.from_at, one.until_at or horizon) for one in found)
    offered: list[tuple[datetime, datetime]] = []
    local = begin.astimezone(zone)
    daily = {(local + timedelta(days=n)).astimezone(UTC) for n in range(1, SEARCHED_AHEAD.days)}
    starts = sorted({begin, *daily, *(until for _, until in taken if until > begin)})
    for start in starts:
        until = start + length
        if until > horizon or len(offered) == MOST_OFFERED:
            break
        if offered and start < offered[-1][1]:
            continue
        if all(b <= start or a >= until for a, b in taken):
            offered.append((start, until))
    return offered


async def conflicts_of(
    reader: ConflictReader, query: ConflictsQuery, change: Change | None
) -> dict[str, Any]:
    """Return what stands in the way of the window, for a change or for items and services by their names.
    Raises WrongValue for a window that is none, an item that is unknown, or if nothing is named.
    """
    if not timedelta(0) < query.end - query.begin <= LONGEST_WINDOW:
        raise WrongValue(parameter="to", because="ends_before_it_begins")
    if change is None and not query.cis and not query.services:
        raise WrongValue(parameter="cis", because="missing")
    db = reader.db
    names = list((change and change.ci_ids) or query.cis or ())
    touched = await db.rows(CIS_BY_NAME, {"names": names})
    known = {name for row in touched for name in (row["key"], str(row["id"]))}
    if unknown := [name for name in names if name not in known]:
        raise WrongValue({"value": unknown[0]}, parameter="cis", because="unknown_value")
    needed = await needed_cis(db.rows, [row["id"] for row in touched])
    of_items = sorted({one for row in touched for one in row["services"] or ()})
    services = tuple(dict.fromkeys([*((change and change.services) or query.services or ()), *of_items]))
    classes = tuple(sorted({row["ci_class"] for row in touched}))
    touches = tuple(row["id"] for row in touched)
    horizon = max(query.begin + SEARCHED_AHEAD, query.end)
    own = NO_CHANGE if change is None else change.id
    ahead = WantedWindow(own, query.begin, horizon, touches, needed.ids, services, classes)
    found = await conflicts(db.rows, ahead)
    in_the_way = {one.id for one in found}
    same = [one for one in await changes_of_same_services(db.rows, ahead) if one.id not in in_the_way]
    avoided = found if touches else [*found, *same]
    free = free_windows(avoided, query.begin, query.end, horizon, reader.zone)
    return {
        "items": _shown(found, query.end, reader),
        "overlaps": _shown(same, query.end, reader),
        "needed_cis": [row["key"] for row in await db.rows(CI_KEYS, (list(needed.ids),))],
        "needs_truncated": needed.truncated,
        "free_windows": [{"from_at": instant(begin), "until_at": instant(end)} for begin, end in free],
    }


def _shown(found: list[Conflict], end: datetime, reader: ConflictReader) -> list[dict[str, Any]]:
    """Return the first of those that begin before the end of the window, as the answer has them."""
    inside = [one for one in found if one.from_at < end]
    return [one.as_json(reader.sees) for one in inside[:MOST_CONFLICTS_SHOWN]]
