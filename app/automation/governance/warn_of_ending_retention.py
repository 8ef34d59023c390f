"""Warns the quality managers before the retention of an archived document ends, on whatever record it is."""

from __future__ import annotations

from datetime import datetime

from app.foundation.documents.keeping.actions import name_of, warn_of_retention
from app.foundation.documents.keeping.payloads import OfDocument
from app.foundation.documents.keeping.retention import WARNED_BEFORE
from app.foundation.documents.records import DocumentEntry, DocumentState
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings


def due(entry: DocumentEntry, settings: Settings) -> datetime | None:
    """Return when the end is announced; None if it has no end, or was announced already."""
    if entry.retained_until_at is None or entry.retention_warned_at is not None:
        return None
    return entry.retained_until_at - WARNED_BEFORE


async def warn(ledger: Ledger, entry: DocumentEntry, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that announces the end, and its payload."""
    return name_of(warn_of_retention, entry), OfDocument(document=entry.id)


RULE = TimedRule(
    "warn_of_ending_retention",
    "document_entry",
    frozenset({DocumentState.archived}),
    due,
    warn,
    only="r.retained_until_at is not null and r.retention_warned_at is null",
    child_class=DocumentEntry,
)
