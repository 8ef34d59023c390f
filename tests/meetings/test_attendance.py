"""Who attended a meeting: said when it has begun, of as many as are invited, and put right until signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import MOST_MEMBERS, Caller, Person, Role, rule_caller
from app.foundation.people.groups import AddGroup
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import ActionUnavailable, WrongValue
from app.kernel.ledger import Ledger
from app.meetings.payloads import (
    MOST_INVITED,
    CallMeeting,
    CorrectAttendanceMeeting,
    HoldMeeting,
    InviteMeeting,
    MinuteMeeting,
)
from app.meetings.records import Meeting
from tests.client import Api
from tests.extent import in_test_all
from tests.meetings.test_meetings import a_meeting, begun, participants, refused
from tests.people import act, add_caller, add_crowd, fill

NOW = datetime.now(UTC).replace(microsecond=0)
BEGINS = NOW + timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def chair(ledger: Ledger) -> Caller:
    return await add_caller(ledger, "Chair", Role.agent)


async def called(ledger: Ledger, chair: Caller, **more: Any) -> Meeting:
    """A meeting that begins tomorrow."""
    fields = {"title": "Board", "meeting_kind": "cab", "chair": "me", "starts_at": BEGINS, **more}
    body = CallMeeting.model_validate({**fields, "ends_at": BEGINS + HOUR})
    meeting: Meeting = (await act(ledger, chair, "meeting", "call", body=body, now=NOW)).record
    return meeting


async def does(
    ledger: Ledger, caller: Caller, action: str, meeting: Meeting, body: Payload, now: datetime = BEGINS
) -> Meeting:
    """Somebody does it to the meeting, when it has begun if nothing else is said."""
    after: Meeting = (await act(ledger, caller, "meeting", action, meeting.id, body, now=now)).record
    return after


async def attended(ledger: Ledger, meeting: Meeting) -> dict[Any, tuple[bool, bool | None]]:
    """Of each who has a part in it, whether they were invited, and whether they were there."""
    query = "select person_id, invited, attended from fold.participant where record = %s"
    rows = await ledger.db.rows(query, (meeting.row_key,))
    return {row["person_id"]: (row["invited"], row["attended"]) for row in rows}


def ids(*persons: Caller | Person) -> tuple[str, ...]:
    """Their ids, as bodies name them."""
    return tuple(str(person.person_id if isinstance(person, Caller) else person.id) for person in persons)


@in_test_all
async def test_as_many_can_be_invited_as_a_whole_group_and_another_chair_and_all_of_them_can_attend(
    ledger: Ledger, chair: Caller
) -> None:
    head, guest, *members = await add_crowd(ledger, MOST_MEMBERS + 2)
    group = AddGroup(key="cab", name="CAB", chair=str(head.id))
    await act(ledger, rule_caller("tests"), "group", "add", body=group)
    await fill(ledger, "cab", (member.id for member in members))
    meeting = await called(ledger, chair, group="cab")
    with pytest.raises(WrongValue) as too_many:
        await does(ledger, chair, "invite", meeting, InviteMeeting(persons=ids(guest)), NOW)
    assert (too_many.value.pointer, too_many.value.because) == ("/persons", "too_many_invited")
    everybody = ids(chair, head, *members)
    assert len(everybody) == MOST_INVITED
    await does(ledger, chair, "hold", meeting, HoldMeeting(attended=everybody))
    assert set((await attended(ledger, meeting)).values()) == {(True, True)}
    corrected = CorrectAttendanceMeeting(attended=everybody[1:])
    await does(ledger, chair, "correct_attendance", meeting, corrected)
    assert (await attended(ledger, meeting))[chair.person_id] == (True, False)


async def test_a_meeting_is_held_when_it_has_begun_and_not_before(ledger: Ledger, chair: Caller) -> None:
    meeting = await called(ledger, chair)
    attendance = HoldMeeting(attended=("me",))
    with pytest.raises(ActionUnavailable) as early:
        await does(ledger, chair, "hold", meeting, attendance, BEGINS - timedelta(microseconds=1))
    assert early.value.code == "not_begun"
    too_early = HoldMeeting(attended=("me",), occurred_at=BEGINS - HOUR)
    with pytest.raises(ActionUnavailable) as dated:
        await does(ledger, chair, "hold", meeting, too_early, BEGINS + HOUR)
    assert dated.value.code == "not_begun"
    held = await does(ledger, chair, "hold", meeting, attendance, BEGINS)
    assert held.held_at == BEGINS


async def test_who_attended_is_put_right_until_the_minutes_are_signed(ledger: Ledger, chair: Caller) -> None:
    first, two, stranger, other = [
        await add_caller(ledger, name) for name in ("One", "Two", "Third", "Other")
    ]
    meeting = await called(ledger, chair, persons=ids(first, two))
    await does(ledger, chair, "hold", meeting, HoldMeeting(attended=ids(first, stranger)))
    corrected = CorrectAttendanceMeeting(attended=ids(chair, two, other))
    await does(ledger, chair, "correct_attendance", meeting, corrected)
    right = {
        chair.person_id: (True, True),
        first.person_id: (True, False),
        two.person_id: (True, True),
        other.person_id: (False, True),
    }
    assert await attended(ledger, meeting) == right, "who was neither invited nor there has no part in it"
    await does(ledger, chair, "minute", meeting, MinuteMeeting(minutes="All is well."))
    again = CorrectAttendanceMeeting(attended=ids(chair, first, two, other))
    await does(ledger, chair, "correct_attendance", meeting, again)
    assert await attended(ledger, meeting) == {**right, first.person_id: (True, True)}
    await does(ledger, chair, "sign", meeting, EmptyPayload())
    with pytest.raises(ActionUnavailable) as too_late:
        await does(ledger, chair, "correct_attendance", meeting, corrected)
    assert too_late.value.code == "signed_already"


async def test_who_was_not_there_after_all_does_not_see_it_any_more(api: Api) -> None:
    ada, wang = await api.client("Ada", Role.agent), await api.client("王芳")
    path = f"/v1/meetings/{(await ada.post_ok('/v1/meetings', a_meeting(**begun())))['id']}"
    await ada.post_ok(f"{path}/hold", {"attended": ["me", wang.id]})
    assert {*await participants(wang, path)} == {"Ada", "王芳"}
    assert await refused(ada, f"{path}/correct_attendance", {"attended": ["me", ada.id]}) == (
        "/attended",
        "each_once",
    )
    await ada.post_ok(f"{path}/correct_attendance", {"attended": ["me"]})
    assert (await wang.get(path)).status_code == 404
    assert {*await participants(ada, path)} == {"Ada"}


async def test_before_it_begins_the_action_is_shown_with_what_forbids_it(api: Api) -> None:
    ada = await api.client("Ada", Role.agent)
    path = f"/v1/meetings/{(await ada.post_ok('/v1/meetings', a_meeting()))['id']}"
    (hold,) = [action for action in (await ada.read(path))["actions"] if action["action"] == "hold"]
    assert not hold["open"]
    assert await refused(ada, f"{path}/hold", {"attended": ["me"]}) == ("", "not_begun")
