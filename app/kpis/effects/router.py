"""The endpoints of effects: `POST /v1/kpis/{key}/effect` measures one, `/v1/effects` shows those that
were.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, context_of, ledger_of
from app.api.contract.responses import action_responses, in_language
from app.api.direct import Router
from app.api.listings.page_responses import VARY
from app.api.page_language import ChosenLanguage, chosen_language
from app.api.records.actions import ActionRequest, IdempotencyKeyHeader, handle_action, operation
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.replica_reads import ReadLedger, reads_replica
from app.api.requests.json_output import dump_json
from app.api.routes import Routes
from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Kpi
from app.kpis.drawing.router import SVG_RESPONSE, svg_response
from app.kpis.effects import measuring
from app.kpis.effects.content import EffectResult
from app.kpis.effects.figures import EffectDrawing, draw_behaviour, draw_cases_of, draw_effect
from app.kpis.effects.lifecycle import LIFECYCLE, CompareWindows, MeasureKpiEffect
from app.kpis.effects.queries import LISTING, EffectRenderer, KpiEffectDetails, KpiEffectOut
from app.kpis.effects.questions import check_promise, questions_again, questions_of
from app.kpis.effects.recompute import recompute
from app.kpis.effects.smallest_effect import SmallestEffect, SmallestEffectQuery, smallest_effect
from app.kpis.questions.access import permitted_kpi, question_of
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain

router = Router(prefix="/v1", tags=["kpis"])
KpiKey = Annotated[
    str,
    Path(alias="key", max_length=100, description="Key of the KPI, such as `incident_resolution_seconds`."),
]


MEASURED: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "The effect was measured.",
        "headers": {"ETag": {}, "Location": {}, "Content-Language": {}, "Idempotent-Replayed": {}},
    }
}


class EffectQuery(BaseModel):
    """Query parameters of one effect."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    recompute: bool = Field(
        True, description="`true` recomputes the effect from the log at its position, and compares."
    )


class EffectChartQuery(BaseModel):
    """Query parameters of the drawing of an effect."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    figure: EffectDrawing = Field(
        EffectDrawing.intervals,
        description="Figure to draw: `intervals` for both windows and the effect, `behaviour` for the "
        "time around the windows, with the present figures, `cases` for every case on a logarithmic "
        "axis.",
    )
    lang: ChosenLanguage = None


@router.endpoint(
    "/kpis/{key}/effect",
    "Measure the effect on a KPI",
    KpiEffectOut,
    method="POST",
    refused=(404,),
    responses=action_responses(LIFECYCLE["measure"]) | MEASURED,
    status_code=201,
)
async def measure_effect_of_kpi(
    request: Request,
    ledger: RequestLedger,
    key: KpiKey,
    body: Annotated[CompareWindows, Body()],
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Measure the effect of a change on the KPI: a window after the change is compared with one before, with
    an interval, a test and a verdict. The effect is stored with the position of the log and never changes.
    """
    payload = MeasureKpiEffect(kpi=key, **dict(body))
    return await _measure(request, permitted_kpi(ledger, context_of(request), key), payload, idempotency_key)


@router.endpoint(
    "/kpis/{key}/smallest_effect", "Get a KPI's smallest effect", SmallestEffect, refused=(404, 422)
)
@reads_replica
async def get_kpi_smallest_effect(
    request: Request, ledger: ReadLedger, key: KpiKey, query: Annotated[SmallestEffectQuery, Query()]
) -> Response:
    """Return the smallest effect on the KPI that could be seen with as many cases as in the window: before a
    measurement, it shows whether one is worth while.
    """
    context = context_of(request)
    question = question_of(
        ledger.settings, permitted_kpi(ledger, context, key), query.to_parameters(Grain.all, []), context.now
    )
    smallest = await smallest_effect(ledger.db, question)
    return Response(smallest.model_dump_json(), 200, VARY, "application/json")


@router.post("/effects", **operation(LIFECYCLE, "measure", KpiEffectOut))
async def measure_kpi_effect(
    request: Request,
    ledger: RequestLedger,
    body: Annotated[MeasureKpiEffect, Body()],
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Measure a KPI effect of a change: a window after the change is compared with one before. The body names
    the KPI; `POST /v1/kpis/{key}/effect` does the same.
    """
    if body.kpi not in KPIS:
        raise WrongValue({"value": body.kpi}, pointer="/kpi", because="unknown_value")
    return await _measure(
        request, permitted_kpi(ledger, context_of(request), body.kpi), body, idempotency_key
    )


async def _measure(
    request: Request, kpi: Kpi, body: MeasureKpiEffect, idempotency_key: str | None
) -> Response:
    ledger, context, row = ledger_of(request), context_of(request), LIFECYCLE["measure"]
    if not row.policy.allows(context.caller, None):
        raise ledger.forbidden(row.policy, context.language)
    questions = questions_of(ledger.settings, kpi, body, context.now)
    if body.promised is not None:
        check_promise(kpi, body.promised, "/promised/change")
    measured_effect = await measuring.measure(ledger.db, questions, body, context.now)
    action_request = ActionRequest(None, body, None, idempotency_key)
    return await handle_action(
        request,
        LIFECYCLE,
        row,
        KpiEffectOut,
        action_request,
        renderer=EffectRenderer,
        prepared=(measured_effect,),
    )


@router.endpoint(
    "/effects/{id}", "Get a KPI effect", KpiEffectDetails, refused=(404, 422), responses=in_language()
)
async def get_kpi_effect(request: Request, name: Name, query: Annotated[EffectQuery, Query()]) -> Response:
    """Return a measured effect and, on request, the comparison with a recomputation."""
    renderer = renderer_of(request, LISTING)
    loaded = await load_visible(renderer, name)
    effect_out = await renderer.render_one(loaded.record, loaded.audience)
    effect_out["recomputed"] = None
    if query.recompute:
        again = await recompute(renderer.ledger.db, loaded.record, renderer.language)
        effect_out["recomputed"] = again.model_dump()
    headers = {"Content-Language": renderer.language, **VARY}
    return Response(dump_json(effect_out), 200, headers, "application/json")


@router.endpoint(
    "/effects/{id}/chart.svg", "Get a KPI effect's chart", refused=(404, 422), responses=SVG_RESPONSE
)
async def get_kpi_effect_chart(
    request: Request, name: Name, query: Annotated[EffectChartQuery, Query()]
) -> Response:
    """Return a measured effect as a drawing (SVG): its intervals, its behaviour chart, or every case of both
    windows.
    """
    renderer, language = renderer_of(request, LISTING), chosen_language(request, query.lang)
    effect = (await load_visible(renderer, name)).record
    kpi, result = KPIS[effect.kpi], EffectResult.model_validate(effect.result)
    questions = questions_again(kpi, effect)
    words = ChartWords(language, kpi.unit, questions.before.zone, effect.currency)
    db = renderer.ledger.db
    if query.figure is EffectDrawing.behaviour:
        drawing = await draw_behaviour(db, effect, result, questions, words)
    elif query.figure is EffectDrawing.cases:
        drawing = await draw_cases_of(db, effect, result, questions, words)
    else:
        drawing = draw_effect(result, questions, words)
    return svg_response(drawing, language)


mount_reads(router, LISTING, prefix="/effects", shows_one=False)


ROUTES = Routes((router,), without_views=(LISTING,))
