"""The page of a KPI: the period in a sentence, two marks, its behaviour, what moved it, and its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.api.authentication.auth import utc_now
from app.api.direct import Router
from app.dashboard.addresses import ROOT
from app.dashboard.attention import last_reconciliation
from app.dashboard.chart_tables import period_rows
from app.dashboard.figures import FigureRow, exact, figure_row, instant, target_value
from app.dashboard.kpis.parts_of_kpi import influential_parts, part_rows, parts_by_period
from app.dashboard.opening import DashboardPage, open_dashboard
from app.desk.operation_calls import CallRefused
from app.kpis.answers.series import KpiStatus
from app.kpis.declaration.kpi import Unit
from app.kpis.drawing.effects.intervals import draw_parts
from app.kpis.drawing.kpi_figure import left_out_text
from app.kpis.questions.chart_words import ChartWords
from app.kpis.statistics.behaviour import LEAST_VALUES

router = Router(prefix=f"{ROOT}/kpi", include_in_schema=False)
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
    """A case that the KPI counts: its kind and number, when it was decided, the number that it brings, and by
    how much it moves the KPI, if it is one of the heaviest.
    """

    kind: str
    number: str
    decided_at: str
    measure: str
    moved: str


@dataclass(frozen=True, slots=True)
class CaseTable:
    """The cases of a period in the order chosen, how many there are (None: more than the page sorts), and the
    heaviest with what they move.
    """

    rows: Sequence[CaseRow]
    number: int | None
    sort: str
    heaviest: Sequence[tuple[str, str, str]]


@router.get("/{key}")
async def get_kpi_page(request: Request, key: str) -> Response:
    """Return the page of a KPI."""
    page = await open_dashboard(request)
    view, path = page.view, f"/v1/kpis/{key}"
    document = await page.behaviours([key])
    (item,) = document["items"]
    row = figure_row(item, view, page.language, page.currency)
    words = exact(page.unit_words(item["unit"]), item)
    ranges = request.query_params.get("moving_range") == "true"
    values: dict[str, Any] = dict.fromkeys(
        ("moved", "cases", "chart", "forecast", "parts_chart", "over_time", "by")
    )
    values |= {"faults": {"chart": "", "parts": ""}, "moments": [], "left_out": "", "lacking": 0}
    if not item["ignored_filters"]:
        parts = await _movement_by_parts(page, item, words, request.query_params.get("by"))
        values |= await _behaviour(page, key, words, ranges=ranges) | parts
        values["faults"] = {"chart": values["chart_fault"], "parts": parts.get("parts_fault", "")}
        heavy = values.pop("heavy", ())
        if view.as_of is None:  # cases and what is to come are not kept
            sort = request.query_params.get("sort", SORTS[0])
            all_rows = request.query_params.get("rows") == "all"
            values["cases"] = await _cases(
                page, key, words, heavy, sort, most_rows=MOST_CASES if all_rows else CASES_SHOWN
            )
            values["forecast"] = await _forecast(page, key, words)
    return page.answer(
        "kpi.html",
        item["name"],
        path=f"{ROOT}/kpi/{key}",
        item=item,
        row=row,
        document=document,
        reconciliation=None if view.as_of else await last_reconciliation(page),
        sentence_of_period=_sentence(page, item, row, words),
        final_after=_final_after(item),
        is_settled=_is_settled(item),
        ranges=ranges,
        target_form=await _target_form(page, item),
        points=period_rows(item["points"], values["moments"], words, view.grain, page.sentence),
        chart_address=_api(page, f"{path}/chart.svg", charted=True),
        api_address=_api(page, path, charted=True),
        cases_api_address=_api(page, f"{path}/cases", charted=False),
        **values,
    )


async def _behaviour(page: DashboardPage, key: str, words: ChartWords, *, ranges: bool) -> dict[str, Any]:
    """Return the chart, or why it cannot be drawn; what happened, and how many periods limits lack."""
    calls, path, parameters = page.desk.calls, f"/v1/kpis/{key}", page.view.chart_parameters()
    chart_query = {**parameters, "moving_range": "true"} if ranges else parameters
    chart = await calls.send("GET", f"{path}/chart.svg", parameters=chart_query)
    answer = await calls.send("GET", f"{path}/behaviour", parameters=parameters)
    drawn = {"chart": chart.drawing, "chart_fault": chart.fault}
    if not answer.is_success:
        return drawn
    stretches, number = answer.document["stretches"], answer.document["moments_left_out"]
    return {
        **drawn,
        "moments": answer.document["moments"],
        "left_out": left_out_text(number, words),
        "lacking": LEAST_VALUES - (stretches[-1]["values"] if stretches else 0),
    }


async def _target_form(page: DashboardPage, item: Mapping[str, Any]) -> str | None:
    """Return the address of the form that sets a target; None if there is a target, or the reader may not set
    one.
    """
    if item["judged"] is None or item["judged"]["target"] is not None:
        return None
    openings = await page.desk.calls.read_if_allowed("/v1/me/openings")
    may_set = openings is not None and any(each["kind"] == "kpi_target" for each in openings["items"])
    return f"/desk/new/kpi_target/add?kpi={item['key']}" if may_set else None


@router.get("/{key}/cases.csv")
async def get_kpi_cases_table(request: Request, key: str) -> Response:
    """Return the cases of the period as a table (CSV): all of them, as the API gives them."""
    page = await open_dashboard(request)
    return await _csv(page, f"/v1/kpis/{key}/cases", page.view.period_parameters(), f"{key}-cases")


@router.get("/{key}/series.csv")
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
    elif judged["target"] is not None and row.status:
        met = KpiStatus(judged["status"]).label(page.language).lower()
        parts.append(page.sentence("kpi_target", target=row.target, status=met))
    parts.append(page.sentence("kpi_cases", n=f"{judged['cases']:,}"))
    if row.below:
        parts.append(row.below)
    if judged["open_cases"]:
        parts.append(page.sentence("kpi_open", n=judged["open_cases"]))
    if judged["small"]:
        parts.append(page.sentence("kpi_small"))
    return words.translate("joined").join(parts)


def _final_after(item: Mapping[str, Any]) -> str | None:
    judged = item["judged"]
    return None if judged is None else judged["final_after"]


def _is_settled(item: Mapping[str, Any]) -> bool:
    """Return whether the value no longer changes as a matter of course."""
    final_after = _final_after(item)
    return final_after is not None and instant(final_after) <= utc_now()


async def _movement_by_parts(
    page: DashboardPage, item: Mapping[str, Any], words: ChartWords, chosen: str | None
) -> dict[str, Any]:
    """Return what moved the KPI, by the parts that were chosen or the first that it is cut by."""
    possible = [name for name in PART_DIMENSIONS if name in item["dimensions"]]
    if not possible:
        return {}
    by = chosen if chosen in possible else possible[0]
    view, calls, path, names = page.view, page.desk.calls, f"/v1/kpis/{item['key']}", page.names.get(by, {})
    total_answer = await calls.send(
        "GET", path, parameters={**view.period_parameters(), "grain": "all", "by": by}
    )
    answer = await calls.send("GET", f"{path}/influence", parameters={**view.period_parameters(), "by": by})
    influence = answer.document if answer.is_success else None
    answered = await calls.send("GET", path, parameters={**view.chart_parameters(), "by": by})
    if not (total_answer.is_success and answered.is_success):
        return {
            "by": by,
            "possible": possible,
            "faults": {"parts": (answered if total_answer.is_success else total_answer).fault},
        }
    points, series = total_answer.document["points"], answered.document
    running = {point["from"] for point in item["points"] if point["running"]}
    over = [{**point, "running": point["from"] in running} for point in series["points"]]
    judged = item["judged"]
    target = None if judged is None or judged["target"] is None else target_value(judged["target"])
    few_cases = judged is not None and judged["small"]
    title = page.sentence("by_title", name=page.sentence(f"by_{by}"), period=page.period_name())
    return {
        "by": by,
        "possible": possible,
        "moved": influential_parts(points, influence, by, names, words),
        "heavy": [] if influence is None else influence["heaviest"],
        "parts_chart": draw_parts(title, part_rows(points, by, names), target, words)
        if points and not few_cases
        else None,
        "over_time": parts_by_period(over, by, names, words, item["direction"], view.grain),
    }


async def _cases(
    page: DashboardPage,
    key: str,
    words: ChartWords,
    heavy: Sequence[Mapping[str, Any]],
    sort: str,
    *,
    most_rows: int,
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
    moved = {case["id"]: words.difference(case["moved"]) for case in heavy if case["moved"] is not None}
    field = sort.removeprefix("-")
    with_value = [case for case in cases if case[field] is not None]
    with_value.sort(key=lambda case: case[field], reverse=sort.startswith("-"))
    cases = with_value + [case for case in cases if case[field] is None]
    return CaseTable(
        rows=[_case(case, words, moved.get(case["id"], "")) for case in cases[:most_rows]],
        number=len(cases) if answered["next_cursor"] is None else None,
        sort=sort,
        heaviest=[(case["kind"], case["number"], moved.get(case["id"], "")) for case in heavy[:HEAVIEST]],
    )


def _case(case: Mapping[str, Any], words: ChartWords, moved: str) -> CaseRow:
    measure = case["measure"]
    text = "" if measure is None else words.value(measure) if words.unit in UNITS_OF_CASES else f"{measure:,}"
    return CaseRow(case["kind"], case["number"], case["decided_at"], text, moved)


async def _forecast(page: DashboardPage, key: str, words: ChartWords) -> str | None:
    """Return the forecast of the running period in a sentence, or None."""
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
