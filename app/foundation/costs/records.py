"""What work and things cost: rates by the hour, which are records; what was spent on a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import FOLD, ChildRecord, CodeEnum, ForeignRef, Record


class RateState(CodeEnum):
    """Whether a rate counts, or was a mistake."""

    active = "active", "Active", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class HourlyRate(Record):
    """What an hour of work of a class of role costs, from `valid_from_at` until a later rate of it does."""

    KIND: ClassVar[str] = "hourly_rate"

    state: RateState | None = Field(default=None, sa_type=Text)
    role_class: str | None = None
    amount: str | None = None
    currency: str | None = None
    valid_from_at: datetime | None = None
    added_at: datetime | None = None


class Work(ChildRecord):
    """Work on a ticket. `rate` is what an hour of it cost on its day, and stays so; None: nobody had said.

    A reversal has the minutes of the work that it takes back, below zero.
    """

    KIND: ClassVar[str] = "work"

    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    minutes: int | None = None
    role_class: str | None = None
    rate: str | None = None
    currency: str | None = None
    worked_at: datetime | None = None
    logged_at: datetime | None = None
    reverses_id: UUID | None = None

    @property
    def for_staff(self) -> bool:
        """Whether only staff may know of it."""
        return True


class Cost(ChildRecord):
    """Money spent on a ticket. A reversal has the amount that it takes back, below zero."""

    KIND: ClassVar[str] = "cost"

    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    amount: str | None = None
    currency: str | None = None
    purpose: Annotated[str | None, Personal()] = None
    booked_at: datetime | None = None
    reverses_id: UUID | None = None

    @property
    def for_staff(self) -> bool:
        """Whether only staff may know of it."""
        return True


class HourlyRateTable(HourlyRate, table=True):
    """Where rates by the hour stand."""

    __tablename__ = "hourly_rate"
    __table_args__: ClassVar = FOLD


class WorkTable(Work, table=True):
    """Where work stands."""

    __tablename__ = "work"
    __table_args__: ClassVar = FOLD


class CostTable(Cost, table=True):
    """Where costs stand."""

    __tablename__ = "cost"
    __table_args__: ClassVar = FOLD
