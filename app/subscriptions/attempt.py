"""One attempt to deliver an event, and what its answer means."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.platform.outward import Answer, OutwardClient, RequestFailed, UnusableAddress
from app.subscriptions.attempts import Attempt
from app.subscriptions.backoff import asked_pause
from app.subscriptions.formats import FORMATS
from app.subscriptions.formats.message import EventMessage, MessageSubject, SubscriptionTarget
from app.subscriptions.queries import AttemptOutcome as Outcome
from app.subscriptions.records import DisabledBecause, Subscription
from app.subscriptions.secrets import SECRET_PURPOSE, URL_PURPOSE, decrypt
from app.subscriptions.templates.render import FAILED, TemplateFailed

GONE_STATUS = 410
#: Header by which a receiver declines further attempts at the message, or all messages.
WISH = "webhook-delivery"
ABORT, DISABLE = "abort-message", "disable"
#: The headers of an answer that are kept, and only in a form that can repeat nothing of what was sent.
_KEPT = {
    "content-type": re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,40}"),
    "content-length": re.compile(r"[0-9]{1,12}"),
    "retry-after": re.compile(r"[0-9]{1,9}"),
    WISH: re.compile(rf"{ABORT}|{DISABLE}"),
}


@dataclass(frozen=True, slots=True)
class AttemptedEvent:
    """The event that an attempt is at: its place, stream and type; position None: a test."""

    position: int | None
    stream: str | None
    type: str


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """An attempt, the pause that the receiver asks for, and why the subscription is disabled at once."""

    attempt: Attempt
    pause: timedelta | None = None
    disabled_because: DisabledBecause | None = None

    @property
    def is_answered(self) -> bool:
        """Return whether the receiver has settled the event: it took it, or wants no more of it."""
        return self.needs_no_retry and self.attempt.outcome is not Outcome.template_failed

    @property
    def needs_no_retry(self) -> bool:
        """Return whether no further attempt at the event follows."""
        return self.attempt.outcome is not Outcome.failed


def message_of(
    subscription_id: UUID, event_id: str, content: Mapping[str, Any], subject: MessageSubject | None = None
) -> EventMessage:
    """Return the message of an event to the subscription; `content` is what a reader of the stream gets."""
    event = content["event"]
    # A receiver may have several subscriptions, and each of them sends it the event once.
    message_id = f"msg_{uuid5(subscription_id, event_id).hex}"
    return EventMessage(message_id, event["type"], event["occurred_at"], content, subject)


def target_of(ledger: Ledger, subscription: Subscription, now: datetime, clock: Clock) -> SubscriptionTarget:
    """Return where the subscription's messages go, and what signs them now."""
    encrypted = [subscription.sealed_secret]
    if subscription.previous_ends_at is not None and now < subscription.previous_ends_at:
        encrypted.append(subscription.previous_sealed_secret)
    secrets = [decrypt(ledger, SECRET_PURPOSE, secret) for secret in encrypted if secret is not None]
    url = decrypt(ledger, URL_PURPOSE, subscription.sealed_url or "")
    return SubscriptionTarget(url, secrets, subscription.language or "en", ledger, subscription, clock)


async def attempt_delivery(
    client: OutwardClient,
    subscription: Subscription,
    target: SubscriptionTarget,
    event: AttemptedEvent,
    message: EventMessage,
    now: datetime,
    *,
    is_repeated: bool = False,
) -> AttemptResult | None:
    """Try once to deliver the message; whatever the receiver does, return what came of it. None: there was
    nothing to send.
    """
    assert subscription.format is not None
    delivery_format = FORMATS[subscription.format]
    begun_at = time.perf_counter()
    answer: Answer | None = None
    size, code, pause, detail = 0, None, None, None
    try:
        delivered = await delivery_format.deliver(client, target, message, now)
    except (RequestFailed, UnusableAddress) as error:
        code = error.code
    except TemplateFailed as error:
        code, detail = error.code, error.key or None
    else:
        if delivered is None:
            return None
        answer, size, code, pause = delivered.answer, delivered.size, delivered.code, delivered.pause
        detail = delivered.detail
    attempt = Attempt(
        subscription_id=subscription.id,
        position=event.position,
        stream=event.stream,
        event_type=event.type,
        message_id=message.id,
        attempted_at=now,
        outcome=_outcome(answer, code),
        code=code,
        status=None if answer is None else answer.status,
        duration_ms=int((time.perf_counter() - begun_at) * 1_000),
        size=size,
        headers={} if answer is None else _kept_headers(answer.headers),
        detail=detail,
        is_repeated=is_repeated,
    )
    if answer is None:
        return AttemptResult(attempt)
    pause = pause or asked_pause(answer.status, answer.headers.get("retry-after"), now)
    because = _disabled_because(answer) if delivery_format.ends_at_wish else None
    return AttemptResult(attempt, pause, because)


def _outcome(answer: Answer | None, code: str | None) -> Outcome:
    if code is None:
        return Outcome.delivered
    if code == FAILED:
        # No repetition mends a template: somebody mends it, and sends again.
        return Outcome.template_failed
    wish = None if answer is None else answer.headers.get(WISH)
    return Outcome.aborted if wish == ABORT else Outcome.failed


def _disabled_because(answer: Answer) -> DisabledBecause | None:
    if answer.status == GONE_STATUS:
        return DisabledBecause.receiver_gone
    return DisabledBecause.refused if answer.headers.get(WISH) == DISABLE else None


def _kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    headers_kept = {}
    for name, pattern in _KEPT.items():
        if (match := pattern.match(headers.get(name, "").strip().lower())) is not None:
            headers_kept[name] = match[0]
    return headers_kept
