"""The overviews of KPIs that a process computed last, for everybody who asks while they are still true.

An overview follows from the facts, the month and the time. So it is reused while the facts stand still, for a
minute at most, and readers who ask at the same time wait for one computation. With very many cases the
computation takes long, and the facts never stand still: then an overview is reused for some seconds although
the facts have moved on, is marked as such, and a new one is computed in the background.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from app.kernel.access.lru_cache import LruCache
from app.kpis.answers.answer import position_reached
from app.kpis.declaration.figures import DECIMALS_OF_SECONDS
from app.kpis.declaration.kpi import Kpi
from app.kpis.overview import Month, Overview, overview
from app.log.read import age_after
from app.platform.db import Database

#: The longest that an overview is given again, in seconds: ages of open cases grow while nothing is written.
FRESH_SECONDS = 60.0
#: An overview that takes longer than this, in seconds, is reused for this many times its duration.
SLOW_SECONDS, REUSE_TIMES = 0.25, 10.0
#: How many are kept: readers differ by their time zone and by the KPIs that they may see.
MOST_OVERVIEWS = 64


@dataclass(frozen=True, slots=True)
class _Kept:
    """An overview, by the clock of the process when it was begun, and how long it took."""

    at_seconds: float
    took_seconds: float
    overview: Overview


class SharedOverviews:
    """The overviews of one process. `slow_seconds`: as SLOW_SECONDS; `clock`: the seconds since any time."""

    def __init__(
        self, slow_seconds: float = SLOW_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._slow_seconds, self._clock = slow_seconds, clock
        self._kept_overviews: LruCache[Hashable, _Kept] = LruCache(MOST_OVERVIEWS)
        self._computing: dict[Hashable, asyncio.Task[Overview]] = {}

    async def overview(self, db: Database, kpis: Sequence[Kpi], month: Month, at_least: int = 0) -> Overview:
        """Return the points of these KPIs for the month: as far as the facts are when it is asked for, or, of
        very many cases, were some seconds before, but not before they had reached the position `at_least`.
        Raises DatabaseGone.
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
        if kept_overview is not None:
            last, age = kept_overview.overview, self._clock() - kept_overview.at_seconds
            if last.position == position and age < FRESH_SECONDS:
                return replace(last, lag_seconds=lag_seconds)
            reused_seconds = self._reused_seconds(kept_overview)
            if last.position >= at_least and age < reused_seconds:
                if age > reused_seconds / 2 and (db, name) not in self._computing:
                    self._begin(name, db, kpis, month)
                lag_seconds = round(await age_after(db, last.position), DECIMALS_OF_SECONDS)
                return replace(last, lag_seconds=lag_seconds)
        # A stored overview is the same for every caller; but a reader of the primary does not wait for a
        # replica.
        while (other := self._computing.get((db, name))) is not None:
            shared = await asyncio.shield(other)
            if shared.position >= position:
                return shared
        # The first caller may leave while others wait for the same result.
        return await asyncio.shield(self._begin(name, db, kpis, month))

    def _reused_seconds(self, kept_overview: _Kept) -> float:
        further = REUSE_TIMES * (kept_overview.took_seconds - self._slow_seconds)
        return min(FRESH_SECONDS, further)

    def _begin(
        self, name: Hashable, db: Database, kpis: Sequence[Kpi], month: Month
    ) -> asyncio.Task[Overview]:
        task = asyncio.create_task(self._compute(name, db, kpis, month), name="an overview of KPIs")
        self._computing[db, name] = task
        task.add_done_callback(_look_at_failure)
        return task

    async def _compute(self, name: Hashable, db: Database, kpis: Sequence[Kpi], month: Month) -> Overview:
        began = self._clock()
        try:
            computed = await overview(db, kpis, month)
        finally:
            del self._computing[db, name]
        self._kept_overviews.put(name, _Kept(began, self._clock() - began, computed))
        return computed


def _look_at_failure(task: asyncio.Task[Overview]) -> None:
    """A computation without waiting readers fails in silence: the next reader starts it again."""
    if not task.cancelled():
        task.exception()
