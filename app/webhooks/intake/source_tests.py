"""Tests of a source: a sample takes the way of a delivery as far as its news, and changes nothing, so that no
person or ticket of an example counts in any list or figure.
"""

from __future__ import annotations

from app.kernel.ledger import Ledger
from app.webhooks.adapters import MAIL
from app.webhooks.intake.deliveries import DeliveryEffect, DeliveryState, Outcome, StoredDelivery
from app.webhooks.intake.source_mapping import evaluate
from app.webhooks.mail.reader import read_bounded
from app.webhooks.mail.refusals import MailRefused
from app.webhooks.mapping.updates import MappingFailed
from app.webhooks.sources.records import WebhookSource

READ, FAILED = "tested", "test_failed"


async def tested(ledger: Ledger, source: WebhookSource, delivery: StoredDelivery) -> Outcome:
    """Return the outcome of a test. It is processed in any case: a test that fails is no failed delivery,
    about which people would be told.
    """
    code, mapping_key = await _failure(ledger, source, delivery)
    effect = DeliveryEffect(READ if code is None else FAILED)
    return Outcome(DeliveryState.processed, [effect], code=code, mapping_key=mapping_key)


async def _failure(
    ledger: Ledger, source: WebhookSource, delivery: StoredDelivery
) -> tuple[str | None, str | None]:
    """Return the code of what cannot be read, and its place in the mapping."""
    if delivery.raw is None:
        return "content_removed", None
    try:
        if source.adapter == MAIL:
            await read_bounded(delivery.raw.body)
            return None, None
        news = await evaluate(source, delivery.raw, delivery.received_at, ledger.settings.time_zone)
    except MailRefused as error:
        return error.code, None
    except MappingFailed as error:
        return error.code, error.key
    failed = news.failed[min(news.failed)] if news.failed else None
    return (None, None) if failed is None else (failed.code, failed.key)
