"""Sources found by their keys."""

from __future__ import annotations

from datetime import datetime

from app.common.records import from_row
from app.kernel.access.reads import load
from app.kernel.ledger import Ledger
from app.platform.db import Database
from app.webhooks.adapters import PAGERDUTY_EVENTS
from app.webhooks.sources.lifecycle import LIFECYCLE
from app.webhooks.sources.records import WebhookSource
from app.webhooks.sources.secrets import fingerprint_secret

BY_FINGERPRINT = """
select * from fold.webhook_source
where adapter = %(adapter)s and (secret_fingerprint = %(fingerprint)s
  or (previous_secret_fingerprint = %(fingerprint)s and previous_ends_at > %(now)s))
order by added_at desc limit 1"""
BY_KEY = "select * from fold.webhook_source where key = %s"
LOGINS = """
select l.person_id, l.login from fold.tool_login l join fold.webhook_source s
  on l.record = 'webhook_source/' || s.id
where s.key = %s order by l.set_at, l.id"""


async def find_source(db: Database, name: str) -> WebhookSource | None:
    """Return the source of that id, or None."""
    loaded = await load(db, LIFECYCLE, name)
    return None if loaded is None else loaded.record


async def find_source_by_key(db: Database, key: str) -> WebhookSource | None:
    """Return the source with that key, or None."""
    row = await db.row(BY_KEY, (key,))
    return None if row is None else from_row(WebhookSource, row)


async def find_source_by_routing_key(ledger: Ledger, routing_key: str, now: datetime) -> WebhookSource | None:
    """Return the source of PagerDuty's events whose secret that is at `now`, or None."""
    fingerprint = fingerprint_secret(ledger, routing_key)
    parameters = {"adapter": PAGERDUTY_EVENTS, "fingerprint": fingerprint, "now": now}
    row = await ledger.db.row(BY_FINGERPRINT, parameters)
    return None if row is None else from_row(WebhookSource, row)
