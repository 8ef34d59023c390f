"""Ends the access to a document that somebody was granted for a time, when the time is over."""

from __future__ import annotations

from datetime import datetime

from app.foundation.documents.keeping.actions import end_access, name_of
from app.foundation.documents.keeping.payloads import EndDocumentAccess
from app.foundation.documents.keeping.records import DocumentReader
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings


def due(reader: DocumentReader, settings: Settings) -> datetime | None:
    """Return when the time is over."""
    return reader.until_at


async def end(ledger: Ledger, reader: DocumentReader, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that ends the access, and its payload."""
    return name_of(end_access, reader), EndDocumentAccess(reader=reader.id)


RULE = TimedRule("end_document_access", "document_reader", frozenset(), due, end, child_class=DocumentReader)
