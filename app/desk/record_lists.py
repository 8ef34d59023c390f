"""Reads of lists within a record and of its events: the newest entries, or all of them. Pages read such lists
only here, so that no page takes the first entries for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.desk.contract import ScreenContract
from app.desk.operation_calls import OperationCalls

#: The most entries that pages read at once: the largest page that the API returns.
MOST_ROWS = 200
LIMIT, CURSOR, NEWEST_FIRST = "limit", "cursor", "newest_first"
EVENTS = "events"
Page = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecordLists:
    """The lists within a record, which has that id or number."""

    calls: OperationCalls
    contract: ScreenContract
    plural: str
    record: str

    async def newest(self, name: str, cursor: str | None = None) -> Page | None:
        """Return the newest rows of the list, or those of the page with that cursor, in the order of time;
        `next_cursor` leads to the earlier ones. A list that does not begin with the oldest stays in its own
        order. None if the reader may not see it. Raises CallRefused.
        """
        parameters = self._parameters(name) | ({} if cursor is None else {CURSOR: cursor})
        page: Page | None = await self.calls.read_if_allowed(self._path(name), parameters)
        if page is not None and NEWEST_FIRST in parameters:
            page["items"].reverse()
        return page

    async def all_rows(self, name: str) -> list[Mapping[str, Any]]:
        """Return all rows of the list in its order. Raises CallRefused."""
        return await self._read_on(name, await self.calls.read(self._path(name), self._first(name)))

    async def all_rows_if_allowed(self, name: str) -> list[Mapping[str, Any]]:
        """Return all rows of the list in its order; none if the reader may not see it. Raises CallRefused."""
        page = await self.calls.read_if_allowed(self._path(name), self._first(name))
        return [] if page is None else await self._read_on(name, page)

    async def _read_on(self, name: str, page: Page) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = page["items"]
        while page.get("next_cursor") is not None:
            following = self._first(name) | {CURSOR: page["next_cursor"]}
            page = await self.calls.read(self._path(name), following)
            rows += page["items"]
        return rows

    def is_in_order_of_time(self, name: str) -> bool:
        """Return whether the list begins with its oldest rows, so that `newest` returns the last ones."""
        return NEWEST_FIRST in self._parameters(name)

    def _path(self, name: str) -> str:
        return f"/v1/{self.plural}/{self.record}/{name}"

    def _first(self, name: str) -> dict[str, str]:
        """Return the parameters that lead to the first rows of the list in its own order."""
        return {key: text for key, text in self._parameters(name).items() if key != NEWEST_FIRST}

    def _parameters(self, name: str) -> dict[str, str]:
        accepted = self.contract.query_parameters(f"/v1/{self.plural}/{{id}}/{name}")
        return {
            key: text for key, text in ((LIMIT, str(MOST_ROWS)), (NEWEST_FIRST, "true")) if key in accepted
        }
