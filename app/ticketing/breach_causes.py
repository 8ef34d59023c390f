"""Causes of breaches: the reason why a target of a service level was missed, given by the people who work on
the ticket or answer for the agreements.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from app.common.tickets import Ticket
from app.common.times.clocks import AgreementType, ClockMetric
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import assignee, rule, service_level_manager
from app.kernel.actions.conditions import all_members_or_none
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import FreeText, Payload
from app.kernel.actions.refusals import WrongValue
from app.ticketing.records import BreachCause, BreachCauseCode


class StateBreachCause(Payload):
    """The cause of a missed target: for one clock of the ticket, or for all clocks that have missed their
    targets.
    """

    cause: BreachCauseCode = Field(description="Cause of the missed target.", examples=["workload"])
    agreement_type: AgreementType | None = Field(
        default=None,
        description="Type of the clock's agreement; if left out, the cause applies to all clocks "
        "that missed their targets.",
    )
    metric: ClockMetric | None = Field(
        default=None, description="Metric of the clock, with `agreement_type`."
    )
    explanation: FreeText | None = Field(default=None, description="Cause in words.")

    CONDITIONS = (all_members_or_none("both_of_a_clock", "agreement_type", "metric"),)


@dataclass(frozen=True, slots=True)
class EarlierCause:
    """The cause stated earlier of the same clock, or None."""

    cause: BreachCause | None


def state_breach_cause(ticket: Ticket, body: StateBreachCause, ctx: ActionContext) -> None:
    """State a breach cause of the ticket: it explains a missed target, and replaces an earlier cause for the
    same clock.
    """
    stated = ctx.prepared(EarlierCause).cause
    if stated is None:
        stated = BreachCause(
            id=ctx.new_id(),
            record=ticket.row_key,
            agreement_type=body.agreement_type,
            metric=body.metric,
        )
        ctx.outcome.add(stated)
    else:
        stated = ctx.outcome.change(stated)
    stated.cause = body.cause
    stated.explanation = body.explanation
    stated.stated_by_id = ctx.caller.person_id
    stated.stated_at = ctx.occurred_at


async def earlier_cause(
    reads: ReadContext, ticket: Ticket, body: StateBreachCause, ctx: ActionContext
) -> EarlierCause:
    """Find the cause stated earlier of the same clock, which is then changed."""
    clock = (body.agreement_type, body.metric)
    stated = await reads.children(BreachCause, ticket)
    return EarlierCause(
        next((cause for cause in stated if (cause.agreement_type, cause.metric) == clock), None)
    )


async def unknown_cause(
    reads: ReadContext, ticket: Ticket, body: StateBreachCause, ctx: ActionContext
) -> None:
    """Refuse `unknown` from persons (`unknown_by_itself`), and from the rule where a cause of the clock, or
    of all, is stated already (`cause_stated`).
    """
    if body.cause is not BreachCauseCode.unknown:
        return
    if not ctx.caller.is_rule:
        raise WrongValue(pointer="/cause", because="unknown_by_itself")
    about = {(None, None), (body.agreement_type, body.metric)}
    stated = await reads.children(BreachCause, ticket)
    if any((cause.agreement_type, cause.metric) in about for cause in stated):
        raise WrongValue(pointer="/cause", because="cause_stated")


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the row of the lifecycle table for causes of breaches."""
    return (
        #      action              中文              from      to     who                                      event
        action(state_breach_cause, "说明超时原因", spec.any, STAYS, assignee | service_level_manager | rule, f"{spec.kind}.breach_cause_stated",
               prepare=(earlier_cause,), wrong=(unknown_cause,), staff_only=True),
    )
# fmt: on
