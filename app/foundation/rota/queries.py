"""Schemas of shifts and of their exceptions."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import RecordOut
from app.foundation.calendars.week import Weekday
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.rota import shifts, stand_ins
from app.foundation.rota.records import Shift, StandIn


class ShiftOut(RecordOut, of=Shift):
    """Weekly hours during which a person is on duty."""

    weekdays: list[Weekday] = Field(description="Days of the week on which the shift begins.")


class StandInOut(RecordOut, of=StandIn):
    """An exception to the shifts: a stand-in, an additional person or an absence."""


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
