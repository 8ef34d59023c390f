"""Routes of attempts to deliver: their list, a test, and what is sent once more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, context_of
from app.api.direct import Router
from app.api.listings.cursors import read as read_cursor
from app.api.listings.cursors import write as write_cursor
from app.api.listings.filters import Time
from app.api.records.reads import Name
from app.api.records.shapes import page_of
from app.kernel.actions.refusals import NotFound
from app.kernel.histories.feed import PositionSpan
from app.log import read
from app.subscriptions import attempts
from app.subscriptions.accounts import account_of
from app.subscriptions.queries import AttemptOut, AttemptOutcome, ResentOut, SubscriptionStatusOut
from app.subscriptions.routes.access import subscription_to_send, visible_subscription
from app.subscriptions.selection import count_span
from app.subscriptions.testing import send_test

PREFIX = "/subscriptions"
LARGEST_PAGE = 200
PAGE = 50

router = Router(prefix="/v1", tags=["subscriptions"])

AttemptId = Annotated[UUID, Path(alias="attempt", description="Identifier of the attempt.")]


class AttemptPaging(BaseModel):
    """The attempts of a subscription that are asked for."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    outcome: AttemptOutcome | None = Field(default=None, description="Outcome of the attempts.")
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Number of attempts on a page.")] = PAGE
    cursor: Annotated[str | None, Field(max_length=1000, description="`next_cursor` of the page before.")] = (
        None
    )


@router.endpoint(
    f"{PREFIX}/{{id}}/attempts",
    "List a subscription's attempts",
    page_of(AttemptOut, "attempts, the last first"),
    refused=(400, 404, 422),
)
async def list_subscription_attempts(
    request: Request, ledger: RequestLedger, name: Name, paging: Annotated[AttemptPaging, Query()]
) -> Response:
    """List the attempts to deliver events, the latest first. Successes are kept for three days, failures for
    thirty.
    """
    subscription = await visible_subscription(request, name)
    scope, sign = f"attempts {subscription.id} {paging.outcome}", ledger.vault.fingerprint
    before = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
    if paging.cursor is not None:
        attempted_at, last = read_cursor(paging.cursor, scope, sign)
        before = (datetime.fromisoformat(attempted_at), UUID(last))
    rows = await attempts.page(ledger.db, subscription.id, paging.outcome, before, paging.limit + 1)
    items, cursor = rows[: paging.limit], None
    if len(rows) > paging.limit:
        cursor = write_cursor([items[-1]["attempted_at"].isoformat(), str(items[-1]["id"])], scope, sign)
    return _json({"items": [_shown(row) for row in items], "next_cursor": cursor})


@router.endpoint(
    f"{PREFIX}/{{id}}/status", "Get a subscription's status", SubscriptionStatusOut, refused=(404, 422)
)
async def get_subscription_status(request: Request, ledger: RequestLedger, name: Name) -> Response:
    """Return the position that a subscription has reached, and the numbers of waiting and failed
    deliveries.
    """
    subscription = await visible_subscription(request, name)
    return _json(await attempts.status(ledger.db, subscription.id, context_of(request).now))


@router.endpoint(f"{PREFIX}/{{id}}/test", "Test a subscription", AttemptOut, method="POST", refused=(404,))
async def test_subscription(request: Request, ledger: RequestLedger, name: Name) -> Response:
    """Test a subscription with a signed message of the type `subscription.test`, and return the outcome."""
    subscription, now = await subscription_to_send(request, name), context_of(request).now
    attempt = await send_test(ledger, subscription, now)
    await attempts.store_test(ledger.db, attempt)
    row = await attempts.find_attempt(ledger.db, subscription.id, attempt.id)
    assert row is not None, "it has just been stored"
    return _json(_shown(row))


@router.endpoint(
    f"{PREFIX}/{{id}}/attempts/{{attempt}}/resend",
    "Resend an event",
    ResentOut,
    method="POST",
    refused=(404,),
)
async def resend_subscription_attempt(
    request: Request, ledger: RequestLedger, name: Name, attempt: AttemptId
) -> Response:
    """Resend the event of an attempt as the account sees it now."""
    subscription = await subscription_to_send(request, name)
    row = await attempts.find_attempt(ledger.db, subscription.id, attempt)
    if row is None or row["position"] is None:
        raise NotFound()
    position, now = row["position"], context_of(request).now
    return _json({"resent": await attempts.resend(ledger.db, subscription.id, position - 1, position, now)})


@router.endpoint(
    f"{PREFIX}/{{id}}/resend_failed", "Resend failed events", ResentOut, method="POST", refused=(404,)
)
async def resend_failed_of_subscription(request: Request, ledger: RequestLedger, name: Name) -> Response:
    """Resend all failed events for which no automatic attempt is left."""
    subscription = await subscription_to_send(request, name)
    return _json(
        {"resent": await attempts.resend_failed(ledger.db, subscription.id, context_of(request).now)}
    )


class ResendRange(BaseModel):
    """The range of time whose events are sent again."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    recorded_after: Annotated[Time, Field(description="Earliest time at which the log recorded the events.")]
    recorded_before: Annotated[
        Time | None,
        Field(description="Time before which the log recorded the events; null for all events until now."),
    ] = None


@router.endpoint(
    f"{PREFIX}/{{id}}/resend", "Resend events of a period", ResentOut, method="POST", refused=(404,)
)
async def resend_events_of_subscription(
    request: Request, ledger: RequestLedger, name: Name, body: ResendRange
) -> Response:
    """Resend all events of a period, including delivered ones, as the account sees them now. They wait for
    deliveries in progress.
    """
    subscription, now = await subscription_to_send(request, name), context_of(request).now
    low = await read.position_at(ledger.db, body.recorded_after)
    high = await read.head(ledger.db)
    if body.recorded_before is not None:
        high = min(high, await read.position_at(ledger.db, body.recorded_before))
    account = await account_of(ledger, subscription, now)
    span = PositionSpan(low, high)
    count = 0 if account is None else await count_span(ledger, subscription, account, span)
    if count:
        await attempts.resend(ledger.db, subscription.id, low, high, now)
    return _json({"resent": count})


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in AttemptOut.model_fields}


def _json(content: Any) -> Response:
    return Response(to_json(content), media_type="application/json")
