"""The endpoints of how processes ran: `/v1/conformance`."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, context_of
from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.listings import cursors, page_responses
from app.api.page_language import chosen_language
from app.api.requests.accept import language_for, negotiate
from app.conformance.answers import cases as case_lists
from app.conformance.answers.fitting import yardstick_of
from app.conformance.answers.graph import graph
from app.conformance.answers.links import CaseLinks
from app.conformance.answers.summary import summary
from app.conformance.answers.variants import variants
from app.conformance.drawing import GraphFigure, draw
from app.conformance.parameters import (
    ConformanceCaseQuery,
    ConformanceGraphQuery,
    ConformanceQuery,
    ConformanceVariantQuery,
)
from app.conformance.questions import (
    ConformanceQuestion,
    facts_position,
    parse,
    permitted_figures,
    permitted_kind,
    snapshot,
)
from app.conformance.shapes import (
    ConformanceCasePage,
    ConformanceGraph,
    ConformanceSummary,
    ConformanceVariantPage,
)
from app.kpis.drawing.router import POLICY, SVG
from app.kpis.lag_notice import lag_notice
from app.log.canonical import from_instant, instant
from app.platform.db import Connection

router = Router(prefix="/v1/conformance", tags=["conformance"])
JSON = "application/json"
GRAPH_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {**in_language()[200], "content": {SVG: {"schema": {"type": "string"}}}}
}

Kind = Annotated[str, Path(max_length=60, description="Kind of the cases, such as `incident`.")]


@router.endpoint(
    "/{kind}", "Get the conformance of cases", ConformanceSummary, refused=(404, 422), responses=in_language()
)
async def get_conformance(
    request: Request, ledger: RequestLedger, kind: Kind, query: Annotated[ConformanceQuery, Query()]
) -> Response:
    """Return the course of the cases of a kind that ended in a period: how many fit the expected path and
    where others deviate, where the time went, the handovers between teams and persons, and the repeated
    steps.
    """
    language, links = language_for(request), CaseLinks.for_query(kind, query)
    lifecycle = await permitted_figures(ledger, context_of(request), kind)
    async with snapshot(ledger.db) as connection:
        question = await parse(
            connection, lifecycle, query, context_of(request).now, ledger.settings.time_zone
        )
        head = await _head(connection, question)
        yardstick = await yardstick_of(connection, question)
        fields = await summary(connection, question, yardstick, links, language)
    answered = ConformanceSummary(**head, **fields, behind=await _behind(ledger, head, language))
    return _json(answered, language)


@router.endpoint(
    "/{kind}/variants",
    "List variants of cases",
    ConformanceVariantPage,
    refused=(400, 404, 422),
    responses=in_language(),
)
async def list_conformance_variants(
    request: Request, ledger: RequestLedger, kind: Kind, query: Annotated[ConformanceVariantQuery, Query()]
) -> Response:
    """List the variants of cases: the sequences of steps from beginning to end, the most frequent first, each
    with its cases, durations and deviations.
    """
    language, links = language_for(request), CaseLinks.for_query(kind, query)
    lifecycle = await permitted_figures(ledger, context_of(request), kind)
    scope, sign = _scope("variants", kind, query), ledger.vault.fingerprint
    now, after = context_of(request).now, None
    if query.cursor is not None:
        began, cases, variant = cursors.read(query.cursor, scope, sign)
        now, after = from_instant(began), (int(cases), UUID(variant))
    async with snapshot(ledger.db) as connection:
        question = await parse(connection, lifecycle, query, now, ledger.settings.time_zone)
        head = await _head(connection, question)
        yardstick = await yardstick_of(connection, question)
        rows = await variants(
            connection, question, yardstick, links, language, limit=query.limit, after=after
        )
    cursor = None
    if rows.last is not None:
        cursor = cursors.write([instant(now), rows.last[0], str(rows.last[1])], scope, sign)
    page = ConformanceVariantPage(
        **head,
        behind=await _behind(ledger, head, language),
        steps=query.steps,
        cases=rows.cases,
        variants=rows.variants,
        items=rows.items,
        next_cursor=cursor,
    )
    return _json(page, language, page_responses.link(request, cursor))


@router.endpoint(
    "/{kind}/graph", "Get the graph of cases", ConformanceGraph, refused=(404, 422), responses=GRAPH_RESPONSE
)
async def get_conformance_graph(
    request: Request, ledger: RequestLedger, kind: Kind, query: Annotated[ConformanceGraphQuery, Query()]
) -> Response:
    """Return the directly-follows graph of cases: which step followed which, how often, and after how long.
    The answer is JSON or a drawing (SVG).
    """
    language, links = chosen_language(request, query.lang), CaseLinks.for_query(kind, query)
    lifecycle = await permitted_figures(ledger, context_of(request), kind)
    async with snapshot(ledger.db) as connection:
        question = await parse(
            connection, lifecycle, query, context_of(request).now, ledger.settings.time_zone
        )
        head = await _head(connection, question)
        rows = await graph(connection, question, links, language)
    offered = {"json": (JSON,), "svg": (SVG,), None: (JSON, SVG)}[query.format]
    if negotiate(request.headers.get("accept") if query.format is None else None, offered) == SVG:
        of_kind = lifecycle.zh if language == "zh" else lifecycle.plural.replace("_", " ")
        figure = GraphFigure(rows.nodes, rows.edges, rows.cases, of_kind, language)
        headers = {**page_responses.VARY_BY_TYPE, **POLICY, "Content-Language": language}
        return Response(draw(figure), headers=headers, media_type=SVG)
    answered = ConformanceGraph(
        **head,
        behind=await _behind(ledger, head, language),
        steps=query.steps,
        cases=rows.cases,
        nodes=rows.nodes,
        edges=rows.edges,
    )
    return _json(answered, language, page_responses.VARY_BY_TYPE)


@router.endpoint("/{kind}/cases", "List conformance cases", ConformanceCasePage, refused=(400, 404, 422))
async def list_conformance_cases(
    request: Request, ledger: RequestLedger, kind: Kind, query: Annotated[ConformanceCaseQuery, Query()]
) -> Response:
    """List the cases behind a figure, each with its steps and its deviations from the path."""
    lifecycle = permitted_kind(ledger, context_of(request), kind)
    scope, sign = _scope("cases", kind, query), ledger.vault.fingerprint
    now, after = context_of(request).now, None
    if query.cursor is not None:
        began, reached_at, case_id = cursors.read(query.cursor, scope, sign)
        now, after = from_instant(began), (from_instant(reached_at), UUID(case_id))
    async with snapshot(ledger.db) as connection:
        question = await parse(connection, lifecycle, query, now, ledger.settings.time_zone)
        head = await _head(connection, question)
        yardstick = await yardstick_of(connection, question)
        rows = await case_lists.cases(connection, question, yardstick, query, after)
    cursor = None
    if rows.last is not None:
        cursor = cursors.write([instant(now), instant(rows.last[0]), str(rows.last[1])], scope, sign)
    page = ConformanceCasePage(
        **head,
        behind=await _behind(ledger, head, language_for(request)),
        items=rows.items,
        next_cursor=cursor,
    )
    return _json(page, None, page_responses.link(request, cursor))


async def _head(connection: Connection, question: ConformanceQuestion) -> dict[str, Any]:
    position, lag_seconds = await facts_position(connection)
    return {
        "kind": question.kind,
        "tz": question.zone.key,
        "begin": question.begin,
        "end": question.end,
        "position": position,
        "lag_seconds": lag_seconds,
    }


async def _behind(ledger: RequestLedger, head: dict[str, Any], language: str) -> str | None:
    return await lag_notice(ledger.db, head["position"], head["lag_seconds"], language)


def _scope(rows: str, kind: str, query: ConformanceQuery) -> str:
    return f"conformance {rows} of {kind} {query.model_dump_json(exclude={'limit', 'cursor'})}"


def _json(answered: Any, language: str | None, more: dict[str, str] | None = None) -> Response:
    headers = (
        page_responses.VARY | ({} if language is None else {"Content-Language": language}) | (more or {})
    )
    return Response(answered.model_dump_json(by_alias=True), 200, headers, JSON)
