"""Routes of the priority matrix: `/v1/priority_matrix`, and of all that were set: `/v1/priority_matrices`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, context_of
from app.api.commands.performing import perform_idempotently
from app.api.contract.responses import action_responses
from app.api.direct import Router
from app.api.records.actions import IdempotencyKeyHeader, IfMatch, action_response, mount_actions
from app.api.records.reads import mount_reads
from app.api.records.shapes import OutputModel, Renderer
from app.api.requests.etag import etag, versions_of
from app.api.requests.request_keys import key_of
from app.api.routes import Routes
from app.common.priorities.matrix import PriorityMatrix
from app.foundation.priorities.matrices import LIFECYCLE, AddPriorityMatrix, RevisePriorityMatrix
from app.foundation.priorities.queries import PRIORITY_MATRICES, PriorityCell, PriorityMatrixOut
from app.kernel.actions.refusals import VersionMismatch
from app.kernel.commands.command import Command
from app.log.ids import uuid7

router = Router(prefix="/v1", tags=["service"])
mount_reads(router, PRIORITY_MATRICES, prefix="/priority_matrices")
mount_actions(router, LIFECYCLE, PriorityMatrixOut, prefix="/priority_matrices")

# The matrix that was set last, as `Directory.priority_matrix` caches it; read uncached here, for If-Match.
CURRENT_MATRIX = "select id from fold.priority_matrix order by set_at desc, id desc limit 1"
_HEADERS: dict[str, Any] = {"ETag": {}, "Content-Language": {}, "Idempotent-Replayed": {}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The matrix replaced an earlier one.", "headers": _HEADERS},
    201: {"description": "The matrix is the first one.", "headers": _HEADERS, "model": PriorityMatrixOut},
}


class CurrentPriorityMatrix(OutputModel):
    """The priority for each impact and urgency."""

    version: int = Field(description="Version for If-Match; 0 for the default matrix.")
    cells: list[PriorityCell] = Field(description="Priorities by impact, then by urgency.")


@router.endpoint(
    "/priority_matrix",
    "Get the present priority matrix",
    CurrentPriorityMatrix,
    responses={200: {"description": "Successful Response", "headers": {"ETag": {}}}},
)
async def get_present_priority_matrix(ledger: RequestLedger) -> Response:
    """Return the priority matrix that applies to new tickets."""
    matrix = await ledger.directory.priority_matrix()
    cells = [
        PriorityCell(impact=impact, urgency=urgency, priority=priority)
        for (impact, urgency), priority in matrix.matrix.items()
    ]
    version = 0 if matrix.record is None else matrix.record.version
    body = to_json(CurrentPriorityMatrix(version=version, cells=cells))
    return Response(body, headers={"ETag": etag(version, body)}, media_type="application/json")


@router.endpoint(
    "/priority_matrix",
    "Set the priority matrix",
    PriorityMatrixOut,
    method="PUT",
    responses=action_responses(LIFECYCLE["revise"]) | RESPONSES,
)
async def set_priority_matrix(
    request: Request,
    ledger: RequestLedger,
    body: Annotated[RevisePriorityMatrix, Body()],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Set the priority matrix; tickets that have a priority keep it."""
    context = context_of(request)
    policy = LIFECYCLE["revise"].policy
    if not policy.allows(context.caller, PriorityMatrix(id=uuid7())):
        raise ledger.forbidden(policy, context.language)
    name = await ledger.db.value(CURRENT_MATRIX)
    versions = versions_of(if_match)
    if name is None and versions is not None and 0 not in versions:
        raise VersionMismatch(more={"version": 0})
    row = LIFECYCLE["add" if name is None else "revise"]
    payload = AddPriorityMatrix(**body.model_dump()) if name is None else body
    # The first time the command adds a matrix, and when it is sent again, one exists.
    known_by = await key_of(ledger, request, "set_priority_matrix", idempotency_key)
    expected = None if name is None else versions
    command = Command(LIFECYCLE, row, name and str(name), payload, context, expected, known_by)
    carried_out = await perform_idempotently(ledger, command)
    shows = Renderer(ledger, LIFECYCLE, PriorityMatrixOut, context.caller, context.language)
    return action_response(
        shows, carried_out, await shows.render_one(carried_out.record, carried_out.audience)
    )


ROUTES = Routes((router,), (PRIORITY_MATRICES,))
