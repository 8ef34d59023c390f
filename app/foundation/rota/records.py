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
    team_id: Annotated[UUID | None, ForeignRef("team")] = required("The team.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = required(
        "The person, one of the team's members."
    )
    duty: Duty | None = required("The duty that they have.")
    weekdays: list[str] | None = required("The days on which it begins.")
    starts: str | None = required("Begin by the clock of the time zone, as 22:00.")
    ends: str | None = required("End; on the next day where it is not behind the beginning, as 06:00.")
    time_zone: str | None = required("The time zone that it goes by (IANA), as Asia/Shanghai.")
    every_weeks: int | None = required(
        "2: every other week, and so on; the week of `from_date` is one of them."
    )
    from_date: str | None = required("The first day on which it may begin, as 2026-03-01.")
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
    team_id: Annotated[UUID | None, ForeignRef("team")] = required("The team.")
    duty: Duty | None = required("The duty that they have.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who comes; null: nobody.")
    instead_of_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who goes; null: nobody."
    )
    starts_at: datetime | None = required("Begin of the period.")
    ends_at: datetime | None = required("End of the period, exclusive.")
    return_starts_at: datetime | None = optional(
        "Begin of the period in return, of a swap: the one who goes comes for the other."
    )
    return_ends_at: datetime | None = optional("End of the period in return, exclusive, of a swap.")
    agreed_at: Annotated[datetime | None, EnteredAt(StandInState.agreed)] = required()
