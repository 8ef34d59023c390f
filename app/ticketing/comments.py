"""Comments: anybody who sees a ticket can comment on it, for all who see it or for staff.

Each text has a key of its own: a withdrawn comment is unreadable for ever, its correction with it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import Field

from app.common.children import Visibility
from app.common.records import ChildRef
from app.common.tickets import Ticket
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import anybody, messenger, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, Keys, action
from app.kernel.actions.payloads import Payload, Remark
from app.kernel.actions.refusals import WrongValue, caller_check
from app.ticketing.records import Comment

CORRECTION_WINDOW = timedelta(minutes=15)

CommentId = Annotated[UUID, ChildRef(Comment), Field(description="Identifier of the comment.")]


class CommentTicket(Payload):
    """A comment on the ticket."""

    text: Remark = Field(description="Text of the comment.")
    folded: Remark | None = Field(
        default=None,
        description="Further text that pages show folded, such as the history quoted in a reply by mail.",
    )
    visibility: Visibility = Field(
        default=Visibility.public,
        description="Readers of the comment: everybody who sees the record, or staff only.",
    )


def comment(ticket: Ticket, body: CommentTicket, ctx: ActionContext) -> None:
    """Comment on the ticket."""
    row = Comment(
        id=ctx.new_id(),
        record=ticket.row_key,
        author_id=ctx.caller.person_id,
        visibility=body.visibility,
        text=body.text,
        folded=body.folded,
        written_at=ctx.occurred_at,
    )
    ctx.outcome.staff_only = row.for_staff
    ctx.outcome.add(row)


class HasVisibility(Protocol):
    """A payload with content of limited visibility."""

    @property
    def visibility(self) -> Visibility:
        """Return who may read the content."""


async def internal_reserved_for_staff(
    reads: ReadContext, ticket: Ticket, body: HasVisibility, ctx: ActionContext
) -> None:
    """Refuse internal content from callers who are not staff (`internal_is_for_staff`)."""
    if body.visibility is Visibility.internal and not ctx.caller.is_staff_for(ticket):
        raise WrongValue(pointer="/visibility", because="internal_is_for_staff")


class CorrectComment(Payload):
    """The corrected text of a comment."""

    comment: CommentId
    text: Remark = Field(description="Corrected text of the comment.")


def correct_comment(ticket: Ticket, body: CorrectComment, ctx: ActionContext) -> None:
    """Correct a comment on the ticket: only its author can, within 15 minutes."""
    comment = ctx.required_ref(Comment, "comment")
    ctx.outcome.staff_only = comment.for_staff
    comment = ctx.outcome.change(comment)
    comment.text = body.text
    comment.corrected_at = ctx.occurred_at


@caller_check
async def not_its_author(
    reads: ReadContext, ticket: Ticket, body: CorrectComment, ctx: ActionContext
) -> None:
    """Refuse if the caller is not the comment's author (`not_its_author`)."""
    author = ctx.required_ref(Comment, "comment").author_id
    if author is None or author != ctx.caller.person_id:
        raise WrongValue(pointer="/comment", because="not_its_author")


@caller_check
async def too_late_to_correct(
    reads: ReadContext, ticket: Ticket, body: CorrectComment, ctx: ActionContext
) -> None:
    """Refuse the correction once CORRECTION_WINDOW is over: others may have answered the comment by then
    (reason `too_late_to_correct`). Corrections by a tool's users are recorded: they have happened.
    """
    if ctx.caller.is_rule:
        return
    written_at = ctx.required_ref(Comment, "comment").written_at
    assert written_at is not None
    if ctx.now > written_at + CORRECTION_WINDOW:
        words = {"minutes": str(CORRECTION_WINDOW // timedelta(minutes=1))}
        raise WrongValue(words, pointer="/comment", because="too_late_to_correct")


class WithdrawComment(Payload):
    """The comment to withdraw."""

    comment: CommentId


def withdraw_comment(ticket: Ticket, body: WithdrawComment, ctx: ActionContext) -> None:
    """Withdraw a comment on the ticket: its text becomes unreadable for ever."""
    comment = ctx.required_ref(Comment, "comment")
    ctx.outcome.staff_only = comment.for_staff
    ctx.outcome.change(comment).withdrawn_at = ctx.occurred_at


@caller_check
async def already_withdrawn(
    reads: ReadContext, ticket: Ticket, body: CorrectComment | WithdrawComment, ctx: ActionContext
) -> None:
    """Refuse if the comment is withdrawn (`already_withdrawn`)."""
    if ctx.required_ref(Comment, "comment").withdrawn_at is not None:
        raise WrongValue(pointer="/comment", because="already_withdrawn")


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for comments."""
    return (
        #      action            中文        from       to     who      event
        action(comment,          "评论",     spec.any, STAYS, anybody | messenger, f"{spec.kind}.commented", keys=Keys.TEXTS,
               wrong=(internal_reserved_for_staff,)),
        action(correct_comment,  "更正评论", spec.any, STAYS, anybody | messenger, f"{spec.kind}.comment_corrected", keys=Keys.KEPT,
               wrong=(not_its_author, already_withdrawn, too_late_to_correct)),
        action(withdraw_comment, "撤回评论", spec.any, STAYS, staff | messenger, f"{spec.kind}.comment_withdrawn", keys=Keys.WITHDRAWN,
               wrong=(already_withdrawn,)),
    )
# fmt: on
