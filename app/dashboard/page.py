"""Where the dashboard is: `/dashboard`, and the files that it loads. Its figures it asks the API for."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from app.api.pages import FRESH_SECONDS, HEADERS

router = APIRouter(prefix="/dashboard")
FOLDER = Path(__file__).with_name("static")
#: Everything that the page loads, by the name that it is asked for.
FILES = {path.name: path for path in FOLDER.rglob("*") if path.suffix in (".css", ".js")}


@router.get("", operation_id="get_dashboard", include_in_schema=False)
async def get_dashboard() -> Response:
    """The KPIs as a page, in English and Chinese."""
    return FileResponse(FOLDER / "dashboard.html", headers=HEADERS)


@router.get("/{name}", operation_id="get_dashboard_file", include_in_schema=False)
async def get_dashboard_file(name: str) -> Response:
    """What the page loads. Ours is asked for anew each time, so that all of it is of one version."""
    path = FILES.get(name)
    if path is None:
        raise HTTPException(404)
    if path.parent == FOLDER:
        return FileResponse(path)
    return FileResponse(path, headers={"Cache-Control": f"public, max-age={FRESH_SECONDS}"})
