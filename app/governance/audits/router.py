"""Routes of process audits: `/v1/audits`, and what the log knows for the self-check."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.page_language import PageLanguageQuery, chosen_language
from app.api.pages.page_headers import HEADERS
from app.api.records import reads
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.requests.json_output import dump_json
from app.api.routes import Routes
from app.governance.audits.lifecycle import LIFECYCLE
from app.governance.audits.printing import printed_audit
from app.governance.audits.queries import CHILD_LISTINGS, LISTING, AuditOut, SelfCheckPrefill, prefill_of
from app.governance.audits.report_page import page_of

HTML = "text/html"
PAGE: dict[int | str, dict[str, Any]] = {
    200: {**in_language()[200], "content": {HTML: {"schema": {"type": "string"}}}}
}
router = Router(prefix="/v1/audits", tags=["audits"], route_class=DirectRoute)
reads.mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, AuditOut)
for listing in CHILD_LISTINGS:
    mount_child_listing(router, LIFECYCLE, AuditOut, listing)


@router.endpoint(
    "/{id}/self_check", "Get an audit's self-check figures", SelfCheckPrefill, refused=(404, 422)
)
async def get_audit_self_check(request: Request, name: reads.Name) -> Response:
    """Return the figures of the log about the audited month: the number of cases and the irregularities."""
    renderer = reads.renderer_of(request, LISTING)
    audit = (await reads.load_visible(renderer, name)).record
    return Response(dump_json(await prefill_of(renderer, audit)), headers=VARY, media_type="application/json")


@router.endpoint("/{id}/report", "Print an audit", refused=(404, 422), responses=PAGE)
async def print_audit(
    request: Request,
    name: reads.Name,
    query: Annotated[PageLanguageQuery, Query()],
) -> Response:
    """Return an audit as a page to print: its self-check, its draws with the irregularities, and the findings
    that the caller may see. Points are not shown.
    """
    renderer = reads.renderer_of(request, LISTING)
    renderer.language = chosen_language(request, query.lang)
    printed = await printed_audit(renderer, await reads.load_visible(renderer, name))
    headers = {**HEADERS, **VARY, "Content-Language": renderer.language}
    return Response(page_of(printed, renderer.language), headers=headers, media_type=HTML)


ROUTES = Routes((router,), (LISTING,))
