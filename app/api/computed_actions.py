"""Actions with figures that are computed before the command, of the record as it was then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.api.actions import ActionRequest, handle_action
from app.api.etag import versions_of
from app.api.lists import Listing
from app.api.reads import load_permitted
from app.api.shapes import OutputModel
from app.kernel.lifecycle import Action
from app.kernel.refusals import RetriesExhausted, VersionMismatch

#: How often it is computed anew while others, rules among them, keep changing the record.
ATTEMPTS = 5
#: Computes, of the record, what comes with the command.
Compute = Callable[[Any], Awaitable[tuple[object, ...]]]


async def handle_computed_action(
    request: Request,
    listing: Listing,
    row: Action[Any, Any],
    shape: type[OutputModel],
    said: ActionRequest,
    compute: Compute,
) -> Response:
    """Carry out the action of the request `said` with what is computed for it, and answer with the record.

    What was computed belongs to the version that it was computed of. Where that has changed meanwhile, and
    the client asks for no version itself, it is computed anew. Raises a Refusal, or DatabaseGone.
    """
    assert said.name is not None, "it is computed of a record that is there"
    asks_for_version = versions_of(said.if_match) is not None
    for _ in range(ATTEMPTS):
        record = await load_permitted(request, listing, row, said.name)
        prepared: tuple[object, ...] = ()
        bound = said
        if record is not None:
            prepared = await compute(record)
            bound = said if asks_for_version else replace(said, if_match=f'"{record.version}"')
        try:
            return await handle_action(request, listing.lifecycle, row, shape, bound, prepared=prepared)
        except VersionMismatch:
            if asks_for_version:
                raise
    raise RetriesExhausted()
