"""Routes of the page of webhooks, which scripts draw, and of the files that it loads."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.pages.page_headers import HEADERS
from app.api.service.static_files import static_file

router = APIRouter(prefix="/dashboard", include_in_schema=False)
FOLDER = Path(__file__).with_name("static")
WEBHOOKS = FOLDER / "webhooks.html"
#: Every file that the pages load, by its name in the URL.
FILES = {path.name: path for path in FOLDER.iterdir() if path.suffix in (".css", ".js")}
PRELOADED = (WEBHOOKS, *FILES.values())


@router.get("/webhooks", operation_id="get_webhooks_page")
async def get_webhooks_page(request: Request) -> Response:
    """Return the page of webhook sources and their deliveries, in English and Chinese."""
    return static_file(WEBHOOKS).answer(request, HEADERS)


@router.get("/old/{name}", operation_id="get_old_file")
async def get_old_file(request: Request, name: str) -> Response:
    """Return a file that the page loads. Files are revalidated each time, so that all are of one version."""
    path = FILES.get(name)
    if path is None:
        raise HTTPException(404)
    return static_file(path).answer(request, {})
