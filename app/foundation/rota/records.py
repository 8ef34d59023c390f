"""The rota: weekly shifts of working and on-call hours, and stand-ins (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class Duty(CodeEnum):
    """Kind of duty."""

    working = "working", "Working", "上班"
    on_call = "on_call", "On call", "值班"


class ShiftState(CodeEnum):
    """State of a shift: an ended one has an end date."""

    active = "active", "Active", "有效"
    ended = "ended", "Ended", "已结束"


class StandInState(CodeEnum):
    """State of a stand-in."""

    agreed = "agreed", "Agreed", "已约定"
    cancelled = "cancelled", "Cancelled", "已取消"


class Shift(Record):
    """Weekly hours at which a person is on duty in a team, in a time zone.

    `starts` and `ends` are as `22:00`; an end not after the start lies on the next day. The shift begins on
    `weekdays` from `from_date` until before `until_date`, in every so many weeks, the week of `from_date`
    being one of them.
    """

    KIND: ClassVar[str] = "shift"

    state: ShiftState | None = required()
    team_id: Annotated[UUID | None, ForeignRef("team")] = required()
    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    duty: Duty | None = required()
    weekdays: list[str] | None = required()
    starts: str | None = required("By the clock of the time zone, as 22:00.")
    ends: str | None = required("End; on the next day where it is not behind the beginning.")
    time_zone: str | None = required()
    every_weeks: int | None = required("2: every other week; the week of `from_date` is one of them.")
    from_date: str | None = required("The first day on which it may begin.")
    until_date: str | None = optional("The first day on which it begins no more; null: for good.")
    added_at: Annotated[datetime | None, EnteredAt(ShiftState.active)] = required()


class StandIn(Record):
    """A person who is on duty instead of another one, from `starts_at` to `ends_at`.

    Without `instead_of_id` the person is on duty in addition to the others; without `person_id` nobody
    replaces the absent one. In return, from `return_starts_at` to `return_ends_at`, the persons change
    places: a swap.
    """

    KIND: ClassVar[str] = "stand_in"

    state: StandInState | None = required()
    team_id: Annotated[UUID | None, ForeignRef("team")] = required()
    duty: Duty | None = required()
    person_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who comes; null: nobody.")
    instead_of_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who goes; null: nobody."
    )
    starts_at: datetime | None = required()
    ends_at: datetime | None = required()
    return_starts_at: datetime | None = optional("Of a swap: the time in return.")
    return_ends_at: datetime | None = None
    agreed_at: Annotated[datetime | None, EnteredAt(StandInState.agreed)] = required()
