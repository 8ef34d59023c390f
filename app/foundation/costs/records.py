"""Hourly rates, and the work and costs of tickets (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class RateState(CodeEnum):
    """State of an hourly rate: a withdrawn rate was a mistake."""

    active = "active", "Active", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class HourlyRate(Record):
    """The cost of an hour of work of a role class, until a later rate of the class applies."""

    KIND: ClassVar[str] = "hourly_rate"

    state: RateState | None = required()
    role_class: str | None = required("Class of role, as named when work is logged.")
    amount: str | None = required("Cost of an hour, with the decimal places of the currency, such as 480.00.")
    currency: str | None = required("Currency of the cost (ISO 4217), such as CNY.")
    valid_from_at: datetime | None = required(
        "Time from which the rate applies, until a later rate of the class applies. Logged work keeps "
        "the rate of its time."
    )
    added_at: Annotated[datetime | None, EnteredAt(RateState.active)] = required()


class Work(ChildRecord):
    """Work on a ticket. `rate` is the hourly rate on the day of the work, and never changes; None: no rate
    applied.

    A reversal has the negated minutes of the work that it reverses.
    """

    KIND: ClassVar[str] = "work"

    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.work, quiet=True)] = required(
        "Person who did the work."
    )
    minutes: int | None = required("Number of minutes; negative in a reversal.")
    role_class: str | None = required("Class of the role in which the work was done.")
    rate: str | None = optional("Cost of an hour on the day of the work; null if no rate applied.")
    currency: str | None = optional("Currency of the rate (ISO 4217), such as CNY; null if no rate applies.")
    worked_at: datetime | None = required("Time at which the work began.")
    logged_at: datetime | None = required("Time at which the work was logged.")
    reverses_id: UUID | None = optional(
        "Identifier of the entry that this one reverses; null if it is no reversal."
    )

    @property
    def for_staff(self) -> bool:
        """Only staff see work."""
        return True


class Cost(ChildRecord):
    """Money spent on a ticket. A reversal has the negated amount of the cost that it reverses."""

    KIND: ClassVar[str] = "cost"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required("Person who booked the cost.")
    amount: str | None = required(
        "Amount, with the decimal places of the currency, such as 1250.00; negative in a reversal.",
        examples=["1250.00"],
    )
    currency: str | None = required("Currency of the amount (ISO 4217), such as CNY.", examples=["CNY"])
    purpose: Annotated[str | None, Personal()] = optional(
        "Purpose of the cost; null for a reversal.", examples=["A new relay, and its delivery."]
    )
    booked_at: datetime | None = required("Time at which the cost was booked.")
    reverses_id: UUID | None = optional(
        "Identifier of the entry that this one reverses; null if it is no reversal."
    )

    @property
    def for_staff(self) -> bool:
        """Only staff see costs."""
        return True
