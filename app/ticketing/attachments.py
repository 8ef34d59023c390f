"""Attachments: files that belong to a ticket. What is in them has been sent before, as an upload.

Each has a key of its own, wrapped by that of whoever sent it: erasing them makes it unreadable.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.children import Attachment, Visibility
from app.common.tickets import Ticket
from app.common.uploads import Uploaded
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, FileName
from app.kernel.lifecycle import STAYS, Keys, action
from app.kernel.moment import Moment
from app.kernel.who import anybody
from app.ticketing.comments import internal_is_for_staff


class AttachTicket(Body):
    """A file that belongs to it."""

    upload: Annotated[UUID, Uploaded(), Field(description="The upload: its id.")]
    name: FileName = Field(description="What the file is called, with its ending.", examples=["screen.png"])
    visibility: Visibility = Field(
        default=Visibility.public, description="For all who see the record, or for staff."
    )


def attach(ticket: Ticket, body: AttachTicket, at: Moment) -> None:
    """A file is put to it that was sent before."""
    upload = at.upload
    assert upload is not None
    made = Attachment(
        id=upload.id,
        record=ticket.row_key,
        author_id=at.caller.person_id,
        name=body.name,
        media_type=upload.media_type,
        size=upload.size,
        sha256=upload.sha256,
        visibility=body.visibility,
        attached_at=at.occurred_at,
    )
    at.staff_only = made.for_staff
    at.add(made)


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of attachments."""
    return (
        #      action  中文        from       to     who      event
        action(attach, "添加附件", table.any, STAYS, anybody, f"{table.kind}.attached", keys=Keys.UPLOADS, wrong=(internal_is_for_staff,)),
    )
# fmt: on
