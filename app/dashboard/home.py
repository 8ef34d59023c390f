"""Home, and the pages of a process, a team and a service: what needs attention there, then the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_308_PERMANENT_REDIRECT

from app.api.direct import Router
from app.dashboard.addresses import PROCESS_PAGES, ROOT
from app.dashboard.attention import cases_address, last_reconciliation, read_attention
from app.dashboard.opening import DashboardPage, open_dashboard

NO_MORE: Mapping[str, Any] = {}
router = Router(prefix=ROOT, include_in_schema=False)


@router.get("")
async def get_dashboard(request: Request) -> Response:
    """Return home: what needs attention, and the watched figures; or lead to the reader's own first page,
    or to what an address that was given out earlier named by its parameters.
    """
    if (moved := earlier_address(request)) is not None:
        return RedirectResponse(moved, HTTP_308_PERMANENT_REDIRECT)
    page = await open_dashboard(request)
    if page.saved.home is not None and not set(request.query_params) - {"lang"}:
        return RedirectResponse(page.saved.home["address"], HTTP_303_SEE_OTHER)
    return await _answer(page, page.sentence("title_home"), ROOT)


@router.get("/team/{key}")
async def get_team_dashboard(request: Request, key: str) -> Response:
    """Return the page of a team: the same as home, of its cases."""
    return await _scoped(request, "team", key)


@router.get("/service/{key}")
async def get_service_dashboard(request: Request, key: str) -> Response:
    """Return the page of a service: the same as home, of its cases."""
    return await _scoped(request, "service", key)


def earlier_address(request: Request) -> str | None:
    """Return where the case or KPI is that an earlier address names: `?case=<id>&kind=incident`,
    `?kpi=<key>`. None without a KPI.
    """
    chosen = dict(request.query_params)
    case, kind, key = chosen.pop("case", ""), chosen.pop("kind", "incident"), chosen.pop("kpi", "")
    if case:
        return f"/desk/{quote(kind, safe='')}/{quote(case, safe='')}"
    return f"{ROOT}/kpi/{quote(key, safe='')}?{urlencode(chosen)}" if key else None


async def _scoped(request: Request, scope: str, key: str) -> Response:
    page = await open_dashboard(request)
    if key not in page.names[scope]:
        raise HTTPException(404)
    page = page.of_scope(scope, key)
    return await _answer(page, page.name_of(scope, key), f"{ROOT}/{scope}/{key}")


async def _answer(page: DashboardPage, title: str, path: str) -> Response:
    document = await page.behaviours()
    return await answer_figures(page, title, path, document)


async def answer_figures(
    page: DashboardPage,
    title: str,
    path: str,
    document: Mapping[str, Any],
    *,
    processes: Sequence[str] = (),
    template: str = "home.html",
    more: Mapping[str, Any] = NO_MORE,
) -> Response:
    """Return a page of what needs attention, of these processes if there are any, and of these figures."""
    is_frozen = page.view.as_of is not None
    keys = [item["key"] for item in document["items"]]
    return page.answer(
        template,
        title,
        path=path,
        attention=None if is_frozen else await read_attention(page, processes, keys),
        cases_address=cases_address,
        rows=page.rows(document["items"]),
        document=document,
        reconciliation=None if is_frozen else await last_reconciliation(page),
        processes=PROCESS_PAGES,
        **more,
    )
