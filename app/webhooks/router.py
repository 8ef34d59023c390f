"""Routes of webhook sources, for those who set them up. intake/router.py receives the deliveries."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, context_of, require_in_person
from app.api.contract.responses import BINARY
from app.api.direct import Router
from app.api.listings.cursors import read as read_cursor
from app.api.listings.cursors import write as write_cursor
from app.api.open_actions import send_as
from app.api.records.actions import (
    IdempotencyKeyHeader,
    IfMatch,
    mount_actions,
    operation,
    perform_showing_secret,
)
from app.api.records.child_rows import mount_child_listing
from app.api.records.edit import mount_edit
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.records.shapes import page_of
from app.api.requests.etag import versions_of
from app.api.requests.request_keys import key_of
from app.api.routes import Routes
from app.foundation.people.keys import USUAL_OVERLAP_SECONDS, Overlap
from app.kernel.actions.actor_policy import admin
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import NotFound
from app.kernel.commands.command import Command
from app.kernel.ledger import Ledger
from app.webhooks.adapters import adapter_texts
from app.webhooks.intake import deliveries
from app.webhooks.intake import router as receiving
from app.webhooks.intake.deliveries import DeliveryState, RawDelivery, content_of
from app.webhooks.intake.preview import preview_of, values_of
from app.webhooks.intake.receipt import kept_headers, receive
from app.webhooks.intake.router import SourceKey
from app.webhooks.intake.views import content_shown, delivery_shown
from app.webhooks.pagerduty_events import router as pagerduty_events
from app.webhooks.sources import lifecycle as sources
from app.webhooks.sources.lookup import find_source, find_source_by_key
from app.webhooks.sources.queries import (
    LOGINS,
    WEBHOOK_SOURCES,
    AcceptedOut,
    AdaptersOut,
    CreatedWebhookSourceOut,
    DeliveryContentOut,
    MappingTrialOut,
    PreviewOut,
    ReplayOut,
    WebhookDeliveryOut,
    WebhookSourceOut,
    WebhookStatusOut,
)
from app.webhooks.sources.records import WebhookSource
from app.webhooks.sources.samples import sample_of
from app.webhooks.sources.secrets import encrypt_secret, fingerprint_secret, new_webhook_secret
from app.webhooks.sources.silence import usual_gap
from app.webhooks.two_way.pending_writes import Writes
from app.webhooks.write_back import tool_format

LARGEST_PAGE = 200
PAGE = 50

tool_format.add()
router = Router(prefix="/v1", tags=["webhooks"])
mount_reads(router, WEBHOOK_SOURCES, prefix="/webhook_sources")

DeliveryId = Annotated[UUID, Path(alias="delivery", description="Identifier of the delivery.")]


class NewWebhookSource(sources.NewSourceFields):
    """A tool whose webhooks are accepted; its secret is made by the tool or by this service."""

    secret: sources.Secret | None = None


class NewWebhookSecret(Payload):
    """A rotation of a source's secret; the new secret is made by the tool or by this service."""

    secret: sources.Secret | None = None
    overlap_seconds: Overlap = USUAL_OVERLAP_SECONDS


def _kept_secret(ledger: Ledger, secret: str) -> dict[str, str]:
    """Return what is kept of the secret: itself, encrypted, and its fingerprint."""
    return {
        "sealed_secret": encrypt_secret(ledger, secret),
        "secret_fingerprint": fingerprint_secret(ledger, secret),
    }


async def _perform(request: Request, command: Command, secret: str | None) -> Response:
    renderer = renderer_of(request, WEBHOOK_SOURCES)
    return await perform_showing_secret(renderer, command, "secret", lambda source: secret)


@router.post("/webhook_sources", **operation(sources.LIFECYCLE, "add", CreatedWebhookSourceOut))
async def add_webhook_source(
    request: Request,
    ledger: RequestLedger,
    body: NewWebhookSource,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Add a webhook source: its deliveries are accepted from then on. The secret is in this answer and is
    never shown again.
    """
    secret = body.secret or new_webhook_secret(body.adapter)
    fields = body.model_dump(exclude={"secret"}) | _kept_secret(ledger, secret)
    payload = sources.AddWebhookSource(**fields)
    key = await key_of(ledger, request, "add_webhook_source", idempotency_key)
    row = sources.LIFECYCLE["add"]
    command = Command(sources.LIFECYCLE, row, None, payload, context_of(request), None, key)
    return await _perform(request, command, None if body.secret else secret)


@router.post(
    "/webhook_sources/{id}/rotate", **operation(sources.LIFECYCLE, "rotate", CreatedWebhookSourceOut)
)
async def rotate_webhook_source(
    request: Request,
    ledger: RequestLedger,
    name: Name,
    body: NewWebhookSecret,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Rotate the source's secret. The previous one is accepted for a while, and older ones no longer. The
    secret is in this answer and is never shown again.
    """
    source = await find_source(ledger.db, name)
    secret = body.secret or new_webhook_secret("" if source is None else str(source.adapter))
    fields = body.model_dump(exclude={"secret"}) | _kept_secret(ledger, secret)
    payload = sources.RotateWebhookSource(**fields)
    key = await key_of(ledger, request, "rotate_webhook_source", idempotency_key)
    row, versions = sources.LIFECYCLE["rotate"], versions_of(if_match)
    command = Command(sources.LIFECYCLE, row, name, payload, context_of(request), versions, key)
    return await _perform(request, command, None if body.secret else secret)


mount_actions(
    router,
    sources.LIFECYCLE,
    WebhookSourceOut,
    prefix="/webhook_sources",
    left_out=frozenset({"add", "rotate"}),
)
mount_child_listing(router, sources.LIFECYCLE, WebhookSourceOut, LOGINS, prefix="/webhook_sources")
send_as(sources.AddWebhookSource, NewWebhookSource)
send_as(sources.RotateWebhookSource, NewWebhookSecret)
mount_edit(router, sources.LIFECYCLE, WebhookSourceOut, prefix="/webhook_sources")


async def _administered_in_person(request: Request, name: str) -> WebhookSource:
    """Return the source of that id, which is made to do something. Raises NotFound, Forbidden, DoneInPerson,
    SupersededSecret, KeyOfAnother.
    """
    require_in_person(request)
    return await _administered(request, name)


async def _administered(request: Request, name: str) -> WebhookSource:
    """Return the source of that id. Raises NotFound, Forbidden: what deliveries contain is for admins."""
    renderer = renderer_of(request, WEBHOOK_SOURCES)
    source: WebhookSource = (await load_visible(renderer, name)).record
    if not admin.allows(renderer.caller, source):
        raise renderer.ledger.forbidden(admin, renderer.language)
    return source


class DeliveryPaging(BaseModel):
    """The deliveries of a source that are asked for."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    state: DeliveryState | None = Field(default=None, description="State of the deliveries.")
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Number of deliveries on a page.")] = PAGE
    cursor: Annotated[str | None, Field(max_length=1000, description="`next_cursor` of the page before.")] = (
        None
    )


@router.endpoint(
    "/webhook_sources/{id}/deliveries",
    "List webhook deliveries",
    page_of(WebhookDeliveryOut, "deliveries, the last received first"),
    refused=(400, 404, 422),
)
async def list_webhook_deliveries(
    request: Request, ledger: RequestLedger, name: Name, paging: Annotated[DeliveryPaging, Query()]
) -> Response:
    """List the deliveries of a source with their outcomes, the last received first."""
    source, language = await _administered(request, name), context_of(request).language
    scope = f"deliveries {source.id} {paging.state}"
    sign = ledger.vault.fingerprint
    before = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
    if paging.cursor is not None:
        received_at, last = read_cursor(paging.cursor, scope, sign)
        before = (datetime.fromisoformat(received_at), UUID(last))
    rows = await deliveries.page(ledger.db, source.id, paging.state, before, paging.limit + 1)
    page, cursor = rows[: paging.limit], None
    if len(rows) > paging.limit:
        cursor = write_cursor([page[-1]["received_at"].isoformat(), str(page[-1]["id"])], scope, sign)
    items = [delivery_shown(row, language) for row in page]
    return _json({"items": items, "next_cursor": cursor})


@router.endpoint(
    "/webhook_sources/{id}/deliveries/{delivery}",
    "Get a webhook delivery",
    DeliveryContentOut,
    refused=(404, 422),
)
async def get_webhook_delivery(
    request: Request, ledger: RequestLedger, name: Name, delivery: DeliveryId
) -> Response:
    """Return a delivery with its headers and body."""
    source = await _administered(request, name)
    row = await deliveries.find_delivery(ledger.db, source.id, delivery)
    if row is None:
        raise NotFound()
    return _json(content_shown(ledger, row, context_of(request).language))


@router.endpoint(
    "/webhook_sources/{id}/deliveries/{delivery}/replay",
    "Replay a webhook delivery",
    ReplayOut,
    method="POST",
    refused=(404,),
)
async def replay_webhook_delivery(
    request: Request, ledger: RequestLedger, name: Name, delivery: DeliveryId
) -> Response:
    """Replay a delivery: it is processed again. Effects that it already had are not repeated."""
    source = await _administered_in_person(request, name)
    if await deliveries.find_delivery(ledger.db, source.id, delivery) is None:
        raise NotFound()
    return _json({"replayed": await deliveries.replay(ledger.db, source.id, [delivery])})


@router.endpoint(
    "/webhook_sources/{id}/replay_failed",
    "Replay failed webhook deliveries",
    ReplayOut,
    method="POST",
    refused=(404,),
)
async def replay_failed_webhook_deliveries(request: Request, ledger: RequestLedger, name: Name) -> Response:
    """Replay all failed deliveries of a source, for example after its mapping was corrected."""
    source = await _administered_in_person(request, name)
    return _json({"replayed": await deliveries.replay_failed(ledger.db, source.id)})


@router.endpoint(
    "/webhook_sources/{id}/status", "Get a webhook source's status", WebhookStatusOut, refused=(404, 422)
)
async def get_webhook_source_status(request: Request, ledger: RequestLedger, name: Name) -> Response:
    """Return the numbers of received, waiting and failed deliveries of a source."""
    source, now = await _administered(request, name), context_of(request).now
    counts = await deliveries.counts(ledger.db, source.id, now)
    gap = await usual_gap(ledger.db, source.id)
    clock = await Writes(ledger.db, str(source.key)).clock()
    answer = {
        **counts,
        "refused": counts["refused"] or 0,
        "usual_gap_seconds": gap,
        "clock_ahead_seconds": None if clock.measured_at is None else clock.ahead.total_seconds(),
        "clock_differs": clock.differs,
    }
    return _json(answer)


class SampleQuery(BaseModel):
    """Whether the sample is a test."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    is_test: bool = Field(
        default=False,
        description="True for a test: the delivery is received and read like any other, but opens no ticket, "
        "adds no person and counts in no figure.",
    )


@router.endpoint(
    "/webhook_sources/{id}/send_sample",
    "Send a webhook sample",
    AcceptedOut,
    method="POST",
    refused=(404,),
    status_code=202,
)
async def send_webhook_sample(
    request: Request, ledger: RequestLedger, name: Name, query: Annotated[SampleQuery, Query()]
) -> Response:
    """Send a sample delivery of its tool to the source, to see the resulting ticket. A test opens none."""
    source, now = await _administered_in_person(request, name), context_of(request).now
    sample = sample_of(source, now)
    delivery_id, _ = await receive(
        ledger, source, dict(sample.headers), sample.body, now, is_test=query.is_test
    )
    return _json({"delivery_id": delivery_id}, 202)


class MappingTrial(BaseModel):
    """A mapping to try on a delivery of the source."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    mapping: sources.MappingText | None = Field(
        default=None, description="Mapping as TOML; null for the mapping that the source uses now."
    )
    delivery: UUID | None = Field(
        default=None, description="Stored delivery to read; null for a sample delivery of the tool."
    )


@router.endpoint(
    "/webhook_sources/{id}/try_mapping",
    "Try a webhook mapping",
    MappingTrialOut,
    method="POST",
    refused=(404, 422),
)
async def try_webhook_mapping(
    request: Request, ledger: RequestLedger, name: Name, body: Annotated[MappingTrial, Body()]
) -> Response:
    """Preview the effects of a stored delivery, or of a sample, by a mapping that is not stored. Nothing is
    changed.
    """
    source, now = await _administered(request, name), context_of(request).now
    raw: RawDelivery | None = sample_of(source, now)
    if body.delivery is not None:
        row = await deliveries.find_delivery(ledger.db, source.id, body.delivery)
        raw = None if row is None else content_of(ledger, row["sealed"])
    if raw is None:
        raise NotFound()
    trial = source if body.mapping is None else source.model_copy(update={"mapping": body.mapping})
    values = await asyncio.to_thread(values_of, raw, now)
    return _json(await preview_of(ledger, trial, raw, now) | {"values": values})


@router.endpoint("/webhook_adapters", "List webhook adapters", AdaptersOut)
async def list_webhook_adapters(request: Request) -> Response:
    """List the tools with a built-in adapter, each with its mapping as a starting point for another one."""
    return _json({"items": adapter_texts()})


@router.endpoint(
    "/webhooks/{source}/preview",
    "Preview a webhook delivery's effects",
    PreviewOut,
    method="POST",
    refused=(404,),
    openapi_extra={"requestBody": {"required": True, "content": BINARY}},
)
async def preview_webhook(request: Request, ledger: RequestLedger, key: SourceKey) -> Response:
    """Preview the effects of a delivery by the source's mapping, without changing anything. Send the body and
    headers of the delivery.
    """
    context = context_of(request)
    source = await find_source_by_key(ledger.db, key)
    if source is None:
        raise NotFound()
    if not admin.allows(context.caller, source):
        raise ledger.forbidden(admin, context.language)
    raw = RawDelivery(kept_headers(source, dict(request.headers)), await request.body())
    return _json(await preview_of(ledger, source, raw, context.now))


def _json(content: Any, status: int = 200) -> Response:
    return Response(to_json(content), status, media_type="application/json")


ROUTES = Routes((router, receiving.router, pagerduty_events.router), (WEBHOOK_SOURCES,))
