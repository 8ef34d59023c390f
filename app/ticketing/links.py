"""Links between tickets. One command appends an event and makes a child record on both (decision 0018).

Only staff see these events, since they name a record that not everybody may see. A link itself is shown to
callers who see both ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID, uuid5

from pydantic import Field

from app.common.people import Role
from app.common.records import TICKET, ChildRef, ForeignRef
from app.common.tickets import Ticket
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.foundation.statements.actions import add_statements
from app.foundation.statements.records import StatedFact
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import rule, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import Payload, Reference
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.related import RelatedCommand
from app.log.events import kind_of
from app.ticketing.records import Link, LinkKind
from app.ticketing.wishers import told_wishers

#: Roles whose holders withdraw a confirmed cause.
CAUSE_MANAGERS = frozenset({Role.incident_manager, Role.problem_manager, Role.change_manager})


class LinkTicket(Payload):
    """A link to another ticket."""

    kind: LinkKind = Field(description="Relation of this record to the other one.")
    other: Annotated[Reference, ForeignRef(TICKET)] = Field(
        description="Other record of the link: its id or number."
    )


@dataclass(frozen=True, slots=True)
class LinkedWishers:
    """People who are notified of a link, because it says that the record carries out what they asked for."""

    persons: tuple[UUID, ...] = ()


async def linked_wishers(
    reads: ReadContext, ticket: Ticket, body: LinkTicket, ctx: ActionContext
) -> LinkedWishers:
    """Find the people who are notified of the link."""
    other = ctx.required_ref(Ticket, "other")
    return LinkedWishers(await told_wishers(reads, ticket, body.kind, other))


def link(ticket: Ticket, body: LinkTicket, ctx: ActionContext) -> None:
    """Link the ticket to another one. Both record the link."""
    add_link(ticket, body.kind, ctx.required_ref(Ticket, "other"), ctx.prepared(LinkedWishers), ctx)


def add_link(
    ticket: Ticket, kind: LinkKind, other: Ticket, wishers: LinkedWishers, ctx: ActionContext
) -> None:
    """Add the ticket's end of a link, and notify the people who asked for the other one."""
    end = new_link(ticket, kind, other, ctx)
    ctx.outcome.add(end)
    add_statements(ticket, StatedFact.asked_for, wishers.persons, ctx, about=end.id)


def new_link(ticket: Ticket, kind: LinkKind, other: Ticket, ctx: ActionContext) -> Link:
    """Return the ticket's end of a link. The other end's child record is made by `link` there, in the same
    command, which may make several links: each has an id that both ends derive.
    """
    return Link(
        id=ctx.new_id(),
        record=ticket.row_key,
        link_id=uuid5(ctx.command.id, " ".join(sorted((ticket.row_key, other.row_key)))),
        kind=kind,
        other=other.row_key,
        linked_at=ctx.occurred_at,
    )


async def cannot_be_linked(reads: ReadContext, ticket: Ticket, body: LinkTicket, ctx: ActionContext) -> None:
    """Refuse a link to the ticket itself, and one that exists already."""
    other = ctx.required_ref(Ticket, "other").row_key
    if other == ticket.row_key:
        raise WrongValue(pointer="/other", because="itself")
    if await reads.child(Link, ticket, other=other, kind=body.kind.value) is not None:
        raise WrongValue(pointer="/other", because="there_already")


class UnlinkTicket(Payload):
    """The link to remove."""

    link: Annotated[UUID, ChildRef(Link, by="link_id")] = Field(description="Identifier of the link.")


def unlink(ticket: Ticket, body: UnlinkTicket, ctx: ActionContext) -> None:
    """Unlink the ticket from another one. Both record it."""
    ctx.outcome.remove(ctx.required_ref(Link, "link"))


async def cause_is_confirmed(
    reads: ReadContext, ticket: Ticket, body: UnlinkTicket, ctx: ActionContext
) -> None:
    """Refuse to remove the link between a change and an incident that it caused, on which its review rests,
    unless the caller manages incidents or changes and did not carry the change out.
    """
    link = ctx.required_ref(Link, "link")
    is_cause = link.kind in (LinkKind.causes, LinkKind.caused_by)
    is_of_change = "change" in (ticket.KIND, kind_of(str(link.other)))
    if ctx.command.follows or ctx.caller.is_rule or not (is_cause and is_of_change):
        return
    other = await reads.any_record(str(link.other))
    ends = [ticket, *([] if other is None else [other.record])]
    parties = {str(person) for end in ends for person in getattr(end, "implementer_ids", None) or ()}
    if str(ctx.caller.person_id) in parties or not CAUSE_MANAGERS & ctx.caller.role_codes:
        raise WrongValue(pointer="/link", because="cause_is_confirmed")


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
    """Return the rows of the lifecycle table for links."""
    return (
        #      action  中文        from       to     who           event
        action(link,   "关联",     spec.any, STAYS, staff | rule, f"{spec.kind}.linked",   prepare=(linked_wishers,), wrong=(cannot_be_linked,),
               staff_only=True, related=LINK_OTHER_END),
        action(unlink, "取消关联", spec.any, STAYS, staff | rule, f"{spec.kind}.unlinked", wrong=(cause_is_confirmed,), staff_only=True, related=UNLINK_OTHER_END),
    )
# fmt: on
