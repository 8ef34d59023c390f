"""Who works when, and who is on call when: weekly shifts, and who stands in for whom (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlmodel import Field

from app.common.records import FOLD, CodeEnum, ForeignRef, Record


class Duty(CodeEnum):
    """What somebody is there for."""

    working = "working", "Working", "上班"
    on_call = "on_call", "On call", "值班"


class ShiftState(CodeEnum):
    """Whether an end has been set."""

    active = "active", "Active", "有效"
    ended = "ended", "Ended", "已结束"


class StandInState(CodeEnum):
    """Whether it was called off."""

    agreed = "agreed", "Agreed", "已约定"
    cancelled = "cancelled", "Cancelled", "已取消"


class Shift(Record):
    """Hours of the week at which a person is on duty in a team, by the clock of a time zone.

    `starts` and `ends` as `22:00`; where the end is not behind the start it lies on the next day. It begins
    on `weekdays` from `from_date` on, not from `until_date` on, and in every so many weeks, the week of
    `from_date` being one of them.
    """

    KIND: ClassVar[str] = "shift"

    state: ShiftState | None = Field(default=None, sa_type=Text)
    team_id: Annotated[UUID | None, ForeignRef("team")] = None
    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    duty: Duty | None = Field(default=None, sa_type=Text)
    weekdays: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    starts: str | None = None
    ends: str | None = None
    time_zone: str | None = None
    every_weeks: int | None = None
    from_date: str | None = None
    until_date: str | None = None
    added_at: datetime | None = None


class StandIn(Record):
    """From `starts_at` to `ends_at` the person is on duty instead of somebody else.

    Without `instead_of_id` they are on duty besides the others; without `person_id` nobody takes the place.
    In return, from `return_starts_at` to `return_ends_at`, it is the other way round: a swap.
    """

    KIND: ClassVar[str] = "stand_in"

    state: StandInState | None = Field(default=None, sa_type=Text)
    team_id: Annotated[UUID | None, ForeignRef("team")] = None
    duty: Duty | None = Field(default=None, sa_type=Text)
    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    instead_of_id: Annotated[UUID | None, ForeignRef("person")] = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    return_starts_at: datetime | None = None
    return_ends_at: datetime | None = None
    agreed_at: datetime | None = None


class ShiftTable(Shift, table=True):
    """Where shifts stand."""

    __tablename__ = "shift"
    __table_args__: ClassVar = FOLD


class StandInTable(StandIn, table=True):
    """Where it stands who stands in for whom."""

    __tablename__ = "stand_in"
    __table_args__: ClassVar = FOLD
