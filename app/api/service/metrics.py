"""Prometheus metrics of this process: those it counts, and those it measures at each scrape."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from app.api.service.event_stream import EndReason
from app.api.service.integration_gauges import IntegrationGauges
from app.api.service.replica_gauges import ReplicaGauges
from app.common.people import Caller
from app.kernel.consumers import timers
from app.kernel.ledger import Ledger
from app.kernel.replicas import ReadReason
from app.log import read
from app.platform.db import DatabaseGone

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
#: A scraper waits only a few seconds.
SCRAPE_SECONDS = 2.0
#: The number of differences in the last reconciliation of all KPIs, and its age in seconds.
RECONCILED = """
select differences, extract(epoch from %s - made_at)::float8 as seconds
from fold.reconciliation order by made_at desc, id desc limit 1"""
NEVER_RECONCILED = {"differences": math.nan, "seconds": math.nan}
#: Clocks that were last recomputed without news of a ticket, and how long that took.
RECOMPUTED = """
select number::float8 as number, seconds, (finished_at is null)::integer as running from sla.recomputation
order by position desc limit 1"""
NEVER_RECOMPUTED = {"number": math.nan, "seconds": math.nan, "running": 0}
#: The label of requests that no operation answers: an unknown path, a wrong key, a static file.
NO_OPERATION = "none"
#: The label of live streams that end because the client closes them.
CLIENT_LEFT = "left"


class CallerMetrics(Protocol):
    """Metrics that depend on what the caller may see."""

    async def text(self, ledger: Ledger, caller: Caller, now: datetime) -> bytes:
        """Return those that the caller may see, in Prometheus' text format; do not wait for a database."""


class Metrics:
    """The metrics of one process. `further`: those that depend on the caller. `has_replica`: it reads from
    one.
    """

    def __init__(
        self, version: str, further: CallerMetrics | None = None, *, has_replica: bool = False
    ) -> None:
        self._further = further
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._requests = Histogram(
            "ledgerdesk_http_request_seconds",
            "Requests by operation and status, and how long they took.",
            ("operation", "status"),
            registry=self._registry,
            buckets=BUCKETS,
        )
        #: A cache: the library finds each by a lock and a list of texts.
        self._histograms: dict[tuple[str | None, int], Histogram] = {}
        self._gauge("ledgerdesk_info", "1, for the version that runs.", "version").labels(version).set(1)
        self._up = self._gauge("ledgerdesk_database_up", "Whether the database has answered just now.")
        self._head = self._gauge("ledgerdesk_log_position", "The position of the newest event in the log.")
        self._lag = self._gauge(
            "ledgerdesk_consumer_lag_events", "Events that a consumer has not taken yet.", "consumer"
        )
        self._lag_seconds = self._gauge(
            "ledgerdesk_consumer_lag_seconds",
            "The age of the first event that a consumer has not taken yet.",
            "consumer",
        )
        self._overdue = self._gauge("ledgerdesk_timers_overdue", "Timers that are due and have not gone off.")
        self._overdue_seconds = self._gauge(
            "ledgerdesk_timers_overdue_seconds", "How long the first of them has been due."
        )
        self._differences = self._gauge(
            "ledgerdesk_reconciliation_differences",
            "What differed between facts and raw events when all KPIs were last compared; NaN: never were.",
        )
        self._reconciled_seconds = self._gauge(
            "ledgerdesk_reconciliation_age_seconds", "How long ago all KPIs were last compared; NaN: never."
        )
        self._recomputed = self._gauge(
            "ledgerdesk_clock_recomputation_clocks",
            "Clocks at the last recomputation for a calendar, an agreement or a rule; NaN: none yet.",
        )
        self._recomputed_seconds = self._gauge(
            "ledgerdesk_clock_recomputation_seconds", "Duration of this recomputation so far."
        )
        self._recomputing = self._gauge("ledgerdesk_clock_recomputation_running", "1 while it is running.")
        self._integrations = IntegrationGauges(self._registry)
        self._replica = ReplicaGauges(self._registry) if has_replica else None
        self._connections = self._gauge(
            "ledgerdesk_database_connections", "Connections of the pool for reading, by state.", "state"
        )
        self._readers = self._gauge(
            "ledgerdesk_database_waiting", "Requests that wait for a connection of the pool."
        )
        self._writers = self._gauge("ledgerdesk_writer_waiting", "Commands that wait for the log.")
        self._streams = self._gauge("ledgerdesk_event_streams", "Live streams of events that are open.")
        self._stream_ends = self._stream_ends_counter()
        self._refresh_lock = asyncio.Lock()
        self._refreshed_at, self._written = -math.inf, b""

    def _stream_ends_counter(self) -> Counter:
        counter = Counter(
            "ledgerdesk_event_streams_ended",
            "Live streams that have ended, by reason; `left`: the client closed it.",
            ("reason",),
            registry=self._registry,
        )
        for reason in (CLIENT_LEFT, *(reason.value for reason in EndReason)):
            counter.labels(reason)
        return counter

    def _gauge(self, name: str, description: str, *labels: str) -> Gauge:
        return Gauge(name, description, labels, registry=self._registry)

    def observe_request(self, operation: str | None, status: int, seconds: float) -> None:
        """Count a request. `operation` is the operationId; None: no operation has that path."""
        histogram = self._histograms.get((operation, status))
        if histogram is None:
            histogram = self._requests.labels(operation or NO_OPERATION, str(status))
            self._histograms[operation, status] = histogram
        histogram.observe(seconds)

    def observe_streams(self, number: int) -> None:
        """Keep the number of live streams that are open."""
        self._streams.set(number)

    def observe_read(self, reason: ReadReason) -> None:
        """Count a read that may go to a replica, by the reason why it goes where it goes."""
        if self._replica is not None:
            self._replica.observe_read(reason)

    def observe_stream_end(self, reason: str | None) -> None:
        """Count the end of a live stream; None: the client left."""
        self._stream_ends.labels(reason or CLIENT_LEFT).inc()

    async def text(self, ledger: Ledger, caller: Caller | None, now: datetime) -> bytes:
        """Return all metrics that the caller may see in Prometheus' text format. Those of the database are
        measured now. Without a caller: those of the service.
        """
        of_service = await self._service_text(ledger, now)
        if caller is None or self._further is None:
            return of_service
        return of_service + await self._further.text(ledger, caller, now)

    async def _service_text(self, ledger: Ledger, now: datetime) -> bytes:
        started = time.monotonic()
        async with self._refresh_lock:
            # In a service in full use these are many thousands of lines: waiting scrapes share the next
            # rendering, and it runs in a thread so that requests do not wait for it.
            if self._refreshed_at < started:
                self._refreshed_at = time.monotonic()
                await self._refresh(ledger, now)
                self._written = await asyncio.to_thread(generate_latest, self._registry)
            return self._written

    async def _refresh(self, ledger: Ledger, now: datetime) -> None:
        """Set the metrics that are measured only at a scrape."""
        try:
            lags = await read.lags(ledger.db, seconds=SCRAPE_SECONDS)
            self._head.set(await read.head(ledger.db, seconds=SCRAPE_SECONDS))
            late = await timers.overdue(ledger.db, now)
            reconciled = await ledger.db.row(RECONCILED, (now,)) or NEVER_RECONCILED
            recomputed = await ledger.db.row(RECOMPUTED) or NEVER_RECOMPUTED
            integrations = await self._integrations.measure(ledger.db, now)
            if self._replica is not None and ledger.replica is not None:
                await self._replica.measure(ledger.replica, ledger.db)
        except DatabaseGone:
            self._up.set(0)
        else:
            self._up.set(1)
            self._follow(lags)
            self._overdue.set(late.timers)
            self._overdue_seconds.set(late.seconds)
            self._differences.set(reconciled["differences"])
            self._reconciled_seconds.set(reconciled["seconds"])
            self._recomputed.set(recomputed["number"])
            self._recomputed_seconds.set(recomputed["seconds"])
            self._recomputing.set(recomputed["running"])
            self._integrations.set_values(integrations)
        pool = ledger.db.pool_stats()
        self._connections.labels("idle").set(pool.idle)
        self._connections.labels("used").set(pool.connections - pool.idle)
        self._readers.set(pool.waiting)
        self._writers.set(ledger.writer.waiting)

    def _follow(self, lags: Sequence[read.Lag]) -> None:
        for lag in lags:
            self._lag.labels(lag.consumer).set(lag.events)
            self._lag_seconds.labels(lag.consumer).set(lag.seconds)
