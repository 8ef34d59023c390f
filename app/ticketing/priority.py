"""Priority of a ticket: impact and urgency, corrected with a reason."""

from __future__ import annotations

from pydantic import Field

from app.common.priority import Impact, Priority, Urgency
from app.common.tickets import Ticket
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.actor_policy import agent, role
from app.kernel.context import ActionContext
from app.kernel.lifecycle import STAYS, action
from app.kernel.payloads import FreeText, Payload


class PrioritiseTicket(Payload):
    """Impact, urgency and, if set by hand, priority of the ticket."""

    impact: Impact = Field(
        description="How many are touched: 1 organisation, 2 department, 3 person.", examples=["2"]
    )
    urgency: Urgency = Field(
        description="How much their work suffers: 1 stopped, 2 hindered, 3 can wait.", examples=["1"]
    )
    priority: Priority | None = Field(
        default=None, description="If it is to be another one than impact and urgency give."
    )
    reason: FreeText = Field(description="Why, in the words of whoever acts.", examples=["It is pay day."])


def prioritise(ticket: Ticket, body: PrioritiseTicket, ctx: ActionContext) -> None:
    """Prioritise the ticket: change impact and urgency, or set the priority against what they lead to."""
    ticket.impact = body.impact
    ticket.urgency = body.urgency
    # Without one, the priority follows from both (`decide`).
    ticket.priority = body.priority


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the row of the lifecycle table for the priority."""
    return (
        #      action            中文          from        to     who                          event
        action(spec.prioritise, "调整优先级", spec.open, STAYS, agent | role(spec.manager), f"{spec.kind}.prioritised"),
    )
# fmt: on
