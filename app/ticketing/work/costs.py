"""Work and costs of a ticket, for staff only. Mistakes are corrected by reversing entries.

An entry is never changed: so sums of entries and sums of events agree, as of any time (decision 0040).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.money import Amount, Currency
from app.common.people import Person
from app.common.records import ChildRef, ForeignRef
from app.common.tickets import Ticket
from app.foundation.costs.amounts import check_digits
from app.foundation.costs.lookups import hourly_rate
from app.foundation.costs.records import Cost, HourlyRate, Work
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import FreeText, Instant, Payload, Reason, RecordKey, Reference
from app.kernel.actions.refusals import WrongValue

MOST_MINUTES = 24 * 60


class LogWork(Payload, of=Work):
    """Work on the ticket."""

    minutes: int = Field(
        ge=1, le=MOST_MINUTES, strict=True, description="Number of minutes, at most a day.", examples=[90]
    )
    role_class: RecordKey = Field(examples=["engineer"])
    person: Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)] | None = Field(
        default=None, description="Person who did the work: an id; if left out, the caller."
    )
    worked_at: Instant | None = Field(
        default=None, description="Time at which the work began; if left out, now."
    )


def log_work(ticket: Ticket, body: LogWork, ctx: ActionContext) -> None:
    """Log work on the ticket."""
    person, rate = ctx.ref(Person, "person"), ctx.prepared(RateOfTheDay).rate
    work = Work(
        id=ctx.new_id(),
        record=ticket.row_key,
        person_id=person.id if person else ctx.caller.person_id,
        minutes=body.minutes,
        role_class=body.role_class,
        rate=rate.amount if rate else None,
        currency=rate.currency if rate else None,
        worked_at=body.worked_at or ctx.occurred_at,
        logged_at=ctx.occurred_at,
    )
    ctx.outcome.add(work)


async def work_not_loggable(reads: ReadContext, ticket: Ticket, body: LogWork, ctx: ActionContext) -> None:
    """Refuse if the work would lie in the future of the action."""
    if body.worked_at is not None and body.worked_at > ctx.occurred_at:
        raise WrongValue(pointer="/worked_at", because="after_it_was_told")


@dataclass(frozen=True, slots=True)
class RateOfTheDay:
    """The hourly rate when the work was done; None: no rate applied."""

    rate: HourlyRate | None


async def rate_of_the_day(
    reads: ReadContext, ticket: Ticket, body: LogWork, ctx: ActionContext
) -> RateOfTheDay:
    """Find the hourly rate when the work was done; later rates do not matter."""
    return RateOfTheDay(await hourly_rate(reads, body.role_class, body.worked_at or ctx.occurred_at))


class ReverseWork(Reason):
    """The entry to reverse, and the reason."""

    work: Annotated[UUID, ChildRef(Work)] = Field(description="Identifier of the entry.")


def reverse_work(ticket: Ticket, body: ReverseWork, ctx: ActionContext) -> None:
    """Reverse work on the ticket: it was logged by mistake."""
    work = ctx.required_ref(Work, "work")
    assert work.minutes is not None
    took_back = {"id": ctx.new_id(), "minutes": -work.minutes, "reverses_id": work.id}
    ctx.outcome.add(work.model_copy(update={**took_back, "logged_at": ctx.occurred_at}))


class BookCost(Payload, of=Cost):
    """A cost of the ticket."""

    amount: Amount
    currency: Currency
    purpose: FreeText


def book_cost(ticket: Ticket, body: BookCost, ctx: ActionContext) -> None:
    """Book a cost of the ticket: money that was spent on it."""
    cost = Cost(
        id=ctx.new_id(),
        record=ticket.row_key,
        person_id=ctx.caller.person_id,
        amount=body.amount,
        currency=body.currency,
        purpose=body.purpose,
        booked_at=ctx.occurred_at,
    )
    ctx.outcome.add(cost)


async def wrong_currency_digits(
    reads: ReadContext, ticket: Ticket, body: BookCost, ctx: ActionContext
) -> None:
    """Refuse if the amount's decimals are not those of its currency."""
    check_digits(body.amount, body.currency)


class ReverseCost(Reason):
    """The entry to reverse, and the reason."""

    cost: Annotated[UUID, ChildRef(Cost)] = Field(description="Identifier of the entry.")


def reverse_cost(ticket: Ticket, body: ReverseCost, ctx: ActionContext) -> None:
    """Reverse a cost of the ticket: it was booked by mistake."""
    cost = ctx.required_ref(Cost, "cost")
    took_back = {"id": ctx.new_id(), "amount": f"-{cost.amount}", "reverses_id": cost.id, "purpose": None}
    took_back |= {"person_id": ctx.caller.person_id, "booked_at": ctx.occurred_at}
    ctx.outcome.add(cost.model_copy(update=took_back))


async def already_reversed(
    reads: ReadContext, ticket: Ticket, body: ReverseWork | ReverseCost, ctx: ActionContext
) -> None:
    """Refuse if the entry is reversed already, or is itself a reversal."""
    field = "work" if isinstance(body, ReverseWork) else "cost"
    entry = ctx.required_ref(Work, field) if field == "work" else ctx.required_ref(Cost, field)
    if entry.reverses_id is not None:
        raise WrongValue(pointer=f"/{field}", because="is_a_counter_entry")
    if await reads.child(type(entry), ticket, reverses_id=entry.id) is not None:
        raise WrongValue(pointer=f"/{field}", because="taken_back_already")


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for work and costs."""
    return (
        #      action        中文        from       to     who    event
        action(log_work,     "登记工时", spec.any, STAYS, staff, f"{spec.kind}.work_logged",   staff_only=True,
               prepare=(rate_of_the_day,), wrong=(work_not_loggable,)),
        action(reverse_work, "冲销工时", spec.any, STAYS, staff, f"{spec.kind}.work_reversed", staff_only=True,
               wrong=(already_reversed,)),
        action(book_cost,    "登记费用", spec.any, STAYS, staff, f"{spec.kind}.cost_booked",   staff_only=True, wrong=(wrong_currency_digits,)),
        action(reverse_cost, "冲销费用", spec.any, STAYS, staff, f"{spec.kind}.cost_reversed", staff_only=True,
               wrong=(already_reversed,)),
    )
# fmt: on
