"""Sources found by their keys."""

from __future__ import annotations

from app.common.records import from_row
from app.kernel.access.reads import load
from app.platform.db import Database
from app.webhooks.sources.lifecycle import LIFECYCLE
from app.webhooks.sources.records import WebhookSource

BY_KEY = "select * from fold.webhook_source where key = %s"


async def find_source(db: Database, name: str) -> WebhookSource | None:
    """Return the source of that id; None if there is none."""
    loaded = await load(db, LIFECYCLE, name)
    return None if loaded is None else loaded.record


async def find_source_by_key(db: Database, key: str) -> WebhookSource | None:
    """Return the source with that key; None if there is none."""
    row = await db.row(BY_KEY, (key,))
    return None if row is None else from_row(WebhookSource, row)
