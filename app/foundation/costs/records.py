"""Hourly rates, and the work and costs of tickets (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class RateState(CodeEnum):
    """State of an hourly rate: a withdrawn one was a mistake."""

    active = "active", "Active", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class HourlyRate(Record):
    """The cost of an hour of work of a role class, from `valid_from_at` until a later rate of that class
    applies.
    """

    KIND: ClassVar[str] = "hourly_rate"

    state: RateState | None = required()
    role_class: str | None = required("The class of role, as it is named when work is logged.")
    amount: str | None = required("The cost of an hour, with the digits of the currency, as 480.00.")
    currency: str | None = required("The currency (ISO 4217), as CNY.")
    valid_from_at: datetime | None = required(
        "Time from which it applies, until a later rate of that class does. Work keeps the rate of its time."
    )
    added_at: Annotated[datetime | None, EnteredAt(RateState.active)] = required()


class Work(ChildRecord):
    """Work on a ticket. `rate` is the hourly rate on the day of the work, and never changes; None: no rate
    applied.

    A reversal has the negated minutes of the work that it reverses.
    """

    KIND: ClassVar[str] = "work"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    minutes: int | None = required("Number of minutes; below zero in a reversal.")
    role_class: str | None = required("The class of role in which the work was done.")
    rate: str | None = optional("The cost of an hour on its day; null: no rate applied.")
    currency: str | None = optional("The currency of the rate (ISO 4217), as CNY.")
    worked_at: datetime | None = required("Time at which it began.")
    logged_at: datetime | None = required()
    reverses_id: UUID | None = optional("The id of the entry that it reverses.")

    @property
    def for_staff(self) -> bool:
        """Only staff see work."""
        return True


class Cost(ChildRecord):
    """Money spent on a ticket. A reversal has the negated amount of the cost that it reverses."""

    KIND: ClassVar[str] = "cost"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required("The person who booked it.")
    amount: str | None = required(
        "The amount, with the digits of the currency, as 1250.00; below zero in a reversal.",
        examples=["1250.00"],
    )
    currency: str | None = required("The currency (ISO 4217), as CNY.", examples=["CNY"])
    purpose: Annotated[str | None, Personal()] = optional(
        "The purpose; null in a reversal.", examples=["A new relay, and its delivery."]
    )
    booked_at: datetime | None = required()
    reverses_id: UUID | None = optional("The id of the entry that it reverses.")

    @property
    def for_staff(self) -> bool:
        """Only staff see costs."""
        return True
