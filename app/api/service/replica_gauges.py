"""Metrics of reading from a replica: how far it is behind, and where reads went. Only where there is one."""

from __future__ import annotations

import math

from prometheus_client import CollectorRegistry, Counter, Gauge

from app.kernel.replicas import LAG, ReadReason, Replica
from app.platform.db import Database


class ReplicaGauges:
    """The metrics of one process that reads from a replica."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._up = Gauge(
            "ledgerdesk_replica_up", "Whether the replica answers, and may be read.", registry=registry
        )
        self._events = Gauge(
            "ledgerdesk_replica_lag_events",
            "Events that the replica does not have yet; NaN: it is not read.",
            registry=registry,
        )
        self._seconds = Gauge(
            "ledgerdesk_replica_lag_seconds",
            "The age of the first event that the replica does not have yet; NaN: it is not read.",
            registry=registry,
        )
        reads = Counter(
            "ledgerdesk_replica_reads",
            "Reads that may go to a replica: where they went, and why.",
            ("database", "reason"),
            registry=registry,
        )
        self._reads = {
            reason: reads.labels("replica" if reason is ReadReason.reached else "primary", reason.value)
            for reason in ReadReason
        }

    def observe_read(self, reason: ReadReason) -> None:
        """Count a read that goes where it goes for that reason."""
        self._reads[reason].inc()

    async def measure(self, replica: Replica, primary: Database) -> None:
        """Measure how far the replica is behind. Raises DatabaseGone, if the primary is gone."""
        await replica.choose()  # asks for its position
        position = replica.position
        self._up.set(position is not None)
        lag = None if position is None else await primary.row(LAG, {"position": position})
        self._events.set(math.nan if lag is None else lag["events"])
        self._seconds.set(math.nan if lag is None else lag["seconds"])
