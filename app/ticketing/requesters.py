"""The requester of a ticket, and the person who opens it for them."""

from __future__ import annotations

from typing import Any

from app.common.people import Person
from app.kernel.actions.context import ActionContext


def set_requester(ticket: Any, ctx: ActionContext) -> None:
    """Set requester and customer of a ticket that is opened, and its reporter if that is somebody else.

    The requester is the payload's, or else the caller.
    """
    requester = ctx.ref(Person, "requester")
    ticket.requester_id = requester.id if requester else ctx.caller.person_id
    # The customer is the requester's team at opening, even if the requester changes teams later.
    ticket.customer_id = requester.team_id if requester else ctx.caller.team_id
    if ticket.requester_id != ctx.caller.person_id:
        ticket.reported_by_id = ctx.caller.person_id
