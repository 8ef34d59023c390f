"""Schemas of shifts and of their exceptions."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import PersonStub, RecordOut, TeamStub
from app.foundation.calendars.week import Weekday
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.rota import shifts, stand_ins
from app.foundation.rota.records import Duty, ShiftState, StandInState


class ShiftOut(RecordOut):
    """Weekly hours at which a person is on duty."""

    state: ShiftState
    team: TeamStub
    person: PersonStub
    duty: Duty
    weekdays: list[Weekday] = Field(description="The days on which it begins.")
    starts: str = Field(description="By the clock of the time zone, as 22:00.")
    ends: str = Field(description="Where that is not behind the beginning, on the next day.")
    time_zone: str
    every_weeks: int = Field(description="2: every other week; the week of `from_date` is one of them.")
    from_date: str = Field(description="The first day on which it may begin.")
    until_date: str | None = Field(description="The first day on which it begins no more; null: for good.")
    added_at: datetime


class StandInOut(RecordOut):
    """An exception to the shifts: a stand-in, an additional person or an absence."""

    state: StandInState
    team: TeamStub
    duty: Duty
    person: PersonStub | None = Field(description="Who comes; null: nobody.")
    instead_of: PersonStub | None = Field(description="Who goes; null: nobody.")
    starts_at: datetime
    ends_at: datetime
    return_starts_at: datetime | None = Field(description="Of a swap: the time in return.")
    return_ends_at: datetime | None
    agreed_at: datetime


SHIFTS = Listing(
    lifecycle=shifts.LIFECYCLE,
    shape=ShiftOut,
    filters=("state", "team", "person", "duty", "added_at"),
    sorts=("added_at",),
    expands=(PERSONS, TEAMS),
)


STAND_INS = Listing(
    lifecycle=stand_ins.LIFECYCLE,
    shape=StandInOut,
    filters=("state", "team", "person", "instead_of", "duty", "starts_at", "ends_at", "agreed_at"),
    sorts=("agreed_at",),
    expands=(PERSONS, TEAMS),
)
