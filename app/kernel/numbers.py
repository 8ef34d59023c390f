"""Record numbers for people: INC-2026-000123. Unique, never reused; with gaps, and in no particular order."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from app.platform.db import Database

# A process reserves numbers in blocks of this size; unused ones are lost when it ends. Each block costs a
# commit, so a process that has used many numbers reserves a quarter as many at a time.
BLOCK = 32
LARGEST_BLOCK = 1024
TAKE_BLOCK = """
insert into plumbing.number_block as b (code, year, next) values (%(code)s, %(year)s, 1 + %(count)s)
on conflict (code, year) do update set next = b.next + %(count)s returning next - %(count)s
"""


class Numbers:
    """The record numbers that one process draws."""

    def __init__(self, db: Database, zone: ZoneInfo) -> None:
        self._db = db
        self.zone = zone
        self._left: dict[tuple[str, int], range] = {}
        self._taking: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._drawn: Counter[tuple[str, int]] = Counter()

    async def next_number(self, code: str, instant: datetime, *, block: int = BLOCK) -> str:
        """Return the next number of that code, in the year of that instant in the organisation's
        time zone.
        """
        year, number = await self._next_in_year(code, instant, block)
        return f"{code}-{year:04d}-{number:06d}"

    async def next_document_number(self, code: str, now: datetime) -> str:
        """Return the next number of that class of documents, `SN2026001`: of three digits, and more after
        999. They are drawn one by one, since gaps in a register would need explanation.
        """
        year, number = await self._next_in_year(code, now, None)
        return f"{code}{year}{number:03d}"

    async def _next_in_year(self, code: str, instant: datetime, block: int | None) -> tuple[int, int]:
        """Return the year and the next number. `block`: reserve at least so many at once; None:
        exactly one.
        """
        year = instant.astimezone(self.zone).year
        most = min(self._drawn[code, year] // 4, LARGEST_BLOCK)
        count = 1 if block is None else max(block, most)
        while not (left := self._left.get((code, year))):
            # All callers that find the block used up wait for the same new one; otherwise each would reserve
            # a block.
            if (code, year) not in self._taking:
                self._taking[code, year] = asyncio.create_task(self._take_block(code, year, count))
            await asyncio.shield(self._taking[code, year])
        self._left[code, year] = left[1:]
        return year, left[0]

    async def _take_block(self, code: str, year: int, count: int) -> None:
        try:
            first = int(await self._db.value(TAKE_BLOCK, {"code": code, "year": year, "count": count}))
            self._left[code, year] = range(first, first + count)
            self._drawn[code, year] += count
        finally:
            del self._taking[code, year]
