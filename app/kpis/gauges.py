"""KPI gauges for `/metrics`: every KPI of the running month so far and of the last month that is over.

A scrape never waits for figures: it gets those computed last, and if they are older than a minute, others are
computed in the background. So they are computed at most once a minute, and only while there are scrapes. Each
scraper gets only the KPIs that it may see.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.common.people import Caller
from app.kernel.ledger import Ledger
from app.kpis.answers.series import KpiPoint, KpiStatus
from app.kpis.catalogue import KPIS
from app.kpis.columns import mirror
from app.kpis.declaration.kpi import Unit
from app.kpis.overview import Overview, last_month, overview, this_month
from app.kpis.questions.access import may_see_kpi
from app.kpis.questions.question import zone_named
from app.platform.db import DatabaseGone

logger = structlog.get_logger()

MONTH_TO_DATE, LAST_MONTH = "month_to_date", "last_month"
#: Older figures are recomputed at a scrape.
FRESH_SECONDS = 60.0
#: Figures older than this are not shown: after a pause, the first scrape would show those of another day.
STALE_SECONDS = 600.0
#: Metrics, each with its help text and labels.
FAMILIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "value": ("Value of the KPI, in the unit of the label.", ("key", "period", "unit")),
    "cases": ("Number of cases from which the value was computed.", ("key", "period")),
    "open_cases": ("For a duration: cases that count later, because they have not ended.", ("key", "period")),
    "target": (
        "Target of the value: below (lt), at most (le), above (gt) or at least (ge).",
        ("key", "period", "comparator"),
    ),
    "status": (
        "1 for the status of the value against its target, 0 for other statuses; absent without a target.",
        ("key", "period", "status"),
    ),
    "log_position": ("Position of the log up to which the figures are complete.", ("period",)),
    "age_seconds": ("Time since the figures were computed.", ()),
}
#: A computation that takes longer is given up; the next scrape starts another.
REFRESH_SECONDS = 55.0


@dataclass(frozen=True, slots=True)
class _Computed:
    """All KPIs by period, and when they were computed, on the monotonic clock."""

    seconds: float
    periods: Mapping[str, Overview]


class KpiGauges:
    """The KPI gauges of one process."""

    def __init__(self) -> None:
        self._computed: _Computed | None = None
        self._refresh_task: asyncio.Task[None] | None = None
        self._started_at: float | None = None

    async def text(self, ledger: Ledger, caller: Caller, now: datetime) -> bytes:
        """Return the gauges of the KPIs that the caller may see, in Prometheus' text format; empty if there
        are none, or no figures as yet. Does not wait for the database.
        """
        visible = {key for key, kpi in KPIS.items() if may_see_kpi(ledger, caller, kpi)}
        if not visible:
            return b""
        clock = time.monotonic()
        self._refresh_if_old(ledger, now, clock)
        computed = self._computed
        if computed is None or clock - computed.seconds > STALE_SECONDS:
            return b""
        families = _Families(computed.periods, visible, clock - computed.seconds, now)
        return await asyncio.to_thread(generate_latest, families)

    @property
    def is_idle(self) -> bool:
        """Return whether nothing was computed, and nothing is."""
        return self._started_at is None

    async def close(self) -> None:
        """Give up the computation that is under way, if any."""
        if self._refresh_task is not None:
            self._refresh_task.cancel()
            await asyncio.gather(self._refresh_task, return_exceptions=True)

    def _refresh_if_old(self, ledger: Ledger, now: datetime, clock: float) -> None:
        """Start to recompute the figures, unless that was started less than a minute ago."""
        if self._refresh_task is not None and not self._refresh_task.done():
            return
        if self._started_at is None or clock - self._started_at >= FRESH_SECONDS:
            self._started_at = clock
            self._refresh_task = asyncio.create_task(self._refresh(ledger, now), name="the KPI gauges")

    async def _refresh(self, ledger: Ledger, now: datetime) -> None:
        settings, kpis = ledger.settings, list(KPIS.values())
        zone = zone_named(settings.time_zone)
        try:
            async with asyncio.timeout(REFRESH_SECONDS):
                periods = {
                    MONTH_TO_DATE: this_month(zone, now, settings.reopen_days, settings.currency),
                    LAST_MONTH: last_month(zone, now, settings.reopen_days, settings.currency),
                }
                overviews = {name: await overview(ledger.db, kpis, month) for name, month in periods.items()}
        except (DatabaseGone, TimeoutError) as error:
            logger.warning("the KPI gauges are not refreshed", why=str(error) or "It took too long.")
        except Exception:  # an exception of this task would be lost, because the task is never awaited
            logger.exception("the KPI gauges are not refreshed")
        else:
            self._computed = _Computed(time.monotonic(), overviews)


class _Families(Collector):
    """The metric families of these KPIs. A missing value has no sample: empty is not zero."""

    def __init__(
        self, periods: Mapping[str, Overview], visible: set[str], age_seconds: float, now: datetime
    ) -> None:
        self._periods = periods
        self._visible = visible
        self._now = now
        self._families = {
            name: GaugeMetricFamily(f"ledgerdesk_kpi_{name}", family_help, labels=labels)
            for name, (family_help, labels) in FAMILIES.items()
        }
        self._add("age_seconds", (), age_seconds)

    def collect(self) -> Iterable[Metric]:
        for period, period_overview in self._periods.items():
            self._add("log_position", (period,), period_overview.position)
            for kpi, point, _ in period_overview.kpis:
                if kpi.key in self._visible:
                    self._add_point((kpi.key, period), kpi.unit, point)
        return [*self._families.values(), *mirror.families(self._now)]

    def _add_point(self, labels: tuple[str, str], unit: Unit, point: KpiPoint) -> None:
        self._add("value", (*labels, unit.value), point.value)
        self._add("cases", labels, point.cases)
        self._add("open_cases", labels, point.open_cases)
        if point.target is not None:
            self._add("target", (*labels, point.target.comparator.value), point.target.value)
        if point.status is not None:
            for status in KpiStatus:
                self._add("status", (*labels, status.value), float(point.status is status))

    def _add(self, name: str, labels: tuple[str, ...], value: float | None) -> None:
        if value is not None:
            self._families[name].add_metric(labels, value)
