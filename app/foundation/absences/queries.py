"""Answers about absences, and about the calendars that they are taken from."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.foundation.absences import absence_calendars, absences
from app.foundation.absences.records import Absence, AbsenceCalendar, FetchFailure
from app.foundation.people.queries import PERSONS


class AbsenceOut(RecordOut, of=Absence):
    """An absence, without its reason."""


class AbsenceCalendarOut(RecordOut, of=AbsenceCalendar):
    """A calendar of absences; of its address the origin only."""


class AbsenceReasonOut(OutputModel):
    """The reason of an absence, for the person who is away."""

    reason: str | None = Field(description="Null: none was given.")


class AbsenceImportOut(OutputModel):
    """Outcome of an import of absences from a calendar."""

    planned: int = Field(description="Number of absences that are new.")
    changed: int = Field(description="Number of those that have another time.")
    removed: int = Field(description="Number of those that are not in the calendar any more.")
    unchanged: int = Field(description="Number of those that are as before.")
    unreadable: int = Field(description="Number of events that could not be read, and are left out.")


class AbsenceCalendarStatusOut(OutputModel):
    """The last fetch of a calendar, its outcome, and the next one."""

    fetched_at: datetime | None = Field(description="The last fetch that was answered; null: none was yet.")
    next_at: datetime | None = Field(description="The next fetch; null: as soon as a worker has time.")
    failures: int = Field(description="Number of failures since the last success.")
    failure: FetchFailure | None = Field(description="The reason of the last failure; null: it succeeded.")
    absences: int = Field(description="Number of absences within a year when it was read last.")
    unreadable: int = Field(description="Number of events that could not be read then.")


ABSENCES = Listing(
    lifecycle=absences.LIFECYCLE,
    shape=AbsenceOut,
    filters=("state", "person", "deputy", "source", "calendar_id", "from_at", "until_at", "planned_at"),
    sorts=("planned_at", "from_at", "until_at"),
    expands=(PERSONS,),
)
ABSENCE_CALENDARS = Listing(
    lifecycle=absence_calendars.LIFECYCLE,
    shape=AbsenceCalendarOut,
    filters=("state", "person", "added_at"),
    sorts=("added_at",),
    expands=(PERSONS,),
)
