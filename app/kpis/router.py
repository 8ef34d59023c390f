"""The endpoints of KPIs: `/v1/kpis`. Figures, and the cases and events that they are computed from.

Figures are shown to callers who may see every case of the process by a role, and to the owner and the
executor of the process by their post; the cases behind them to the first only (questions/access.py). A figure
over the cases visible to a caller could be mistaken for the overall figure, and one over few cases could
disclose cases hidden from the caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, context_of
from app.api.contract.problems import problem
from app.api.contract.responses import in_language, or_table
from app.api.direct import Router
from app.api.listings import cursors, page_responses
from app.api.records.shapes import OutputModel
from app.api.replica_reads import ReadLedger, reads_replica, wanted_position
from app.api.requests import csv_output as tables
from app.api.requests.accept import language_for
from app.api.requests.faults import Fault
from app.kpis import tabular
from app.kpis.answers.answer import KpiAnswer, answer, wait_for_facts
from app.kpis.answers.as_of import past_moment
from app.kpis.answers.charts import KpiBehaviour, behaviour
from app.kpis.answers.filled_periods import filled_periods
from app.kpis.answers.forecast import KpiForecast, forecast, running_bounds
from app.kpis.answers.point_parts import (
    FilterWarnings,
    LagNotice,
    LagSeconds,
    LogPosition,
    PeriodBegin,
    PeriodEnd,
)
from app.kpis.answers.series_stream import MOST_PERIODS, series_pieces
from app.kpis.behaviours import FiguresRead, KpiBehaviourPage, behaviours, chart_question
from app.kpis.cases.drill_down import CasePage, KpiCase, cases
from app.kpis.cases.influence import KpiInfluence, influence
from app.kpis.cases.stream import all_cases
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Unit
from app.kpis.lag_notice import lag_notice
from app.kpis.overview import this_month
from app.kpis.questions.access import figures_shown, permitted_figures, permitted_kpi, question_of
from app.kpis.questions.parameters import (
    KpiBehaviourQuery,
    KpiBehavioursQuery,
    KpiCaseQuery,
    KpiChoice,
    KpiForecastQuery,
    KpiInfluenceQuery,
    KpiPeriodChoice,
    KpiQuery,
)
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters, instant_of, zone_named
from app.kpis.shapes import KpiDefinitionPage, KpiPage, KpiPeriod, KpiPeriodPage, KpiSummary, describe_kpi
from app.kpis.shared_overviews import SharedOverviews
from app.kpis.signals.marks import chart_marks
from app.kpis.signals.moments import with_moments
from app.kpis.signals.watch_list import watched_kpis
from app.kpis.unknown_values import unknown_values
from app.log.canonical import from_instant, instant

AnswerT = TypeVar(
    "AnswerT", KpiAnswer, KpiBehaviour, KpiForecast, KpiInfluence, KpiPage, KpiBehaviourPage, "KpiCasePage"
)
router = Router(prefix="/v1/kpis", tags=["kpis"])

Key = Annotated[
    str, Path(max_length=100, description="Key of the KPI, such as `incident_resolution_seconds`.")
]


class KpiCasePage(OutputModel):
    """The cases that a KPI counts, in the order of their decision, the earliest first."""

    key: str = Field(description="Key of the KPI.")
    unit: Unit
    tz: str = Field(description="Time zone in which periods begin and end.")
    begin: PeriodBegin
    end: PeriodEnd
    position: LogPosition
    lag_seconds: LagSeconds
    behind: LagNotice = None
    warnings: FilterWarnings = None
    items: list[KpiCase]
    next_cursor: str | None


@router.endpoint("", "List KPIs", KpiPage, refused=(422,), responses=in_language())
@reads_replica
async def list_kpis(request: Request, ledger: ReadLedger, choice: Annotated[KpiChoice, Query()]) -> Response:
    """List the KPIs that the caller may see, each with its definition and its figures for the current month.
    For very many cases, the figures may be some seconds old: `position` is the position of the log up to
    which they are complete, and `lag_seconds` the age of the oldest missing event. Figures that have not
    reached the position in a request's `Ledgerdesk-Position` are computed again.
    """
    language = language_for(request)
    caller = caller_of(request)
    zone = zone_named(choice.tz or ledger.settings.time_zone)
    kpis = await figures_shown(ledger, caller, KPIS.values())
    settings = ledger.settings
    month = this_month(zone, context_of(request).now, settings.reopen_days, settings.currency)
    shared: SharedOverviews = request.app.state.kpi_overviews
    overviews = await shared.overview(ledger.db, kpis, month, wanted_position(request))
    page = KpiPage(
        tz=zone.key,
        position=overviews.position,
        lag_seconds=overviews.lag_seconds,
        items=[
            KpiSummary(**dict(describe_kpi(kpi, language)), present=present, last_year=last_year)
            for kpi, present, last_year in overviews.kpis
        ],
        next_cursor=None,
    )
    headers = page_responses.VARY | {"Content-Language": language}
    page = await _with_notices(request, ledger, page)
    return Response(page.model_dump_json(by_alias=True), 200, headers, "application/json")


@router.endpoint("/definitions", "List KPI definitions", KpiDefinitionPage, responses=in_language())
async def list_kpi_definitions(request: Request, ledger: RequestLedger) -> Response:
    """List the definitions of the KPIs that the caller may see, without figures."""
    language, caller = language_for(request), caller_of(request)
    kpis = [describe_kpi(kpi, language) for kpi in await figures_shown(ledger, caller, KPIS.values())]
    page = KpiDefinitionPage(items=kpis, next_cursor=None)
    headers = page_responses.VARY | {"Content-Language": language}
    return Response(page.model_dump_json(by_alias=True), 200, headers, "application/json")


@router.endpoint("/periods", "List periods with cases", KpiPeriodPage, refused=(422,))
@reads_replica
async def list_kpi_periods(
    request: Request, ledger: ReadLedger, choice: Annotated[KpiPeriodChoice, Query()]
) -> Response:
    """List the periods with cases of the processes whose KPIs the caller may see."""
    caller, zone = caller_of(request), zone_named(choice.tz or ledger.settings.time_zone)
    kpis = await figures_shown(ledger, caller, KPIS.values())
    processes = dict.fromkeys(kpi.process for kpi in kpis)
    periods = await filled_periods(ledger.db, processes, Grain(choice.grain), zone)
    page = KpiPeriodPage(
        tz=zone.key,
        grain=choice.grain,
        position=periods.position,
        lag_seconds=periods.lag_seconds,
        items=[KpiPeriod(begin=begin, end=end) for begin, end in periods.periods],
        next_cursor=None,
    )
    return Response(page.model_dump_json(by_alias=True), 200, page_responses.VARY, "application/json")


@router.endpoint(
    "/behaviours", "List KPI behaviours", KpiBehaviourPage, refused=(404, 422), responses=in_language()
)
@reads_replica
async def list_kpi_behaviours(
    request: Request, ledger: ReadLedger, query: Annotated[KpiBehavioursQuery, Query()]
) -> Response:
    """List the watched KPIs, or others, with marks that show if each has changed and if it will meet its
    target. Only KPIs that the caller may see are included.
    """
    then = await past_moment(ledger.db, query.as_of, context_of(request).now)
    now, language = context_of(request).now if then is None else then.instant, language_for(request)
    if query.keys is None:
        kpis = await figures_shown(ledger, caller_of(request), watched_kpis(ledger.settings))
    else:
        kpis = [
            await permitted_figures(ledger, context_of(request), key) for key in dict.fromkeys(query.keys)
        ]
    parameters, zone = (
        query.to_parameters(Grain(query.grain), []),
        zone_named(query.tz or ledger.settings.time_zone),
    )
    questions = [chart_question(ledger.settings, kpi, parameters, now, language) for kpi in kpis]
    judged_at = None if query.judged is None else instant_of("judged", query.judged, zone)
    read = FiguresRead(then=then, keep=query.keep, recompute=query.recompute)
    answered = await behaviours(ledger, questions, judged_at, now, read)
    page = KpiBehaviourPage(
        tz=zone.key,
        grain=query.grain,
        as_of=answered.as_of,
        position=answered.position,
        lag_seconds=answered.lag_seconds,
        recomputed=answered.recomputed,
        items=answered.items,
        next_cursor=None,
    )
    headers = page_responses.VARY | {"Content-Language": language}
    page = await _with_notices(request, ledger, page, *(each.question for each in questions))
    return Response(page.model_dump_json(by_alias=True), 200, headers, "application/json")


@router.endpoint("/{key}", "Get a KPI", KpiAnswer, refused=(404, 422), responses=or_table())
@reads_replica
async def get_kpi(
    request: Request, ledger: ReadLedger, key: Key, query: Annotated[KpiQuery, Query()]
) -> Response:
    """Return a KPI by period: every period without `by`, and with it every combination that has cases."""
    now, position = context_of(request).now, None
    kpi = await permitted_figures(ledger, context_of(request), key)
    then = await past_moment(ledger.db, query.as_of, now)
    if then is not None:
        now, position = then.instant, then.position
    elif query.fresh:
        await wait_for_facts(ledger.db)
    parameters = query.to_parameters(query.grain, query.by or [])
    if tables.prefers_csv(request):
        # Cutting centuries into days takes a while.
        ask = partial(question_of, ledger.settings, kpi, parameters, now, most_periods=MOST_PERIODS)
        question = replace(await asyncio.to_thread(ask), last_year=query.last_year)
        pieces = series_pieces(ledger.db, question, now, position=position)
        return await tables.csv_stream(
            _series_tables(request, ledger, pieces, question.by), page_responses.VARY_BY_TYPE
        )
    question = replace(question_of(ledger.settings, kpi, parameters, now), last_year=query.last_year)
    kpi_answer = await _with_notices(
        request, ledger, await answer(ledger.db, question, now, position=position, reuse=True), question
    )
    return Response(
        kpi_answer.model_dump_json(by_alias=True), 200, page_responses.VARY_BY_TYPE, "application/json"
    )


@router.endpoint("/{key}/behaviour", "Get a KPI's behaviour", KpiBehaviour, refused=(404, 422))
@reads_replica
async def get_kpi_behaviour(
    request: Request, ledger: ReadLedger, key: Key, query: Annotated[KpiBehaviourQuery, Query()]
) -> Response:
    """Return the behaviour chart (XmR) of a KPI: whether it varies as usual or has changed, and in which
    period.
    """
    now = context_of(request).now
    kpi = await permitted_figures(ledger, context_of(request), key)
    then = await past_moment(ledger.db, query.as_of, now)
    now, position = (now, None) if then is None else (then.instant, then.position)
    question = question_of(ledger.settings, kpi, query.to_parameters(Grain(query.grain), []), now)
    series = await answer(ledger.db, question, now, position=position, reuse=True, compared=False)
    marks = await with_moments(ledger, caller_of(request), question, await chart_marks(ledger, question))
    chart = await _with_notices(request, ledger, behaviour(kpi, series, now, marks), question)
    return Response(chart.model_dump_json(by_alias=True), 200, page_responses.VARY, "application/json")


@router.endpoint("/{key}/influence", "Get a KPI's influence", KpiInfluence, refused=(404, 422))
@reads_replica
async def get_kpi_influence(
    request: Request, ledger: ReadLedger, key: Key, query: Annotated[KpiInfluenceQuery, Query()]
) -> Response:
    """Return the value that a KPI would have without each team, or another part of its cases, and without its
    largest cases.
    """
    now = context_of(request).now
    kpi = await permitted_figures(ledger, context_of(request), key)
    question = question_of(ledger.settings, kpi, query.to_parameters(Grain.all, [query.by]), now)
    influences = await influence(ledger.db, replace(question, by=()), query.by, now)
    influences = await _with_notices(request, ledger, influences, question)
    return Response(influences.model_dump_json(by_alias=True), 200, page_responses.VARY, "application/json")


@router.endpoint("/{key}/forecast", "Get a KPI's forecast", KpiForecast, refused=(404, 422))
@reads_replica
async def get_kpi_forecast(
    request: Request, ledger: ReadLedger, key: Key, query: Annotated[KpiForecastQuery, Query()]
) -> Response:
    """Return a forecast whether the running period can meet its target, and what it would take."""
    now = context_of(request).now
    kpi = await permitted_figures(ledger, context_of(request), key)
    zone, grain = zone_named(query.tz or ledger.settings.time_zone), Grain(query.grain)
    begin, end = running_bounds(grain, now, zone)
    time = {"begin": begin.isoformat(), "end": end.isoformat()}
    parameters = QuestionParameters(grain=grain.value, zone=zone.key, filters=query.filter_values(), **time)
    question = question_of(ledger.settings, kpi, parameters, now)
    kpi_forecast = await forecast(ledger.db, question, query.more_cases)
    kpi_forecast = await _with_notices(request, ledger, kpi_forecast, question)
    return Response(kpi_forecast.model_dump_json(by_alias=True), 200, page_responses.VARY, "application/json")


@router.endpoint("/{key}/cases", "List KPI cases", KpiCasePage, refused=(400, 404, 422), responses=or_table())
@reads_replica
async def list_kpi_cases(
    request: Request, ledger: ReadLedger, key: Key, query: Annotated[KpiCaseQuery, Query()]
) -> Response:
    """List exactly the cases that the KPI counts, with the value that is counted of each and the events
    behind it. A table has all cases at one position of the log; JSON has a page, by `limit` and `cursor`.
    """
    kpi = permitted_kpi(ledger, context_of(request), key)
    scope = f"cases of {key} {query.model_dump_json(exclude={'limit', 'cursor'})}"
    sign = ledger.vault.fingerprint
    now, after = context_of(request).now, None
    if query.cursor is not None:
        # All pages use the "now" of the first page, which decides the default time and the open cases.
        began, decided_at, case_id, *numbers = cursors.read(query.cursor, scope, sign)
        position, same_places, *_ = (
            *map(int, numbers),
            1,
        )  # cursors of earlier versions lack the last number
        now, after = from_instant(began), (from_instant(decided_at), UUID(case_id), position, same_places)
    question = question_of(ledger.settings, kpi, query.to_parameters(Grain.all, []), now)
    as_table = tables.prefers_csv(request)
    if as_table and not query.model_fields_set & {"limit", "cursor"}:
        return await tables.csv_stream(
            _case_tables(request, ledger, question, now), page_responses.VARY_BY_TYPE
        )
    page = await cases(ledger.db, question, now, after=after, limit=query.limit)
    cursor = None
    if page.last is not None:
        decided_at, *which = page.last
        cursor = cursors.write([instant(now), instant(decided_at), *map(str, which)], scope, sign)
    case_page = await _with_notices(request, ledger, _case_page(question, page, cursor), question)
    headers = page_responses.VARY_BY_TYPE | page_responses.link(request, cursor)
    if as_table:
        return tables.csv_response(
            *tabular.cases_table(case_page.model_dump(mode="json", by_alias=True)), headers
        )
    return Response(case_page.model_dump_json(by_alias=True), 200, headers, "application/json")


def _case_page(question: KpiQuestion, page: CasePage, cursor: str | None) -> KpiCasePage:
    return KpiCasePage(
        key=question.kpi.key,
        unit=question.kpi.unit,
        tz=question.zone.key,
        begin=question.bounds[0],
        end=question.bounds[-1],
        position=page.position,
        lag_seconds=page.lag_seconds,
        items=page.cases,
        next_cursor=cursor,
    )


async def _case_tables(
    request: Request, ledger: RequestLedger, question: KpiQuestion, now: datetime
) -> AsyncGenerator[tabular.TableData, None]:
    """Yield all cases that the question counts, table by table."""
    async with aclosing(all_cases(ledger.db, question, now)) as pages:
        first = await _with_notices(request, ledger, _case_page(question, await anext(pages), None))
        yield tabular.cases_table(first.model_dump(mode="json", by_alias=True))
        async for page in pages:
            # All have the position of the first, and so its notice.
            case_page = _case_page(question, page, None).model_copy(update={"behind": first.behind})
            yield tabular.cases_table(case_page.model_dump(mode="json", by_alias=True))


async def _series_tables(
    request: Request, ledger: RequestLedger, pieces: AsyncGenerator[KpiAnswer, None], by: Sequence[Dimension]
) -> AsyncGenerator[tabular.TableData, None]:
    """Yield a series of any length, table by table."""
    async with aclosing(pieces):
        async for piece in pieces:
            yield tabular.series_table(await _with_notices(request, ledger, piece), by)


async def _with_notices(
    request: Request, ledger: RequestLedger, kpi_answer: AnswerT, *questions: KpiQuestion
) -> AnswerT:
    """Return the answer to the questions, with a notice while the facts lag behind an import, and with
    warnings of values in filters that name nothing here.
    """
    language, more = language_for(request), dict[str, Any]()
    words = await lag_notice(ledger.db, kpi_answer.position, kpi_answer.lag_seconds, language)
    if words is not None:
        more["behind"] = words
    if warnings := await unknown_values(ledger, caller_of(request), language, questions):
        more["warnings"] = warnings
    return kpi_answer.model_copy(update=more) if more else kpi_answer


async def cannot_answer(request: Request, error: Exception) -> Response:
    """Return the problem document for the parameter of a question that cannot be answered."""
    assert isinstance(error, CannotAnswer)
    sentence = error.sentence(language_for(request))
    fault = Fault(parameter=error.field, code=error.code, message=sentence)
    return problem(request, 422, "invalid", words={"count": "1"}, errors=[fault])
