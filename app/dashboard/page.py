"""Where the dashboard is: `/dashboard`, and the files that it loads. Its figures it asks the API for."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.pages import CACHE_HEADERS, HEADERS
from app.api.static_files import static_file

router = APIRouter(prefix="/dashboard")
FOLDER = Path(__file__).with_name("static")
PAGE = FOLDER / "dashboard.html"
#: Everything that the page loads, by the name that it is asked for.
FILES = {path.name: path for path in FOLDER.rglob("*") if path.suffix in (".css", ".js")}
#: What stays in memory from the start.
PRELOADED = (PAGE, *FILES.values())


@router.get("", operation_id="get_dashboard", include_in_schema=False)
async def get_dashboard(request: Request) -> Response:
    """The KPIs as a page, in English and Chinese."""
    return static_file(PAGE).answer(request, HEADERS)


@router.get("/{name}", operation_id="get_dashboard_file", include_in_schema=False)
async def get_dashboard_file(request: Request, name: str) -> Response:
    """What the page loads. Ours is asked for anew each time, so that all of it is of one version."""
    path = FILES.get(name)
    if path is None:
        raise HTTPException(404)
    return static_file(path).answer(request, {} if path.parent == FOLDER else CACHE_HEADERS)
