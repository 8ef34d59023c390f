"""Reading one record: found by any of its names, shown if it exists for the caller."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header
from pydantic_core import to_json
from starlette.responses import Response

from app.api.etag import etag, matches
from app.api.shapes import Renderer
from app.kernel.look import Loaded, load
from app.kernel.perform import visible
from app.kernel.refusals import NotFound

IfNoneMatch = Annotated[
    str | None, Header(description="The ETag of the answer that the client has: 304 if it is still this one.")
]


async def seen(renderer: Renderer, name: str) -> Loaded[Any]:
    """The record of that name. Raises NotFound also for one that is not for this caller."""
    loaded = await load(renderer.ledger.db, renderer.lifecycle, name)
    if loaded is None or not visible(renderer.ledger, renderer.lifecycle, renderer.caller, loaded.audience):
        raise NotFound()
    return loaded


async def one(renderer: Renderer, name: str, if_none_match: str | None) -> Response:
    """The record as an answer; 304 if the client has this very answer already."""
    record = (await seen(renderer, name)).record
    body = to_json(await renderer.one(record))
    headers = {
        "ETag": etag(record.version, body),
        "Content-Language": renderer.language,
        "Vary": "Authorization, Accept-Language",
    }
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
