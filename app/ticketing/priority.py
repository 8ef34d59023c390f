"""Priority of a ticket: impact and urgency, corrected with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from app.common.priorities.priority import Impact, Matrix, Priority, Urgency
from app.common.tickets import Ticket
from app.foundation.decisions.payloads import AskBoard
from app.foundation.process_spec import ActionRows, PrioritySpec, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import agent, role
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import FreeText, Payload
from app.kernel.actions.rules import Derivation


class PrioritiseTicket(Payload, of=Ticket):
    """The impact, the urgency and, if it is set by hand, the priority of the ticket."""

    impact: Impact = Field(examples=["2"])
    urgency: Urgency = Field(examples=["1"])
    priority: Priority | None = Field(
        default=None, description="Priority, if it differs from the one that impact and urgency give."
    )
    reason: FreeText = Field(description="Reason for the priority.", examples=["It is pay day."])


def prioritise(ticket: Ticket, body: PrioritiseTicket, ctx: ActionContext) -> None:
    """Prioritise the ticket: change impact and urgency, or override the resulting priority."""
    ticket.impact = body.impact
    ticket.urgency = body.urgency
    # Without one, the priority follows from both (`set_priority`).
    ticket.priority = body.priority


@dataclass(frozen=True, slots=True)
class MatrixInForce:
    """The priority for each impact and urgency, by the matrix in force."""

    cells: Matrix


class RaisesPriority(Payload):
    """A payload whose action raises the impact, the urgency and the priority itself, and never lowers
    them.
    """


async def matrix_in_force(reads: ReadContext, body: Payload) -> MatrixInForce | None:
    """Return the priority matrix in force, if the payload has an impact or urgency."""
    fields = vars(body)
    if fields.get("impact") is None and fields.get("urgency") is None:
        return None
    return MatrixInForce(await reads.priority_matrix())


def set_priority(ticket: Ticket, body: Payload, ctx: ActionContext) -> None:
    """Set the priority by the matrix in force, if the payload has impact and urgency but no priority."""
    fields = vars(body)
    impact, urgency = fields.get("impact"), fields.get("urgency")
    # A question to a board changes nothing before the decision.
    if (
        isinstance(body, RaisesPriority | AskBoard)
        or not (impact and urgency)
        or fields.get("priority") is not None
    ):
        return
    ticket.priority = ctx.prepared(MatrixInForce).cells[impact, urgency]


#: Set as long as work remains.
USUAL_PRIORITIES = PrioritySpec(prioritise)
#: Sets the priority of a ticket whenever a payload has what it follows from.
PRIORITY = Derivation(matrix_in_force, set_priority)


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the row of the lifecycle table for the priority."""
    priorities = spec.priorities
    states = spec.open if priorities.states is None else priorities.states
    return (
        #      action            中文          from        to     who                          event
        action(priorities.prioritise, "调整优先级", states,    STAYS, agent | role(spec.manager), f"{spec.kind}.prioritised", unless=priorities.unless),
    )
# fmt: on
