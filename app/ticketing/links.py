"""Links: what a ticket is to another one. One command makes an event and a row on both (decision 0018).

Only staff are shown these events, since they name a record that not everybody may see. Which links there are
is shown to everybody who sees both ends.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid5

from pydantic import Field

from app.common.records import TICKET, Child, Refers
from app.common.tickets import Ticket
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Reference
from app.kernel.lifecycle import STAYS, Second, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import rule, staff
from app.ticketing.records import Link, LinkKind


class LinkTicket(Body):
    """What it is to another ticket."""

    kind: LinkKind = Field(description="What it is to the other one.")
    other: Annotated[Reference, Refers(TICKET)] = Field(description="The other one: its id or number.")


def link(ticket: Ticket, body: LinkTicket, at: Moment) -> None:
    """It has to do with another ticket; that one is told as well."""
    at.add(linked(ticket, body.kind, at.named(Ticket, "other"), at))


def linked(ticket: Ticket, kind: LinkKind, other: Ticket, at: Moment) -> Link:
    """The ticket's end of a link. The other end's row is made by `link` there, in the same command, which may
    make several: each has an id that both ends come to.
    """
    return Link(
        id=at.new_id(),
        record=ticket.row_key,
        link_id=uuid5(at.command_id, " ".join(sorted((ticket.row_key, other.row_key)))),
        kind=kind,
        other=other.row_key,
        linked_at=at.occurred_at,
    )


async def cannot_be_linked(look: Look, ticket: Ticket, body: LinkTicket, at: Moment) -> None:
    """To itself a ticket is nothing, and to another one everything only once."""
    other = at.named(Ticket, "other").row_key
    if other == ticket.row_key:
        raise WrongValue(pointer="/other", because="itself")
    if await look.child(Link, ticket, other=other, kind=body.kind.value) is not None:
        raise WrongValue(pointer="/other", because="there_already")


class UnlinkTicket(Body):
    """Which link is no more."""

    link: Annotated[UUID, Child(Link, by="link_id")] = Field(description="The link: its id.")


def unlink(ticket: Ticket, body: UnlinkTicket, at: Moment) -> None:
    """It has nothing to do with the other ticket after all; that one is told as well."""
    at.remove(at.named(Link, "link"))


def _linked_to(at: Moment) -> str:
    other = at.named(Link, "link").other
    assert other is not None
    return other


THERE = Second(
    action="link",
    field="other",
    record=lambda at: at.named(Ticket, "other").row_key,
    body=lambda ticket, body: LinkTicket(kind=body.kind.opposite, other=str(ticket.id)),
)
NO_MORE = Second(
    action="unlink",
    field="link",
    record=_linked_to,
    body=lambda ticket, body: UnlinkTicket(link=body.link),
)


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of links."""
    return (
        #      action  中文        from       to     who           event
        action(link,   "关联",     table.any, STAYS, staff | rule, f"{table.kind}.linked",   wrong=(cannot_be_linked,), staff_only=True, second=THERE),
        action(unlink, "取消关联", table.any, STAYS, staff | rule, f"{table.kind}.unlinked", staff_only=True, second=NO_MORE),
    )
# fmt: on
