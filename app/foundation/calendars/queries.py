"""Schemas and reads of calendars and their versions."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.columns import Columns
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.common.records import from_row
from app.foundation.calendars.lifecycle import LIFECYCLE
from app.foundation.calendars.records import Calendar, CalendarVersion, DayOrigin
from app.foundation.calendars.week import Weekday
from app.kernel.ledger import Ledger

VERSIONS = "select * from fold.calendar_version where id = any(%s)"


class WeeklyHoursOut(OutputModel):
    """Hours on some days of the week."""

    weekdays: list[Weekday] = Field(description="Days of the week on which the hours begin.")
    starts: str = Field(description="Opening time in the calendar's time zone, such as 09:00.")
    ends: str = Field(description="Closing time: on the next day if it is not after the opening time.")


class WeeklyFromOut(OutputModel):
    """The weekly hours from a day on."""

    from_date: str = Field(description="First day on which the weekly hours apply.")
    weekly: list[WeeklyHoursOut] = Field(
        description="Hours of the week from that day on; empty if the calendar is closed."
    )


class PublicHolidaysOut(OutputModel):
    """The country, region and years whose public holidays the calendar includes."""

    country: str = Field(description="Code of the country, of two letters (ISO 3166-1).")
    subdivision: str | None = Field(
        description="Region of the country that has its own holidays; null for the whole country."
    )
    years: list[int] = Field(description="Years whose holidays are included.")


class HolidayOut(OutputModel):
    """A day without business hours."""

    date: str = Field(description="Day without business hours.")
    name_en: str | None = Field(description="Name of the holiday in English; null if it has none.")
    name_zh: str | None = Field(description="Name of the holiday in Chinese; null if it has none.")
    origin: DayOrigin


class DayHoursOut(OutputModel):
    """Hours of one day."""

    starts: str = Field(description="Opening time in the calendar's time zone.")
    ends: str = Field(description="Closing time in the calendar's time zone.")


class WorkingDayOut(OutputModel):
    """A day with hours of its own."""

    date: str = Field(description="Day with hours of its own.")
    hours: list[DayHoursOut] = Field(description="Opening hours of the day.")
    origin: DayOrigin = Field(
        description="Origin of the day; `public` for a day of rest that was exchanged for a public holiday."
    )


class CalendarVersionOut(OutputModel, of=CalendarVersion):
    """A version of a calendar: its definition until the next version."""

    weekly: list[WeeklyHoursOut] = Field(description="Hours of a usual week.")
    weekly_from: list[WeeklyFromOut] = Field(
        description="Weekly hours that apply from a later day on, in the order of these days."
    )
    public_holidays: list[PublicHolidaysOut] = Field(
        description="Countries and years whose public holidays are included."
    )
    holidays: list[HolidayOut] = Field(
        description="All days without business hours, including public holidays except those on which "
        "people work."
    )
    working_days: list[WorkingDayOut] = Field(description="Days with hours of their own.")


class CalendarOut(RecordOut, of=Calendar, after={"revision": "newest_id newest"}):
    """A calendar of business hours."""

    newest: CalendarVersionOut = Field(description="Newest version of the calendar.")


async def load_version(ledger: Ledger, version_id: UUID) -> CalendarVersion:
    """Return the version of that id. Raises ValueError for an unknown id."""
    (row,) = await ledger.db.rows(VERSIONS, ([version_id],))
    return from_row(CalendarVersion, row)


class CalendarRenderer(Renderer):
    """Renders calendars with their newest versions, or those as of the time asked for: one query for all of
    them.
    """

    COMPUTED = frozenset({"newest"})

    async def compute(self, columns: Columns) -> Columns:
        """Return the versions, rendered as they are by themselves."""
        named = columns["newest_id"]
        rows = await self.ledger.db.rows(VERSIONS, (list(named),))
        versions = Renderer(
            self.ledger, self.lifecycle, CalendarVersionOut, self.caller, self.language, rows=CalendarVersion
        )
        rendered = {row["id"]: versions.values_of(from_row(CalendarVersion, row)) for row in rows}
        await versions.render_many(list(rendered.values()))
        return {"newest": [rendered[newest] for newest in named]}


CALENDARS = Listing(
    lifecycle=LIFECYCLE,
    shape=CalendarOut,
    filters=("state", "key", "time_zone", "added_at", "changed_at"),
    sorts=("added_at", "key", "name"),
    renderer=CalendarRenderer,
)
VERSION_LISTING = ChildListing(
    "versions", CalendarVersion, "published_at", CalendarVersionOut, "a calendar's versions, the oldest first"
)
