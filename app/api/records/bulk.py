"""Bulk operations: `POST /v1/incidents/bulk` carries out many actions, each with its own result, or all
together or not at all.

Every item is treated as if it had been sent by itself: the same actions, checks, refusals and idempotency
keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api.authentication.auth import context_of, ledger_of
from app.api.authentication.write_rates import too_many_writes, write_rate_of
from app.api.commands.bulk_commands import (
    BulkCommand,
    BulkItem,
    InvalidItem,
    Outcome,
    apply_all,
    apply_each,
    record_stub,
    refusal_details,
)
from app.api.commands.performing import ActionOutcome
from app.api.contract.problems import ProblemDocument, document, problem, status_of
from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.records.actions import IdempotencyKeyHeader
from app.api.records.shapes import OutputModel
from app.api.requests import request_keys
from app.api.requests.faults import MOST_FAULTS, Fault
from app.api.requests.json_output import dump_json
from app.api.unknown_keys import KeyWarning, unknown_keys
from app.i18n.kind_nouns import nouns
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command

MOST_ITEMS = 1_000


class BulkRequest(BaseModel):
    """Several actions on records of one kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    items: list[BulkItem] = Field(
        min_length=1, max_length=MOST_ITEMS, description="Actions to carry out, in this order."
    )
    all_or_nothing: bool = Field(
        default=False,
        strict=True,
        description="True if no action is carried out when one is refused; then each record may occur only "
        "once.",
    )


class BulkRecord(OutputModel):
    """The record after the action: its id, number, state and version."""

    id: UUID = Field(description="Identifier of the record: a UUID that never changes.")
    number: str | None = Field(description="Number of the record; null for kinds without numbers.")
    state: str = Field(description="Code of the record's state after the action.")
    version: int = Field(description="Version of the record after the action, for If-Match.")


class BulkResult(OutputModel):
    """The result of one action: the record, or the problem for which it was refused."""

    status: int = Field(description="HTTP status that the action would have had if it had been sent alone.")
    replayed: bool = Field(description="True if the key was used before and the action was carried out then.")
    record: BulkRecord | None = Field(
        description="The record after the action; null if the action was refused."
    )
    problem: ProblemDocument | None = Field(description="The refusal; null if the action was carried out.")
    warnings: list[KeyWarning] = Field(
        description="Keys of the body that were accepted although no record here has them."
    )


class BulkAnswer(OutputModel):
    """The results of the actions, in the order of the request."""

    items: list[BulkResult] = Field(description="Results of the actions, in the order of the request.")
    refused: int = Field(description="Number of actions that were refused.")


def router_of(lifecycles: Iterable[Lifecycle[Any]]) -> Router:
    """Return the router with a bulk operation for each kind of ticket."""
    router = Router(prefix="/v1")
    for lifecycle in lifecycles:
        if lifecycle.is_ticket:
            router.endpoint(
                f"/{lifecycle.plural}/bulk",
                f"Act on many {nouns(lifecycle.kind, lifecycle.plural)}",
                BulkAnswer,
                method="POST",
                refused=(409,),
                responses=in_language(),
                tags=[lifecycle.plural],
                operation_id=f"bulk_{lifecycle.plural}",
                description=f"Carry out up to {MOST_ITEMS:,} actions on "
                f"{nouns(lifecycle.kind, lifecycle.plural)} in one request.",
            )(_endpoint(lifecycle))
    return router


def _endpoint(lifecycle: Lifecycle[Any]) -> Callable[..., Any]:
    async def bulk(
        request: Request, body: Annotated[BulkRequest, Body()], idempotency_key: IdempotencyKeyHeader = None
    ) -> Response:
        ledger, context = ledger_of(request), context_of(request)
        key = None if idempotency_key is None else request_keys.parse_key(idempotency_key)
        rate = write_rate_of(request)
        makes = sum(rate.counts_action(lifecycle, item.action) for item in body.items)
        if makes and not rate.consume(makes):
            return too_many_writes(request)
        commands = [
            BulkCommand(ledger, lifecycle, context, n, item, key) for n, item in enumerate(body.items)
        ]
        if body.all_or_nothing:
            outcomes = await apply_all(ledger, commands)
        else:
            outcomes = await apply_each(ledger, commands)
        if body.all_or_nothing and any(isinstance(outcome, Refusal | InvalidItem) for outcome in outcomes):
            return _nothing_written(request, outcomes)
        results = [
            _result(request, outcome) | {"warnings": await _warnings_of(command, outcome)}
            for command, outcome in zip(commands, outcomes, strict=True)
        ]
        answer = {"items": results, "refused": sum(result["record"] is None for result in results)}
        return Response(
            dump_json(answer), headers={"Content-Language": context.language}, media_type="application/json"
        )

    return bulk


async def _warnings_of(command: BulkCommand, outcome: Outcome) -> list[dict[str, Any]]:
    """Return the warnings of an item that was done, now or before."""
    act = command.to_command() if isinstance(outcome, ActionOutcome) else None
    return await unknown_keys(command.ledger, act) if isinstance(act, Command) else []


def _result(request: Request, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, ActionOutcome):
        stub = record_stub(outcome)
        return {"status": outcome.status, "replayed": outcome.replayed, "record": stub, "problem": None}
    problem = _problem(request, outcome)
    return {"status": problem.status, "replayed": False, "record": None, "problem": problem.model_dump()}


def _problem(request: Request, outcome: Refusal | InvalidItem) -> ProblemDocument:
    """Return the problem document of one refused item, with pointers into the item."""
    language = context_of(request).language
    details = refusal_details(outcome, language)
    problem = document(
        language,
        details.status,
        details.code,
        instance=request.url.path,
        request_id=request.state.request_id,
        words=details.words,
    )
    return ProblemDocument.model_validate({**problem, **details.more})


def _nothing_written(request: Request, outcomes: Sequence[Outcome]) -> Response:
    """Return the response if nothing was written: which items are refused, and why."""
    errors: list[Fault] = []
    refused = 0
    for n, outcome in enumerate(outcomes):
        if isinstance(outcome, ActionOutcome):
            continue
        refused += 1
        refusal = _problem(request, outcome)
        for fault in refusal.errors or [Fault(code=refusal.code, message=refusal.detail)]:
            errors.append(fault.model_copy(update={"pointer": f"/items/{n}{fault.pointer or ''}"}))
    words = {"refused": str(refused), "count": str(len(outcomes))}
    code = "nothing_written"
    return problem(request, status_of(code), code, words=words, errors=errors[:MOST_FAULTS])
