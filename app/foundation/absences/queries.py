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
    """A calendar of absences; of its address, only the origin is shown."""


class AbsenceReasonOut(OutputModel):
    """The reason for an absence, for the absent person."""

    reason: str | None = Field(description="Reason for the absence; null if not given.")


class AbsenceImportOut(OutputModel):
    """The outcome of an import of absences from a calendar file."""

    planned: int = Field(description="Number of new absences.")
    changed: int = Field(description="Number of absences whose time has changed.")
    removed: int = Field(description="Number of absences that the calendar no longer has.")
    unchanged: int = Field(description="Number of unchanged absences.")
    unreadable: int = Field(description="Number of events that could not be read and were skipped.")
    absences_left_out: int = Field(description="Number of absences beyond the nearest 1,000.")


class AbsenceCalendarStatusOut(OutputModel):
    """The status of a calendar: its last fetch with the outcome, and its next one."""

    fetched_at: datetime | None = Field(
        description="Time of the last fetch that was answered; null before the first answer."
    )
    next_at: datetime | None = Field(description="Time of the next fetch; null if it is due now.")
    failures: int = Field(description="Number of failures since the last successful fetch.")
    failure: FetchFailure | None = Field(
        description="Reason for the last failure; null if the last fetch succeeded."
    )
    absences: int = Field(description="Number of absences within one year, at the last fetch.")
    unreadable: int = Field(description="Number of events that could not be read, at the last fetch.")
    absences_left_out: int = Field(
        description="Number of absences beyond the nearest 1,000, at the last fetch."
    )


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
