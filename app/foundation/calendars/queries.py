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

    weekdays: list[Weekday]
    starts: str = Field(description="By the clock of the time zone, as 09:00.")
    ends: str = Field(description="Closing time; on the next day where it is not behind the opening.")


class WeeklyFromOut(OutputModel):
    """The weekly hours from a day on."""

    from_date: str
    weekly: list[WeeklyHoursOut]


class PublicHolidaysOut(OutputModel):
    """The country, its part and the years whose public holidays the calendar includes."""

    country: str
    subdivision: str | None
    years: list[int]


class HolidayOut(OutputModel):
    """A day without business hours."""

    date: str
    name_en: str | None
    name_zh: str | None
    origin: DayOrigin


class DayHoursOut(OutputModel):
    """Hours of one day."""

    starts: str
    ends: str


class WorkingDayOut(OutputModel):
    """A day with hours of its own."""

    date: str
    hours: list[DayHoursOut]
    origin: DayOrigin = Field(description="`public`: a day of rest exchanged for a day off.")


class CalendarVersionOut(OutputModel, of=CalendarVersion):
    """A version of a calendar: its definition until the next version."""

    weekly: list[WeeklyHoursOut]
    weekly_from: list[WeeklyFromOut] = Field(description="In the order of their days.")
    public_holidays: list[PublicHolidaysOut]
    holidays: list[HolidayOut] = Field(description="All of them, public ones too, but for those struck.")
    working_days: list[WorkingDayOut]


class CalendarOut(RecordOut, of=Calendar, after={"revision": "newest_id newest"}):
    """A calendar of business hours."""

    newest: CalendarVersionOut = Field(description="Its content.")


async def load_version(ledger: Ledger, version_id: UUID) -> CalendarVersion:
    """Return the version of that id. Raises ValueError if there is none."""
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
