"""HTTP operations of lifecycle actions, one typed operation each: `POST /v1/incidents/{id}/resolve` takes a
ResolveIncident.

Endpoints are generic functions; before FastAPI reads their signature, the parameter `body` gets the payload
type of the action.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import Body, Header, Request
from pydantic import ValidationError
from starlette.responses import Response

from app.api.authentication.auth import context_of, ledger_of
from app.api.commands.performing import ActionOutcome, operation_id, perform_idempotently
from app.api.contract import summaries
from app.api.contract.responses import action_responses
from app.api.direct import Router
from app.api.lazy_routes import Operation, typed
from app.api.records.reads import Name
from app.api.records.shapes import OutputModel, Renderer
from app.api.requests.etag import etag, versions_of
from app.api.requests.json_output import dump_json
from app.api.requests.request_keys import HEADER_FORM, key_of
from app.api.unknown_keys import names_keys, unknown_keys, warned_shape
from app.kernel.actions.describe import source_states, target_state
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Patch
from app.kernel.commands.command import Command

IfMatch = Annotated[
    str | None,
    Header(
        max_length=255,
        description="Version that the record must have (its ETag, or only the number), or several of them; "
        "otherwise the action is refused with 412.",
    ),
]
IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=HEADER_FORM,
        description="Key of this command: a repetition with the same key returns the first answer and "
        "changes nothing. Keys are kept even when persons are erased, so do not put names of persons into "
        "them.",
    ),
]


def mount_actions(
    router: Router,
    lifecycle: Lifecycle[Any],
    shape: type[OutputModel],
    *,
    prefix: str = "",
    left_out: Collection[str] = (),
    renderer: type[Renderer] = Renderer,
) -> None:
    """Add an operation for every action of the lifecycle, except edits (see `mount_edit`) and those in
    `left_out`, which have operations of their own (`mount_computed_actions`, or by hand). `renderer` shows
    the record after the action.
    """
    for row in lifecycle.rows:
        if row.name not in left_out and not issubclass(row.body, Patch):
            path = prefix if row.opens else f"{prefix}/{{id}}/{row.name}"
            router.add_operation("POST", path, partial(_operation, lifecycle, row, shape, renderer))


def _operation(
    lifecycle: Lifecycle[Any], row: Action[Any, Any], shape: type[OutputModel], renderer: type[Renderer]
) -> Operation:
    texts = operation(lifecycle, row.name, shape)
    return Operation(_endpoint(lifecycle, row, shape, renderer), {"description": row.description, **texts})


def operation(lifecycle: Lifecycle[Any], name: str, shape: type[OutputModel]) -> dict[str, Any]:
    """Return FastAPI's route arguments that describe the action of that name in the contract."""
    row = lifecycle[name]
    return {
        "status_code": 201 if row.opens else 200,
        "response_model": warned_shape(shape) if names_keys(lifecycle, row.body) else shape,
        "operation_id": operation_id(lifecycle, row),
        "summary": summaries.of_action(row.description, lifecycle.kind),
        "responses": action_responses(row),
        "openapi_extra": {"x-lifecycle": describe(lifecycle, row)},
    }


def describe(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> dict[str, Any]:
    """Return the `x-lifecycle` extension of the contract: the action's source states, target state, policy
    (`in_person`: no assistant may do it for somebody) and event; all events, where it gives one of several.
    """
    several = {"events": list(row.events)} if len(row.events) > 1 else {}
    return {
        "from": source_states(lifecycle, row),
        "to": target_state(row),
        "who": row.policy.phrase("en"),
        **({"in_person": True} if row.policy.bars_assistants else {}),
        "event": row.event,
        **several,
    }


def _endpoint(
    lifecycle: Lifecycle[Any], row: Action[Any, Any], shape: type[OutputModel], renderer: type[Renderer]
) -> Callable[..., Any]:
    async def create(request: Request, body: Any, idempotency_key: IdempotencyKeyHeader = None) -> Response:
        action_request = ActionRequest(None, body, None, idempotency_key)
        return await handle_action(request, lifecycle, row, shape, action_request, renderer=renderer)

    async def act(
        request: Request,
        name: Name,
        body: Any,
        if_match: IfMatch = None,
        idempotency_key: IdempotencyKeyHeader = None,
    ) -> Response:
        action_request = ActionRequest(name, body, if_match, idempotency_key)
        return await handle_action(request, lifecycle, row, shape, action_request, renderer=renderer)

    return typed_body(create if row.opens else act, row.body)


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """A parsed request for an action: the record's name (None: the action makes it), payload, If-Match and
    idempotency key.
    """

    name: str | None
    body: Any
    if_match: str | None
    idempotency_key: str | None


async def handle_action(
    request: Request,
    lifecycle: Lifecycle[Any],
    row: Action[Any, Any],
    shape: type[OutputModel],
    action_request: ActionRequest,
    *,
    renderer: type[Renderer] = Renderer,
    prepared: tuple[object, ...] = (),
) -> Response:
    """Carry out the action of the request `action_request`, and answer with the record after it: once for an
    idempotency key (`perform_idempotently`), by the steps that kernel/commands/perform.py lists. `prepared`:
    see `Command`.
    """
    ledger = ledger_of(request)
    key = await key_of(ledger, request, operation_id(lifecycle, row), action_request.idempotency_key)
    context = context_of(request)
    command = Command(
        lifecycle,
        row,
        action_request.name,
        action_request.body,
        context,
        versions_of(action_request.if_match),
        key,
        prepared=prepared,
    )
    carried_out = await perform_idempotently(ledger, command)
    shows = renderer(ledger, lifecycle, shape, context.caller, context.language)
    shows.is_childless = carried_out.is_childless
    answer = await shows.render_one(carried_out.record, carried_out.audience)
    return action_response(shows, carried_out, answer, await unknown_keys(ledger, command))


def typed_body(endpoint: Callable[..., Any], body: type[Any]) -> Callable[..., Any]:
    """Return the endpoint with the payload type put into its signature; a payload without required fields may
    be left out of the request.
    """
    kind: Any = Annotated[body, Body()]  # the action's own payload type, known only now
    return typed(endpoint, "body", kind, _default_body(body))


def _default_body(body: type[Any]) -> Any:
    """Return the payload to assume if the request has no body; if it has required fields, the marker for a
    required parameter.
    """
    try:
        return body()
    except ValidationError:
        return inspect.Parameter.empty


async def perform_showing_secret(
    renderer: Renderer, command: Command, name: str, secret_of: Callable[[Any], str | None]
) -> Response:
    """Perform the command, and answer with the record and, under that name, the secret that the command gave
    it, which is shown once: the answer to a replay is without it, whose secret was another one.

    `secret_of` returns the secret of the record; None if its client knows it.
    """
    carried_out = await perform_idempotently(renderer.ledger, command)
    answer = await renderer.render_one(carried_out.record)
    answer[name] = None if carried_out.replayed else secret_of(carried_out.record)
    return action_response(renderer, carried_out, answer)


def action_response(
    renderer: Renderer,
    carried_out: ActionOutcome,
    answer: dict[str, Any],
    warnings: Sequence[dict[str, Any]] = (),
) -> Response:
    """Return the HTTP response of a command; `answer` is the record after it, as GET shows it, with the same
    ETag. `warnings` stand in the body, but are not part of the record and so not of the ETag.
    """
    body = dump_json(answer)
    headers = {"ETag": etag(carried_out.record.version, body), "Content-Language": renderer.language}
    if warnings:
        body = dump_json({**answer, "warnings": warnings})
    if carried_out.status == 201:
        headers["Location"] = f"/v1/{renderer.lifecycle.plural}/{carried_out.record.id}"
    if carried_out.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(body, carried_out.status, headers, "application/json")
