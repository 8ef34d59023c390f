"""Routes of the dashboard: `/dashboard`, `/dashboard/changes`, `/dashboard/webhooks`, `/dashboard/due`, and
the files that they load. The pages get what they show from the API, but for that of what is due, which is
drawn here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.authentication.auth import ledger_of, signed_in, utc_now
from app.api.requests.accept import language_for
from app.api.service.pages import CACHE_HEADERS, HEADERS, POLICY
from app.api.service.static_files import static_file
from app.dashboard.due import DueFilters, due_next
from app.dashboard.due_page import DuePage
from app.i18n import language_of
from app.kernel.actions.payloads import LONGEST_KEY
from app.service_levels.clocks.case_clocks import KINDS

router = APIRouter(prefix="/dashboard")
FOLDER = Path(__file__).with_name("static")
PAGE = FOLDER / "dashboard.html"
CHANGES = FOLDER / "changes.html"
WEBHOOKS = FOLDER / "webhooks.html"
#: Every file that the page loads, by its name in the URL.
FILES = {path.name: path for path in FOLDER.rglob("*") if path.suffix in (".css", ".js")}
#: Files kept in memory from the start.
PRELOADED = (PAGE, CHANGES, WEBHOOKS, *FILES.values())
#: The page has a form: it asks for itself again.
DUE_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": POLICY.replace("form-action 'none'", "form-action 'self'"),
    "Cache-Control": "no-store",
    "Vary": "Authorization, Cookie, Accept-Language",
}
Key = Annotated[str, Field(max_length=LONGEST_KEY)]


class DueQuery(BaseModel):
    """Parameters of the page of what is due next; empty ones choose all."""

    model_config = ConfigDict(extra="ignore")

    team: Key | None = None
    service: Key | None = None
    overdue: Literal["", "true", "false"] | None = None
    lang: Literal["en", "zh"] | None = None


@router.get("", operation_id="get_dashboard", include_in_schema=False)
async def get_dashboard(request: Request) -> Response:
    """Return the page of KPIs, in English and Chinese."""
    return static_file(PAGE).answer(request, HEADERS)


@router.get("/changes", operation_id="get_changes_page", include_in_schema=False)
async def get_changes_page(request: Request) -> Response:
    """Return the page of the change calendar, in English and Chinese."""
    return static_file(CHANGES).answer(request, HEADERS)


@router.get("/webhooks", operation_id="get_webhooks_page", include_in_schema=False)
async def get_webhooks_page(request: Request) -> Response:
    """Return the page of webhook sources and their deliveries, in English and Chinese."""
    return static_file(WEBHOOKS).answer(request, HEADERS)


@router.get("/due", operation_id="get_due_page", include_in_schema=False)
async def get_due_page(request: Request, query: Annotated[DueQuery, Query()]) -> Response:
    """Return the page of open cases by their due time, for whoever is signed in; drawn here."""
    ledger, caller, now = ledger_of(request), signed_in(request), utc_now()
    accepted = request.headers.get("accept-language")
    usual = language_for(request) if accepted is not None or caller is None else language_of(caller.locale)
    states = {kind: ledger.lifecycles[kind].states for kind in KINDS}
    page = DuePage(query.lang or usual, ZoneInfo(ledger.settings.time_zone), now, states)
    headers = {**DUE_HEADERS, "Content-Language": query.lang or usual}
    if caller is None:
        return Response(page.sign_in(), 401, headers, "text/html")
    filters = DueFilters(
        query.team or None, query.service or None, {"true": True, "false": False}.get(query.overdue or "")
    )
    due = await due_next(ledger, caller, filters, now)
    return Response(page.document(due, filters), headers=headers, media_type="text/html")


@router.get("/{name}", operation_id="get_dashboard_file", include_in_schema=False)
async def get_dashboard_file(request: Request, name: str) -> Response:
    """Return a file that the page loads. Our own files are revalidated each time, so that all are of one
    version.
    """
    path = FILES.get(name)
    if path is None:
        raise HTTPException(404)
    return static_file(path).answer(request, {} if path.parent == FOLDER else CACHE_HEADERS)
