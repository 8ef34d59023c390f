"""File uploads: `PUT /v1/uploads/{id}`, under an id that the client has made. Attaching the file is an
action.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.api.authentication.auth import context_of, ledger_of
from app.api.contract.problems import problem
from app.api.contract.responses import BINARY
from app.api.direct import DirectRoute, Router
from app.api.records.shapes import OutputModel
from app.common.files.uploads import Upload
from app.kernel.actions.actor_policy import anybody
from app.kernel.uploads import ATTACH_DEADLINE, IncomingUpload, store_upload

router = Router(prefix="/v1/uploads", tags=["attachments"], route_class=DirectRoute)
UploadId = Annotated[
    UUID, Path(alias="id", description="Identifier that the client chooses for the file: a random UUID.")
]


class UploadOut(OutputModel):
    """A file that was uploaded completely and can be attached."""

    id: UUID
    size: int = Field(description="Size of the file in bytes.")
    sha256: str = Field(description="SHA-256 digest of the uploaded bytes, in hexadecimal digits.")
    media_type: str = Field(description="Media type of the file by its first bytes, regardless of its name.")
    expires_at: datetime = Field(description="Time until which the file can be attached.")


@router.endpoint(
    "/{id}",
    "Upload a file",
    UploadOut,
    method="PUT",
    refused=(404, 409),
    openapi_extra={"requestBody": {"required": True, "content": BINARY}},
)
async def put_upload(request: Request, upload_id: UploadId) -> Response:
    """Upload a file, to be attached by the action `attach`. The body holds the bytes of the file; its
    Content-Type is ignored. Uploading the same file again under the same id returns the same answer.
    """
    ledger, context = ledger_of(request), context_of(request)
    if context.caller.person_id is None or not anybody.allows(context.caller, None):
        raise ledger.forbidden(anybody, context.language)
    size = _declared_size(request, ledger.settings.upload_limit)
    try:
        sending = IncomingUpload(upload_id, context.caller, size, request.stream(), context.now)
        upload = await store_upload(ledger, sending)
    except ClientDisconnect:  # the client has gone; not an error of the service
        return problem(request, 400, "unreadable")
    return Response(to_json(_upload_out(upload)), media_type="application/json")


def _declared_size(request: Request, limit: int) -> int:
    """Return the declared size in bytes, or the limit without a declaration."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else limit


def _upload_out(upload: Upload) -> UploadOut:
    assert upload.sha256 is not None
    assert upload.media_type is not None
    return UploadOut(
        id=upload.id,
        size=upload.size,
        sha256=upload.sha256,
        media_type=upload.media_type,
        expires_at=upload.begun_at + ATTACH_DEADLINE,
    )
