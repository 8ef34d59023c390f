"""A test of a subscription: a message that is signed and sent like all others, and is of no event."""

from __future__ import annotations

from datetime import datetime

from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.log.ids import uuid7
from app.platform.outward import OutwardPolicy, outward_client
from app.subscriptions.attempt import AttemptedEvent, attempt_delivery, message_of, target_of
from app.subscriptions.attempts import Attempt
from app.subscriptions.formats.message import EventMessage
from app.subscriptions.records import Subscription

TEST_TYPE = "subscription.test"


def test_message(subscription: Subscription, now: datetime) -> EventMessage:
    """Return the message of a test."""
    event_id = str(uuid7())
    event = {
        "id": event_id,
        "type": TEST_TYPE,
        "stream": subscription.row_key,
        "occurred_at": instant(now),
        "given": {},
        "set": {},
    }
    return message_of(subscription.id, event_id, {"event": event, "names": {}, "record": None})


async def send_test(ledger: Ledger, subscription: Subscription, now: datetime) -> Attempt:
    """Send a test message, and return the attempt."""
    message = test_message(subscription, now)
    attempted = AttemptedEvent(None, None, TEST_TYPE)
    target = target_of(ledger, subscription, now, lambda: now)
    async with outward_client(OutwardPolicy.from_settings(ledger.settings)) as client:
        result = await attempt_delivery(client, subscription, target, attempted, message, now)
    assert result is not None, "a test is always sent"
    return result.attempt
