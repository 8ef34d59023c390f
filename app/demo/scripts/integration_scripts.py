"""The demo's integrations: the monitoring, one alert of which opened an incident and ended it, and several of
a cluster are one incident that lasts; and the ticket desk of a shop, whose deliveries fail until somebody
mends the mapping and replays them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.demo.script import DEMO_RULE, LIVE_SOURCE, DemoRun, Script
from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.processes.incidents.alert_rules.lifecycle import AddAlertRule
from app.webhooks.effects.processing import process_source
from app.webhooks.intake.deliveries import RawDelivery
from app.webhooks.intake.receipt import receive
from app.webhooks.sources.lifecycle import AddWebhookSource
from app.webhooks.sources.lookup import find_source
from app.webhooks.sources.samples import samples_of
from app.webhooks.sources.secrets import encrypt_secret, fingerprint_secret, new_webhook_secret

#: The shop's desk names the id of a ticket differently from the adapter's `id`.
MAPPING = """[[news]]
kind = "ticket"
case = 'body.ticket'
number = 'body.number'
at = 'received_at'
status = 'body.status'
[news.fields]
title = 'body.subject'
[news.values.status]
open = "new"
"""
TICKETS = ("收银台打印机卡纸", "The scanner does not connect")
#: The samples of the monitoring that are delivered: an alert fires, and it clears.
FIRES_AND_CLEARS = (0, 2)
RECEIVED_BEFORE = timedelta(minutes=20)
#: Alerts of one cluster within half an hour are one incident.
GROUPING = AddAlertRule(
    name="同一集群的告警合为一个事件 Alerts of a cluster are one incident",
    precedence=100,
    source="monitoring",
    group_by=("cluster",),
    window_seconds=1_800,
)
CLUSTER = "payments"
#: The hosts whose alerts are of the group, minutes after the first; the second of them clears.
HOSTS = ("pay-01", "pay-02", "pay-03")
CLEARED_HOST = HOSTS[1]


@dataclass(frozen=True, slots=True)
class DemoSource:
    """A source, and what its tool has delivered."""

    key: str
    title: str
    adapter: str
    mapping: str | None
    deliveries: tuple[RawDelivery, ...]


async def make_integrations(ledger: Ledger, owner: UUID, clock: Clock) -> None:
    """Add the sources that do not exist yet, with deliveries that have been processed; each has a random
    secret.
    """
    maker, now = await DemoRun.resume(ledger), clock()
    await Script(maker, "alert-rule", now, LIVE_SOURCE).act(DEMO_RULE, "alert_rule", "add", None, GROUPING)
    for demo_source in _sources(now):
        script = Script(maker, f"source-{demo_source.key}", now, LIVE_SOURCE)
        secret = new_webhook_secret(demo_source.adapter)
        body = AddWebhookSource(
            key=demo_source.key,
            title=demo_source.title,
            adapter=demo_source.adapter,
            mapping=demo_source.mapping,
            owner=str(owner),
            sealed_secret=encrypt_secret(ledger, secret),
            secret_fingerprint=fingerprint_secret(ledger, secret),
        )
        source = await find_source(
            ledger.db, str(await script.act(DEMO_RULE, "webhook_source", "add", None, body))
        )
        assert source is not None, "it has just been added"
        for raw in demo_source.deliveries:
            await receive(ledger, source, dict(raw.headers), raw.body, now)
            await process_source(ledger, source.id, clock)


def _sources(now: datetime) -> tuple[DemoSource, ...]:
    samples = samples_of("alertmanager", now - RECEIVED_BEFORE)
    tickets = (
        {"id": n, "number": f"S-{n}", "subject": title, "status": "open"}
        for n, title in enumerate(TICKETS, start=4711)
    )
    return (
        DemoSource(
            "monitoring",
            "监控 Monitoring",
            "alertmanager",
            None,
            (*(samples[place].raw for place in FIRES_AND_CLEARS), *_alerts_of_cluster(now)),
        ),
        DemoSource(
            "shop-desk",
            "门店服务台 Shop desk",
            "generic",
            MAPPING,
            tuple(RawDelivery({}, json.dumps(ticket, ensure_ascii=False).encode()) for ticket in tickets),
        ),
    )


def _alerts_of_cluster(now: datetime) -> list[RawDelivery]:
    """Return deliveries of Alertmanager: the hosts of a cluster fire one after the other, and one clears."""
    began_at = now - RECEIVED_BEFORE
    fired_at = {host: began_at + timedelta(minutes=2 * n) for n, host in enumerate(HOSTS)}
    firing = [_alert(host, moment, None) for host, moment in fired_at.items()]
    cleared = _alert(CLEARED_HOST, fired_at[CLEARED_HOST], began_at + timedelta(minutes=12))
    bodies = ({"version": "4", "alerts": alerts} for alerts in (firing[:1], firing[1:], [cleared]))
    return [RawDelivery({}, json.dumps(body, ensure_ascii=False).encode()) for body in bodies]


def _alert(host: str, fired_at: datetime, cleared_at: datetime | None) -> dict[str, object]:
    return {
        "status": "firing" if cleared_at is None else "resolved",
        "fingerprint": f"latency-{host}",
        "labels": {"alertname": "HighLatency", "severity": "critical", "cluster": CLUSTER, "instance": host},
        "annotations": {"summary": f"The payment gateway is slow ({host})"},
        "startsAt": instant(fired_at),
        "endsAt": "0001-01-01T00:00:00Z" if cleared_at is None else instant(cleared_at),
    }
