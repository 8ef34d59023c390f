"""Routes of subscriptions: `/v1/subscriptions`, their attempts, a test, and what is sent once more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import Ledger, caller_of, context_of, session_of
from app.api.contract.openapi import problems
from app.api.listings.cursors import read as read_cursor
from app.api.listings.cursors import write as write_cursor
from app.api.listings.filters import Time
from app.api.open_actions import send_as
from app.api.records.actions import (
    ActionRequest,
    IdempotencyKeyHeader,
    IfMatch,
    handle_action,
    mount_actions,
    operation,
    perform_showing_secret,
)
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.records.shapes import page_of
from app.api.requests import idempotency
from app.api.requests.etag import versions_of
from app.api.routes import Routes
from app.api.service.feed import EventConditions
from app.kernel.access.reads import load
from app.kernel.actions.actor_policy import admin, holder
from app.kernel.actions.payloads import LONGEST_LINE, NO_LINE, Payload
from app.kernel.actions.refusals import NotFound, VersionRequired, WrongValue
from app.kernel.commands.command import Command
from app.kernel.ledger import Ledger as Services
from app.log import read
from app.platform.outward import OutwardPolicy, UnusableAddress
from app.subscriptions import attempts, lifecycle
from app.subscriptions.lifecycle import LIFECYCLE, OwnKeyRequired
from app.subscriptions.queries import (
    SUBSCRIPTIONS,
    AttemptOut,
    AttemptOutcome,
    CreatedSubscriptionOut,
    ResentOut,
    SubscriptionOut,
    SubscriptionStatusOut,
    adapter_of_source,
)
from app.subscriptions.records import DeliveryFormat, Subscription
from app.subscriptions.secrets import SECRET_PURPOSE, URL_PURPOSE, seal, secret_for
from app.subscriptions.testing import send_test

PREFIX = "/subscriptions"
LARGEST_PAGE = 200
PAGE = 50
ME = "me"
#: Tools that can be written to, and what must be said of them to open tickets there.
TOOLS = {"github": frozenset[str](), "jira": frozenset({"project", "issue_type"})}

router = APIRouter(prefix="/v1", tags=["subscriptions"])
mount_reads(router, SUBSCRIPTIONS, prefix=PREFIX)

Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2_000,
        description="The address that events are sent to. It may hold a secret: only its origin is shown.",
        examples=["https://example.org/hooks/ledgerdesk"],
    ),
]
AttemptId = Annotated[UUID, Path(alias="attempt", description="The attempt: its id.")]


RobotSecret = Annotated[
    str | None,
    StringConstraints(min_length=1, max_length=LONGEST_LINE, pattern=rf"^[^\s{NO_LINE}]+$"),
    Field(
        description="The secret that the vendor of a chat has made for a robot, if it wants one, or the "
        "token of a tool that is written to (`token`, or `user:token`); none: "
        "Standard Webhooks has one that is made here, and other robots none.",
        examples=["SEC0a1b2c3d4e5f"],
    ),
]


class NewSubscription(lifecycle.NewSubscriptionFields):
    """A subscription to events; its secret is made here, but for that of a tool."""

    url: Url
    secret: RobotSecret = None


class NewAddress(Payload):
    """Another address for a subscription."""

    url: Url


class NewSubscriptionSecret(Payload):
    """A rotation of a subscription's secret; the new one is made here, or by the vendor of a robot."""

    secret: RobotSecret = None


def _sealed_address(ledger: Services, url: str) -> dict[str, str]:
    """Return what is kept of the address. Raises WrongValue."""
    try:
        origin = OutwardPolicy.from_settings(ledger.settings).check_target(url)
    except UnusableAddress as error:
        raise WrongValue(pointer="/url", because=error.code) from error
    return {"origin": origin, "sealed_url": seal(ledger, URL_PURPOSE, url)}


async def _check_tool(ledger: Services, body: lifecycle.NewSubscriptionFields) -> None:
    """Raise WrongValue for a tool that is unknown, or that nothing can be written to."""
    if body.format is not DeliveryFormat.tool:
        if body.source is not None:
            raise WrongValue(pointer="/source", because="only_of_tools")
        return
    adapter = await adapter_of_source(ledger.db, body.source)
    if adapter not in TOOLS:
        raise WrongValue(pointer="/source", because="no_tool_to_write_to")
    named = {text.partition("=")[0] for text in body.tool_settings}
    if body.opens_tickets and not named.issuperset(TOOLS[adapter]):
        raise WrongValue(pointer="/tool_settings", because="settings_missing")


def _new_secret(delivery_format: DeliveryFormat, sent: str | None) -> str:
    """Return the secret of a subscription of that format. Raises WrongValue."""
    if sent is not None and delivery_format is DeliveryFormat.standard:
        raise WrongValue(pointer="/secret", because="secret_made_here")
    if sent is None and delivery_format is DeliveryFormat.tool:
        raise WrongValue(pointer="/secret", because="secret_of_tool")
    return secret_for(delivery_format, sent)


def _check_names(ledger: Services, body: lifecycle.SubscriptionFields) -> None:
    """Raise WrongValue for a type or kind that no event has: it would be waited for in vain."""
    for name, parameter in (("event_types", "type"), ("kinds", "kind")):
        names: Any = list(getattr(body, name) or ())
        try:
            EventConditions.model_construct(None, **{parameter: names}).check_names(ledger)
        except WrongValue as error:
            raise WrongValue(error.words, pointer=f"/{name}", because=error.because) from error


@router.post(PREFIX, **operation(LIFECYCLE, "add", CreatedSubscriptionOut))
async def add_subscription(
    request: Request, ledger: Ledger, body: NewSubscription, idempotency_key: IdempotencyKeyHeader = None
) -> Response:
    """Add a subscription: the events from then on are sent to its address. The secret that signs them is in
    this answer and never again.
    """
    caller = caller_of(request)
    if session_of(request) is not None and body.person in (ME, str(caller.person_id)):
        raise OwnKeyRequired()
    _check_names(ledger, body)
    await _check_tool(ledger, body)
    secret = _new_secret(body.format, body.secret)
    fields = body.model_dump(exclude={"url", "secret"}) | _sealed_address(ledger, body.url)
    payload = lifecycle.AddSubscription(**fields, sealed_secret=seal(ledger, SECRET_PURPOSE, secret))
    action_request = ActionRequest(None, payload, None, idempotency_key)
    return await _keep_secret(request, "add", action_request, body.format, secret)


@router.post(f"{PREFIX}/{{id}}/rotate", **operation(LIFECYCLE, "rotate", CreatedSubscriptionOut))
async def rotate_subscription(
    request: Request,
    ledger: Ledger,
    name: Name,
    body: NewSubscriptionSecret,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Rotate the subscription's secret; for a day, deliveries are signed with the previous one, too. The new
    secret is in this answer and never again.
    """
    present = await load(ledger.db, LIFECYCLE, name)
    stored_format = None if present is None else present.record.format
    delivery_format = stored_format or DeliveryFormat.standard
    secret = _new_secret(delivery_format, body.secret)
    payload = lifecycle.RotateSubscription(
        occurred_at=body.occurred_at, sealed_secret=seal(ledger, SECRET_PURPOSE, secret)
    )
    action_request = ActionRequest(name, payload, if_match, idempotency_key)
    return await _keep_secret(request, "rotate", action_request, delivery_format, secret)


async def _keep_secret(
    request: Request, action: str, action_request: ActionRequest, delivery_format: DeliveryFormat, secret: str
) -> Response:
    """Carry out the action, which keeps a new secret. The answer shows it if it was made here."""
    renderer = renderer_of(request, SUBSCRIPTIONS)
    route = f"{action}_subscription"
    key = await idempotency.key_of(renderer.ledger, request, route, action_request.idempotency_key)
    command = Command(
        LIFECYCLE,
        LIFECYCLE[action],
        action_request.name,
        action_request.body,
        context_of(request),
        versions_of(action_request.if_match),
        key,
    )
    shown_secret = secret if delivery_format is DeliveryFormat.standard else None
    return await perform_showing_secret(renderer, command, "secret", lambda subscription: shown_secret)


@router.post(f"{PREFIX}/{{id}}/move", **operation(LIFECYCLE, "move", SubscriptionOut))
async def move_subscription(
    request: Request,
    ledger: Ledger,
    name: Name,
    body: NewAddress,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Move the subscription to another address; what waits is sent there."""
    fields = body.model_dump(exclude={"url"}) | _sealed_address(ledger, body.url)
    action_request = ActionRequest(name, lifecycle.MoveSubscription(**fields), if_match, idempotency_key)
    return await handle_action(request, LIFECYCLE, LIFECYCLE["move"], SubscriptionOut, action_request)


EDIT = operation(LIFECYCLE, "edit", SubscriptionOut)


@router.patch(f"{PREFIX}/{{id}}", **{**EDIT, "responses": EDIT["responses"] | problems(428)})
async def edit_subscription(
    request: Request,
    ledger: Ledger,
    name: Name,
    body: lifecycle.EditSubscription,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Edit the subscription: its name, its language, and which events are sent."""
    if if_match is None:
        raise VersionRequired()
    _check_names(ledger, body)
    action_request = ActionRequest(name, body, if_match, idempotency_key)
    return await handle_action(request, LIFECYCLE, LIFECYCLE["edit"], SubscriptionOut, action_request)


BY_HAND = frozenset({"add", "rotate", "move"})
mount_actions(router, LIFECYCLE, SubscriptionOut, prefix=PREFIX, left_out=BY_HAND)
send_as(lifecycle.AddSubscription, NewSubscription)
send_as(lifecycle.RotateSubscription, NewSubscriptionSecret)
send_as(lifecycle.MoveSubscription, NewAddress)


async def _visible(request: Request, name: str) -> Subscription:
    """Return the subscription of that id. Raises NotFound."""
    subscription: Subscription = (await load_visible(renderer_of(request, SUBSCRIPTIONS), name)).record
    return subscription


async def _managed(request: Request, name: str) -> Subscription:
    """Return the subscription of that id, if the caller may have it send. Raises NotFound, Forbidden."""
    subscription, context = await _visible(request, name), context_of(request)
    policy = admin | holder
    if not policy.allows(context.caller, subscription):
        raise renderer_of(request, SUBSCRIPTIONS).ledger.forbidden(policy, context.language)
    return subscription


class AttemptPaging(BaseModel):
    """The attempts of a subscription that are asked for."""

    model_config = ConfigDict(extra="forbid")

    outcome: AttemptOutcome | None = Field(default=None, description="Only those with that outcome.")
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Attempts on a page.")] = PAGE
    cursor: Annotated[str | None, Field(max_length=1000, description="`next_cursor` of the page before.")] = (
        None
    )


@router.get(
    f"{PREFIX}/{{id}}/attempts",
    operation_id="list_subscription_attempts",
    summary="List attempts of a subscription",
    response_model=page_of(AttemptOut, "attempts, the last first"),
    responses=problems(400, 404, 422),
)
async def list_subscription_attempts(
    request: Request, ledger: Ledger, name: Name, paging: Annotated[AttemptPaging, Query()]
) -> Response:
    """List the attempts to deliver events, the last first. Successes are kept for three days, failures for
    thirty.
    """
    subscription = await _visible(request, name)
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


@router.get(
    f"{PREFIX}/{{id}}/status",
    operation_id="get_subscription_status",
    summary="Get a subscription's status",
    response_model=SubscriptionStatusOut,
    responses=problems(404, 422),
)
async def get_subscription_status(request: Request, ledger: Ledger, name: Name) -> Response:
    """Return how far a subscription has come, and how much of it waits or has failed."""
    subscription = await _visible(request, name)
    return _json(await attempts.status(ledger.db, subscription.id, context_of(request).now))


@router.post(
    f"{PREFIX}/{{id}}/test",
    operation_id="test_subscription",
    summary="Test a subscription",
    response_model=AttemptOut,
    responses=problems(400, 403, 404, 413, 415, 422),
)
async def test_subscription(request: Request, ledger: Ledger, name: Name) -> Response:
    """Send a message of the type `subscription.test`, signed like all others, and return what came of it."""
    subscription, now = await _managed(request, name), context_of(request).now
    attempt = await send_test(ledger, subscription, now)
    await attempts.store_test(ledger.db, attempt)
    row = await attempts.find_attempt(ledger.db, subscription.id, attempt.id)
    assert row is not None, "it has just been stored"
    return _json(_shown(row))


@router.post(
    f"{PREFIX}/{{id}}/attempts/{{attempt}}/resend",
    operation_id="resend_subscription_attempt",
    summary="Send an event once more",
    response_model=ResentOut,
    responses=problems(400, 403, 404, 413, 415, 422),
)
async def resend_subscription_attempt(
    request: Request, ledger: Ledger, name: Name, attempt: AttemptId
) -> Response:
    """Send the event of an attempt once more, as its account sees it now."""
    subscription = await _managed(request, name)
    row = await attempts.find_attempt(ledger.db, subscription.id, attempt)
    if row is None or row["position"] is None:
        raise NotFound()
    position, now = row["position"], context_of(request).now
    return _json({"resent": await attempts.resend(ledger.db, subscription.id, position - 1, position, now)})


@router.post(
    f"{PREFIX}/{{id}}/resend_failed",
    operation_id="resend_failed_of_subscription",
    summary="Send failed events once more",
    response_model=ResentOut,
    responses=problems(400, 403, 404, 413, 415, 422),
)
async def resend_failed_of_subscription(request: Request, ledger: Ledger, name: Name) -> Response:
    """Send all events once more that have failed and are not tried again by themselves."""
    subscription = await _managed(request, name)
    return _json(
        {"resent": await attempts.resend_failed(ledger.db, subscription.id, context_of(request).now)}
    )


class ResendRange(BaseModel):
    """The time of the events that are sent once more."""

    model_config = ConfigDict(extra="forbid")

    recorded_after: Annotated[Time, Field(description="Earliest time at which the log took them.")]
    recorded_before: Annotated[
        Time | None, Field(description="Time before which the log took them; null: all until now.")
    ] = None


@router.post(
    f"{PREFIX}/{{id}}/resend",
    operation_id="resend_events_of_subscription",
    summary="Send events of a time again",
    response_model=ResentOut,
    responses=problems(400, 403, 404, 413, 415, 422),
)
async def resend_events_of_subscription(
    request: Request, ledger: Ledger, name: Name, body: ResendRange
) -> Response:
    """Send all events of a range of time once more, those that were delivered as well, as the account sees
    them now. Those under way are not overtaken.
    """
    subscription, now = await _managed(request, name), context_of(request).now
    low = await read.position_at(ledger.db, body.recorded_after)
    high = await read.head(ledger.db)
    if body.recorded_before is not None:
        high = min(high, await read.position_at(ledger.db, body.recorded_before))
    return _json({"resent": await attempts.resend(ledger.db, subscription.id, low, high, now)})


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in AttemptOut.model_fields}


def _json(content: Any) -> Response:
    return Response(to_json(content), media_type="application/json")


ROUTES = Routes((router,), (SUBSCRIPTIONS,))
