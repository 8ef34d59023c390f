"""A message to a receiver, and the form in which a subscription sends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.platform.outward import Answer, OutwardClient
from app.subscriptions.records import Subscription

JSON = "application/json"
USER_AGENT = "ledgerdesk"
SUCCESS = range(200, 300)
REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class DeliveryTarget:
    """Where messages go: the address, the secrets that sign now, the newest first, and the language of
    labels.
    """

    url: str
    secrets: Sequence[str] = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True)
class SubscriptionTarget(DeliveryTarget):
    """Where the messages of a subscription go, with what its format may ask for."""

    ledger: Ledger
    subscription: Subscription
    clock: Clock


@dataclass(frozen=True, slots=True)
class MessageSubject:
    """The record that an event is of, as people call it, with the address of its page, and what happened to
    it, in two languages.
    """

    number: str | None
    title: str | None
    label_en: str
    label_zh: str
    url: str | None = None

    def label(self, language: str) -> str:
        """Return what happened, in that language."""
        return self.label_zh if language == "zh" else self.label_en


@dataclass(frozen=True, slots=True)
class EventMessage:
    """An event as the subscription's account sees it now. `id` is the same for each attempt at it. `content`
    is what a reader of the stream gets, `event` and `names`, and a summary of the `record`. `subject` is
    None for a test.
    """

    id: str
    type: str
    occurred_at: str
    content: Mapping[str, Any]
    subject: MessageSubject | None = None


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request that delivers a message."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The end of an attempt that was answered: the answer, the size of what was sent in bytes, and why it is
    a failure, or None. `pause`: the receiver asks for it in words of its own. `detail`: more of the failure,
    in a form that can repeat nothing of what was sent.
    """

    answer: Answer
    size: int
    code: str | None
    pause: timedelta | None = None
    detail: str | None = None


class MessageFormat:
    """A form of messages. A subclass defines the request that delivers one; if the receiver must be asked
    first, it overrides `deliver`. `ends_at_wish`: by 410 or a header the receiver ends the subscription.
    """

    ends_at_wish = True

    def request(self, target: DeliveryTarget, message: EventMessage, now: datetime) -> OutgoingRequest:
        """Return the request that delivers the message."""
        raise NotImplementedError

    def failure(self, answer: Answer) -> str | None:
        """Return why the answer is a failure, or None."""
        if answer.status in SUCCESS:
            return None
        return "redirect" if answer.status in REDIRECTS else "status"

    async def deliver(
        self, client: OutwardClient, target: SubscriptionTarget, message: EventMessage, now: datetime
    ) -> Delivered | None:
        """Deliver the message; None: there is nothing to send. Raises RequestFailed, UnusableAddress,
        DatabaseGone.
        """
        request = self.request(target, message, now)
        headers = {"content-type": JSON, "user-agent": USER_AGENT} | dict(request.headers)
        answer = await client.request(request.method, request.url, headers, request.body)
        return Delivered(answer, len(request.body), self.failure(answer))
