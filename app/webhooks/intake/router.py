"""Receiving a delivery of a tool: `POST /v1/webhooks/{source}`.

No caller is known here: `AuthMiddleware` lets deliveries pass (`raw_bodies.is_webhook`), and the limit of
JSON bodies does not apply. The order is: headers, body, signature, quota of the source, storage, 202.

- Headers that cannot be genuine are refused before the body is read. An unknown source is refused like a
  wrong secret: 401, and 429 for an address that sends many of them.
- The body is read within a budget of unverified bytes, and then its signature is verified.
- `receipt.receive` stores the delivery. The worker processes it (effects/processing.py).

Quotas are counted by each process for itself.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import ledger_of, utc_now
from app.api.contract.problems import problem
from app.api.contract.responses import BINARY
from app.api.direct import Router
from app.api.requests.unverified_bodies import RETRY_SECONDS, BodyBudgetExceeded
from app.webhooks.adapters import MAIL
from app.webhooks.intake import deliveries
from app.webhooks.intake.amazon_requests import NoAnswerOfAmazon
from app.webhooks.intake.quotas import WebhookQuotas
from app.webhooks.intake.receipt import is_genuine, may_be_genuine, receive
from app.webhooks.intake.verification import ADDRESS_PREFIX
from app.webhooks.sources.lookup import find_source_by_key
from app.webhooks.sources.queries import AcceptedOut
from app.webhooks.sources.records import WebhookSource, WebhookSourceState

#: Largest body of a webhook, in bytes; a mail may be as large as an upload.
LARGEST_BODY = 5_242_880
#: HTTP demands a challenge with 401; it must not reveal to strangers how a tool verifies itself.
CHALLENGE = {"WWW-Authenticate": "Webhook"}

router = Router(prefix="/v1", tags=["webhooks"])

SourceKey = Annotated[
    str,
    Path(alias="source", max_length=60, description="Key of the webhook source.", examples=["github-shop"]),
]


@router.endpoint(
    "/webhooks/{source}",
    "Receive a webhook delivery",
    AcceptedOut,
    method="POST",
    refused=(404,),
    status_code=202,
    openapi_extra={"requestBody": {"required": True, "content": BINARY}},
)
async def receive_webhook(request: Request, key: SourceKey) -> Response:
    """Receive a delivery of a tool: it is stored before the answer and processed soon after. The tool
    authenticates itself with the secret of the source, in the way of its adapter.
    """
    ledger, now = ledger_of(request), utc_now()
    quotas: WebhookQuotas = request.app.state.webhook_quotas
    source, headers = await find_source_by_key(ledger.db, key), _headers(request)
    # A delivery whose headers cannot be genuine is refused before its body is read.
    if (
        source is None
        or source.state is WebhookSourceState.retired
        or not may_be_genuine(ledger, source, headers, now)
    ):
        return await _refuse(request, key, source)
    largest = ledger.settings.upload_limit if source.adapter == MAIL else LARGEST_BODY
    try:
        body = await quotas.bodies.read(request, largest)
    except BodyBudgetExceeded as error:
        retry = {"Retry-After": str(RETRY_SECONDS)}
        status, code = (429, "too_much_unverified") if error.of_address else (503, "no_room_for_bodies")
        return problem(request, status, code, headers=retry)
    try:
        if not await is_genuine(ledger, source, headers, body, now):
            return await _refuse(request, key, source)
    except NoAnswerOfAmazon:
        return problem(request, 503, "no_certificate", headers={"Retry-After": str(RETRY_SECONDS)})
    if not quotas.source_quota.consume(str(source.id)):
        seconds = quotas.source_quota.remaining(str(source.id)).seconds
        return problem(request, 429, "too_many_deliveries", headers={"Retry-After": str(seconds)})
    delivery_id, _ = await receive(ledger, source, headers, body, now)
    return Response(to_json({"delivery_id": delivery_id}), 202, media_type="application/json")


@router.post("/webhooks/{source}/{secret:path}", include_in_schema=False)
async def receive_webhook_by_address(request: Request, key: SourceKey) -> Response:
    """Receive a delivery of a tool that knows only an address, in which the secret stands."""
    path: str = request.scope["path"]
    request.scope["path"] = path.removesuffix(f"/{request.path_params['secret']}")  # no answer repeats it
    return await receive_webhook(request, key)


def _headers(request: Request) -> dict[str, str]:
    """Return the headers, and what stands in the address under names that no header has."""
    in_query = {f"{ADDRESS_PREFIX}{name}": value for name, value in request.query_params.items()}
    secret = request.path_params.get("secret")
    return {**request.headers, **in_query, **({} if secret is None else {ADDRESS_PREFIX: secret})}


async def _refuse(request: Request, key: str, source: WebhookSource | None) -> Response:
    """Refuse a delivery that is not verified, and count it. A missing source is answered like a wrong secret,
    and as quickly. Verified deliveries are accepted however many were refused.
    """
    quotas: WebhookQuotas = request.app.state.webhook_quotas
    seconds = quotas.count_refused(key, request.client.host if request.client else "")
    if seconds:
        return problem(request, 429, "too_many_wrong_keys", headers={"Retry-After": str(seconds)})
    source_id = deliveries.NO_SOURCE if source is None else source.id
    await deliveries.count_refused(ledger_of(request).db, source_id, utc_now())
    return problem(request, 401, "unverified", headers=CHALLENGE)
