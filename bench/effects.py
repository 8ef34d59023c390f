"""Benchmark of measured effects: from reading the cases of both windows to the result, and how long the event
loop stood still meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from app.cli.server.serve import tune_garbage_collector
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.effects import measuring
from app.kpis.effects.content import EffectResult
from app.kpis.effects.lifecycle import CompareWindows, EffectWindow
from app.kpis.effects.questions import questions_of
from app.platform.db import Database
from app.platform.settings import Settings
from bench.cases import DAYS, LargeSite
from bench.every_kpi import need_other_facts
from bench.figures import Figure, Listing, Threshold, number

NAMES = (EFFECT, BLOCKED) = ("effect", "effect_blocked")
#: So many cases a side, at least, if there are as many.
CASES = 10_000
#: The scope and the control, and the part of all cases that the smaller one has.
SCOPE, CONTROL, LEAST_PART = "P3", "P4", 5 / 16
#: The KPIs, each with whether it is compared with a control.
MEASURED = (
    ("incident_resolution_seconds", False),
    ("incident_unit_cost", False),
    ("incident_unit_cost_of_budget", False),
    ("incident_resolution_attainment", False),
    ("incident_resolution_seconds", True),
    ("incident_unit_cost", True),
)
REPETITIONS = 3
# So often it is looked whether the event loop goes on.
TICK_SECONDS = 0.001
COLUMNS = ("effect on", "control", "fewest cases a side", "ms", "event loop blocked, ms")


@dataclass(frozen=True)
class Measured:
    """A measured effect: the KPI, whether there is a control, the cases of the smallest window, the median
    time, and the longest time that the event loop was blocked.
    """

    key: str
    controlled: bool
    cases: int
    milliseconds: float
    blocked: float

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of the listing."""
        control = "yes" if self.controlled else "no"
        return (self.key, control, f"{self.cases:,}", number(self.milliseconds), number(self.blocked))


async def measure(many: LargeSite) -> list[Figure]:
    """Measures the selected figures; the facts of the incidents are there."""
    if not many.run.is_wanted(*NAMES):
        return []
    await need_other_facts(many)
    many.run.announce("Measuring effects")
    db = Database(many.site.url, 1)
    await db.open()
    try:
        # The first one loads the library of statistics, which a service does once. And a service exempts its
        # objects from collections, which would take 0.4 s.
        await _measured(db, many, *MEASURED[0])
        tune_garbage_collector()
        found = [await _measured(db, many, key, controlled) for key, controlled in MEASURED]
    finally:
        await db.close()
    slowest = max(found, key=lambda one: one.milliseconds)
    stood = max(found, key=lambda one: one.blocked)
    resamples = f"{measuring.RESAMPLES:,} resamples"
    listing = Listing(f"Effects, {resamples}", COLUMNS, tuple(one.row for one in found))
    what = f"slowest of {len(found)} effects, {resamples}, {slowest.cases:,} cases a side: {_name(slowest)}"
    return [
        Figure(
            EFFECT,
            what,
            f"{number(slowest.milliseconds)} ms",
            slowest.milliseconds,
            Threshold(3_000, 500, " ms", at_most=True),
            listing=listing,
        ),
        Figure(
            BLOCKED,
            f"longest time that the event loop stood still meanwhile: {_name(stood)}",
            f"{number(stood.blocked)} ms",
            stood.blocked,
            Threshold(50, 10, " ms", at_most=True),
        ),
    ]


def _name(of: Measured) -> str:
    return f"{of.key} with a control" if of.controlled else of.key


async def _measured(db: Database, many: LargeSite, key: str, controlled: bool) -> Measured:
    """Measures the effect between the newest windows with enough cases."""
    body = _body(many, controlled)
    asked = questions_of(Settings(), KPIS[key], body, many.now)
    took, blocked, result = list[float](), 0.0, None
    for _ in range(REPETITIONS):
        gaps = list[float]()
        ticking = asyncio.create_task(_tick(gaps))
        await asyncio.sleep(TICK_SECONDS)
        began = time.perf_counter()
        effect = await measuring.measure(db, asked, body, many.now)
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(2 * TICK_SECONDS)
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        blocked = max(blocked, *gaps)
        result = EffectResult.model_validate(effect.result)
    assert result is not None
    sides = (result.before, result.after, result.control_before, result.control_after)
    cases = min(one.cases for one in sides if one is not None)
    assert cases > 0, "there is nothing to measure"
    return Measured(key, controlled, cases, median(took), blocked)


async def _tick(gaps: list[float]) -> None:
    """Notes, for ever, by how many milliseconds the event loop comes back too late."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK_SECONDS)
        gaps.append((time.perf_counter() - began - TICK_SECONDS) * 1000)


def _body(many: LargeSite, controlled: bool) -> CompareWindows:
    """Returns the newest two windows with CASES each, but no longer than there are incidents."""
    part = LEAST_PART if controlled else 1.0
    days = min(CASES / (many.incidents * part / DAYS), DAYS / 2)
    end, length = many.now, timedelta(days=days)
    return CompareWindows(
        before=_window(end - 2 * length, end - length),
        after=_window(end - length, end),
        scope={Dimension.priority: (SCOPE,)} if controlled else {},
        control={Dimension.priority: (CONTROL,)} if controlled else None,
    )


def _window(begin: datetime, end: datetime) -> EffectWindow:
    return EffectWindow.model_validate({"from": begin.isoformat(), "to": end.isoformat()})
