"""Routes of agreements on service levels: `/v1/slas`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import Request
from pydantic_core import to_json
from starlette.responses import RedirectResponse, Response

from app.api.authentication.auth import context_of
from app.api.direct import DirectRoute, Router
from app.api.listings.attachments import mount_attachments
from app.api.listings.page_responses import VARY
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.routes import Routes
from app.api.service.pages import page
from app.foundation.documents import router as documents
from app.foundation.documents.records import DocumentClass
from app.service_levels.agreements.alignment import AgreementAlignment, alignment_of
from app.service_levels.agreements.documents.pages import body_of, title_of
from app.service_levels.agreements.documents.printing import printed_document
from app.service_levels.agreements.lifecycle import LIFECYCLE
from app.service_levels.agreements.queries import CHILD_LISTINGS, LISTING, AgreementOut

#: A page to print, or where it is.
PAGE_RESPONSE: dict[int | str, dict[str, Any]] = documents.PAGE_RESPONSE | {
    307: {
        "description": "A redirection to the page of the service report.",
        "headers": {"Location": {"schema": {"type": "string"}}},
    },
}
router = Router(prefix="/v1/slas", tags=["slas"], route_class=DirectRoute)
mount_reads(router, LISTING)
#: Actions with what is computed above this package, where their routes are (`app/service_reports`).
COMPUTED_ABOVE = frozenset({"issue_report", "correct_report"})
mount_actions(router, LIFECYCLE, AgreementOut, left_out=COMPUTED_ABOVE)
mount_attachments(router, LISTING)
for rows in CHILD_LISTINGS:
    mount_child_listing(router, LIFECYCLE, AgreementOut, rows)


@router.endpoint("/{id}/alignment", "Get an agreement's alignment", AgreementAlignment, refused=(404, 422))
async def get_sla_alignment(request: Request, name: Name) -> Response:
    """Return whether the OLAs and UCs on which the agreement rests support it, line by line. For staff."""
    renderer = renderer_of(request, LISTING)
    agreement = (await load_visible(renderer, name)).record
    renderer.require_staff(agreement)
    alignment = await alignment_of(renderer.ledger.db.rows, agreement, context_of(request).now)
    return Response(to_json(asdict(alignment)), headers=VARY, media_type="application/json")


@router.endpoint(
    "/{id}/documents/{number}", "Get an agreement's document", refused=(404, 422), responses=PAGE_RESPONSE
)
async def get_sla_document(
    request: Request,
    name: Name,
    number: documents.DocumentNumber,
    lang: documents.PageLanguage = None,
) -> Response:
    """Return one of the agreement's documents as a page to print on A4, with its signatures. Specification
    sheets are for staff. For a service report, the answer redirects to its page without what only staff see.
    """
    renderer = renderer_of(request, LISTING)
    renderer.language = lang or renderer.language
    loaded = await load_visible(renderer, name)
    printed = await printed_document(renderer, loaded, number)
    if printed.document_class is DocumentClass.SR:
        path = f"/v1/slas/{loaded.record.id}/reports/{printed.number}"
        return RedirectResponse(f"{path}?format=html&lang={renderer.language}&for_party=true", headers=VARY)
    return page(renderer.language, title_of(printed, renderer.language), body_of(printed, renderer.language))


ROUTES = Routes((router,), (LISTING,))
