"""Routes of the dashboard: its pages, the files that they load, and addresses that lead elsewhere now."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from app.api.service.static_files import static_file
from app.dashboard import effects, frozen, home, kpi_list, kpi_page, process_pages, saved_selections
from app.dashboard.old import pages
from app.dashboard.opening import ROOT
from app.desk.pages.context import open_desk

FOLDER = Path(__file__).with_name("static")
#: Every file that the pages load, by its name in the URL.
FILES = {path.name: path for path in FOLDER.iterdir() if path.suffix in (".css", ".js")}
PRELOADED = (*FILES.values(), *pages.PRELOADED)
MOVED = 308

router = APIRouter(prefix=ROOT, include_in_schema=False)


@router.get("/due", operation_id="get_old_due_page")
async def get_old_due_page(request: Request) -> Response:
    """Lead to the page of what is due next, which is the desk's, with the filters of the address."""
    return _moved(request, "/desk/due")


@router.get("/changes", operation_id="get_old_changes_page")
async def get_old_changes_page(request: Request) -> Response:
    """Lead to the page of the change calendar, which is the desk's, with the filters of the address; or to
    that of the change that the address names, as those of calendar programs do.
    """
    number = request.query_params.get("change")
    return _moved(request, f"/desk/change/{quote(number, safe='')}" if number else "/desk/changes")


@router.get("/case/{number}", operation_id="get_case_of_dashboard")
async def get_case_of_dashboard(request: Request, number: str) -> Response:
    """Lead to the record's page at the desk: its kind follows from its number."""
    code = number.partition("-")[0].upper()
    kinds = (kind for kind, lifecycle in open_desk(request).lifecycles.items() if lifecycle.code == code)
    kind = next(kinds, None)
    if kind is None:
        raise HTTPException(404)
    return RedirectResponse(f"/desk/{kind}/{quote(number, safe='')}", MOVED)


@router.get("/integrations", operation_id="get_integrations_page")
async def get_integrations_page(request: Request) -> Response:
    """Lead to the page of sources of webhooks and their deliveries."""
    return _moved(request, f"{ROOT}/webhooks")


@router.get("/improvement", operation_id="get_improvement_board")
async def get_improvement_board(request: Request) -> Response:
    """Lead to the improvements, at the desk."""
    return _moved(request, "/desk/improvement")


@router.get("/improvement/{number}", operation_id="get_improvement_of_dashboard")
async def get_improvement_of_dashboard(request: Request, number: str) -> Response:
    """Lead to the improvement's page, at the desk."""
    return _moved(request, f"/desk/improvement/{quote(number, safe='')}")


@router.get("/static/{name}", operation_id="get_dashboard_file")
async def get_dashboard_file(request: Request, name: str) -> Response:
    """Return a file that the pages load."""
    path = FILES.get(name)
    if path is None:
        raise HTTPException(404)
    return static_file(path).answer(request, {})


def _moved(request: Request, path: str) -> Response:
    query = request.url.query
    return RedirectResponse(f"{path}?{query}" if query else path, MOVED)


ROUTERS = (
    router,
    pages.router,
    home.router,
    kpi_page.router,
    kpi_list.router,
    effects.router,
    process_pages.router,
    frozen.router,
    saved_selections.router,
)
