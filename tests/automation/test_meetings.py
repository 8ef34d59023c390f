"""The next meeting of a series falls due by itself; what nobody has held is flagged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.common.people import MOST_MEMBERS, Caller, Role, rule_caller
from app.common.records import from_row
from app.foundation.people.groups import AddGroup, AddMemberGroup, RemoveMemberGroup
from app.foundation.people.records import RepresentedSide
from app.kernel.actions.payloads import EmptyPayload, Reason
from app.kernel.actions.refusals import ActionUnavailable
from app.kernel.histories.rebuild import compare
from app.log import read
from app.meetings.payloads import (
    MOST_INVITED,
    CallMeeting,
    HoldMeeting,
    InviteMeeting,
    MoveMeeting,
    UninviteMeeting,
)
from app.meetings.records import Meeting, MeetingState
from app.registry import LIFECYCLES
from tests.automation.conftest import Desk
from tests.automation.worker import by_rules, timers
from tests.extent import in_test_all
from tests.people import act, add_caller, add_crowd, fill

HOUR = timedelta(hours=1)
MORNING = datetime(2027, 3, 10, 9, tzinfo=ZoneInfo("Europe/Berlin"))


async def called(desk: Desk, starts_at: datetime = MORNING, **more: Any) -> Meeting:
    """A meeting that the agent calls, in Berlin."""
    fields = {"title": "Board", "meeting_kind": "cab", "chair": "me", "time_zone": "Europe/Berlin", **more}
    body = CallMeeting(starts_at=starts_at, ends_at=starts_at + HOUR, **fields)
    meeting: Meeting = (await act(desk.ledger, desk.agent, "meeting", "call", body=body, now=desk.now)).record
    return meeting


async def all_of_them(desk: Desk) -> list[Meeting]:
    """Every meeting, in the order of their times."""
    rows = await desk.ledger.db.rows("select * from fold.meeting order by starts_at")
    return [from_row(Meeting, row) for row in rows]


async def invited(desk: Desk, meeting: Meeting) -> dict[Any, tuple[str | None, bool]]:
    """Who is invited, for which side, and whether as a member of the group."""
    query = "select person_id, side, from_group from fold.participant where record = %s"
    rows = await desk.ledger.db.rows(query, (meeting.row_key,))
    return {row["person_id"]: (row["side"], row["from_group"]) for row in rows}


async def until(desk: Desk, instant: datetime) -> None:
    """Time passes until then, and the worker does what follows."""
    desk.now = instant.astimezone(UTC)
    await desk.worker.work(desk.now)
    assert desk.worker.failures == []


async def test_when_one_begins_the_next_is_called_at_the_same_time_of_day(desk: Desk) -> None:
    first = await called(desk, series_interval="weekly")
    await until(desk, MORNING - HOUR)
    assert len(await all_of_them(desk)) == 1
    await until(desk, MORNING)
    await until(desk, MORNING)
    first, second = await all_of_them(desk)
    assert first.next_id == second.id
    assert (second.series_id, second.organiser_id, second.chair_id) == (
        first.id,
        first.organiser_id,
        first.chair_id,
    )
    assert second.number != first.number
    await until(desk, MORNING + timedelta(days=7))
    await until(desk, MORNING + timedelta(days=14))
    clocks = [
        meeting.starts_at.astimezone(MORNING.tzinfo).isoformat()
        for meeting in await all_of_them(desk)
        if meeting.starts_at
    ]
    # The clocks of Berlin change on the 28th of March.
    assert clocks == [
        "2027-03-10T09:00:00+01:00",
        "2027-03-17T09:00:00+01:00",
        "2027-03-24T09:00:00+01:00",
        "2027-03-31T09:00:00+02:00",
    ]
    (next_called,) = (
        e for e in await by_rules(desk.ledger, first.row_key) if e.type == "meeting.next_called"
    )
    begun, *_ = await read.stream_events(desk.ledger.db, second.row_key)
    assert (begun.type, begun.actor) == ("meeting.called", "rule:call_next_meeting")
    assert begun.position in (next_called.position + 1, next_called.position - 1)


@in_test_all
async def test_it_takes_over_the_group_as_it_is_then_and_who_was_invited_besides(desk: Desk) -> None:
    head, stays, goes, comes, guest = [
        await add_caller(desk.ledger, name) for name in ("Head", "Stays", "Goes", "Comes", "Guest")
    ]

    async def group(action: str, body: Any, name: str | None = None) -> None:
        await act(desk.ledger, rule_caller("tests"), "group", action, name, body)

    async def belongs(caller: Caller) -> None:
        await group(
            "add_member", AddMemberGroup(person=str(caller.person_id), side=RepresentedSide.business), "cab"
        )

    await group("add", AddGroup(key="cab", name="CAB", chair=str(head.person_id)))
    await belongs(stays)
    await belongs(goes)
    first = await called(
        desk, series_interval="monthly", group="cab", chair=None, persons=(str(guest.person_id),)
    )
    assert first.chair_id == head.person_id
    await group("remove_member", RemoveMemberGroup(person=str(goes.person_id)), "cab")
    await belongs(comes)
    await act(desk.ledger, rule_caller("tests"), "person", "deactivate", guest.person_id, EmptyPayload())
    await act(desk.ledger, rule_caller("tests"), "person", "deactivate", head.person_id, EmptyPayload())
    await until(desk, MORNING)
    _, second = await all_of_them(desk)
    assert await invited(desk, second) == {
        stays.person_id: ("business", True),
        comes.person_id: ("business", True),
    }
    assert second.chair_id is None, "the chair is not there any more: somebody must say who is"


async def test_one_that_is_moved_or_cancelled_leaves_the_others_where_they_are(desk: Desk) -> None:
    first = await called(desk, series_interval="monthly", series_day="weekday")
    moved = MoveMeeting(starts_at=MORNING + timedelta(days=2), ends_at=MORNING + timedelta(days=2, hours=1))
    await act(desk.ledger, desk.agent, "meeting", "move", first.id, moved, now=desk.now)
    await until(desk, MORNING + timedelta(days=1))
    assert len(await all_of_them(desk)) == 1, "it has not begun"
    cancel = Reason(reason="Nobody has time.")
    await act(desk.ledger, desk.agent, "meeting", "cancel", first.id, cancel, now=desk.now)
    await until(desk, MORNING + timedelta(days=2))
    _, second = await all_of_them(desk)
    assert second.state is MeetingState.called
    assert second.starts_at == datetime(2027, 4, 14, 9, tzinfo=ZoneInfo("Europe/Berlin")), (
        "a second Wednesday"
    )


@in_test_all
async def test_one_that_is_moved_behind_the_next_leaves_that_one_where_it_is(desk: Desk) -> None:
    first = await called(desk, series_interval="weekly")
    behind = MORNING + timedelta(days=15)
    move = MoveMeeting(starts_at=behind, ends_at=behind + HOUR)
    await act(desk.ledger, desk.agent, "meeting", "move", first.id, move, now=desk.now)
    for days in (0, 7, 14, 15):
        await until(desk, MORNING + timedelta(days=days))
    begins = [(meeting.id == first.id, meeting.starts_at) for meeting in await all_of_them(desk)]
    # The clocks of Berlin change on the 28th of March.
    weeks = [MORNING + timedelta(days=7 * week) for week in (1, 2, 3)]
    assert begins == [(False, weeks[0]), (False, weeks[1]), (True, behind), (False, weeks[2])]


@in_test_all
async def test_when_the_next_is_to_begin_is_as_it_fell_due_whatever_becomes_of_either(desk: Desk) -> None:
    first = await called(desk, series_interval="monthly")
    later = MORNING + timedelta(days=3)
    move = MoveMeeting(starts_at=later, ends_at=later + HOUR)
    await act(desk.ledger, desk.agent, "meeting", "move", first.id, move, now=desk.now)
    await until(desk, later)
    attended = HoldMeeting(attended=(str(desk.agent.person_id),))
    await act(desk.ledger, desk.agent, "meeting", "hold", first.id, attended, now=desk.now)
    _, second = await all_of_them(desk)
    await act(desk.ledger, desk.agent, "meeting", "call_next", second.id, now=desk.now)
    sooner = MORNING + timedelta(days=9)
    move = MoveMeeting(starts_at=sooner, ends_at=sooner + HOUR)
    await act(desk.ledger, desk.agent, "meeting", "move", second.id, move, now=desk.now)
    why = Reason(reason="Nobody has time.")
    await act(desk.ledger, desk.agent, "meeting", "cancel", second.id, why, now=desk.now)
    meetings = {meeting.id: meeting for meeting in await all_of_them(desk)}
    due = [datetime(2027, month, 10, 9, tzinfo=MORNING.tzinfo) for month in (3, 4, 5)]
    assert [
        meeting.planned_at for meeting in sorted(meetings.values(), key=lambda meeting: meeting.number)
    ] == due
    for meeting in meetings.values():
        following = None if meeting.next_id is None else meetings[meeting.next_id]
        assert meeting.next_at == (following and following.planned_at)
    async with desk.ledger.db.connection() as connection:
        comparison = await compare(connection, LIFECYCLES)
    assert (comparison.differing, comparison.examples) == ({}, [])


@in_test_all
async def test_a_group_that_has_grown_leaves_no_room_for_others_and_the_series_goes_on(desk: Desk) -> None:
    head, guest, *members = await add_crowd(desk.ledger, MOST_MEMBERS + 2)
    group = AddGroup(key="cab", name="CAB", chair=str(head.id))
    await act(desk.ledger, rule_caller("tests"), "group", "add", body=group)
    await called(desk, series_interval="weekly", group="cab", persons=(str(guest.id),))
    await fill(desk.ledger, "cab", (member.id for member in members))
    await until(desk, MORNING)
    _, second = await all_of_them(desk)
    persons = await invited(desk, second)
    assert persons.keys() == {desk.agent.person_id, head.id, *(member.id for member in members)}, (
        "who chairs it, too"
    )
    assert len(persons) == MOST_INVITED


async def test_a_series_of_which_nobody_is_left_ends_and_who_sees_to_it_is_told(desk: Desk) -> None:
    chair, guest = [await add_caller(desk.ledger, name) for name in ("Chair", "Guest")]
    first = await called(
        desk, series_interval="weekly", chair=str(chair.person_id), persons=(str(guest.person_id),)
    )
    for caller in (chair, guest):
        await act(desk.ledger, rule_caller("tests"), "person", "deactivate", caller.person_id, EmptyPayload())
    with pytest.raises(ActionUnavailable) as refused:
        await act(desk.ledger, desk.agent, "meeting", "call_next", first.id, now=desk.now)
    assert refused.value.code == "nobody_comes"
    await until(desk, MORNING)
    (only,) = await all_of_them(desk)
    assert only.series_ended_at == MORNING
    (ended,) = await by_rules(desk.ledger, first.row_key)
    assert (ended.type, ended.actor) == ("meeting.series_ended", "rule:call_next_meeting")
    await until(desk, MORNING + timedelta(minutes=2))
    query = "select steps from fold.notice where person_id = %s"
    assert [row["steps"] for row in await desk.ledger.db.rows(query, (desk.agent.person_id,))] == [
        ["series_over"]
    ]


@in_test_all
async def test_as_long_as_one_is_left_the_series_goes_on(desk: Desk) -> None:
    chair, guest = [await add_caller(desk.ledger, name) for name in ("Chair", "Guest")]
    await called(desk, series_interval="weekly", chair=str(chair.person_id), persons=(str(guest.person_id),))
    await act(desk.ledger, rule_caller("tests"), "person", "deactivate", chair.person_id, EmptyPayload())
    await until(desk, MORNING)
    _, second = await all_of_them(desk)
    assert (await invited(desk, second)).keys() == {guest.person_id}


async def test_what_fell_due_while_no_worker_was_there_is_left_out(desk: Desk) -> None:
    await called(desk, series_interval="weekly")
    await until(desk, MORNING + timedelta(days=24))
    assert [meeting.starts_at for meeting in await all_of_them(desk)][1:] == [
        datetime(2027, 4, 7, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    ]


async def test_a_series_ends_and_a_single_meeting_has_no_next(desk: Desk) -> None:
    await called(desk)
    first = await called(desk, series_interval="yearly")
    await act(desk.ledger, desk.agent, "meeting", "end_series", first.id, now=desk.now)
    await until(desk, MORNING + HOUR)
    assert len(await all_of_them(desk)) == 2
    assert {name for name, _ in await timers(desk.ledger)} == {"flag_overdue_meetings"}


@in_test_all
async def test_who_was_invited_and_uninvited_by_hand_is_so_the_next_time(desk: Desk) -> None:
    guest, other = [await add_caller(desk.ledger, name) for name in ("One", "Other")]
    first = await called(desk, series_interval="quarterly", persons=(str(guest.person_id),))
    invite = InviteMeeting(persons=(str(other.person_id),))
    await act(desk.ledger, desk.agent, "meeting", "invite", first.id, invite, now=desk.now)
    uninvite = UninviteMeeting(person=str(guest.person_id))
    await act(desk.ledger, desk.agent, "meeting", "uninvite", first.id, uninvite, now=desk.now)
    stranger = await add_caller(desk.ledger, "Stranger")
    meeting = HoldMeeting(attended=(str(stranger.person_id),))
    await act(desk.ledger, desk.agent, "meeting", "hold", first.id, meeting, now=MORNING)
    await until(desk, MORNING)
    _, second = await all_of_them(desk)
    assert (await invited(desk, second)).keys() == {desk.agent.person_id, other.person_id}


async def test_what_nobody_has_held_within_a_day_is_flagged_once_and_no_more_when_it_is_moved(
    desk: Desk,
) -> None:
    meeting = await called(desk)
    await until(desk, MORNING + HOUR + timedelta(hours=23))
    assert await by_rules(desk.ledger, meeting.row_key) == []
    await until(desk, MORNING + HOUR + timedelta(days=1))
    await until(desk, MORNING + timedelta(days=9))
    (flagged,) = await by_rules(desk.ledger, meeting.row_key)
    assert (flagged.type, flagged.actor) == ("meeting.fell_overdue", "rule:flag_overdue_meetings")
    later = desk.now + timedelta(days=3)
    move = MoveMeeting(starts_at=later, ends_at=later + HOUR)
    done = await act(desk.ledger, desk.agent, "meeting", "move", meeting.id, move, now=desk.now)
    assert done.record.overdue_at is None
    await until(desk, later + timedelta(days=2))
    assert len(await by_rules(desk.ledger, meeting.row_key)) == 2


async def test_what_was_held_or_cancelled_is_not_overdue(desk: Desk) -> None:
    held, cancelled = await called(desk), await called(desk)
    attended = HoldMeeting(attended=(str(desk.agent.person_id),))
    await act(desk.ledger, desk.agent, "meeting", "hold", held.id, attended, now=MORNING)
    why = Reason(reason="Nobody has time.")
    await act(desk.ledger, desk.agent, "meeting", "cancel", cancelled.id, why, now=desk.now)
    await until(desk, MORNING + timedelta(days=9))
    assert await timers(desk.ledger) == {}


async def test_whoever_wants_the_next_one_earlier_calls_it_and_it_is_called_once(desk: Desk) -> None:
    another = await add_caller(desk.ledger, "Admin", Role.admin)
    first = await called(desk, series_interval="monthly")
    await act(desk.ledger, another, "meeting", "call_next", first.id, now=desk.now)
    await until(desk, MORNING)
    first, second = await all_of_them(desk)
    assert second.organiser_id == desk.agent.person_id
    await act(desk.ledger, another, "meeting", "call_next", second.id, now=desk.now)
    assert len(await all_of_them(desk)) == 3
