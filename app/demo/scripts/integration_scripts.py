"""The demo's integrations: the monitoring, whose alert opened an incident and ended it, and the ticket desk
of a shop, whose deliveries fail until somebody mends the mapping and replays them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.demo.script import DEMO_RULE, LIVE_SOURCE, DemoRun, Script
from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.webhooks.effects.processing import process_source
from app.webhooks.intake.deliveries import RawDelivery
from app.webhooks.intake.receipt import receive
from app.webhooks.sources.lifecycle import AddWebhookSource
from app.webhooks.sources.lookup import find_source
from app.webhooks.sources.samples import samples_of
from app.webhooks.sources.secrets import fingerprint_secret, new_webhook_secret, seal_secret

#: The shop's desk calls the id of a ticket otherwise than this says: `id`.
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
TICKETS = ("收银台打印机卡纸 The till's printer jams", "扫码枪连不上 The scanner does not connect")
#: The samples of the monitoring that are delivered: an alert fires, and it clears.
FIRES_AND_CLEARS = (0, 2)
RECEIVED_BEFORE = timedelta(minutes=20)


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
    for demo_source in _sources(now):
        script = Script(maker, f"source-{demo_source.key}", now, LIVE_SOURCE)
        secret = new_webhook_secret(demo_source.adapter)
        body = AddWebhookSource(
            key=demo_source.key,
            title=demo_source.title,
            adapter=demo_source.adapter,
            mapping=demo_source.mapping,
            owner=str(owner),
            sealed_secret=seal_secret(ledger, secret),
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
            tuple(samples[place].raw for place in FIRES_AND_CLEARS),
        ),
        DemoSource(
            "shop-desk",
            "门店服务台 Shop desk",
            "generic",
            MAPPING,
            tuple(RawDelivery({}, json.dumps(ticket, ensure_ascii=False).encode()) for ticket in tickets),
        ),
    )
