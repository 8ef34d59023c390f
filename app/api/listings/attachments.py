"""Lists of records' attached files, and routes of their content.

A browser never renders the content as a page of this origin: it is bytes to be saved, whatever the type.
Only pictures can be shown, by request, and only of types that carry no scripts.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from app.api.contract.responses import BINARY, problems
from app.api.direct import Router
from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.reads import IfNoneMatch, Name, load_visible, renderer_of
from app.api.records.shapes import OutputModel, Renderer
from app.api.requests.etag import matches
from app.common.children import Attachment
from app.common.files.media import PICTURES
from app.common.records import Record, from_row
from app.i18n.kind_nouns import noun, with_article
from app.kernel.actions.refusals import NotFound
from app.kernel.uploads import content, key_of

ATTACHMENT_OF_RECORD = "select * from fold.attachment where id = %s and record = %s"
#: A file that is opened all the same may run, load and request nothing.
OK = 200
SANDBOX = "sandbox; default-src 'none'"
PICTURE_CONTENT = {
    media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in sorted(PICTURES)
}
# Characters that some system takes for a separator of paths, or does not accept.
_UNSAFE_IN_NAME = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]')
_NOT_ASCII = re.compile(r"[^\x20-\x7e]|%")


class AttachmentOut(OutputModel, of=Attachment, after={"visibility": "author"}):
    """A file attached to a record."""

    id: UUID = Field(description="Identifier of the upload.")


def public_unless_staff(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition: internal rows are for staff only."""
    return "true" if renderer.caller.is_staff_for(record) else "r.visibility = 'public'"


ATTACHMENTS = ChildListing(
    "attachments",
    Attachment,
    "attached_at",
    AttachmentOut,
    "the attached files that the caller may see, the oldest first",
    public_unless_staff,
)
AttachmentId = Annotated[UUID, Path(description="Identifier of the attachment.")]
Inline = Annotated[
    bool,
    Query(
        description="True if a PNG, JPEG, GIF or WebP picture is to be sent with its media type, to be "
        "shown. Other files are always sent to be saved."
    ),
]


#: Called before a file is given to somebody, with who asks, the record and the file; may raise NotFound.
Delivery = Callable[[Request, Any, Attachment], Awaitable[None]]


def mount_attachments(
    router: Router, listing: Listing, *, prefix: str = "", before: Delivery | None = None
) -> None:
    """Add the operation that returns the content of a record's attached file; `before` is called each time
    before it is given to somebody.
    """
    kind = listing.lifecycle.kind
    label = noun(kind)

    async def get_attachment_content(
        request: Request,
        name: Name,
        attachment_id: AttachmentId,
        inline: Inline = False,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        renderer = renderer_of(request, listing)
        record = (await load_visible(renderer, name)).record
        attachment = await _find_attachment(renderer, record, attachment_id)
        is_picture = inline and attachment.media_type in PICTURES
        response = await _file_response(renderer, attachment, if_none_match, inline=is_picture)
        if before is not None and response.status_code == OK:
            await before(request, record, attachment)
        return response

    router.add_api_route(
        f"{prefix}/{{id}}/attachments/{{attachment_id}}/content",
        get_attachment_content,
        methods=["GET"],
        operation_id=f"get_{kind}_attachment_content",
        summary=f"Get {with_article(label)} attachment's content",
        description=f"Return the content of a file that is attached to one {label}, to be saved and never "
        "shown as a page. A picture is sent to be shown if `inline` asks for it.",
        response_class=StreamingResponse,
        response_model=None,
        responses=_content_responses(),
    )


def _content_responses() -> dict[int | str, dict[str, Any]]:
    headers: dict[str, Any] = {"ETag": {}, "Content-Disposition": {}}
    return {
        200: {
            "description": "The bytes of the file.",
            "content": BINARY | PICTURE_CONTENT,
            "headers": headers,
        },
        304: {
            "description": "The client already has the file: its ETag is the one in If-None-Match.",
            "headers": {"ETag": {}},
        },
        **problems(404, 410, 422),
    }


async def _find_attachment(renderer: Renderer, record: Record, attachment_id: UUID) -> Attachment:
    """Return the record's attachment of that id. Raises NotFound also for one that the caller may not see."""
    row = await renderer.ledger.db.row(ATTACHMENT_OF_RECORD, (attachment_id, record.row_key))
    attachment = None if row is None else from_row(Attachment, row)
    if attachment is None or (attachment.for_staff and not renderer.caller.is_staff_for(record)):
        raise NotFound()
    return attachment


async def _file_response(
    renderer: Renderer, attachment: Attachment, if_none_match: str | None, *, inline: bool
) -> Response:
    headers = {"ETag": f'"{attachment.sha256}"', "Content-Security-Policy": SANDBOX}
    key = await key_of(renderer.ledger, attachment)
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    pieces: AsyncIterator[bytes] = await content(renderer.ledger, attachment, key)
    assert attachment.name is not None
    name = (await renderer.ledger.vault.texts([attachment.name]))[attachment.name]
    headers |= {
        "Content-Disposition": "inline" if inline else disposition(name or str(attachment.id)),
        "Content-Length": str(attachment.size),
    }
    media_type = attachment.media_type if inline else "application/octet-stream"
    return StreamingResponse(pieces, headers=headers, media_type=media_type)


def disposition(name: str) -> str:
    """Return Content-Disposition for a file of that name (RFC 6266): to be saved, under a name that no system
    takes for a path; with an ASCII name for old clients.
    """
    safe = _UNSAFE_IN_NAME.sub("_", name).strip(" .") or "_"
    plain = _NOT_ASCII.sub("_", safe)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
