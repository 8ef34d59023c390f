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
    role_class: str | None = required()
    amount: str | None = required("With the digits of the currency.")
    currency: str | None = required()
    valid_from_at: datetime | None = required("It counts until a later one of the same class does.")
    added_at: Annotated[datetime | None, EnteredAt(RateState.active)] = required()


class Work(ChildRecord):
    """Work on a ticket. `rate` is the hourly rate on the day of the work, and never changes; None: no rate
    applied.

    A reversal has the negated minutes of the work that it reverses.
    """

    KIND: ClassVar[str] = "work"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    minutes: int | None = required("Below zero, where it takes another entry back.")
    role_class: str | None = required()
    rate: str | None = optional("What an hour of it cost on its day. Null: nobody had said.")
    currency: str | None = None
    worked_at: datetime | None = required()
    logged_at: datetime | None = required()
    reverses_id: UUID | None = optional("The entry that it takes back.")

    @property
    def for_staff(self) -> bool:
        """Only staff see work."""
        return True


class Cost(ChildRecord):
    """Money spent on a ticket. A reversal has the negated amount of the cost that it reverses."""

    KIND: ClassVar[str] = "cost"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required("Who booked it.")
    amount: str | None = required("Below zero, where it takes another entry back.")
    currency: str | None = required()
    purpose: Annotated[str | None, Personal()] = optional("What for. Null where it takes another entry back.")
    booked_at: datetime | None = required()
    reverses_id: UUID | None = optional("The entry that it takes back.")

    @property
    def for_staff(self) -> bool:
        """Only staff see costs."""
        return True
