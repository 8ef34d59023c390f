"""Routes of the dashboard: its pages, and the files that they load."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from app.api.service.static_files import static_file
from app.dashboard import home, kpi_page
from app.dashboard.old import pages

FOLDER = Path(__file__).with_name("static")
#: Every file that the pages load, by its name in the URL.
FILES = {path.name: path for path in FOLDER.iterdir() if path.suffix in (".css", ".js")}
PRELOADED = (*FILES.values(), *pages.PRELOADED)
MOVED = 308

router = APIRouter(prefix="/dashboard", include_in_schema=False)


@router.get("/due", operation_id="get_old_due_page")
async def get_old_due_page(request: Request) -> Response:
    """Lead to the page of what is due next, which is the desk's, with the filters of the address."""
    query = request.url.query
    return RedirectResponse(f"/desk/due?{query}" if query else "/desk/due", MOVED)


@router.get("/changes", operation_id="get_old_changes_page")
async def get_old_changes_page(request: Request) -> Response:
    """Lead to the change calendar, which is the desk's, with what the address chooses."""
    query = request.url.query
    return RedirectResponse(f"/desk/changes?{query}" if query else "/desk/changes", MOVED)


@router.get("/case/{number}", operation_id="get_case_of_dashboard")
async def get_case_of_dashboard(number: str) -> Response:
    """Lead to the record's page at the desk."""
    return RedirectResponse(f"/desk/search?q={number}", MOVED)


@router.get("/static/{name}", operation_id="get_dashboard_file")
async def get_dashboard_file(request: Request, name: str) -> Response:
    """Return a file that the pages load."""
    path = FILES.get(name)
    if path is None:
        raise HTTPException(404)
    return static_file(path).answer(request, {})


ROUTERS = (router, pages.router, home.router, kpi_page.router)
