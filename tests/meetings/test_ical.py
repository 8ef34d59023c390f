"""A meeting as iCalendar, read back by the library that calendars are written with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from app.common.people import Role
from app.meetings.ical import InvitationAddresses, calendar
from app.meetings.records import Meeting, MeetingState
from tests.client import Api
from tests.meetings.test_meetings import a_meeting

ID = UUID("019a0000-0000-7000-8000-000000000001")


def a_record(
    title: str = "Board", place: str | None = "Room 3", state: MeetingState = MeetingState.called
) -> Meeting:
    return Meeting(
        id=ID,
        version=7,
        changed_at=datetime(2026, 11, 20, 8, 0, 0, 123_456, tzinfo=UTC),
        number="MTG-2026-000017",
        state=state,
        title=title,
        place=place,
        starts_at=datetime(2026, 12, 1, 13, tzinfo=UTC),
        ends_at=datetime(2026, 12, 1, 14, 30, tzinfo=UTC),
    )


def read_back(text: bytes) -> tuple[Any, Any]:
    """The calendar, and the one event in it; what their values are, their names decide."""
    read_calendar = Calendar.from_ical(text)
    (event,) = read_calendar.walk("VEVENT")
    return read_calendar, event


# What a line of ours may hold: no control characters, and no ends of lines.
LINES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=200).filter(
    lambda line: line.strip() == line
)


@given(LINES, LINES, st.lists(LINES, max_size=5))
def test_whatever_is_said_comes_back_as_it_was_and_stays_in_its_place(
    title: str, place: str, topics: list[str]
) -> None:
    read_calendar, event = read_back(calendar(a_record(title, place), kind="评审会", topics=topics))
    assert (str(event["summary"]), str(event["location"])) == (title, place)
    agenda = [f"{n}. {topic}" for n, topic in enumerate(topics, start=1)]
    assert str(event["description"]) == "\n".join(["MTG-2026-000017", *agenda])
    assert [str(category) for category in event["categories"].cats] == ["评审会"]
    assert [component.name for component in read_calendar.walk()] == ["VCALENDAR", "VEVENT"]
    assert read_calendar.errors == event.errors == []


def test_it_is_the_same_event_however_often_it_is_sent() -> None:
    read_calendar, event = read_back(calendar(a_record(), kind="Other", topics=[]))
    assert str(read_calendar["method"]) == "PUBLISH"
    assert str(event["uid"]) == f"{ID}@ledgerdesk"
    assert (event["sequence"], str(event["status"])) == (7, "CONFIRMED")
    assert event["dtstamp"].dt == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert (event["dtstart"].dt, event["dtend"].dt) == (
        datetime(2026, 12, 1, 13, tzinfo=UTC),
        datetime(2026, 12, 1, 14, 30, tzinfo=UTC),
    )
    assert "attendee" not in event, "who else is invited, the calendar of one does not say"


@pytest.mark.parametrize(
    ("state", "method", "status"), [("called", "REQUEST", "CONFIRMED"), ("cancelled", "CANCEL", "CANCELLED")]
)
def test_an_invitation_is_for_one_person_and_is_taken_back(state: str, method: str, status: str) -> None:
    invited = InvitationAddresses(address="wang@example.org", sender="desk@example.org")
    record = a_record(state=MeetingState(state))
    read_calendar, event = read_back(calendar(record, kind="Other", topics=[], invited=invited))
    assert (str(read_calendar["method"]), str(event["status"])) == (method, status)
    assert str(event["attendee"]) == "mailto:wang@example.org"
    assert str(event["organizer"]) == "mailto:desk@example.org"


async def test_it_is_read_over_http_in_the_language_asked_for(api: Api) -> None:
    ada = await api.client("Ada", Role.agent)
    path = f"/v1/meetings/{(await ada.post_ok('/v1/meetings', a_meeting()))['id']}"
    await ada.post_ok(f"{path}/add_agenda_item", {"topic": "预算；2027"})
    answer = await ada.get(f"{path}/invitation.ics", headers={"Accept-Language": "zh"})
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.headers["Content-Disposition"].endswith('.ics"')
    _, event = read_back(answer.content)
    assert str(event["summary"]) == "Change board"
    assert str(event["description"]).endswith("1. 预算；2027")
    assert [str(category) for category in event["categories"].cats] == ["变更顾问委员会会议"]
    await ada.post_ok(f"{path}/cancel", {"reason": "Nobody has time."})
    _, event = read_back((await ada.get(f"{path}/invitation.ics")).content)
    assert (str(event["status"]), event["sequence"]) == ("CANCELLED", 3)
