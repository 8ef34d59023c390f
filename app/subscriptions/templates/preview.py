"""Preview of a delivery: the request that a subscription would make of an event, without sending it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from app.api.records import events as event_output
from app.common.people import Caller
from app.kernel.access.redaction import Viewer
from app.kernel.histories.feed import EventFilter, PositionSpan, SeenEvent, read_slice
from app.kernel.ledger import Ledger
from app.log import read
from app.subscriptions.accounts import account_of
from app.subscriptions.attempt import message_of
from app.subscriptions.formats import FORMATS
from app.subscriptions.formats.message import JSON, DeliveryTarget, EventMessage, OutgoingRequest
from app.subscriptions.formats.subjects import add_records, subject_of
from app.subscriptions.formats.template import RENDERER, request_of, values_of
from app.subscriptions.records import DeliveryFormat, Subscription
from app.subscriptions.selection import select_newest
from app.subscriptions.templates.render import TemplateFailed
from app.subscriptions.testing import test_message

#: Stands for the secret, and for what is made with it.
MASK = "********"
_SIGNATURES = frozenset({"webhook-signature", "authorization"})
_SIGNED = re.compile(r"(?<=[?&])(timestamp|sign)=[^&]*")


@dataclass(frozen=True, slots=True)
class PreviewedEvent:
    """The event that a preview is of: its message, and its position; None: it is a test."""

    message: EventMessage
    position: int | None


async def event_to_preview(
    ledger: Ledger, subscription: Subscription, caller: Caller, position: int | None, now: datetime
) -> PreviewedEvent | None:
    """Return the event at that position, or else the newest that would be sent, or else a test; as the
    subscription's account sees it, and the caller, too. None if that position has no event. Raises
    DatabaseGone.
    """
    seen_event = await _seen_by_both(ledger, subscription, caller, position, now)
    if seen_event is None:
        return None if position is not None else PreviewedEvent(test_message(subscription, now), None)
    contents = await event_output.render_each(ledger, [seen_event], for_receivers=True)
    (content,) = await add_records(ledger, [seen_event], contents)
    subject = subject_of(seen_event, content)
    message = message_of(subscription.id, str(seen_event.event.id), content, subject)
    return PreviewedEvent(message, seen_event.event.position)


async def _seen_by_both(
    ledger: Ledger, subscription: Subscription, caller: Caller, position: int | None, now: datetime
) -> SeenEvent | None:
    account = await account_of(ledger, subscription, now)
    if account is None:
        return None
    head = await read.head(ledger.db)
    span = PositionSpan(0, head) if position is None else PositionSpan(position - 1, min(position, head))
    for seen_event in await select_newest(ledger, subscription, account, span):
        event = seen_event.event
        place = PositionSpan(event.position - 1, event.position)
        conditions = EventFilter(streams=(event.stream,))
        seen_by_caller = (await read_slice(ledger, caller, conditions, place, 1, forward=True)).events
        for of_caller in seen_by_caller:
            chosen = seen_event if of_caller.viewer is Viewer.staff else of_caller
            return replace(chosen, sees_named=seen_event.sees_named and of_caller.sees_named)
    return None


async def preview_of(
    subscription: Subscription, template: str, language: str, previewed: PreviewedEvent, now: datetime
) -> dict[str, Any]:
    """Return the request that would deliver the event, by that template if its format is `template`; or the
    reason why there is no request.
    """
    message = previewed.message
    preview: dict[str, Any] = {
        "event_type": message.type,
        "position": previewed.position,
        "stream": message.content["event"]["stream"],
        "outgoing_request": None,
        "failure": None,
        "failed_key": None,
    }
    origin = subscription.origin or ""
    if subscription.format is not DeliveryFormat.template:
        target = DeliveryTarget(f"{origin}/", [""], language)
        assert subscription.format is not None
        request = FORMATS[subscription.format].request(target, message, now)
        return preview | {"outgoing_request": _shown_request(origin, request)}
    target = DeliveryTarget(f"{origin}/", [MASK], language)
    try:
        rendered = await RENDERER.render(("preview", subscription.id), template, values_of(target, message))
        request = request_of(target, rendered)
    except TemplateFailed as failed:
        return preview | {"failure": failed.reason, "failed_key": failed.key or None}
    return preview | {"outgoing_request": _shown_request(origin, request)}


def _shown_request(origin: str, request: OutgoingRequest) -> Mapping[str, Any]:
    headers = {"content-type": JSON} | dict(request.headers) if request.body else dict(request.headers)
    return {
        "method": request.method,
        "origin": origin,
        "query_string": _SIGNED.sub(rf"\1={MASK}", urlsplit(request.url).query) or None,
        "headers": {name: MASK if name in _SIGNATURES else text for name, text in headers.items()},
        "body": request.body.decode() if request.body else None,
    }
