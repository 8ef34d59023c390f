"""The page of a process: what needs attention there, six figures with charts, and what came and went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from app.api.direct import Router
from app.dashboard.addresses import PROCESS_PAGES, ROOT
from app.dashboard.chart_tables import PeriodRow, Sentences, period_rows
from app.dashboard.figures import exact, instant
from app.dashboard.home import answer_figures
from app.dashboard.opening import DashboardPage, open_dashboard
from app.dashboard.processes.figures import FIGURES, FLOWS, FlowKeys, keys_of_process
from app.kpis.drawing.bars import BarSeries, FlowFigure, draw_flow

router = Router(prefix=ROOT, include_in_schema=False)
#: The pages of the desk that show the work of a process, by what they are called there.
DESK_PAGES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "incident": (("due_page", "/desk/due"),),
    "request": (("due_page", "/desk/due"),),
    "change": (("changes_page", "/desk/changes"),),
}


@dataclass(frozen=True, slots=True)
class ProcessChart:
    """A chart of the page, the reason why it is missing, and its table."""

    key: str
    name: str
    chart: Markup | None
    fault: str
    rows: Sequence[PeriodRow]


@router.get("/incident", operation_id="get_incident_dashboard")
@router.get("/request", operation_id="get_request_dashboard")
@router.get("/problem", operation_id="get_problem_dashboard")
@router.get("/change", operation_id="get_change_dashboard")
@router.get("/service-level", operation_id="get_service_level_dashboard")
async def get_process_dashboard(request: Request) -> Response:
    """Return the page of a process."""
    page = await open_dashboard(request)
    path = request.url.path
    process = path.rpartition("/")[2]
    keys, flow = FIGURES[process], FLOWS.get(process)
    document = await page.behaviours(keys_of_process(process))
    by_key = {item["key"]: item for item in document["items"]}
    more = {
        "process": process,
        "desk_pages": [(page.desk.sentence(code), path) for code, path in DESK_PAGES.get(process, ())],
        "charts": [
            ProcessChart(key, by_key[key]["name"], *await _chart(page, key), _table(page, by_key[key]))
            for key in keys
            if by_key[key]["points"]
        ],
        "flow": None if flow is None else _flow(page, flow, by_key),
        "flow_left_out": ""
        if flow is None
        else left_out_of_flow(page.sentence, page.period_name(), by_key[flow.opened]),
        "flow_items": []
        if flow is None
        else [by_key[key] for key in (flow.opened, flow.ended, flow.open_cases)],
        "flow_periods": [] if flow is None else [row.name for row in _table(page, by_key[flow.opened])],
    }
    figures = {**document, "items": [by_key[key] for key in keys]}
    return await answer_figures(
        page,
        page.sentence(f"page_{process.replace('-', '_')}"),
        path,
        figures,
        processes=PROCESS_PAGES[process],
        template="processes/page.html",
        more=more,
    )


async def _chart(page: DashboardPage, key: str) -> tuple[Markup | None, str]:
    parameters = page.view.chart_parameters()
    answer = await page.desk.calls.send("GET", f"/v1/kpis/{key}/chart.svg", parameters=parameters)
    return answer.drawing, answer.fault


def _table(page: DashboardPage, item: Mapping[str, Any]) -> list[PeriodRow]:
    words = exact(page.unit_words(item["unit"]), item)
    return period_rows(item["points"], (), words, page.view.grain, page.sentence)


def left_out_of_flow(say: Sentences, period: str, opened: Mapping[str, Any]) -> str:
    """Return how many of those opened never count as ended, so that the bars do not add up to the stock."""
    judged = opened["judged"]
    number = 0 if judged is None else sum(judged["excluded"].values())
    if not number:
        return ""
    return say("flow_left_out", n=f"{number:,}", opened=f"{judged['value']:,}", period=period)


def _flow(page: DashboardPage, keys: FlowKeys, by_key: Mapping[str, Mapping[str, Any]]) -> Markup | None:
    """Return what came and went in each period, and what was open at its end."""
    words = page.unit_words("cases")
    points: Sequence[Mapping[str, Any]] = by_key[keys.opened]["points"]
    if not points:
        return None
    names = [words.tick(instant(point["from"]), page.view.grain) for point in points]
    if points[-1]["running"]:
        names[-1] = f"{names[-1]} ○"

    def series(key: str) -> BarSeries:
        values = {point["from"]: point["value"] for point in by_key[key]["points"]}
        return BarSeries(by_key[key]["name"], tuple(values.get(point["from"]) for point in points))

    figure = FlowFigure(
        title=page.sentence("flow"),
        periods=tuple(names),
        bars=(series(keys.opened), series(keys.ended)),
        line=series(keys.open_cases),
    )
    return draw_flow(figure, words)
