"""Comments and files of a ticket, as its page in the portal shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.desk.pages.context import Desk
from app.desk.pages.records import MoreEntries, RecordView, list_address, lists_within


@dataclass(frozen=True, slots=True)
class SharedRows:
    """Rows of a list within a ticket, the oldest first; `more` are those before them."""

    rows: Sequence[Mapping[str, Any]] = ()
    more: MoreEntries | None = None


async def shared_rows(desk: Desk, view: RecordView, name: str, cursor: str | None = None) -> SharedRows:
    """Return the newest rows of the list, or those of the page with that cursor; none if the reader may not
    see it.
    """
    page = await lists_within(desk, view).newest(name, cursor)
    if page is None:
        return SharedRows()
    following = page["next_cursor"]
    more = None if following is None else MoreEntries(list_address(view, name, following), is_above=True)
    return SharedRows(page["items"], more)
