"""Metrics of what goes to other systems and comes from them, measured at each scrape."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Gauge

from app.platform.db import Database

SUBSCRIPTIONS = """
select
  (select count(*) from fold.subscription s
    join deliveries.subscription_progress p on p.subscription_id = s.id
    where s.state = 'active' and p.failing_since is not null) as failing,
  (select count(*) from fold.subscription where state = 'disabled') as disabled,
  (select count(*) from deliveries.subscription_waiting) as streams_waiting"""
#: Counts by partial indexes, and tables of a row for each subscription.
MEASURED = f"""{SUBSCRIPTIONS},
  (select coalesce(max(h.position - p.position), 0) from log.head h, fold.subscription s
    join deliveries.subscription_progress p on p.subscription_id = s.id
    where s.state = 'active') as events_behind,
  (select count(*) from deliveries.tool_ticket where begun_at is not null) as writes,
  (select coalesce(extract(epoch from %(now)s - min(begun_at)), 0)::float8
    from deliveries.tool_ticket where begun_at is not null) as write_seconds,
  (select count(*) from plumbing.webhook_delivery where state = 'waiting') as deliveries,
  (select coalesce(extract(epoch from %(now)s - min(received_at)), 0)::float8
    from plumbing.webhook_delivery where state = 'waiting') as delivery_seconds,
  (select count(*) from plumbing.webhook_delivery where state = 'failed') as failed_deliveries,
  (select count(*) from plumbing.quiet_alert
    where opened_at is null and cleared_at is null) as quiet_alerts,
  (select coalesce(max(size), 0) from log.sealed_head
    where number = (select max(number) from log.sealed_head)) as sealed,
  (select coalesce(extract(epoch from %(now)s - max(sealed_at)), 'NaN')::float8 from log.sealed_head
    where number = (select max(number) from log.sealed_head)) as seal_seconds,
  (select coalesce(max(size), 0) from log.seal_export
    where number = (select max(number) from log.seal_export)) as sealed_elsewhere"""


class _Figure(NamedTuple):
    column: str
    name: str
    description: str


FIGURES = (
    _Figure(
        "failing",
        "ledgerdesk_subscriptions_failing",
        "Active subscriptions of which nothing has succeeded since a failure.",
    ),
    _Figure("disabled", "ledgerdesk_subscriptions_disabled", "Subscriptions that are disabled."),
    _Figure(
        "streams_waiting",
        "ledgerdesk_subscription_streams_waiting",
        "Streams with an event that waits for its next attempt.",
    ),
    _Figure(
        "events_behind",
        "ledgerdesk_subscription_lag_events",
        "Events of the log that the active subscription furthest behind has not looked at yet.",
    ),
    _Figure(
        "writes", "ledgerdesk_tool_writes_pending", "Tickets of which a write to a tool has no answer yet."
    ),
    _Figure("write_seconds", "ledgerdesk_tool_writes_pending_seconds", "How long ago the first was begun."),
    _Figure(
        "deliveries", "ledgerdesk_webhook_deliveries_waiting", "Deliveries of tools that wait for a worker."
    ),
    _Figure(
        "delivery_seconds", "ledgerdesk_webhook_deliveries_waiting_seconds", "How long the first has waited."
    ),
    _Figure(
        "failed_deliveries",
        "ledgerdesk_webhook_deliveries_failed",
        "Deliveries of tools that were taken and have failed, as long as they are kept.",
    ),
    _Figure(
        "quiet_alerts", "ledgerdesk_alerts_quiet", "Alerts that fire in a quiet window, without an incident."
    ),
    _Figure("sealed", "ledgerdesk_sealed_position", "The last position that a signed head covers."),
    _Figure("seal_seconds", "ledgerdesk_seal_age_seconds", "How long ago the log was sealed; NaN: never."),
    _Figure(
        "sealed_elsewhere",
        "ledgerdesk_sealed_exported_position",
        "The last position that a head covers which was exported.",
    ),
)


class IntegrationGauges:
    """The gauges of what goes out and comes in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gauges = {
            figure.column: Gauge(figure.name, figure.description, registry=registry) for figure in FIGURES
        }

    async def measure(self, db: Database, now: datetime) -> dict[str, Any]:
        """Return the figures by column. Raises DatabaseGone."""
        return await db.row(MEASURED, {"now": now}) or {}

    def set_values(self, figures: dict[str, Any]) -> None:
        """Keep figures that were measured, for the next scrape."""
        for column, gauge in self._gauges.items():
            gauge.set(figures[column])
