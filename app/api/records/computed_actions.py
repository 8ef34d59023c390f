"""Actions with figures that are computed before the command, of the record as it was then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.api.authentication.auth import context_of, ledger_of
from app.api.direct import Router
from app.api.lazy_routes import Operation
from app.api.listings.lists import Listing
from app.api.records.actions import (
    ActionRequest,
    IdempotencyKeyHeader,
    IfMatch,
    handle_action,
    operation,
    typed_body,
)
from app.api.records.reads import Name, load_permitted
from app.api.records.shapes import OutputModel
from app.api.requests.etag import versions_of
from app.kernel.actions.lifecycle import Action
from app.kernel.actions.refusals import RetriesExhausted, VersionMismatch
from app.kernel.commands.perform import ATTEMPTS
from app.kernel.ledger import Ledger

#: Computes what comes with the command (`Command.prepared`), from the record, the payload and the time.
Compute = Callable[[Ledger, Any, Any, datetime], Awaitable[tuple[object, ...]]]


def mount_computed_actions(
    router: Router, listing: Listing, shape: type[OutputModel], computes: Mapping[str, Compute]
) -> None:
    """Add an operation for each of these actions on a record, as `mount_actions` does for all others (which
    leaves them out); each has the function that computes what comes with its command.
    """
    for name, compute in computes.items():
        declare = partial(_operation, listing, listing.lifecycle[name], shape, compute)
        router.add_operation("POST", f"/{{id}}/{name}", declare)


def _operation(
    listing: Listing, row: Action[Any, Any], shape: type[OutputModel], compute: Compute
) -> Operation:
    texts = operation(listing.lifecycle, row.name, shape)
    return Operation(_endpoint(listing, row, shape, compute), {"description": row.description, **texts})


def _endpoint(
    listing: Listing, row: Action[Any, Any], shape: type[OutputModel], compute: Compute
) -> Callable[..., Any]:
    async def act(
        request: Request,
        name: Name,
        body: Any,
        if_match: IfMatch = None,
        idempotency_key: IdempotencyKeyHeader = None,
    ) -> Response:
        action_request = ActionRequest(name, body, if_match, idempotency_key)
        return await _handle(request, listing, row, shape, action_request, compute)

    return typed_body(act, row.body)


async def _handle(
    request: Request,
    listing: Listing,
    row: Action[Any, Any],
    shape: type[OutputModel],
    action_request: ActionRequest,
    compute: Compute,
) -> Response:
    """Carry out the action of the request `action_request` with what is computed for it, and answer with the
    record.

    A computed value belongs to the version that it was computed from. If the record has changed meanwhile,
    and the client requires no version itself, the value is recomputed. Raises a Refusal, or DatabaseGone.
    """
    assert action_request.name is not None, "it is computed of a record that is there"
    ledger = ledger_of(request)
    asks_for_version = versions_of(action_request.if_match) is not None
    for _ in range(ATTEMPTS):
        record = await load_permitted(request, listing, row, action_request.name)
        prepared: tuple[object, ...] = ()
        bound = action_request
        if record is not None:
            prepared = await compute(ledger, record, action_request.body, context_of(request).now)
            bound = (
                action_request
                if asks_for_version
                else replace(action_request, if_match=f'"{record.version}"')
            )
        try:
            return await handle_action(request, listing.lifecycle, row, shape, bound, prepared=prepared)
        except VersionMismatch:
            if asks_for_version:
                raise
    raise RetriesExhausted()
