"""One typed operation per row of a table: `POST /v1/incidents/{id}/resolve` takes a ResolveIncident.

The one dynamic place: `act` is written once, and before FastAPI sees it its `body` gets the row's own type.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Path, Request
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.responses import Response

from app.api import idempotency
from app.api.auth import context_of, ledger_of
from app.api.etag import etag, version_of
from app.api.openapi import action_responses
from app.api.shapes import Out, Renderer
from app.kernel.describe import sources, target
from app.kernel.history import as_of_version
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Action, Lifecycle
from app.kernel.perform import Act, perform
from app.kernel.refusals import Refusal, StillRunning
from app.log.writer import Earlier, Repeated

IfMatch = Annotated[
    str | None,
    Header(max_length=255, description="Carry it out only if the record is still at this version."),
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r'^\s*("[\x20-\x21\x23-\x7e]{1,255}"|[\x21-\x7e]{1,255})\s*$',
        description="The same key with the same command, sent again, is answered again and done once.",
    ),
]
Name = Annotated[
    str, Path(alias="id", max_length=250, description="The id, the number, or another system's name for it.")
]


def mount_actions(
    router: APIRouter,
    lifecycle: Lifecycle[Any],
    shape: type[Out],
    *,
    prefix: str = "",
    left_out: frozenset[str] = frozenset(),
) -> None:
    """Adds an operation for every row of the table, but those that the router writes by hand."""
    for row in lifecycle.rows:
        if row.name not in left_out:
            path = prefix if row.opens else f"{prefix}/{{id}}/{row.name}"
            endpoint = _endpoint(lifecycle, row, shape)
            router.add_api_route(path, endpoint, methods=["POST"], **operation(lifecycle, row.name, shape))


def operation(lifecycle: Lifecycle[Any], name: str, shape: type[Out]) -> dict[str, Any]:
    """How the contract describes the row of that name."""
    row = lifecycle[name]
    return {
        "status_code": 201 if row.opens else 200,
        "response_model": shape,
        "operation_id": operation_id(lifecycle, row),
        "summary": row.summary,
        "responses": action_responses(row),
        "openapi_extra": {"x-lifecycle": describe(lifecycle, row)},
    }


def operation_id(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> str:
    """`resolve_incident`."""
    return f"{row.name}_{lifecycle.kind}"


def describe(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> dict[str, Any]:
    """The row, for the contract."""
    return {
        "from": sources(lifecycle, row),
        "to": target(row),
        "who": row.who.phrase("en"),
        "event": row.event,
    }


def _endpoint(lifecycle: Lifecycle[Any], row: Action[Any, Any], shape: type[Out]) -> Callable[..., Any]:
    async def make(request: Request, body: Any, idempotency_key: Key = None) -> Response:
        return await _answer(request, None, body, None, idempotency_key)

    async def act(
        request: Request,
        name: Name,
        body: Any,
        if_match: IfMatch = None,
        idempotency_key: Key = None,
    ) -> Response:
        return await _answer(request, name, body, if_match, idempotency_key)

    async def _answer(
        request: Request,
        name: str | None,
        body: Any,
        if_match: str | None,
        header: str | None,
    ) -> Response:
        ledger = ledger_of(request)
        key = await idempotency.key_of(ledger, request, operation_id(lifecycle, row), header)
        context = context_of(request)
        act = Act(lifecycle, row, name, body, context, version_of(if_match), key)
        carried_out = await carry_out(ledger, act)
        renderer = Renderer(ledger, lifecycle, shape, context.caller, context.language)
        return answer(renderer, carried_out, await renderer.one(carried_out.record))

    return with_body(make if row.opens else act, row.body)


def with_body(endpoint: Callable[..., Any], body: type[Any]) -> Callable[..., Any]:
    """The endpoint with the type of its body put into its signature; a body that needs nothing may be left
    out.
    """
    signature = inspect.signature(endpoint, eval_str=True)
    typed: Any = Annotated[body, Body()]  # the row's own type, known only now
    parameters = [
        parameter.replace(annotation=typed, default=_nothing_said(body))
        if parameter.name == "body"
        else parameter
        for parameter in signature.parameters.values()
    ]
    parameters.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
    endpoint.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # what inspect.signature reads
    return endpoint


def _nothing_said(body: type[Any]) -> Any:
    """The body where none is sent, if nothing need be given; else what makes it a required one."""
    try:
        return body()
    except ValidationError:
        return inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """A command that has been carried out: the record after it. `replayed`: it was done when it was sent
    before.
    """

    record: Any
    status: int
    replayed: bool = False


async def carry_out(ledger: Ledger, act: Act) -> CarriedOut:
    """Carries the command out, or finds that it was carried out before: then the record is as it was then.

    Raises a Refusal, or DatabaseGone.
    """
    status = 201 if act.row.opens else 200
    if act.key is None:
        return CarriedOut((await perform(ledger, act)).record, status)
    mark = (act.context.caller.actor, act.key.route, act.key.key)
    if mark in ledger.running:
        raise StillRunning()
    ledger.running.add(mark)
    try:
        return CarriedOut((await perform(ledger, act)).record, status)
    except Repeated as repeated:
        return await _again(ledger, act, idempotency.same(repeated.earlier, act.key))
    except Refusal:
        # What forbids it now may be what it did the first time.
        earlier = await idempotency.find(ledger, act.context.caller.actor, act.key)
        if earlier is None:
            raise
        return await _again(ledger, act, earlier)
    finally:
        ledger.running.discard(mark)


async def _again(ledger: Ledger, act: Act, earlier: Earlier) -> CarriedOut:
    record = await as_of_version(ledger.db, act.lifecycle, earlier.stream, earlier.version)
    return CarriedOut(record, earlier.status, replayed=True)


def answer(renderer: Renderer, carried_out: CarriedOut, shown: dict[str, Any]) -> Response:
    """The record as an answer to the command."""
    body = to_json(shown)
    headers = {"ETag": etag(carried_out.record.version, body), "Content-Language": renderer.language}
    if carried_out.status == 201:
        headers["Location"] = f"/v1/{renderer.lifecycle.plural}/{carried_out.record.id}"
    if carried_out.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(body, carried_out.status, headers, "application/json")
