"""The endpoint of drawn charts: `/v1/kpis/{key}/chart.svg`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from app.api.authentication.auth import caller_of, context_of
from app.api.direct import Router
from app.api.listings.page_responses import VARY
from app.api.page_language import ChosenLanguage, chosen_language
from app.api.replica_reads import ReadLedger, reads_replica
from app.kpis.answers.answer import answer
from app.kpis.answers.as_of import past_moment
from app.kpis.answers.charts import behaviour
from app.kpis.drawing.behaviour import draw
from app.kpis.drawing.kpi_figure import figure_of
from app.kpis.drawing.shapes import MOST_POINTS
from app.kpis.lag_notice import lag_notice
from app.kpis.questions.access import permitted_figures, question_of
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.parameters import KpiBehaviourQuery
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import CannotAnswer
from app.kpis.signals.marks import chart_marks
from app.kpis.signals.moments import with_moments

router = Router(prefix="/v1/kpis", tags=["kpis"])
SVG = "image/svg+xml"
SVG_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The drawing.",
        "content": {SVG: {"schema": {"type": "string"}}},
        "headers": {"Content-Language": {}},
    }
}
#: An image that is opened by itself loads and runs nothing.
POLICY = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}

Key = Annotated[
    str, Path(max_length=100, description="Key of the KPI, such as `incident_resolution_seconds`.")
]


class KpiChartQuery(KpiBehaviourQuery):
    """Query parameters: those of a chart, its moving ranges, and its language."""

    moving_range: bool = Field(
        False, description="`true` adds the moving ranges below, with their own limit."
    )
    lang: ChosenLanguage = None


@router.endpoint("/{key}/chart.svg", "Get a KPI's chart", refused=(404, 422), responses=SVG_RESPONSE)
@reads_replica
async def get_kpi_chart(
    request: Request, ledger: ReadLedger, key: Key, query: Annotated[KpiChartQuery, Query()]
) -> Response:
    """Return the behaviour chart of a KPI as a drawing (SVG) of at most 60 periods, with its result as
    title.
    """
    now, language = context_of(request).now, chosen_language(request, query.lang)
    kpi = await permitted_figures(ledger, context_of(request), key)
    then = await past_moment(ledger.db, query.as_of, now)
    now = now if then is None else then.instant
    question = question_of(ledger.settings, kpi, query.to_parameters(Grain(query.grain), []), now)
    if len(question.bounds) - 1 > MOST_POINTS:
        raise CannotAnswer("grain", "too_many_periods", most=str(MOST_POINTS))
    position = None if then is None else then.position
    answered = await answer(ledger.db, question, now, position=position, reuse=True, compared=False)
    marks = await with_moments(ledger, caller_of(request), question, await chart_marks(ledger, question))
    remark = await lag_notice(ledger.db, answered.position, answered.lag_seconds, language)
    words = ChartWords(language, kpi.unit, question.zone, ledger.settings.currency)
    figure = figure_of(question, answered, behaviour(kpi, answered, now, marks), words, remark)
    return svg_response(draw(figure, words, moving_range=query.moving_range), language)


def svg_response(drawing: str, language: str) -> Response:
    """Return the drawing as a response that a page may show as an image."""
    headers = {**VARY, **POLICY, "Content-Language": language}
    return Response(drawing, headers=headers, media_type=SVG)
