"""Tags: words that tickets are found by, by staff or by all who see them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.children import Visibility
from app.common.records import Child, StaffOnly
from app.common.tickets import Ticket
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Key
from app.kernel.lifecycle import STAYS, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import rule, staff
from app.ticketing.records import Tag

MOST_TAGS = 50


class TagTicket(Body):
    """A word that it is to be found by."""

    tag: Annotated[Key, StaffOnly()] = Field(
        description="The word; without a comma.", examples=["printer-room-3"]
    )
    visibility: Visibility = Field(
        default=Visibility.internal, description="For staff, or for all who see the record."
    )


def tag(ticket: Ticket, body: TagTicket, at: Moment) -> None:
    """It gets a word that it is found by."""
    made = Tag(
        id=at.new_id(),
        record=ticket.row_key,
        name=body.tag,
        visibility=body.visibility,
        tagged_at=at.occurred_at,
    )
    at.staff_only = made.for_staff
    at.add(made)


async def not_another_tag(look: Look, ticket: Ticket, body: TagTicket, at: Moment) -> None:
    """Each word once, and so many that a person can look through them."""
    names = {tag.name for tag in await look.children(Tag, ticket)}
    if body.tag in names:
        raise WrongValue(pointer="/tag", because="there_already")
    if len(names) >= MOST_TAGS:
        raise WrongValue({"most": str(MOST_TAGS)}, pointer="/tag", because="too_many_tags")


class UntagTicket(Body):
    """A word that it is not to be found by any more."""

    tag: Annotated[Key, Child(Tag, by="name"), StaffOnly()] = Field(description="The word.")


def untag(ticket: Ticket, body: UntagTicket, at: Moment) -> None:
    """It loses a word that it was found by."""
    tag = at.named(Tag, "tag")
    at.staff_only = tag.for_staff
    at.remove(tag)


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of tags."""
    return (
        #      action  中文        from       to     who           event
        action(tag,    "添加标签", table.any, STAYS, staff | rule, f"{table.kind}.tagged", wrong=(not_another_tag,)),
        action(untag,  "移除标签", table.any, STAYS, staff | rule, f"{table.kind}.untagged"),
    )
# fmt: on
