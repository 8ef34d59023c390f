"""Routes of service reports: to issue and correct them, the list, one of them as JSON and as a page that
prints, and the preview of a running period.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api.authentication.auth import context_of
from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.naming import titles_of
from app.api.listings.page_responses import VARY
from app.api.page_language import chosen_language
from app.api.pages.page_headers import HEADERS
from app.api.records.child_rows import mount_child_listing
from app.api.records.computed_actions import Compute, mount_computed_actions
from app.api.records.reads import Name, load_visible, renderer_of
from app.api.records.shapes import Renderer
from app.api.requests.accept import negotiate
from app.foundation.categories.queries import CATEGORIES
from app.foundation.services.queries import CATALOGUE_ITEMS, SERVICES
from app.kernel.actions.refusals import NotFound
from app.kernel.ledger import Ledger
from app.service_levels.agreements.documents.printing import signers_of
from app.service_levels.agreements.lifecycle import LIFECYCLE
from app.service_levels.agreements.queries import LISTING, AgreementOut
from app.service_levels.agreements.records import Agreement
from app.service_levels.clocks.answers.listing import wait_for_clocks
from app.service_levels.reports.actions import (
    CorrectReportSla,
    IssueReportSla,
    PeriodLabel,
)
from app.service_reports.compute import compute_report
from app.service_reports.pages.report_page import document
from app.service_reports.pages.texts import RecordNames
from app.service_reports.queries import (
    REPORTS,
    ServiceReport,
    find_report,
    for_other_party,
    recompute,
    render_preview,
    render_report,
    span_named,
)

router = Router(prefix="/v1/slas", tags=["slas"], route_class=DirectRoute)
JSON, HTML = "application/json", "text/html"
PAGE: dict[int | str, dict[str, Any]] = {
    200: {**in_language()[200], "content": {HTML: {"schema": {"type": "string"}}}}
}
mount_child_listing(router, LIFECYCLE, AgreementOut, REPORTS)

Number = Annotated[str, Path(max_length=100, description="Number of the report.")]


class ReportQuery(BaseModel):
    """Parameters of a report, as JSON or as a page."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    lang: Literal["en", "zh"] | None = Field(
        None,
        description="Language of the answer; if left out, the language of the header `Accept-Language`, "
        "or of the caller.",
    )
    format: Literal["json", "html"] | None = Field(
        None, description="Format of the answer; if left out, the header `Accept` decides."
    )
    for_party: bool = Field(
        False,
        description="`true` leaves out what only staff see, as in the copy that the other party signs.",
    )


class IssuedReportQuery(ReportQuery):
    """Parameters of an issued report."""

    edition: Annotated[int | None, Field(ge=1, le=10_000)] = Field(
        None, description="Number of the edition; if left out, the newest."
    )
    recompute: bool = Field(
        False,
        description="`true` also computes the report now and returns the differences; late events "
        "never change an issued report.",
    )


class PreviewQuery(ReportQuery):
    """Parameters of a preview."""

    period: PeriodLabel = Field(description="Period of the report: `2026-10`, `2026-Q4` or `2026`.")


async def _issued_report(
    ledger: Ledger, agreement: Agreement, body: IssueReportSla, now: datetime
) -> tuple[object, ...]:
    """Return the report of the period, as it is now."""
    await wait_for_clocks(ledger.db)
    span = await span_named(ledger, agreement, body.period, now, running=False)
    return ((await compute_report(ledger, agreement, span, now)).computed(),)


async def _corrected_report(
    ledger: Ledger, agreement: Agreement, body: CorrectReportSla, now: datetime
) -> tuple[object, ...]:
    """Return the report of that number recomputed, with what differs."""
    await wait_for_clocks(ledger.db)
    try:
        issued = (await find_report(ledger, agreement, body.number, None)).asked_edition
    except NotFound:  # the action itself refuses it
        return ()
    fresh = await recompute(ledger, agreement, issued, now)
    return (fresh.computed((issued.content or {}, issued.staff_content or {})),)


#: Computations that run before a command, by action.
COMPUTES: Mapping[str, Compute] = {"issue_report": _issued_report, "correct_report": _corrected_report}
mount_computed_actions(router, LISTING, AgreementOut, COMPUTES)


@router.endpoint(
    "/{id}/reports/{number}", "Get an agreement's report", ServiceReport, refused=(404, 422), responses=PAGE
)
async def get_sla_report(
    request: Request, name: Name, number: Number, query: Annotated[IssuedReportQuery, Query()]
) -> Response:
    """Return a service report as issued or corrected; with `Accept: text/html`, as a page to print."""
    renderer = _renderer(request, query)
    agreement = (await load_visible(renderer, name)).record
    issued = await find_report(renderer.ledger, agreement, number, query.edition)
    fresh = None
    if query.recompute:
        await wait_for_clocks(renderer.ledger.db)
        fresh = await recompute(renderer.ledger, agreement, issued.asked_edition, context_of(request).now)
    report = await render_report(renderer, agreement, issued, fresh)
    return await _response(request, query, renderer, agreement, report)


@router.endpoint(
    "/{id}/report_preview",
    "Get an agreement's report preview",
    ServiceReport,
    refused=(404, 422),
    responses=PAGE,
)
async def get_sla_report_preview(
    request: Request, name: Name, query: Annotated[PreviewQuery, Query()]
) -> Response:
    """Return the report of a period as computed now, even if the period is still running. It is not
    stored.
    """
    renderer, now = _renderer(request, query), context_of(request).now
    agreement = (await load_visible(renderer, name)).record
    await wait_for_clocks(renderer.ledger.db)
    span = await span_named(renderer.ledger, agreement, query.period, now, running=True)
    computed = await compute_report(renderer.ledger, agreement, span, now)
    report = await render_preview(renderer, agreement, computed)
    return await _response(request, query, renderer, agreement, report)


def _renderer(request: Request, query: ReportQuery) -> Renderer:
    """Return the renderer, in the language asked for: a link cannot ask by a header."""
    renderer = renderer_of(request, LISTING)
    renderer.language = chosen_language(request, query.lang)
    return renderer


async def _response(
    request: Request, query: ReportQuery, renderer: Renderer, agreement: Agreement, report: ServiceReport
) -> Response:
    headers = {"Content-Language": renderer.language, "Vary": f"Accept, {VARY['Vary']}"}
    media_type = negotiate(request.headers.get("accept"), (JSON, HTML))
    if query.for_party:
        report = for_other_party(report)
    if query.format == "html" or (query.format is None and media_type == HTML):
        names = await _names(request, report, renderer.language)
        signers = {} if report.number is None else await signers_of(renderer.ledger, agreement)
        page = document(report, renderer.language, names, signers)
        return Response(page, headers={**HEADERS, **headers}, media_type=HTML)
    return Response(report.model_dump_json(), headers=headers, media_type=JSON)


async def _names(request: Request, report: ServiceReport, language: str) -> RecordNames:
    """Return the names of the records that the report names by their keys."""
    targets = report.report.targets
    named_by = (
        (SERVICES, {*report.report.agreement.services, *(target.service for target in targets)}),
        (CATEGORIES, {target.category for target in targets}),
        (CATALOGUE_ITEMS, {target.catalogue_item for target in targets}),
    )
    names: dict[tuple[str, str], str] = {}
    for listing, named in named_by:
        titles = await titles_of(
            listing, renderer_of(request, listing), sorted(key for key in named if key is not None), language
        )
        names |= {(listing.lifecycle.kind, key): title for key, title in titles.items()}
    return names
