"""Priority: how many are touched and how much they suffer, put right with the reason."""

from __future__ import annotations

from pydantic import Field

from app.common.priority import Impact, Priority, Urgency
from app.common.tickets import Ticket
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Words
from app.kernel.lifecycle import STAYS, action
from app.kernel.moment import Moment
from app.kernel.who import agent, role


class PrioritiseTicket(Body):
    """In which order it is taken."""

    impact: Impact = Field(
        description="How many are touched: 1 organisation, 2 department, 3 person.", examples=["2"]
    )
    urgency: Urgency = Field(
        description="How much their work suffers: 1 stopped, 2 hindered, 3 can wait.", examples=["1"]
    )
    priority: Priority | None = Field(
        default=None, description="If it is to be another one than impact and urgency give."
    )
    reason: Words = Field(description="Why, in the words of whoever acts.", examples=["It is pay day."])


def prioritise(ticket: Ticket, body: PrioritiseTicket, at: Moment) -> None:
    """Impact and urgency are other than was thought, or the priority is set against what they give."""
    ticket.impact = body.impact
    ticket.urgency = body.urgency
    # Where none is said, it follows from both (`decide`).
    ticket.priority = body.priority


# fmt: off
def rows(table: Table) -> Rows:
    """The row of priority."""
    return (
        #      action            中文          from        to     who                          event
        action(table.prioritise, "调整优先级", table.open, STAYS, agent | role(table.manager), f"{table.kind}.prioritised"),
    )
# fmt: on
