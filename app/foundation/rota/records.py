"""The rota: weekly shifts of working and on-call hours, and stand-ins (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class Duty(CodeEnum):
    """Kind of duty."""

    working = "working", "Working", "上班"
    on_call = "on_call", "On call", "值班"


class ShiftState(CodeEnum):
    """State of a shift: an ended shift has an end date."""

    active = "active", "Active", "有效"
    ended = "ended", "Ended", "已结束"


class StandInState(CodeEnum):
    """State of a stand-in."""

    agreed = "agreed", "Agreed", "已商定"
    cancelled = "cancelled", "Cancelled", "已取消"


class Shift(Record):
    """Weekly hours at which a person is on duty in a team, in a time zone.

    `starts` and `ends` are as `22:00`; an end not after the start lies on the next day. The shift begins on
    `weekdays` from `from_date` until before `until_date`, in every so many weeks, the week of `from_date`
    being one of them.
    """

    KIND: ClassVar[str] = "shift"

    state: ShiftState | None = required()
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = required("Team of the shift.")
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.work, quiet=True)] = required(
        "Member of the team who is on duty."
    )
    duty: Duty | None = required("Kind of duty.")
    weekdays: list[str] | None = required("Days of the week on which the shift begins.")
    starts: str | None = required("Beginning of the shift in its time zone, such as 22:00.")
    ends: str | None = required(
        "End of the shift, such as 06:00; on the next day if it is not after the beginning."
    )
    time_zone: str | None = required("Time zone of the shift (IANA), such as Asia/Shanghai.")
    every_weeks: int | None = required(
        "Number of weeks from one week of the shift to the next: 1 for every week, 2 for every other "
        "week; the week of `from_date` counts."
    )
    from_date: str | None = required("First day on which the shift may begin, such as 2026-03-01.")
    until_date: str | None = optional("First day on which the shift no longer begins; null if it has no end.")
    added_at: Annotated[datetime | None, EnteredAt(ShiftState.active)] = required()


class StandIn(Record):
    """A person who is on duty instead of another one, from `starts_at` to `ends_at`.

    Without `instead_of_id` the person is on duty in addition to the others; without `person_id` the absent
    one is not replaced. In return, from `return_starts_at` to `return_ends_at`, the people change places: a
    swap.
    """

    KIND: ClassVar[str] = "stand_in"

    state: StandInState | None = required()
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = required("Team of the duty.")
    duty: Duty | None = required("Kind of duty.")
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.work, quiet=True)] = optional(
        "Person who is additionally on duty; null if no one is added."
    )
    instead_of_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who is not on duty; null if no one is replaced."
    )
    starts_at: datetime | None = required("Beginning of the period.")
    ends_at: datetime | None = required("End of the period, exclusive.")
    return_starts_at: datetime | None = optional(
        "Beginning of the period in return, in which the replaced person is on duty for the other; "
        "null unless the two change places."
    )
    return_ends_at: datetime | None = optional(
        "End of the period in return, exclusive; null unless the two change places."
    )
    agreed_at: Annotated[datetime | None, EnteredAt(StandInState.agreed)] = required()
