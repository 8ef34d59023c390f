"""The routes of PagerDuty's Events API v2, `/v2/enqueue` and `/v2/change/enqueue`: tools that can send alerts
and changes to PagerDuty can send them here unchanged.

Its contract is PagerDuty's, and not ours: it stands in no area of ours, and has its answers and none of our
problem documents where PagerDuty has some.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import ledger_of, utc_now
from app.api.direct import Router
from app.api.requests.raw_bodies import ENQUEUE, ENQUEUE_CHANGE
from app.api.requests.unverified_bodies import RETRY_SECONDS, BodyBudgetExceeded
from app.webhooks.intake import deliveries
from app.webhooks.intake.quotas import WebhookQuotas
from app.webhooks.intake.receipt import receive
from app.webhooks.pagerduty_events.events import EnqueuedEvent, InvalidEvent, read_change, read_event
from app.webhooks.sources.lookup import find_source_by_routing_key
from app.webhooks.sources.records import WebhookSourceState

#: PagerDuty's own bound, in bytes.
LARGEST_EVENT = 524_288
#: The name under which unknown routing keys of an address are counted.
UNKNOWN_KEY = "routing_key"
ROUTING_KEY_HEADER = "x-routing-key"

router = Router(include_in_schema=False)


@router.post(ENQUEUE)
async def enqueue_event(request: Request) -> Response:
    """Take an event of an alert: it is stored when this answers, and processed soon after."""
    return await _take(request, read_event, "Event processed")


@router.post(ENQUEUE_CHANGE)
async def enqueue_change(request: Request) -> Response:
    """Take a change event, likewise."""
    return await _take(request, read_change, "Change event processed")


async def _take(request: Request, read: Callable[[bytes], EnqueuedEvent], message: str) -> Response:
    ledger, now = ledger_of(request), utc_now()
    quotas: WebhookQuotas = request.app.state.webhook_quotas
    try:
        event = read(await quotas.bodies.read(request, LARGEST_EVENT))
    except BodyBudgetExceeded:
        return _too_many(RETRY_SECONDS)
    except InvalidEvent as error:
        return _invalid(error.errors)
    source = await find_source_by_routing_key(ledger, event.routing_key, now)
    if source is None or source.state is WebhookSourceState.retired:
        if seconds := quotas.count_refused(UNKNOWN_KEY, request.client.host if request.client else ""):
            return _too_many(seconds)
        source_id = deliveries.NO_SOURCE if source is None else source.id
        await deliveries.count_refused(ledger.db, source_id, now)
        return _invalid(["Invalid routing key"])
    if not quotas.source_quota.consume(str(source.id)):
        return _too_many(quotas.source_quota.remaining(str(source.id)).seconds)
    headers = dict(request.headers) | {ROUTING_KEY_HEADER: event.routing_key}
    await receive(ledger, source, headers, event.body, now)
    key = {} if event.dedup_key is None else {"dedup_key": event.dedup_key}
    return _answer(202, {"status": "success", "message": message, **key})


def _invalid(errors: list[str]) -> Response:
    return _answer(400, {"status": "invalid event", "message": "Event object is invalid", "errors": errors})


def _too_many(seconds: int) -> Response:
    answer = {"status": "throttle exceeded", "message": f"Too many events; try again in {seconds} s"}
    return _answer(429, answer, {"Retry-After": str(seconds)})


def _answer(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(to_json(body), status, headers, "application/json")
