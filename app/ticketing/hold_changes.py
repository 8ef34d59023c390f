"""Holds of tickets that wait for a change: which one may be named."""

from __future__ import annotations

from typing import Protocol

from app.common.tickets import HoldReason, Ticket
from app.kernel.context import ActionContext
from app.kernel.reads import ReadContext
from app.kernel.refusals import WrongValue
from app.ticketing.change_endings import has_ended


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
