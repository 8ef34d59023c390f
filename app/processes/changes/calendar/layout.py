"""Layout common to the drawings of a week and a month: columns of days, and names of entries (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.api.pages.page_paths import DESK
from app.processes.changes.calendar.entries import WEEK_DAYS, CalendarEntry, Day
from app.processes.changes.calendar.labels import long_day, translated, weekday
from app.processes.changes.records import ChangeType
from app.svg.elements import element, text
from app.svg.lines import SOFT, caption

WIDTH, GUTTER = 1120.0, 56.0
#: The list of all entries, in a page with the drawing.
LIST = "#listed"
COLUMN = (WIDTH - GUTTER) / WEEK_DAYS


@dataclass(frozen=True, slots=True)
class Sheet:
    """The zone, the language and the present time of a drawing."""

    zone: ZoneInfo
    language: str
    now: datetime

    def local(self, instant: datetime) -> datetime:
        """Return the instant by the clocks of the zone."""
        return instant.astimezone(self.zone)

    def clock(self, instant: datetime) -> str:
        """Return the time of day: `09:30`."""
        return f"{self.local(instant):%H:%M}"

    def is_today(self, day: Day) -> bool:
        """Return whether the present time is in the day."""
        return day.begin <= self.now < day.end


@dataclass(frozen=True, slots=True)
class Body:
    """The drawn part between heading and legend, and its height."""

    drawn: list[Markup]
    height: float


def column_left(column: int) -> float:
    """Return the x coordinate of the left edge of a day's column."""
    return GUTTER + column * COLUMN


def day_head(sheet: Sheet, day: Day, column: int, y: float) -> Markup:
    """Return the heading of a day's column: name, date, and a word if it is the present day."""
    name = f"{weekday(day.on, sheet.language)} {day.on.day}"
    today = sheet.is_today(day)
    heading = f"{name} · {translated(sheet.language, 'today')}" if today else name
    return caption(heading, column_left(column) + 6, y, 13, "cc-text", weight=700 if today else 500)


def name_of(entry: CalendarEntry) -> str:
    """Return the number and title of the entry, with a `!` if it was scheduled over something."""
    mark = "! " if entry.overridden else ""
    return mark + " ".join(part for part in (entry.number, entry.title) if part)


def group(sheet: Sheet, entry: CalendarEntry, *drawn: Markup, kind: str) -> Markup:
    """Return the drawn elements of the entry as a link to its page, with its description as the title."""
    about = element("title", description(sheet, entry))
    page = f"{DESK}/change/{entry.number}" if entry.number else f"{DESK}/freeze/{entry.id}"
    return element("a", about, *drawn, href=page, class_=f"cc-entry cc-{kind}")


def description(sheet: Sheet, entry: CalendarEntry) -> str:
    """Return the description of the entry: kind, name, state, times, services and team."""
    language = sheet.language
    begin, end = sheet.local(entry.from_at), sheet.local(entry.until_at)
    first = f"{long_day(begin.date(), language)} {begin:%H:%M}"
    last = f"{end:%H:%M}" if end.date() == begin.date() else f"{long_day(end.date(), language)} {end:%H:%M}"
    parts = [
        f"{entry.type_label(language)}: {name_of(entry)}",
        entry.state.label(language),
        translated(language, "until", first=first, last=last),
    ]
    if entry.services:
        parts.append(translated(language, "services", names=", ".join(entry.services)))
    if entry.team:
        parts.append(translated(language, "team", name=entry.team))
    return ". ".join(parts)


def overflow_note(sheet: Sheet, hidden: Sequence[CalendarEntry], x: float, y: float) -> Markup:
    """Return the line with the number of entries that do not fit. It leads to the list next to the drawing,
    and is bold if an emergency is among them.
    """
    note = translated(sheet.language, "more", n=len(hidden))
    weight = 700 if any(entry.type is ChangeType.emergency for entry in hidden) else None
    style = {"font_size": 11, "font_weight": weight, "fill": SOFT, "class_": "cc-soft cc-more"}
    return element("a", text(note, x=x, y=y, **style), href=LIST)
