"""Confirmations: what a tool asks this service to confirm before it sends news."""

from __future__ import annotations

from app.kernel.ledger import Ledger
from app.webhooks.intake.amazon_requests import NoAnswerOfAmazon, confirm_subscription
from app.webhooks.intake.amazon_signatures import confirmation_url, message_of
from app.webhooks.intake.deliveries import DeliveryState, Outcome, RawDelivery
from app.webhooks.intake.receipt import is_signed_by_amazon
from app.webhooks.sources.records import WebhookSource


async def outcome_without_news(ledger: Ledger, source: WebhookSource, raw: RawDelivery, why: str) -> Outcome:
    """Return the outcome of a delivery without news. A subscription that it asks to confirm is confirmed."""
    message = message_of(raw.body) if is_signed_by_amazon(source) else {}
    if confirmation_url(message) is not None:
        try:
            await confirm_subscription(ledger.settings, message)
        except NoAnswerOfAmazon:
            return Outcome(DeliveryState.failed, code="unconfirmed")
    return Outcome(DeliveryState.ignored, code=why)
