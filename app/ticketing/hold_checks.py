"""Holds of tickets: which change or supplier may be named, or must be, and who is asked for an answer."""

from __future__ import annotations

from typing import Protocol

from app.common.notices import NoticeType, RecipientRule
from app.common.tickets import HoldReason, Ticket
from app.foundation.people.eligibility import check_supplier
from app.foundation.people.records import Team
from app.kernel.context import ActionContext
from app.kernel.reads import ReadContext
from app.kernel.refusals import WrongValue
from app.ticketing.change_endings import has_ended

#: The requester is asked for their answer if the ticket waits for it.
REQUESTER_TO_ANSWER = RecipientRule(NoticeType.to_answer, field="requester_id", when="awaits_requester")


class Hold(Protocol):
    """A payload that says for what a ticket waits."""

    @property
    def reason(self) -> HoldReason:
        """Return the reason."""


async def cannot_wait_for_change(reads: ReadContext, ticket: Ticket, body: Hold, ctx: ActionContext) -> None:
    """Refuse to name a change with another reason (`not_awaiting_change`), or one of which nothing more
    becomes (`change_is_over`).
    """
    change = ctx.ref(Ticket, "change")
    if change is None:
        return
    if body.reason is not HoldReason.awaiting_change:
        raise WrongValue(pointer="/change", because="not_awaiting_change")
    if has_ended(change):
        words = {"change_state": change.state.value}
        raise WrongValue(words, pointer="/change", because="change_is_over")


async def cannot_wait_for_supplier(
    reads: ReadContext, ticket: Ticket, body: Hold, ctx: ActionContext
) -> None:
    """Refuse to wait for a vendor without saying which (`which_supplier`), to name one with another reason
    (`not_awaiting_vendor`), and to name a team that is no supplier or is retired. Without it nobody could
    tell how long each supplier took.
    """
    supplier = ctx.ref(Team, "supplier")
    awaited = body.reason is HoldReason.awaiting_vendor
    if awaited is not (supplier is not None):
        because = "which_supplier" if awaited else "not_awaiting_vendor"
        raise WrongValue(pointer="/supplier", because=because)
    check_supplier(supplier)
