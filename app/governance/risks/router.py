"""Routes of risks, `/v1/risks`, with the report and the heat map, and of the matrices that levels follow
from, `/v1/risk_matrices`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api.authentication.auth import context_of
from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.page_language import ChosenLanguage, chosen_language
from app.api.pages.page_headers import HEADERS
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.reads import mount_reads, renderer_of
from app.api.records.shapes import Renderer
from app.api.requests.accept import negotiate
from app.api.routes import Routes
from app.common.people import Role
from app.foundation.documents.signing import post_lines
from app.governance.risks import matrices
from app.governance.risks.heat_map import draw
from app.governance.risks.lifecycle import LIFECYCLE
from app.governance.risks.lookups import risk_history, with_causes_and_owners
from app.governance.risks.queries import CHILD_LISTINGS, LISTING, MATRICES, RiskMatrixOut, RiskOut
from app.governance.risks.report import RiskReport, report_of, scale_of
from app.governance.risks.report_page import page_of
from app.kernel.access.audience_rules import STAFF
from app.kernel.access.visibility import can_see
from app.kernel.actions.actor_policy import staff
from app.kernel.actions.payloads import EARLIEST_YEAR, LATEST_YEAR
from app.kernel.actions.refusals import WrongValue
from app.kpis.questions.periods import start_of

router = Router(prefix="/v1/risks", tags=["risks"], route_class=DirectRoute)
JSON, HTML, SVG = "application/json", "text/html", "image/svg+xml"
PAGE: dict[int | str, dict[str, Any]] = {
    200: {**in_language()[200], "content": {HTML: {"schema": {"type": "string"}}}}
}
SVG_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The drawing.",
        "content": {SVG: {"schema": {"type": "string"}}},
        "headers": {"Content-Language": {}},
    }
}
#: An image that is opened by itself loads and runs nothing.
POLICY = {"Content-Security-Policy": "default-src 'none'"}
#: Holders of these posts sign the report.
SIGNING_POSTS = (Role.quality_manager, Role.management)
#: A schema has no bounds for dates, so a pattern limits the years.
Day = Annotated[
    date,
    Field(
        ge=date(EARLIEST_YEAR, 1, 1),
        le=date(LATEST_YEAR, 12, 31),
        json_schema_extra={"pattern": r"^(19\d\d|20\d\d|21\d\d|2200)-", "examples": ["2026-07-01"]},
    ),
]


class HeatMapQuery(BaseModel):
    """Parameters of the heat map."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    until: Day | None = Field(
        None, description="First day that no longer counts; if left out, everything up to now counts."
    )
    lang: ChosenLanguage = None


class RiskReportQuery(BaseModel):
    """Parameters of the report on risks."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    begin: Annotated[Day, Field(alias="from")] = Field(description="First day of the period.")
    until: Day = Field(description="First day after the period.")
    format: Literal["json", "html"] | None = Field(
        None, description="Format of the answer; if left out, the header `Accept` decides."
    )
    lang: ChosenLanguage = None


# Before the route of one risk, which would take `report` for a risk's name.
@router.endpoint("/report", "Get the risk report", RiskReport, refused=(422,), responses=PAGE)
async def get_risk_report(request: Request, query: Annotated[RiskReportQuery, Query()]) -> Response:
    """Return the risks of a period: by level, new, closed and moved, with warnings, occurrences and the
    trend. For `Accept: text/html` the answer is a page to print. For staff.
    """
    renderer, zone = _staff_renderer(request, query.lang), _zone(request)
    begin, end = start_of(query.begin, zone), start_of(query.until, zone)
    if end <= begin:
        raise WrongValue(parameter="until", because="ends_before_it_begins")
    history = await with_causes_and_owners(
        renderer.ledger, await risk_history(renderer.ledger.db, begin, end)
    )
    report = report_of(history, begin, end)
    headers = {"Content-Language": renderer.language, "Vary": f"Accept, {VARY['Vary']}"}
    media_type = negotiate(request.headers.get("accept"), (JSON, HTML))
    if query.format == "html" or (query.format is None and media_type == HTML):
        signatures = await post_lines(renderer.ledger, SIGNING_POSTS)
        page = page_of(report, scale_of(history), signatures, zone, renderer.language)
        return Response(page, headers={**HEADERS, **headers}, media_type=HTML)
    return Response(report.model_dump_json(), headers=headers, media_type=JSON)


@router.endpoint("/heat_map", "Get the heat map of risks", refused=(422,), responses=SVG_RESPONSE)
async def get_risk_heat_map(request: Request, query: Annotated[HeatMapQuery, Query()]) -> Response:
    """Return the open risks on the matrix as a drawing (SVG). For staff."""
    renderer, zone = _staff_renderer(request, query.lang), _zone(request)
    end = context_of(request).now if query.until is None else start_of(query.until, zone)
    history = await risk_history(renderer.ledger.db, end, end)
    report = report_of(history, end - timedelta(days=1), end)
    headers = {**VARY, **POLICY, "Content-Language": renderer.language}
    return Response(draw(report.cells, scale_of(history), renderer.language), headers=headers, media_type=SVG)


def _staff_renderer(request: Request, language: str | None) -> Renderer:
    """Return the renderer in the requested language, since a link cannot send a header. Raises Forbidden for
    people who do not see all risks.
    """
    renderer = renderer_of(request, LISTING)
    agents_see = renderer.ledger.settings.agents_see
    if not can_see(renderer.caller, LIFECYCLE, [STAFF], agents_see=agents_see):
        raise renderer.ledger.forbidden(staff, renderer.language)
    renderer.language = chosen_language(request, language)
    return renderer


def _zone(request: Request) -> ZoneInfo:
    return ZoneInfo(renderer_of(request, LISTING).ledger.settings.time_zone)


mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, RiskOut)
for _listing in CHILD_LISTINGS:
    mount_child_listing(router, LIFECYCLE, RiskOut, _listing)

matrix_router = Router(prefix="/v1/risk_matrices", tags=["risks"])
mount_reads(matrix_router, MATRICES)
mount_actions(matrix_router, matrices.LIFECYCLE, RiskMatrixOut)

ROUTES = Routes((router, matrix_router), (LISTING, MATRICES))
