"""Attachments: files of a ticket. Their content has been sent before, as an upload.

Each has a key of its own, wrapped by that of the person who sent it: erasing them makes it unreadable, and so
does its withdrawal.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.children import Attachment, Visibility
from app.common.files.uploads import UploadRef
from app.common.records import ChildRef
from app.common.tickets import Ticket
from app.foundation.decisions.lookups import is_named_as_evidence
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import anybody, messenger, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, Keys, action
from app.kernel.actions.payloads import FileName, Payload
from app.kernel.actions.refusals import WrongValue
from app.ticketing.comments import internal_reserved_for_staff


class AttachTicket(Payload):
    """A file to attach to the ticket."""

    upload: Annotated[UUID, UploadRef(), Field(description="Identifier of the upload.")]
    name: FileName = Field(description="Name of the file, with its extension.", examples=["screen.png"])
    visibility: Visibility = Field(
        default=Visibility.public,
        description="Readers of the file: everybody who sees the record, or staff only.",
    )


def attach(ticket: Ticket, body: AttachTicket, ctx: ActionContext) -> None:
    """Attach a file to the ticket. The file must have been uploaded before."""
    upload = ctx.input.upload
    assert upload is not None
    attachment = Attachment(
        id=upload.id,
        record=ticket.row_key,
        author_id=ctx.caller.person_id,
        name=body.name,
        media_type=upload.media_type,
        size=upload.size,
        sha256=upload.sha256,
        visibility=body.visibility,
        attached_at=ctx.occurred_at,
    )
    ctx.outcome.staff_only = attachment.for_staff
    ctx.outcome.add(attachment)


class WithdrawAttachment(Payload):
    """The file to withdraw."""

    attachment: Annotated[UUID, ChildRef(Attachment), Field(description="Identifier of the attached file.")]


def withdraw_attachment(ticket: Ticket, body: WithdrawAttachment, ctx: ActionContext) -> None:
    """Withdraw an attachment of the ticket: its name and content become unreadable for ever."""
    attachment = ctx.required_ref(Attachment, "attachment")
    ctx.outcome.staff_only = attachment.for_staff
    ctx.outcome.change(attachment).withdrawn_at = ctx.occurred_at


async def attachment_withdrawn(
    reads: ReadContext, ticket: Ticket, body: WithdrawAttachment, ctx: ActionContext
) -> None:
    """Refuse if the file is withdrawn (`attachment_withdrawn`)."""
    if ctx.required_ref(Attachment, "attachment").withdrawn_at is not None:
        raise WrongValue(pointer="/attachment", because="attachment_withdrawn")


async def attachment_is_evidence(
    reads: ReadContext, ticket: Ticket, body: WithdrawAttachment, ctx: ActionContext
) -> None:
    """Refuse if a gate was passed, or an acceptance asked for, with this file (`attachment_is_evidence`)."""
    if await is_named_as_evidence(reads, ticket, ctx.required_ref(Attachment, "attachment").id):
        raise WrongValue(pointer="/attachment", because="attachment_is_evidence")


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for attachments."""
    return (
        #      action  中文        from       to     who      event
        action(attach, "添加附件", spec.any, STAYS, anybody | messenger, f"{spec.kind}.attached", keys=Keys.UPLOADS, wrong=(internal_reserved_for_staff,)),
        action(withdraw_attachment, "撤回附件", spec.any, STAYS, staff | messenger, f"{spec.kind}.attachment_withdrawn", keys=Keys.WITHDRAWN,
               wrong=(attachment_withdrawn, attachment_is_evidence)),
    )
# fmt: on
