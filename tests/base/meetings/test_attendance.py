"""Who attended a meeting: said when it has begun."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.base.meetings.lifecycle import CallMeeting, HoldMeeting
from app.base.meetings.records import Meeting
from app.common.people import Caller, Role
from app.kernel.bodies import Body
from app.kernel.ledger import Ledger
from app.kernel.refusals import NotNow
from tests.base.meetings.test_meetings import a_meeting, refused
from tests.client import Api
from tests.people import act, add_caller

NOW = datetime.now(UTC).replace(microsecond=0)
BEGINS = NOW + timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def chair(ledger: Ledger) -> Caller:
    return await add_caller(ledger, "Chair", Role.agent)


async def called(ledger: Ledger, chair: Caller, **more: Any) -> Meeting:
    """A meeting that begins tomorrow."""
    said = {"title": "Board", "meeting_kind": "cab", "chair": "me", "starts_at": BEGINS, **more}
    body = CallMeeting.model_validate({**said, "ends_at": BEGINS + HOUR})
    made: Meeting = (await act(ledger, chair, "meeting", "call", body=body, now=NOW)).record
    return made


async def does(
    ledger: Ledger, who: Caller, action: str, meeting: Meeting, body: Body, now: datetime = BEGINS
) -> Meeting:
    """Somebody does it to the meeting, when it has begun if nothing else is said."""
    after: Meeting = (await act(ledger, who, "meeting", action, meeting.id, body, now=now)).record
    return after


async def test_a_meeting_is_held_when_it_has_begun_and_not_before(ledger: Ledger, chair: Caller) -> None:
    meeting = await called(ledger, chair)
    there = HoldMeeting(attended=("me",))
    with pytest.raises(NotNow) as early:
        await does(ledger, chair, "hold", meeting, there, BEGINS - timedelta(microseconds=1))
    assert early.value.code == "not_begun"
    said = HoldMeeting(attended=("me",), occurred_at=BEGINS - HOUR)
    with pytest.raises(NotNow) as dated:
        await does(ledger, chair, "hold", meeting, said, BEGINS + HOUR)
    assert dated.value.code == "not_begun"
    held = await does(ledger, chair, "hold", meeting, there, BEGINS)
    assert held.held_at == BEGINS


async def test_before_it_begins_the_action_is_shown_with_what_forbids_it(api: Api) -> None:
    ada = await api.client("Ada", Role.agent)
    at = f"/v1/meetings/{(await ada.do('/v1/meetings', a_meeting()))['id']}"
    (hold,) = [one for one in (await ada.read(at))["actions"] if one["action"] == "hold"]
    assert not hold["open"]
    assert await refused(ada, f"{at}/hold", {"attended": ["me"]}) == ("", "not_begun")
