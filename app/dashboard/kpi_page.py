"""The page of a KPI: the period in a sentence, two marks, its behaviour, what moved it, and its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from app.dashboard.figures import (
    FigureRow,
    exact,
    figure_row,
    instant,
    target_value,
    target_words,
)
from app.dashboard.opening import ROOT, DashboardPage, open_dashboard
from app.dashboard.parts_of_kpi import influential_parts, part_rows, parts_by_period
from app.desk.operation_calls import CallAnswer, CallRefused
from app.kpis.answers.series import KpiStatus
from app.kpis.declaration.kpi import Unit
from app.kpis.drawing.chart_words import ChartWords
from app.kpis.drawing.intervals import draw_parts

router = APIRouter(prefix=f"{ROOT}/kpi", include_in_schema=False)
#: The parts by which a KPI is shown: the first that it is cut by.
PART_DIMENSIONS = ("team", "service", "priority", "category", "customer")
#: The page sorts so many cases, and shows the first of them.
MOST_CASES, CASES_SHOWN, PAGE_OF_CASES = 1_000, 20, 200
SORTS = ("-measure", "measure", "-decided_at", "decided_at", "number")
HEAVIEST = 3
#: Units that a case's own number is in, too.
UNITS_OF_CASES = frozenset({Unit.seconds, Unit.money})
SCRIPTLESS = {"Content-Security-Policy": "default-src 'none'"}


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case that the KPI counts: its kind and number, when it was decided, and the number that it brings."""

    kind: str
    number: str
    decided_at: str
    measure: str


@dataclass(frozen=True, slots=True)
class CaseTable:
    """The cases of a period in the order chosen, how many there are (None: more than the page sorts), and the
    heaviest with what they move.
    """

    rows: Sequence[CaseRow]
    number: int | None
    sort: str
    heaviest: Sequence[tuple[str, str, str]]


@router.get("/{key}", operation_id="get_kpi_page")
async def get_kpi_page(request: Request, key: str) -> Response:
    """Return the page of a KPI."""
    page = await open_dashboard(request)
    view, calls, path = page.view, page.desk.calls, f"/v1/kpis/{key}"
    document = await page.behaviours([key])
    (item,) = document["items"]
    row = figure_row(item, view, page.language, page.currency)
    words = exact(page.unit_words(item["unit"]), item)
    values: dict[str, Any] = {
        "moved": None,
        "cases": None,
        "chart": None,
        "forecast": None,
        "parts_chart": None,
    }
    values |= {"over_time": None, "by": None}
    if not item["ignored_filters"]:
        chart = await calls.send("GET", f"{path}/chart.svg", parameters=view.chart_parameters())
        values["chart"] = drawing(chart)
        values |= await _parts(page, item, words, request.query_params.get("by"))
        heavy = values.pop("heavy", ())
        if view.as_of is None:  # cases and what is to come are not kept
            sort = request.query_params.get("sort", SORTS[0])
            values["cases"] = await _cases(page, key, words, heavy, sort)
            values["forecast"] = await _forecast(page, key, words)
    return page.answer(
        "kpi.html",
        item["name"],
        path=f"{ROOT}/kpi/{key}",
        item=item,
        row=row,
        document=document,
        sentence_of_period=_sentence(page, item, row, words),
        final_after=_final_after(item),
        points=[_point(point, page, words) for point in item["points"]],
        chart_address=_api(page, f"{path}/chart.svg", charted=True),
        api_address=_api(page, path, charted=True),
        cases_api_address=_api(page, f"{path}/cases", charted=False),
        **values,
    )


@router.get("/{key}/cases.csv", operation_id="get_kpi_cases_table")
async def get_kpi_cases_table(request: Request, key: str) -> Response:
    """Return the cases of the period as a table (CSV): all of them, as the API gives them."""
    page = await open_dashboard(request)
    return await _csv(page, f"/v1/kpis/{key}/cases", page.view.period_parameters(), f"{key}-cases")


@router.get("/{key}/series.csv", operation_id="get_kpi_series_table")
async def get_kpi_series_table(request: Request, key: str) -> Response:
    """Return the periods of the chart as a table (CSV), as the API gives them."""
    page = await open_dashboard(request)
    return await _csv(page, f"/v1/kpis/{key}", page.view.chart_parameters(), key)


async def _csv(page: DashboardPage, path: str, parameters: Mapping[str, str], name: str) -> Response:
    answer = await page.desk.calls.send("GET", path, parameters=parameters, headers={"accept": "text/csv"})
    if not answer.is_success:
        raise CallRefused(answer)
    headers = {"Content-Disposition": f'attachment; filename="{name}-{page.view.key}.csv"', **SCRIPTLESS}
    return Response(answer.content, headers=headers, media_type="text/csv; charset=utf-8")


def drawing(answer: CallAnswer) -> Markup | None:
    """Return a drawing that an operation has answered, to be put into a page; None: there is none."""
    if not answer.is_success:
        return None
    return Markup(answer.content.decode())  # noqa: S704 - our own drawing, which has escaped all that it shows


def _api(page: DashboardPage, path: str, *, charted: bool) -> str:
    """Return the address of the API for exactly what is shown."""
    parameters = page.view.chart_parameters() if charted else page.view.period_parameters()
    return f"{path}?" + "&".join(f"{name}={value}" for name, value in parameters.items())


def _sentence(page: DashboardPage, item: Mapping[str, Any], row: FigureRow, words: ChartWords) -> str:
    """Return the period in a sentence: its value, how that stands to the target, and of how many cases."""
    judged = item["judged"]
    if judged is None or not row.value:
        return page.sentence("kpi_none", period=page.period_name(), reason=row.reason or "–")
    parts = [page.sentence("kpi_value", period=page.period_name(), value=row.value)]
    if page.view.is_running:
        parts = [page.sentence("kpi_so_far", period=page.period_name(), value=row.value)]
    elif judged["target"] is not None:
        met = KpiStatus(judged["status"]).label(page.language).lower()
        parts.append(page.sentence("kpi_target", target=target_words(judged["target"], words), status=met))
    parts.append(page.sentence("kpi_cases", n=f"{judged['cases']:,}"))
    if judged["open_cases"]:
        parts.append(page.sentence("kpi_open", n=judged["open_cases"]))
    if judged["small"]:
        parts.append(page.sentence("kpi_small"))
    return words.translate("joined").join(parts)


def _final_after(item: Mapping[str, Any]) -> str | None:
    judged = item["judged"]
    return None if judged is None else judged["final_after"]


def _point(point: Mapping[str, Any], page: DashboardPage, words: ChartWords) -> tuple[str, str, int, str]:
    """Return a period of the chart as a row of its table: its name, its value, its cases, and its signals."""
    name = words.period(instant(point["from"]), page.view.grain)
    if point["running"]:
        name = f"{name} · {page.sentence('so_far')}"
    value = "–" if point["value"] is None else words.value(point["value"])
    rules = words.translate("listed").join(page.sentence(f"rule_{rule}") for rule in point["signals"])
    return name, value, point["cases"], rules


async def _parts(
    page: DashboardPage, item: Mapping[str, Any], words: ChartWords, chosen: str | None
) -> dict[str, Any]:
    """Return what moved the KPI, by the parts that were chosen or the first that it is cut by."""
    possible = [name for name in PART_DIMENSIONS if name in item["dimensions"]]
    if not possible:
        return {}
    by = chosen if chosen in possible else possible[0]
    view, calls, path, names = page.view, page.desk.calls, f"/v1/kpis/{item['key']}", page.names.get(by, {})
    points = (await calls.read(path, {**view.period_parameters(), "grain": "all", "by": by}))["points"]
    answer = await calls.send("GET", f"{path}/influence", parameters={**view.period_parameters(), "by": by})
    influence = answer.document if answer.is_success else None
    series = await calls.read(path, {**view.chart_parameters(), "by": by})
    running = {point["from"] for point in item["points"] if point["running"]}
    over = [{**point, "running": point["from"] in running} for point in series["points"]]
    judged = item["judged"]
    target = None if judged is None or judged["target"] is None else target_value(judged["target"])
    title = page.sentence("by_title", name=page.sentence(f"by_{by}"), period=page.period_name())
    return {
        "by": by,
        "possible": possible,
        "moved": influential_parts(points, influence, by, names, words),
        "heavy": [] if influence is None else influence["heaviest"],
        "parts_chart": draw_parts(title, part_rows(points, by, names), target, words) if points else None,
        "over_time": parts_by_period(over, by, names, words, item["direction"], view.grain),
    }


async def _cases(
    page: DashboardPage, key: str, words: ChartWords, heavy: Sequence[Mapping[str, Any]], sort: str
) -> CaseTable:
    """Return the cases of the period, sorted here: the API gives them by the time of their decision."""
    parameters = {**page.view.period_parameters(), "limit": str(PAGE_OF_CASES)}
    answered = await page.desk.calls.read(f"/v1/kpis/{key}/cases", parameters)
    cases = list(answered["items"])
    while answered["next_cursor"] is not None and len(cases) < MOST_CASES:
        more = {**parameters, "cursor": answered["next_cursor"]}
        answered = await page.desk.calls.read(f"/v1/kpis/{key}/cases", more)
        cases += answered["items"]
    sort = sort if sort in SORTS else SORTS[0]
    field = sort.removeprefix("-")
    with_value = [case for case in cases if case[field] is not None]
    with_value.sort(key=lambda case: case[field], reverse=sort.startswith("-"))
    cases = with_value + [case for case in cases if case[field] is None]
    return CaseTable(
        rows=[_case(case, words) for case in cases[:CASES_SHOWN]],
        number=len(cases) if answered["next_cursor"] is None else None,
        sort=sort,
        heaviest=[
            (case["kind"], case["number"], "" if case["moved"] is None else words.difference(case["moved"]))
            for case in heavy[:HEAVIEST]
        ],
    )


def _case(case: Mapping[str, Any], words: ChartWords) -> CaseRow:
    measure = case["measure"]
    text = "" if measure is None else words.value(measure) if words.unit in UNITS_OF_CASES else f"{measure:,}"
    return CaseRow(case["kind"], case["number"], case["decided_at"], text)


async def _forecast(page: DashboardPage, key: str, words: ChartWords) -> str | None:
    """Return what the running period will come to, in a sentence; None: nothing can be said."""
    view = page.view
    parameters = {"grain": view.grain.value, **view.zone_parameters(), **view.scope_parameters()}
    answer = await page.desk.calls.send("GET", f"/v1/kpis/{key}/forecast", parameters=parameters)
    if not answer.is_success or answer.document["outlook"] is None:
        return None
    forecast = answer.document
    sentence = page.sentence(f"outlook_{forecast['outlook']}", n=f"{forecast['more_cases'] or 0:,}")
    period = words.period(instant(forecast["from"]), view.grain)
    value = "–" if forecast["value"] is None else words.value(forecast["value"])
    return words.translate("joined").join([page.sentence("kpi_so_far", period=period, value=value), sentence])
