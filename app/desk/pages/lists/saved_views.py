"""Forms of saved views: the filters and the sort order of a list are kept under a name, for the reader or for
one of their teams, and removed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.api.pages.sent_forms import sent_form
from app.desk.pages.context import Desk, open_desk

router = Router(include_in_schema=False)


@router.post("/desk/{kind}/views/{view_id}")
async def post_view_form(request: Request, kind: str, view_id: UUID) -> Response:
    """Save the filters of the list of that kind as a view, which is then shown."""
    desk, form = open_desk(request), await sent_form(request)
    body = {name: form.first_value(name) for name in ("name", "query")}
    body |= {"kind": kind, **({"team": team} if (team := form.first_value("team")) else {})}
    await desk.calls.require("PUT", f"/v1/views/{view_id}", body=body)
    return RedirectResponse(f"/desk/{kind}?view={view_id}", HTTP_303_SEE_OTHER)


@router.post("/desk/{kind}/views/{view_id}/remove")
async def post_removal_of_view(request: Request, kind: str, view_id: UUID) -> Response:
    """Remove one of the reader's own views."""
    desk = open_desk(request)
    lifecycle = desk.lifecycle(kind)
    await desk.calls.require("DELETE", f"/v1/views/{view_id}")
    return RedirectResponse(f"/desk/{lifecycle.kind}", HTTP_303_SEE_OTHER)


async def view_forms(
    desk: Desk, views: Sequence[Mapping[str, Any]], view_id: str, filters: Mapping[str, str]
) -> dict[str, Any]:
    """Return the content of the forms of views on a list: the shown view (None without one), whether the
    reader may remove it, the filters that may be saved as a view (empty without a filter), and the reader's
    teams, which it may be for.
    """
    present = next((view for view in views if view["id"] == view_id), None)
    query = "" if present else urlencode(filters)
    reader = await desk.calls.read("/v1/me") if query or present else {"teams": []}
    is_own = present is not None and present["owner"]["id"] == reader["person"]["id"]
    return {"present": present, "is_own": is_own, "query": query, "teams": reader["teams"]}


def filters_of(view: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the parameters of a list in the view; empty without a view."""
    return {} if view is None else by_name(parse_qsl(view["query"]))


def by_name(parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters that have a value by their names, with a comma between several values."""
    values: dict[str, list[str]] = {}
    for name, value in parameters:
        if value and name != "done":
            values.setdefault(name, []).append(value)
    return {name: ",".join(texts) for name, texts in values.items()}
