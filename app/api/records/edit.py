"""PATCH: a JSON merge patch (RFC 7396) of the fields that describe a record, recorded as one `edited` event.

If-Match is required, so that a change by somebody else is never overwritten unseen.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.api.contract.responses import problems
from app.api.direct import Router
from app.api.lazy_routes import Operation
from app.api.records.actions import (
    ActionRequest,
    IdempotencyKeyHeader,
    IfMatch,
    handle_action,
    operation,
    typed_body,
)
from app.api.records.reads import Name
from app.api.records.shapes import OutputModel, Renderer
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import VersionRequired


def mount_edit(
    router: Router,
    lifecycle: Lifecycle[Any],
    shape: type[OutputModel],
    *,
    prefix: str = "",
    renderer: type[Renderer] = Renderer,
) -> None:
    """Add the operation of the action `edit`. `renderer` shows the record after it."""
    router.add_operation("PATCH", f"{prefix}/{{id}}", partial(_operation, lifecycle, shape, renderer))


def _operation(lifecycle: Lifecycle[Any], shape: type[OutputModel], renderer: type[Renderer]) -> Operation:
    row = lifecycle["edit"]

    async def edit(
        request: Request,
        name: Name,
        body: Any,
        if_match: IfMatch = None,
        idempotency_key: IdempotencyKeyHeader = None,
    ) -> Response:
        if if_match is None:
            raise VersionRequired()
        action_request = ActionRequest(name, body, if_match, idempotency_key)
        return await handle_action(request, lifecycle, row, shape, action_request, renderer=renderer)

    texts = operation(lifecycle, row.name, shape)
    texts["responses"] |= problems(428)
    texts["description"] = row.description
    return Operation(typed_body(edit, row.body), texts)
