"""The figures that a record counts in, which its page at the desk folds out: each leads to the page of the
KPI in that period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.api.direct import Router
from app.dashboard.addresses import ROOT
from app.dashboard.figures import instant
from app.desk.pages.context import open_desk
from app.desk.pages.records import COUNTED_IN, read_record
from app.kpis.declaration.kpi import Unit
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain

router = Router(prefix=COUNTED_IN, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class CountingFigure:
    """A KPI that counts the record in a period: its name, the address of its page, the period, and what the
    record brings.
    """

    name: str
    address: str
    period: str
    contribution: str


@router.get("/{kind}/{name}")
async def get_counted_in_page(request: Request, kind: str, name: str) -> Response:
    """Return the page of the figures that a record counts in."""
    desk = open_desk(request)
    lifecycle = desk.lifecycle(kind)
    view = await read_record(desk, lifecycle, name)
    counted = await desk.calls.read(f"/v1/{lifecycle.plural}/{name}/kpis")
    words = ChartWords(desk.language, Unit.number, desk.display.zone)
    title = f"{view.spoken_name} · {desk.sentence('counted_in')}"
    figures = [_figure(each, words) for each in counted["items"]]
    return desk.answer("/dashboard/counted_in.html", title, view=view, figures=figures)


def _figure(item: Mapping[str, Any], words: ChartWords) -> CountingFigure:
    return CountingFigure(
        item["name"],
        f"{ROOT}/kpi/{item['key']}?period={item['period']}",
        words.period(instant(item["from"]), Grain.month),
        item["contribution"],
    )
