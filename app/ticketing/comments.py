"""Comments: whoever sees a ticket says something about it, to all who see it or to staff.

Each text has a key of its own: a withdrawn comment is unreadable for ever, its correction with it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import Field

from app.common.children import Visibility
from app.common.records import Child
from app.common.tickets import Ticket
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Words
from app.kernel.lifecycle import STAYS, Keys, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import anybody, staff
from app.ticketing.records import Comment

CORRECTED_FOR = timedelta(minutes=15)

Named = Annotated[UUID, Child(Comment), Field(description="The comment: its id.")]


class CommentTicket(Body):
    """Something to say about it."""

    text: Words = Field(description="What is said.")
    visibility: Visibility = Field(
        default=Visibility.public, description="For all who see the record, or for staff."
    )


def comment(ticket: Ticket, body: CommentTicket, at: Moment) -> None:
    """Something is said about it."""
    made = Comment(
        id=at.new_id(),
        record=ticket.row_key,
        author_id=at.caller.person_id,
        visibility=body.visibility,
        text=body.text,
        written_at=at.occurred_at,
    )
    at.staff_only = made.for_staff
    at.add(made)


class ForReaders(Protocol):
    """A body that says who may read what it brings."""

    @property
    def visibility(self) -> Visibility:
        """Who may."""


async def internal_is_for_staff(look: Look, ticket: Ticket, body: ForReaders, at: Moment) -> None:
    """What only staff may read, only staff may write."""
    if body.visibility is Visibility.internal and not at.caller.is_staff_for(ticket):
        raise WrongValue(pointer="/visibility", because="internal_is_for_staff")


class CorrectComment(Body):
    """What was meant."""

    comment: Named
    text: Words = Field(description="What should have been said.")


def correct_comment(ticket: Ticket, body: CorrectComment, at: Moment) -> None:
    """Its author puts a comment right, within 15 minutes."""
    comment = at.named(Comment, "comment")
    at.staff_only = comment.for_staff
    comment = at.change(comment)
    comment.text = body.text
    comment.corrected_at = at.occurred_at


async def not_its_author(look: Look, ticket: Ticket, body: CorrectComment, at: Moment) -> None:
    """Nobody puts words into somebody else's mouth."""
    author = at.named(Comment, "comment").author_id
    if author is None or author != at.caller.person_id:
        raise WrongValue(pointer="/comment", because="not_its_author")


async def too_late_to_correct(look: Look, ticket: Ticket, body: CorrectComment, at: Moment) -> None:
    """Others have read and answered it by then."""
    written_at = at.named(Comment, "comment").written_at
    assert written_at is not None
    if at.now > written_at + CORRECTED_FOR:
        words = {"minutes": str(CORRECTED_FOR // timedelta(minutes=1))}
        raise WrongValue(words, pointer="/comment", because="too_late_to_correct")


class WithdrawComment(Body):
    """Which one."""

    comment: Named


def withdraw_comment(ticket: Ticket, body: WithdrawComment, at: Moment) -> None:
    """A comment should not have been made: its text becomes unreadable for ever."""
    comment = at.named(Comment, "comment")
    at.staff_only = comment.for_staff
    at.change(comment).withdrawn_at = at.occurred_at


async def already_withdrawn(
    look: Look, ticket: Ticket, body: CorrectComment | WithdrawComment, at: Moment
) -> None:
    """There is no text left."""
    if at.named(Comment, "comment").withdrawn_at is not None:
        raise WrongValue(pointer="/comment", because="already_withdrawn")


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of comments."""
    return (
        #      action            中文        from       to     who      event
        action(comment,          "评论",     table.any, STAYS, anybody, f"{table.kind}.commented", keys=Keys.TEXTS, wrong=(internal_is_for_staff,)),
        action(correct_comment,  "更正评论", table.any, STAYS, anybody, f"{table.kind}.comment_corrected", keys=Keys.KEPT,
               wrong=(not_its_author, already_withdrawn, too_late_to_correct)),
        action(withdraw_comment, "撤回评论", table.any, STAYS, staff,   f"{table.kind}.comment_withdrawn", keys=Keys.WITHDRAWN,
               wrong=(already_withdrawn,)),
    )
# fmt: on
