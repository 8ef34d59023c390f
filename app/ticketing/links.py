"""Links: what a ticket is to another one. One command makes an event and a row on both (decision 0018).

Only staff are shown these events, since they name a record that not everybody may see. Which links there are
is shown to everybody who sees both ends.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid5

from pydantic import Field

from app.common.records import TICKET, ChildRef, ForeignRef
from app.common.tickets import Ticket
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.actor_policy import rule, staff
from app.kernel.context import ActionContext
from app.kernel.lifecycle import STAYS, RelatedCommand, action
from app.kernel.payloads import Payload, Reference
from app.kernel.reads import ReadContext
from app.kernel.refusals import WrongValue
from app.ticketing.records import Link, LinkKind


class LinkTicket(Payload):
    """What it is to another ticket."""

    kind: LinkKind = Field(description="What it is to the other one.")
    other: Annotated[Reference, ForeignRef(TICKET)] = Field(description="The other one: its id or number.")


def link(ticket: Ticket, body: LinkTicket, ctx: ActionContext) -> None:
    """It has to do with another ticket; that one is told as well."""
    ctx.add(new_link(ticket, body.kind, ctx.required_ref(Ticket, "other"), ctx))


def new_link(ticket: Ticket, kind: LinkKind, other: Ticket, ctx: ActionContext) -> Link:
    """The ticket's end of a link. The other end's row is made by `link` there, in the same command, which may
    make several: each has an id that both ends come to.
    """
    return Link(
        id=ctx.new_id(),
        record=ticket.row_key,
        link_id=uuid5(ctx.command_id, " ".join(sorted((ticket.row_key, other.row_key)))),
        kind=kind,
        other=other.row_key,
        linked_at=ctx.occurred_at,
    )


async def cannot_be_linked(reads: ReadContext, ticket: Ticket, body: LinkTicket, ctx: ActionContext) -> None:
    """To itself a ticket is nothing, and to another one everything only once."""
    other = ctx.required_ref(Ticket, "other").row_key
    if other == ticket.row_key:
        raise WrongValue(pointer="/other", because="itself")
    if await reads.child(Link, ticket, other=other, kind=body.kind.value) is not None:
        raise WrongValue(pointer="/other", because="there_already")


class UnlinkTicket(Payload):
    """Which link is no more."""

    link: Annotated[UUID, ChildRef(Link, by="link_id")] = Field(description="The link: its id.")


def unlink(ticket: Ticket, body: UnlinkTicket, ctx: ActionContext) -> None:
    """It has nothing to do with the other ticket after all; that one is told as well."""
    ctx.remove(ctx.required_ref(Link, "link"))


def _other_end(ctx: ActionContext) -> str:
    other = ctx.required_ref(Link, "link").other
    assert other is not None
    return other


LINK_OTHER_END = RelatedCommand(
    action="link",
    field="other",
    record=lambda ctx: ctx.required_ref(Ticket, "other").row_key,
    body=lambda ticket, body: LinkTicket(kind=body.kind.opposite, other=str(ticket.id)),
)
UNLINK_OTHER_END = RelatedCommand(
    action="unlink",
    field="link",
    record=_other_end,
    body=lambda ticket, body: UnlinkTicket(link=body.link),
)


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """The rows of links."""
    return (
        #      action  中文        from       to     who           event
        action(link,   "关联",     spec.any, STAYS, staff | rule, f"{spec.kind}.linked",   wrong=(cannot_be_linked,), staff_only=True, related=LINK_OTHER_END),
        action(unlink, "取消关联", spec.any, STAYS, staff | rule, f"{spec.kind}.unlinked", staff_only=True, related=UNLINK_OTHER_END),
    )
# fmt: on
