"""Evaluation of a source's mapping: the adapter's here, a source's own in a process that can be killed."""

from __future__ import annotations

import asyncio
from datetime import datetime

from app.exchange.mapping import MappingRefused
from app.webhooks.adapters import adapter
from app.webhooks.intake.deliveries import RawDelivery
from app.webhooks.mapping.bounded_evaluator import BoundedEvaluator
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.evaluate import Mapping
from app.webhooks.mapping.updates import Evaluation, MappingFailed
from app.webhooks.sources.records import WebhookSource

#: Evaluator of this process; it starts only when a source has its own mapping.
_evaluator = BoundedEvaluator()


def _mapping_of(source: WebhookSource) -> Mapping:
    return adapter(str(source.adapter))


async def evaluate(source: WebhookSource, raw: RawDelivery, received_at: datetime, zone: str) -> Evaluation:
    """Return the news of the delivery by the source's mapping. `zone` (IANA) is the organisation's, the last
    default for times without an offset. Raises MappingFailed.
    """
    delivery = Delivery(raw.headers, raw.body, received_at, zone=source.zone, usual_zone=zone)
    if source.mapping is None:
        return _mapping_of(source).evaluate(delivery)
    try:
        return await asyncio.to_thread(_evaluator.evaluate, source.mapping, str(source.key), delivery)
    except MappingRefused as refused:
        raise MappingFailed("mapping_refused", "", str(refused)) from refused


async def delivery_id(source: WebhookSource, raw: RawDelivery, received_at: datetime) -> str | None:
    """Return the tool's id of the delivery; None if it is missing or unreadable: faults of a delivery are
    reported when it is processed.
    """
    delivery = Delivery(raw.headers, raw.body, received_at)
    try:
        if source.mapping is None:
            return _mapping_of(source).delivery_id(delivery)
        return await asyncio.to_thread(_evaluator.delivery_id, source.mapping, str(source.key), delivery)
    except (MappingFailed, MappingRefused):
        return None
