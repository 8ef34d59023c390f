"""Commands of the sender about a subscription: it warns of one, stops it, or notes that it has
recovered.
"""

from __future__ import annotations

from datetime import datetime

from app.common.people import rule_caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.subscriptions.lifecycle import LIFECYCLE, NoteRefusal, StopSubscription, WarnSubscription
from app.subscriptions.records import DisabledBecause, Subscription

#: The name of the actor in the log.
NAME = "send_subscriptions"


async def stop(ledger: Ledger, subscription: Subscription, because: DisabledBecause, now: datetime) -> None:
    """Stop the subscription, and notify its account. Raises DatabaseGone."""
    await _perform(ledger, subscription, "stop", StopSubscription(because=because), now)


async def warn(ledger: Ledger, subscription: Subscription, since: datetime, now: datetime) -> None:
    """Warn that no delivery has succeeded since then, and notify its account. Raises DatabaseGone."""
    await _perform(ledger, subscription, "warn", WarnSubscription(since_at=since), now)


async def note_refusal(
    ledger: Ledger, subscription: Subscription, record: str, code: str, now: datetime
) -> None:
    """Note that a tool has refused a change of that record, or that the template failed, and notify its
    account. Raises DatabaseGone.
    """
    await _perform(ledger, subscription, "note_refusal", NoteRefusal(code=code, record=record), now)


async def note_recovery(ledger: Ledger, subscription: Subscription, now: datetime) -> None:
    """Note that deliveries succeed again. Raises DatabaseGone."""
    await _perform(ledger, subscription, "note_recovery", EmptyPayload(), now)


async def _perform(
    ledger: Ledger, subscription: Subscription, action: str, body: Payload, now: datetime
) -> None:
    metadata = CommandMetadata(rule_caller(NAME), now, str(uuid7()), source=f"rule:{NAME}")
    try:
        await perform(ledger, Command(LIFECYCLE, LIFECYCLE[action], str(subscription.id), body, metadata))
    except Refusal:
        return  # somebody else was quicker: it is in another state now
