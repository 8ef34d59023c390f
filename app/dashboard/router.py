"""Routes of the dashboard: its pages, the files that they load, and addresses that lead elsewhere now."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from app.api.direct import Router
from app.api.service.static_files import static_file
from app.dashboard import (
    effects,
    frozen,
    home,
    mails,
    saved_selections,
    summaries,
)
from app.dashboard.addresses import ROOT
from app.dashboard.conformance import pages as conformance
from app.dashboard.improvement import board, committee, project
from app.dashboard.integrations import pages as integrations
from app.dashboard.kpis import counted_in, kpi_list, kpi_page
from app.dashboard.processes import pages as processes
from app.desk.pages.context import open_desk

FOLDER = Path(__file__).with_name("static")
#: Every file that the pages load, by its name in the URL.
FILES = {path.name: path for path in FOLDER.iterdir() if path.suffix in (".css", ".js")}
PRELOADED = tuple(FILES.values())
MOVED = 308

router = Router(prefix=ROOT, include_in_schema=False)


@router.get("/due")
async def get_old_due_page(request: Request) -> Response:
    """Lead to the page of what is due next, which is the desk's, with the filters of the address."""
    return _moved(request, "/desk/due")


@router.get("/changes")
async def get_old_changes_page(request: Request) -> Response:
    """Lead to the page of the change calendar, which is the desk's, with the filters of the address; or to
    that of the change that the address names, as those of calendar programs do.
    """
    number = request.query_params.get("change")
    return _moved(request, f"/desk/change/{quote(number, safe='')}" if number else "/desk/changes")


@router.get("/case/{number}")
async def get_case_of_dashboard(request: Request, number: str) -> Response:
    """Lead to the record's page at the desk: its kind follows from its number."""
    code = number.partition("-")[0].upper()
    kinds = (kind for kind, lifecycle in open_desk(request).lifecycles.items() if lifecycle.code == code)
    kind = next(kinds, None)
    if kind is None:
        raise HTTPException(404)
    return RedirectResponse(f"/desk/{kind}/{quote(number, safe='')}", MOVED)


@router.get("/webhooks")
async def get_old_webhooks_page(request: Request) -> Response:
    """Lead to the page of integrations: of the source and the delivery that the address names, if it does."""
    chosen = dict(request.query_params)
    names = [quote(name, safe="") for name in (chosen.pop("source", ""), chosen.pop("delivery", "")) if name]
    path, query = "/".join([f"{ROOT}/integrations", *names]), urlencode(chosen)
    return RedirectResponse(f"{path}?{query}" if query else path, MOVED)


@router.get("/static/{name}")
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
    integrations.router,
    home.router,
    kpi_page.router,
    kpi_list.router,
    effects.router,
    processes.router,
    board.router,
    project.router,
    committee.router,
    mails.router,
    frozen.router,
    saved_selections.router,
    counted_in.router,
    conformance.router,
    summaries.router,
)
