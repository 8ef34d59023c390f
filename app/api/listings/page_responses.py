"""Responses with a page of a list, and the link to the next page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from app.api.requests.json_output import dump_json

VARY = {"Vary": "Authorization, Accept-Language"}
#: Header of responses whose media type the client chooses.
VARY_BY_TYPE = {"Vary": f"Accept, {VARY['Vary']}"}


def page_response(request: Request, page: dict[str, Any], media_type: str | None = None) -> Response:
    """Return the page as an HTTP response, with the URL of the next one in `Link`. `media_type`: that which
    the client has chosen; None: JSON, whatever it accepts.
    """
    headers = (VARY_BY_TYPE if media_type else VARY) | link(request, page["next_cursor"])
    return Response(dump_json(page), headers=headers, media_type=media_type or "application/json")


def link(request: Request, next_cursor: str | None) -> dict[str, str]:
    """Return the `Link` header with the URL of the next page; empty on the last page."""
    if next_cursor is None:
        return {}
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    following = urlencode([*parameters, ("cursor", next_cursor)])
    return {"Link": f'<{request.url.path}?{following}>; rel="next"'}
