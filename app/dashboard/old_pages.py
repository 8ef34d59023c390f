"""Routes of the dashboard: `/dashboard`, `/dashboard/changes`, `/dashboard/webhooks`, `/dashboard/due`, and
the files that they load. The pages get what they show from the API; that of what is due is the desk's now.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from app.api.pages.page_headers import HEADERS
from app.api.service.pages import CACHE_HEADERS
from app.api.service.static_files import static_file

router = APIRouter(prefix="/dashboard")
FOLDER = Path(__file__).with_name("static")
PAGE = FOLDER / "dashboard.html"
CHANGES = FOLDER / "changes.html"
WEBHOOKS = FOLDER / "webhooks.html"
#: Every file that the page loads, by its name in the URL.
FILES = {path.name: path for path in FOLDER.rglob("*") if path.suffix in (".css", ".js")}
#: Files kept in memory from the start.
PRELOADED = (PAGE, CHANGES, WEBHOOKS, *FILES.values())
MOVED = 308


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


@router.get("/due", operation_id="get_old_due_page", include_in_schema=False)
async def get_old_due_page(request: Request) -> Response:
    """Lead to the page of what is due next, which is the desk's, with the filters of the address."""
    query = request.url.query
    return RedirectResponse(f"/desk/due?{query}" if query else "/desk/due", MOVED)


@router.get("/{name}", operation_id="get_dashboard_file", include_in_schema=False)
async def get_dashboard_file(request: Request, name: str) -> Response:
    """Return a file that the page loads. Our own files are revalidated each time, so that all are of one
    version.
    """
    path = FILES.get(name)
    if path is None:
        raise HTTPException(404)
    return static_file(path).answer(request, {} if path.parent == FOLDER else CACHE_HEADERS)
