"""Routes of documents, `/v1/documents`: the register of all documents, and those of their own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from app.api.authentication.auth import caller_of, context_of, ledger_of
from app.api.direct import DirectRoute, Router
from app.api.listings.attachments import mount_attachments
from app.api.listings.page_responses import page_response
from app.api.records.actions import (
    ActionRequest,
    IdempotencyKeyHeader,
    IfMatch,
    handle_action,
    mount_actions,
    operation,
)
from app.api.records.child_rows import mount_child_listing
from app.api.records.partial import PartialRows, chosen_type, or_partial
from app.api.records.reads import Name, list_renderer_of, mount_reads, renderer_of
from app.api.replica_reads import reads_replica
from app.api.routes import Routes
from app.api.service.pages import page_to_keep
from app.common.children import Attachment
from app.foundation.decisions.router import mount_approval_preview
from app.foundation.documents.keeping.payloads import RequestDocumentAccess
from app.foundation.documents.records import DocumentState
from app.foundation.documents.router import PAGE_RESPONSE
from app.governance.documents.lifecycle import LIFECYCLE
from app.governance.documents.preparation import REVIEW
from app.governance.documents.queries import FILES, LISTING, VERSIONS, DocumentRecordOut, readable_edition
from app.governance.documents.reading import note_reading
from app.governance.documents.records import ReadingChannel
from app.governance.documents.register import RegisterPage, RegisterQuery, register_page
from app.governance.documents.register_print import (
    PrintedRegisterQuery,
    load_register,
    register_page_of,
)
from app.governance.documents.requestable import (
    AnswerToRequest,
    RequestableDocument,
    RequestablePage,
    RequestableQuery,
    requestable_page,
)
from app.ticketing.routes.children import mount_children

router = Router(prefix="/v1/documents", tags=["documents"], route_class=DirectRoute)
#: This action is also open to people who cannot see the document.
REQUEST = "request_access"


@router.endpoint("", "List documents", RegisterPage, refused=(400, 422), responses=or_partial(PartialRows))
@reads_replica
async def list_documents(request: Request, query: Annotated[RegisterQuery, Query()]) -> Response:
    """Return the register: documents of their own, and documents of other records that the caller may see.
    Documents that are not internal are listed only for their readers.
    """
    page = await register_page(list_renderer_of(request, LISTING), query, context_of(request))
    return page_response(request, page, chosen_type(request, is_partial=query.fields is not None))


# Before the route of one document, which would take `requestable` for a document's name.
@router.endpoint("/requestable", "List documents to request", RequestablePage, refused=(400, 422))
async def list_requestable_documents(
    request: Request, query: Annotated[RequestableQuery, Query()]
) -> Response:
    """Return the restricted documents in force that the caller may not read, so that the caller can request
    access. Their content and secret documents are not included. For staff.
    """
    renderer = renderer_of(request, LISTING)
    renderer.require_staff()
    return page_response(request, await requestable_page(renderer, query))


@router.endpoint("/register", "Get the register of documents", refused=(422,), responses=PAGE_RESPONSE)
async def get_document_register(
    request: Request, query: Annotated[PrintedRegisterQuery, Query()]
) -> Response:
    """Return the register as a page to print on A4, with the permissions and filters of the list: numbers,
    titles, classes, importance, states, owners and dates of review.
    """
    renderer = renderer_of(request, LISTING)
    renderer.language = query.lang or renderer.language
    register = await load_register(renderer, query, context_of(request).now)
    title, body, head = register_page_of(register, renderer.language)
    return page_to_keep(renderer.language, title, body, head)


async def request_document(
    request: Request,
    name: Name,
    body: RequestDocumentAccess,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Request access to the document, also to a restricted one that the caller does not see."""
    action_request = ActionRequest(name, body, if_match, idempotency_key)
    return await handle_action(
        request, LIFECYCLE, LIFECYCLE[REQUEST], DocumentRecordOut, action_request, renderer=AnswerToRequest
    )


async def _note_page(request: Request, document: Any) -> None:
    """Note that the caller gets the document as a record; in a destroyed one nothing stands any more."""
    if document.state is not DocumentState.destroyed:
        await note_reading(
            ledger_of(request), context_of(request), document, ReadingChannel.page, document.edition
        )


async def _note_file(request: Request, document: Any, attachment: Attachment) -> None:
    """Note that the caller gets the file, if they may read the version that it is of. Raises NotFound."""
    ledger = ledger_of(request)
    edition = await readable_edition(ledger, caller_of(request), document, attachment.id)
    await note_reading(ledger, context_of(request), document, ReadingChannel.file, edition)


mount_reads(router, LISTING, lists=False, before=_note_page)
mount_attachments(router, LISTING, before=_note_file)
mount_actions(router, LIFECYCLE, DocumentRecordOut, left_out={REQUEST})
router.add_api_route(
    f"/{{id}}/{REQUEST}",
    request_document,
    methods=["POST"],
    description=LIFECYCLE[REQUEST].description,
    **operation(LIFECYCLE, REQUEST, DocumentRecordOut)
    | {"response_model": DocumentRecordOut | RequestableDocument},
)
mount_children(router, LIFECYCLE, DocumentRecordOut, own=(FILES,))
mount_child_listing(router, LIFECYCLE, DocumentRecordOut, VERSIONS)
mount_approval_preview(router, LISTING, (REVIEW,))


ROUTES = Routes((router,), without_views=(LISTING,))
