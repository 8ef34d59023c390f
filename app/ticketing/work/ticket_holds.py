"""Holds of tickets: the payload, what it does to the ticket, which change or supplier may be named, or must
be, and who is asked for an answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule
from app.common.records import CodeEnum, ForeignRef, StaffOnly
from app.common.tickets import HoldReason, Ticket
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext
from app.kernel.actions.conditions import Condition
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import FreeText, Instant, Payload, Reference
from app.kernel.actions.refusals import WrongValue
from app.ticketing.change_endings import has_ended
from app.ticketing.comments import CommentTicket, comment

#: The requester is asked for their answer if the ticket waits for it.
REQUESTER_TO_ANSWER = RecipientRule(NoticeType.to_answer, field="requester_id", when="awaits_requester")


class HeldTicket(Protocol):
    """A ticket that can be put on hold."""

    hold_reason: HoldReason | None
    held_for_change_id: UUID | None
    supplier_id: UUID | None
    wake_up_at: datetime | None
    held_from: Any  # a state of its own lifecycle


def _asks_the_requester(body: HoldTicket) -> bool:
    return body.question is None or body.reason is HoldReason.awaiting_requester


class HoldTicket(Payload):
    """The reason why work on the ticket waits, the question to its requester, and the time at which it
    resumes.
    """

    reason: HoldReason = Field(description="Reason for the hold.")
    wake_up_at: Instant | None = Field(
        default=None,
        description="Time at which the hold ends automatically; if left out, it ends when work is "
        "resumed by hand.",
    )
    change: Annotated[Reference, ForeignRef("change"), StaffOnly()] | None = Field(
        default=None,
        description="Change for which the ticket waits, for the reason `awaiting_change`: its id or "
        "number. The hold ends when the change is closed, rejected or cancelled; if left out, when all "
        "linked changes are closed, rejected or cancelled.",
    )
    supplier: Annotated[Reference, ForeignRef("team", GivenDuty.supply), StaffOnly()] | None = Field(
        default=None,
        description="Supplier for which the ticket waits, required for the reason `awaiting_vendor`: "
        "the key or id of a team of the kind `supplier`.",
    )
    question: FreeText | None = Field(
        default=None,
        description="Question that the requester is asked to answer, as a public comment, for the reason "
        "`awaiting_requester`.",
        examples=["For which building is it? 用于哪栋楼？"],
    )

    CONDITIONS = (
        Condition("question_to_requester", ("reason", "question"), _asks_the_requester, faulty="question"),
    )


def set_hold_fields(ticket: HeldTicket, body: HoldTicket, ctx: ActionContext) -> None:
    """Set why the ticket waits, for which change or supplier, and until when."""
    change, supplier = ctx.ref(Ticket, "change"), ctx.ref(Team, "supplier")
    ticket.hold_reason = body.reason
    ticket.held_for_change_id = None if change is None else change.id
    ticket.supplier_id = None if supplier is None else supplier.id
    ticket.wake_up_at = body.wake_up_at


def question_to_requester(
    ticket: HeldTicket, body: HoldTicket, ctx: ActionContext
) -> tuple[str, Payload] | None:
    """Return the comment that asks the requester the question of the hold; None if it has no question."""
    return None if body.question is None else (comment.__name__, CommentTicket(text=body.question))


def state_before_hold(ticket: HeldTicket) -> CodeEnum:
    """Return the state in which the ticket was put on hold."""
    state: CodeEnum | None = ticket.held_from
    assert state is not None
    return state


async def wake_up_in_past(reads: ReadContext, ticket: Ticket, body: HoldTicket, ctx: ActionContext) -> None:
    """Refuse if the wake-up time of the hold is not in the future (`not_ahead`)."""
    if body.wake_up_at is not None and body.wake_up_at <= ctx.counts_from:
        raise WrongValue(pointer="/wake_up_at", because="not_ahead")


async def cannot_wait_for_change(
    reads: ReadContext, ticket: Ticket, body: HoldTicket, ctx: ActionContext
) -> None:
    """Refuse to name a change with another reason (`not_awaiting_change`), or one of which nothing more
    becomes (`change_is_over`).
    """
    change = ctx.ref(Ticket, "change")
    if change is None:
        return
    if body.reason is not HoldReason.awaiting_change:
        raise WrongValue(pointer="/change", because="not_awaiting_change")
    if has_ended(change):
        words = {"change_state": change.state}
        raise WrongValue(words, pointer="/change", because="change_is_over")


async def cannot_wait_for_supplier(
    reads: ReadContext, ticket: Ticket, body: HoldTicket, ctx: ActionContext
) -> None:
    """Refuse to wait for a vendor without its name (`which_supplier`), to name one with another reason
    (`not_awaiting_vendor`), and to name a team that is no supplier or is retired. Without the name, the time
    of each supplier would be unknown.
    """
    supplier = ctx.ref(Team, "supplier")
    awaited = body.reason is HoldReason.awaiting_vendor
    if awaited is not (supplier is not None):
        because = "which_supplier" if awaited else "not_awaiting_vendor"
        raise WrongValue(pointer="/supplier", because=because)
