"""Work and cost: what a ticket took, for staff only. What was wrong is taken back by a counter-entry.

An entry is never changed: so sums of entries and sums of events agree, as of any time (decision 0022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.money import Amount, Currency
from app.common.people import Person
from app.common.records import Child, Refers
from app.common.tickets import Ticket
from app.foundation.costs.amounts import fits
from app.foundation.costs.lookups import hourly_rate
from app.foundation.costs.records import Cost, HourlyRate, Work
from app.foundation.people.givable import still_there
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Instant, Key, Reference, Words
from app.kernel.lifecycle import STAYS, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import staff

MOST_MINUTES = 24 * 60


class LogWork(Body):
    """What somebody did."""

    minutes: int = Field(
        ge=1, le=MOST_MINUTES, strict=True, description="How long, in minutes: a day at most.", examples=[90]
    )
    role_class: Key = Field(
        description="As what they did it: says what an hour of it costs.", examples=["engineer"]
    )
    person: Annotated[Reference, Refers("person")] | None = Field(
        default=None, description="Who did it, if not the caller: a person's id."
    )
    worked_at: Instant | None = Field(default=None, description="When they began, if not now.")


def log_work(ticket: Ticket, body: LogWork, at: Moment) -> None:
    """Somebody has worked on it."""
    person, rate = at.the(Person, "person"), at.prepared(RateOfTheDay).rate
    made = Work(
        id=at.new_id(),
        record=ticket.row_key,
        person_id=person.id if person else at.caller.person_id,
        minutes=body.minutes,
        role_class=body.role_class,
        rate=rate.amount if rate else None,
        currency=rate.currency if rate else None,
        worked_at=body.worked_at or at.occurred_at,
        logged_at=at.occurred_at,
    )
    at.add(made)


async def has_not_worked(look: Look, ticket: Ticket, body: LogWork, at: Moment) -> None:
    """Work is logged for who is there, and afterwards."""
    still_there(at.the(Person, "person"), "/person")
    if body.worked_at is not None and body.worked_at > at.occurred_at:
        raise WrongValue(pointer="/worked_at", because="after_it_was_told")


@dataclass(frozen=True, slots=True)
class RateOfTheDay:
    """What an hour of the work cost when it was done; None: nobody has said."""

    rate: HourlyRate | None


async def rate_of_the_day(look: Look, ticket: Ticket, body: LogWork, at: Moment) -> RateOfTheDay:
    """Finds what an hour of it cost then, whatever it costs later."""
    return RateOfTheDay(await hourly_rate(look, body.role_class, body.worked_at or at.occurred_at))


class ReverseWork(Body):
    """Which entry is taken back, and why."""

    work: Annotated[UUID, Child(Work)] = Field(description="The entry: its id.")
    reason: Words = Field(description="Why, in the words of whoever acts.")


def reverse_work(ticket: Ticket, body: ReverseWork, at: Moment) -> None:
    """An entry of work was wrong, and is taken back by a counter-entry."""
    work = at.named(Work, "work")
    assert work.minutes is not None
    took_back = {"id": at.new_id(), "minutes": -work.minutes, "reverses_id": work.id}
    at.add(work.model_copy(update={**took_back, "logged_at": at.occurred_at}))


class BookCost(Body):
    """What was paid."""

    amount: Amount = Field(
        description="How much, with the digits of the currency, as 1250.00.", examples=["1250.00"]
    )
    currency: Currency = Field(description="In which currency (ISO 4217), as CNY.", examples=["CNY"])
    purpose: Words = Field(description="What for.", examples=["A new relay, and its delivery."])


def book_cost(ticket: Ticket, body: BookCost, at: Moment) -> None:
    """Money was spent on it."""
    made = Cost(
        id=at.new_id(),
        record=ticket.row_key,
        person_id=at.caller.person_id,
        amount=body.amount,
        currency=body.currency,
        purpose=body.purpose,
        booked_at=at.occurred_at,
    )
    at.add(made)


async def other_digits(look: Look, ticket: Ticket, body: BookCost, at: Moment) -> None:
    """An amount has the digits of its currency."""
    fits(body.amount, body.currency)


class ReverseCost(Body):
    """Which entry is taken back, and why."""

    cost: Annotated[UUID, Child(Cost)] = Field(description="The entry: its id.")
    reason: Words = Field(description="Why, in the words of whoever acts.")


def reverse_cost(ticket: Ticket, body: ReverseCost, at: Moment) -> None:
    """An entry of cost was wrong, and is taken back by a counter-entry."""
    cost = at.named(Cost, "cost")
    took_back = {"id": at.new_id(), "amount": f"-{cost.amount}", "reverses_id": cost.id, "purpose": None}
    took_back |= {"person_id": at.caller.person_id, "booked_at": at.occurred_at}
    at.add(cost.model_copy(update=took_back))


async def taken_back_already(look: Look, ticket: Ticket, body: ReverseWork | ReverseCost, at: Moment) -> None:
    """An entry is taken back once, and a counter-entry never."""
    field = "work" if isinstance(body, ReverseWork) else "cost"
    entry = at.named(Work, field) if field == "work" else at.named(Cost, field)
    if entry.reverses_id is not None:
        raise WrongValue(pointer=f"/{field}", because="is_a_counter_entry")
    if await look.child(type(entry), ticket, reverses_id=entry.id) is not None:
        raise WrongValue(pointer=f"/{field}", because="taken_back_already")


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of work and cost."""
    return (
        #      action        中文        from       to     who    event
        action(log_work,     "登记工时", table.any, STAYS, staff, f"{table.kind}.work_logged",   staff_only=True,
               prepare=(rate_of_the_day,), wrong=(has_not_worked,)),
        action(reverse_work, "冲销工时", table.any, STAYS, staff, f"{table.kind}.work_reversed", staff_only=True,
               wrong=(taken_back_already,)),
        action(book_cost,    "登记费用", table.any, STAYS, staff, f"{table.kind}.cost_booked",   staff_only=True, wrong=(other_digits,)),
        action(reverse_cost, "冲销费用", table.any, STAYS, staff, f"{table.kind}.cost_reversed", staff_only=True,
               wrong=(taken_back_already,)),
    )
# fmt: on
