"""One typed operation per row of a table: `POST /v1/incidents/{id}/resolve` takes a ResolveIncident.

The one dynamic place: `act` is written once, and before FastAPI sees it its `body` gets the row's own type.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Request
from pydantic import ValidationError
from starlette.responses import Response

from app.api import idempotency, summaries
from app.api.auth import context_of, ledger_of
from app.api.etag import etag, versions_of
from app.api.json_output import dump_json
from app.api.openapi import action_responses
from app.api.reads import Name
from app.api.shapes import OutputModel, Renderer
from app.api.signatures import typed
from app.kernel.describe import source_states, target_state
from app.kernel.history import record_at_version
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Action, Lifecycle
from app.kernel.payloads import Patch
from app.kernel.perform import Command, perform
from app.kernel.reads import load
from app.kernel.refusals import Refusal, StillRunning
from app.log.writer import DuplicateCommand, RecordedOutcome

IfMatch = Annotated[
    str | None,
    Header(
        max_length=255,
        description="Carry it out only if the record is still at this version, or at one of these.",
    ),
]
IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r'^\s*("[\x20-\x21\x23-\x7e]{1,255}"|[\x21-\x7e]{1,255})\s*$',
        description="The same key with the same command, sent again, is answered again and done once.",
    ),
]


def mount_actions(
    router: APIRouter,
    lifecycle: Lifecycle[Any],
    shape: type[OutputModel],
    *,
    prefix: str = "",
    left_out: frozenset[str] = frozenset(),
    renderer: type[Renderer] = Renderer,
) -> None:
    """Adds an operation for every row of the table, but those that the router writes by hand; editing is for
    `mount_edit`. `renderer` shows the record after it.
    """
    for row in lifecycle.rows:
        if row.name not in left_out and not issubclass(row.body, Patch):
            path = prefix if row.opens else f"{prefix}/{{id}}/{row.name}"
            endpoint = _endpoint(lifecycle, row, shape, renderer)
            told = operation(lifecycle, row.name, shape)
            router.add_api_route(path, endpoint, methods=["POST"], description=row.summary, **told)


def operation(lifecycle: Lifecycle[Any], name: str, shape: type[OutputModel]) -> dict[str, Any]:
    """How the contract describes the row of that name."""
    row = lifecycle[name]
    return {
        "status_code": 201 if row.opens else 200,
        "response_model": shape,
        "operation_id": operation_id(lifecycle, row),
        "summary": summaries.of_action(row.name, lifecycle.kind),
        "responses": action_responses(row),
        "openapi_extra": {"x-lifecycle": describe(lifecycle, row)},
    }


def operation_id(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> str:
    """`resolve_incident`."""
    return f"{row.name}_{lifecycle.kind}"


def describe(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> dict[str, Any]:
    """The row, for the contract."""
    return {
        "from": source_states(lifecycle, row),
        "to": target_state(row),
        "who": row.who.phrase("en"),
        "event": row.event,
        "events": list(row.events),
    }


def _endpoint(
    lifecycle: Lifecycle[Any], row: Action[Any, Any], shape: type[OutputModel], renderer: type[Renderer]
) -> Callable[..., Any]:
    async def create(request: Request, body: Any, idempotency_key: IdempotencyKeyHeader = None) -> Response:
        said = ActionRequest(None, body, None, idempotency_key)
        return await handle_action(request, lifecycle, row, shape, said, renderer=renderer)

    async def act(
        request: Request,
        name: Name,
        body: Any,
        if_match: IfMatch = None,
        idempotency_key: IdempotencyKeyHeader = None,
    ) -> Response:
        said = ActionRequest(name, body, if_match, idempotency_key)
        return await handle_action(request, lifecycle, row, shape, said, renderer=renderer)

    return typed_body(create if row.opens else act, row.body)


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """What a request says: of which record, what, at which version, and under which key."""

    name: str | None
    body: Any
    if_match: str | None
    idempotency_key: str | None


async def handle_action(
    request: Request,
    lifecycle: Lifecycle[Any],
    row: Action[Any, Any],
    shape: type[OutputModel],
    said: ActionRequest,
    *,
    renderer: type[Renderer] = Renderer,
) -> Response:
    """Carries the row out, and answers with the record."""
    ledger = ledger_of(request)
    key = await idempotency.key_of(ledger, request, operation_id(lifecycle, row), said.idempotency_key)
    context = context_of(request)
    command = Command(lifecycle, row, said.name, said.body, context, versions_of(said.if_match), key)
    carried_out = await perform_idempotently(ledger, command)
    shows = renderer(ledger, lifecycle, shape, context.caller, context.language)
    return action_response(
        shows, carried_out, await shows.render_one(carried_out.record, carried_out.audience)
    )


def typed_body(endpoint: Callable[..., Any], body: type[Any]) -> Callable[..., Any]:
    """The endpoint with the type of its body put into its signature; a body that needs nothing may be left
    out.
    """
    kind: Any = Annotated[body, Body()]  # the row's own type, known only now
    return typed(endpoint, "body", kind, _default_body(body))


def _default_body(body: type[Any]) -> Any:
    """The body where none is sent, if nothing need be given; else what makes it a required one."""
    try:
        return body()
    except ValidationError:
        return inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """A command that has been carried out: the record after it, and the tokens of those who may see it.
    `replayed`: it was done when it was sent before.
    """

    record: Any
    status: int
    audience: Iterable[str] = ()
    replayed: bool = False


async def perform_idempotently(ledger: Ledger, command: Command) -> ActionOutcome:
    """Carries the command out, or finds that it was carried out before: then the record is as it was then.

    Raises a Refusal, or DatabaseGone.
    """
    status = 201 if command.row.opens else 200
    if command.key is None:
        done = await perform(ledger, command)
        return ActionOutcome(done.record, status, done.audience)
    mark = (command.metadata.caller.actor, command.key.route, command.key.key)
    if mark in ledger.running:
        raise StillRunning()
    ledger.running.add(mark)
    try:
        done = await perform(ledger, command)
        return ActionOutcome(done.record, status, done.audience)
    except DuplicateCommand as repeated:
        return await replay_outcome(
            ledger, command.lifecycle, idempotency.require_same_command(repeated.earlier, command.key)
        )
    except Refusal:
        # What forbids it now may be what it did the first time.
        earlier = await idempotency.find_outcome(ledger, command.metadata.caller.actor, command.key)
        if earlier is None:
            raise
        return await replay_outcome(ledger, command.lifecycle, earlier)
    finally:
        ledger.running.discard(mark)


async def replay_outcome(
    ledger: Ledger, lifecycle: Lifecycle[Any], earlier: RecordedOutcome
) -> ActionOutcome:
    """What was carried out before: the record as it was then, for those who may see it now."""
    record = await record_at_version(ledger.db, lifecycle, earlier.stream, earlier.version)
    present = await load(ledger.db, lifecycle, str(record.id))
    assert present is not None, "a record is not removed"
    return ActionOutcome(record, earlier.status, present.audience, replayed=True)


def action_response(renderer: Renderer, carried_out: ActionOutcome, shown: dict[str, Any]) -> Response:
    """The record as an answer to the command."""
    body = dump_json(shown)
    headers = {"ETag": etag(carried_out.record.version, body), "Content-Language": renderer.language}
    if carried_out.status == 201:
        headers["Location"] = f"/v1/{renderer.lifecycle.plural}/{carried_out.record.id}"
    if carried_out.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(body, carried_out.status, headers, "application/json")
