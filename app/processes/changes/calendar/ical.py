"""The change calendar as iCalendar (RFC 5545, RFC 7986), for calendar programs that subscribe to it.

All times are in UTC, so that programs need no definitions of time zones and show each by their own clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vDuration

from app.processes.changes.calendar.entries import CalendarEntry
from app.processes.changes.calendar.labels import translated
from app.processes.changes.records import ChangeState

MEDIA_TYPE = "text/calendar"
PRODUCT = "-//Ledgerdesk//Change calendar//EN"
HOST = "ledgerdesk"
#: Interval after which programs ask again.
REFRESHED = timedelta(hours=1)


def calendar(entries: Sequence[CalendarEntry], language: str, address: str) -> bytes:
    """Return the entries as an iCalendar file with texts in that language; `address` is that of the server,
    for links to the changes.
    """
    ical = Calendar()
    ical.add("prodid", PRODUCT)
    ical.add("version", "2.0")
    ical.add("method", "PUBLISH")
    name = translated(language, "calendar")
    ical.add("name", name)
    ical.add("x-wr-calname", name)
    interval = vDuration(REFRESHED)
    interval.params["VALUE"] = "DURATION"
    ical.add("refresh-interval", interval)
    ical.add("x-published-ttl", vDuration(REFRESHED))
    for entry in entries:
        ical.add_component(_event(entry, language, address))
    content: bytes = ical.to_ical()
    return content


def uid(entry: CalendarEntry) -> str:
    """Return the UID of the entry's event, the same each time that it is sent."""
    return f"{entry.kind}-{entry.id}@{HOST}"


def _event(entry: CalendarEntry, language: str, address: str) -> Event:
    event = Event()
    event.add("uid", uid(entry))
    event.add("sequence", entry.version)
    event.add("dtstamp", _whole_seconds(entry.changed_at))
    event.add("last-modified", _whole_seconds(entry.changed_at))
    event.add("dtstart", _whole_seconds(entry.from_at))
    if entry.until_at > entry.from_at:  # an event of no length has no end (RFC 5545, 3.6.1)
        event.add("dtend", _whole_seconds(entry.until_at))
    kind = entry.type_label(language)
    name = " ".join(part for part in (entry.number, entry.title) if part)
    event.add("summary", name if entry.is_change else f"{kind}: {name}" if name else kind)
    event.add("categories", [kind])
    # An emergency that is only approved has no window, because the work has not been started.
    event.add("status", "TENTATIVE" if entry.state is ChangeState.approved else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    if entry.number is not None:
        event.add("url", f"{address}/desk/change/{entry.number}")
    event.add("description", "\n".join(_lines(entry, language)))
    return event


def _lines(entry: CalendarEntry, language: str) -> list[str]:
    """Return the lines of the entry's description: type, state, risk, services, items, persons."""
    lines = [
        translated(language, "type", type=entry.type_label(language)),
        translated(language, "state", state=entry.state.label(language)),
    ]
    if entry.risk_level is not None:
        lines.append(translated(language, "risk", level=entry.risk_level.label(language)))
    if entry.services:
        lines.append(translated(language, "services", names=", ".join(entry.services)))
    if entry.cis:
        lines.append(translated(language, "cis", names=", ".join(entry.cis)))
    if entry.team is not None:
        lines.append(translated(language, "team", name=entry.team))
    if entry.assignee is not None:
        lines.append(translated(language, "assignee", name=entry.assignee))
    if entry.overridden:
        lines.append(translated(language, "overridden"))
    return lines


def _whole_seconds(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)
