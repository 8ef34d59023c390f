"""All figures, found by name, key or number in both languages; and the report, which prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.api.direct import Router
from app.dashboard.addresses import PROCESS_PAGES, ROOT
from app.dashboard.attention import cases_address, last_reconciliation, read_attention
from app.dashboard.figures import FigureRow
from app.dashboard.opening import DashboardPage, open_dashboard
from app.kpis.catalogue import KPIS

router = Router(prefix=ROOT, include_in_schema=False)
#: So many figures are computed for a page; the others are listed without.
MOST_JUDGED = 40
NO_FIGURES: Mapping[str, Any] = {
    "items": [],
    "position": 0,
    "lag_seconds": 0,
    "behind": None,
    "recomputed": None,
}
SORTS = ("name", "mark", "process", "owner")
#: The order of marks: what has changed for the worse first.
MARKS = ("worse", "changed", "better", "usual", "too_few", None)


@router.get("/kpis")
async def get_kpi_list_page(request: Request, q: str = "", sort: str = "", process: str = "") -> Response:
    """Return the page of all figures."""
    page = await open_dashboard(request)
    definitions = (await page.desk.calls.read("/v1/kpis/definitions"))["items"]
    kinds = PROCESS_PAGES.get(process, (process,) if process else ())
    matching = [
        item
        for item in sorted(definitions, key=lambda item: item["name"])
        if (not kinds or item["process"] in kinds) and (not q.strip() or _has(item["key"], q))
    ]
    is_searched = bool(kinds or q.strip())
    keys = [item["key"] for item in matching[:MOST_JUDGED]]
    document = NO_FIGURES
    if keys:
        document = await page.behaviours(keys if is_searched else None)
    judged = {item["key"] for item in document["items"]}
    sort = sort if sort in SORTS else SORTS[0]
    return page.answer(
        "kpis.html",
        page.sentence("page_kpis"),
        path=f"{ROOT}/kpis",
        rows=_sorted(page.rows(document["items"]), sort),
        others=[item for item in matching if item["key"] not in judged],
        document=document,
        reconciliation=None if page.view.as_of else await last_reconciliation(page),
        searched=q,
        sort=sort,
        sorts=SORTS,
        process=process,
        of=len(definitions),
    )


def _has(key: str, searched: str) -> bool:
    """Return whether the KPI is called so, or has that number, in any language."""
    kpi = KPIS[key]
    number = str(list(KPIS).index(key) + 1)
    text = f"{key} {kpi.texts('en').name} {kpi.texts('zh').name}".casefold()
    if searched.strip().isdecimal():
        return searched.strip() == number
    return all(word in text for word in searched.casefold().split())


def _sorted(rows: Sequence[FigureRow], sort: str) -> list[FigureRow]:
    if sort == "mark":
        return sorted(rows, key=lambda row: (MARKS.index(row.item["change"]), row.name))
    if sort == "name":
        return sorted(rows, key=lambda row: row.name)
    return sorted(rows, key=lambda row: (str(row.item[sort]), row.name))


@router.get("/report")
async def get_dashboard_report(request: Request) -> Response:
    """Return home's selection as a page of plain HTML without scripts, which prints."""
    page = await open_dashboard(request)
    document = await page.behaviours()
    return await _report(page, page.rows(document["items"]), document)


async def _report(page: DashboardPage, rows: Sequence[FigureRow], document: object) -> Response:
    return page.answer(
        "report.html",
        page.sentence("report_title", period=page.period_name()),
        path=f"{ROOT}/report",
        attention=None if page.view.as_of else await read_attention(page),
        cases_address=cases_address,
        reconciliation=None if page.view.as_of else await last_reconciliation(page),
        rows=rows,
        document=document,
        scope=[page.name_of(name, value) for name, values in page.view.scope.items() for value in values],
        shown_address=page.view.address(f"{ROOT}/report"),
    )
