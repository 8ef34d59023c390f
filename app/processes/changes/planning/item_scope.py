"""What a change would hold in a window: the same for the preview of conflicts, scheduling and starting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.foundation.cis.dependencies import needed_cis
from app.kernel.access.reads import Reading
from app.platform.db import Row
from app.processes.changes.planning.bookings import WantedWindow
from app.processes.changes.records import Change

#: The id under which nothing is booked, for items and services that belong to no change yet.
NO_CHANGE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ItemScope:
    """The items that a change touches and those that these need, and the services: all, and those of its
    items. `truncated`: not all items needed are known. `change` is None before there is one.
    """

    change: Change | None
    touches: tuple[UUID, ...]
    needs: tuple[UUID, ...]
    services: tuple[str, ...]
    ci_services: tuple[str, ...]
    ci_classes: tuple[str, ...]
    truncated: bool

    def window(self, begin: datetime, end: datetime) -> WantedWindow:
        """Return that window for these items and services."""
        return WantedWindow(
            change_id=NO_CHANGE if self.change is None else self.change.id,
            from_at=begin,
            until_at=end,
            touches=self.touches,
            needs=self.needs,
            services=self.services,
            ci_classes=self.ci_classes,
            is_as_asked=self.is_within_asked_window(begin, end),
        )

    def is_within_asked_window(self, begin: datetime, end: datetime) -> bool:
        """Return whether the time is within the window that the change wants or is scheduled in. Exceptions
        from freezes are granted for that.
        """
        if self.change is None:
            return False
        windows = [
            (self.change.wanted_from_at, self.change.wanted_until_at),
            (self.change.window_from_at, self.change.window_until_at),
        ]
        named = [(first, last) for first, last in windows if first is not None and last is not None]
        return not named or any(first <= begin and end <= last for first, last in named)


async def item_scope(
    read: Reading, change: Change | None, items: Sequence[Row], services: Sequence[str]
) -> ItemScope:
    """Return the scope of these items, by their ids, classes and services, and of the services named with
    them.
    """
    touches = tuple(row["id"] for row in items)
    needed = await needed_cis(read, touches)
    ci_services = tuple(sorted({service for row in items for service in row["services"] or ()}))
    return ItemScope(
        change=change,
        touches=touches,
        needs=needed.ids,
        services=tuple(dict.fromkeys([*services, *ci_services])),
        ci_services=ci_services,
        ci_classes=tuple(sorted({row["ci_class"] for row in items})),
        truncated=needed.truncated,
    )
