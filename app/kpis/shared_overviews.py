"""The overviews of KPIs that a process computed last, for everybody who asks while they are still true.

An overview follows from the facts, the month and the time. So one that the facts have not moved on from is
given again, for a minute at most, and readers who ask at the same time wait for one computation.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from app.kernel.access.lru_cache import LruCache
from app.kpis.answers.answer import position_reached
from app.kpis.declaration.kpi import Kpi
from app.kpis.overview import Month, Overview, overview
from app.platform.db import Database

#: The longest that an overview is given again, in seconds: ages of open cases grow while nothing is written.
FRESH_SECONDS = 60.0
#: How many are kept: readers differ by their time zone and by the KPIs that they may see.
MOST_OVERVIEWS = 64


@dataclass(frozen=True, slots=True)
class _Kept:
    at_seconds: float
    overview: Overview


class SharedOverviews:
    """The overviews of one process."""

    def __init__(self) -> None:
        self._kept_overviews: LruCache[Hashable, _Kept] = LruCache(MOST_OVERVIEWS)
        self._computing: dict[Hashable, asyncio.Task[Overview]] = {}

    async def overview(self, db: Database, kpis: Sequence[Kpi], month: Month) -> Overview:
        """Return the points of these KPIs for the month, at least as far as the facts are when it is asked
        for. Raises DatabaseGone.
        """
        name = (
            tuple(kpi.key for kpi in kpis),
            month.zone.key,
            month.spans[-1],
            month.reopen_days,
            month.currency,
        )
        position, lag_seconds = await position_reached(db)
        kept_overview = self._kept_overviews.get(name)
        if (
            kept_overview is not None
            and kept_overview.overview.position == position
            and _is_fresh(kept_overview)
        ):
            return replace(kept_overview.overview, lag_seconds=lag_seconds)
        # What is kept holds whoever computed it; but who reads the primary does not wait for a replica.
        shared_by = (db, name)
        while (other := self._computing.get(shared_by)) is not None:
            shared = await asyncio.shield(other)
            if shared.position >= position:
                return shared
        task = asyncio.create_task(self._compute(name, db, kpis, month), name="an overview of KPIs")
        self._computing[shared_by] = task
        return await asyncio.shield(task)  # whoever asked may go, while others wait for the same

    async def _compute(self, name: Hashable, db: Database, kpis: Sequence[Kpi], month: Month) -> Overview:
        began = time.monotonic()
        try:
            computed = await overview(db, kpis, month)
        finally:
            del self._computing[db, name]
        self._kept_overviews.put(name, _Kept(began, computed))
        return computed


def _is_fresh(kept_overview: _Kept) -> bool:
    return time.monotonic() - kept_overview.at_seconds < FRESH_SECONDS
