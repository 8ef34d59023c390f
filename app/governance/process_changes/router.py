"""Routes of applications for changes of processes: `/v1/process_changes`."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from app.api.direct import DirectRoute, Router
from app.api.listings.lists import Listing
from app.api.records.actions import mount_actions
from app.api.records.reads import Name, mount_reads
from app.api.records.shapes import RecordOut
from app.api.routes import Routes
from app.foundation.decisions.router import mount_approval_preview
from app.foundation.documents.router import PAGE_RESPONSE, PageLanguage, page_of_record
from app.foundation.people.queries import PERSONS
from app.governance.process_changes.application import print_application
from app.governance.process_changes.lifecycle import LIFECYCLE
from app.governance.process_changes.preparation import CHANGE
from app.governance.process_changes.records import ProcessChange
from app.ticketing.routes.children import mount_children


class ProcessChangeOut(RecordOut, of=ProcessChange):
    """An application for a change of a process."""


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ProcessChangeOut,
    filters=("state", "process", "applicant", "applied_at", "due_at", "changed_at"),
    sorts=("due_at", "applied_at", "changed_at"),
    expands=(PERSONS,),
)
router = Router(prefix="/v1/process_changes", tags=["processes"], route_class=DirectRoute)
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, ProcessChangeOut)
mount_children(router, LIFECYCLE, ProcessChangeOut)
mount_approval_preview(router, LISTING, (CHANGE,))


@router.endpoint(
    "/{id}/application",
    "Get a process change's application",
    refused=(404, 422),
    responses=PAGE_RESPONSE,
    operation_id="get_process_change_application",
)
async def get_process_change_application(request: Request, name: Name, lang: PageLanguage = None) -> Response:
    """Return the application as a page to print on A4, with its review, the votes of the heads and the lines
    for their signatures.
    """
    return await page_of_record(request, LISTING, name, lang, print_application)


ROUTES = Routes((router,), (LISTING,))
