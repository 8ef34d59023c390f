"""Tags by which tickets are found, for staff or for all who see the ticket."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.children import Visibility
from app.common.records import ChildRef, StaffOnly
from app.common.tickets import Ticket
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import rule, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import Payload, RecordKey
from app.kernel.actions.refusals import WrongValue
from app.ticketing.records import Tag

MOST_TAGS = 50


class TagTicket(Payload):
    """A tag for the ticket."""

    tag: Annotated[RecordKey, StaffOnly()] = Field(
        description="Tag without a comma and without names of persons, as it stays when persons are erased.",
        examples=["printer-room-3"],
    )
    visibility: Visibility = Field(
        default=Visibility.internal,
        description="Readers of the tag: staff, or everybody who sees the record.",
    )


def tag(ticket: Ticket, body: TagTicket, ctx: ActionContext) -> None:
    """Tag the ticket."""
    row = Tag(
        id=ctx.new_id(),
        record=ticket.row_key,
        name=body.tag,
        visibility=body.visibility,
        tagged_at=ctx.occurred_at,
    )
    ctx.outcome.staff_only = row.for_staff
    ctx.outcome.add(row)


async def cannot_be_tagged(reads: ReadContext, ticket: Ticket, body: TagTicket, ctx: ActionContext) -> None:
    """Refuse if the ticket has the tag already, or too many tags."""
    names = {tag.name for tag in await reads.children(Tag, ticket)}
    if body.tag in names:
        raise WrongValue(pointer="/tag", because="there_already")
    if len(names) >= MOST_TAGS:
        raise WrongValue({"most": str(MOST_TAGS)}, pointer="/tag", because="too_many_tags")


class UntagTicket(Payload):
    """A tag to remove from the ticket."""

    tag: Annotated[RecordKey, ChildRef(Tag, by="name"), StaffOnly()] = Field(description="Tag to remove.")


def untag(ticket: Ticket, body: UntagTicket, ctx: ActionContext) -> None:
    """Untag the ticket: remove one of its tags."""
    tag = ctx.required_ref(Tag, "tag")
    ctx.outcome.staff_only = tag.for_staff
    ctx.outcome.remove(tag)


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for tags."""
    return (
        #      action  中文        from       to     who           event
        action(tag,   "添加标签", spec.any, STAYS, staff | rule, f"{spec.kind}.tagged", wrong=(cannot_be_tagged,)),
        action(untag, "移除标签", spec.any, STAYS, staff | rule, f"{spec.kind}.untagged"),
    )
# fmt: on
