"""Those who are asked to vote, and those who are invited, are told; in the application, and by mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar

from app.common.people import Caller, Role
from app.foundation.decisions.payloads import AskDecision, CastVote, WithdrawDecision
from app.kernel.actions.payloads import EmptyPayload, Payload, Reason
from app.meetings.payloads import CallMeeting, HoldMeeting, InviteMeeting, MinuteMeeting, MoveMeeting
from app.meetings.records import Meeting
from tests.automation.worker import Worker
from tests.client import Api, Client
from tests.extent import first_of, in_test_all
from tests.foundation.decisions.approvals import approval
from tests.notifications.conftest import Office
from tests.notifications.test_mail import Server, of, postbox, posting, sends  # noqa: F401  # fixtures
from tests.people import act, add_caller

HOUR = timedelta(hours=1)


async def does(office: Office, caller: Caller, action: str, meeting: Meeting | None, body: Payload) -> Any:
    """Somebody does something to the meeting. Gives what came of it."""
    name = None if meeting is None else meeting.id
    return await act(office.ledger, caller, "meeting", action, name, body, now=office.now)


async def called(office: Office, *persons: Caller, **more: Any) -> Meeting:
    """A meeting of the agent's, in three days."""
    starts_at = office.now + timedelta(days=3)
    fields = {"title": "Board", "meeting_kind": "cab", "chair": "me", "starts_at": starts_at}
    invited = tuple(str(person.person_id) for person in persons)
    body = CallMeeting.model_validate({**fields, "ends_at": starts_at + HOUR, "persons": invited, **more})
    meeting: Meeting = (await does(office, office.agent, "call", None, body)).record
    return meeting


@pytest.fixture
async def voters(office: Office) -> list[Caller]:
    return [await add_caller(office.ledger, name) for name in ("One", "Two", "Three")]


async def meeting_of(office: Office, voters: list[Caller]) -> Meeting:
    """A meeting of the voters alone that has begun, of which they have been told; the first of them chairs
    it.
    """
    times = {"starts_at": office.now + timedelta(minutes=1), "ends_at": office.now + timedelta(days=3)}
    meeting = await called(office, *voters[1:], chair=str(voters[0].person_id), **times)
    office.now += timedelta(minutes=2)
    await office.deliver_all()
    return meeting


async def ask(office: Office, meeting: Meeting, days: float = 2.5) -> Any:
    """The id of a question to those who are invited."""
    body = AskDecision(question="Shall we?", due_at=office.now + timedelta(days=days))
    done = await does(office, office.agent, "ask_decision", meeting, body)
    return done.event.data["set"].popitem()[1].get("decision_id")


async def heard(office: Office, caller: Caller) -> list[str]:
    """What they were told since they were invited."""
    invited, *steps = await office.told_steps(caller)
    assert invited == "invited"
    return list(steps)


async def vote(
    office: Office, meeting: Meeting, caller: Caller, decision: Any, verdict: str = "approve"
) -> None:
    body = CastVote.model_validate({"decision": decision, "verdict": verdict, "comment": "Because."})
    await does(office, caller, "vote", meeting, body)


async def test_voters_are_told_when_they_are_asked_again_before_it_is_too_late_and_when_it_is_over(
    office: Office, voters: list[Caller]
) -> None:
    meeting = await meeting_of(office, voters)
    decision = await ask(office, meeting)
    await office.deliver_all()
    assert [await heard(office, voter) for voter in voters] == [["to_vote"]] * 3
    assert await office.told_steps(office.agent) == [], "who asks knows"
    await vote(office, meeting, voters[0], decision)
    await office.pass_time(days=1)
    assert await heard(office, voters[1]) == ["to_vote"]
    await office.pass_time(days=1)
    await office.deliver_all()
    await office.pass_time(hours=2)
    await office.deliver_all()
    assert await heard(office, voters[0]) == ["to_vote"], "they have voted"
    assert [await heard(office, voter) for voter in voters[1:]] == [["to_vote", "vote_due"]] * 2, "once"
    await vote(office, meeting, voters[1], decision, "reject")
    await vote(office, meeting, voters[2], decision)
    await office.deliver_all()
    assert await heard(office, voters[0]) == ["to_vote", "decided"]
    assert await heard(office, voters[2]) == ["to_vote", "vote_due"], "the last vote was theirs"
    assert "decided" in await office.told_steps(office.agent), "who asked"


@in_test_all
async def test_when_the_time_is_over_all_are_told_and_when_it_is_withdrawn_too(
    office: Office, voters: list[Caller]
) -> None:
    meeting = await meeting_of(office, voters)
    await ask(office, meeting, days=1 / 24)
    await office.pass_time(minutes=31)
    await office.deliver_all()
    await office.pass_time(minutes=31)
    await office.deliver_all()
    over = ["to_vote", "vote_due", "decided"]
    assert await heard(office, voters[0]) == over
    decision = await ask(office, meeting)
    await office.deliver_all()
    withdraw = WithdrawDecision(decision=decision, reason="It is settled.")
    await does(office, office.agent, "withdraw_decision", meeting, withdraw)
    await office.deliver_all()
    assert [await heard(office, voter) for voter in voters] == [[*over, "to_vote", "decided"]] * 3


@in_test_all
async def test_those_invited_are_told_of_each_change_and_who_came_later_of_what_came_later(
    office: Office, voters: list[Caller]
) -> None:
    early, late, outsider = voters
    meeting = await called(office, early)
    await office.deliver_all()
    starts_at = office.now + timedelta(days=5)
    await does(
        office, office.agent, "move", meeting, MoveMeeting(starts_at=starts_at, ends_at=starts_at + HOUR)
    )
    await office.pass_time(seconds=5)
    await does(office, office.agent, "invite", meeting, InviteMeeting(persons=(str(late.person_id),)))
    await office.deliver_all()
    office.now = starts_at
    await does(office, office.agent, "hold", meeting, HoldMeeting(attended=(str(early.person_id),)))
    task = {"title": "Ask for a date", "assignee": str(late.person_id), "due_at": starts_at + HOUR}
    minutes = MinuteMeeting.model_validate({"minutes": "All is well.", "tasks": [task]})
    await does(office, office.agent, "minute", meeting, minutes)
    await office.deliver_all()
    assert await office.told_steps(early) == ["invited", "moved", "statement_about_you", "minuted"]
    assert await office.told_steps(late) == ["invited", "tasked"], "what concerns one most, of one event"
    assert await office.told_steps(outsider) == []
    assert await office.told_steps(office.agent) == []


async def test_who_is_invited_when_a_move_is_told_of_hears_of_it_however_far_back_it_is_dated(
    office: Office, voters: list[Caller]
) -> None:
    meeting = await called(office)
    await office.pass_time(hours=2)
    await does(office, office.agent, "invite", meeting, InviteMeeting(persons=(str(voters[0].person_id),)))
    starts_at = office.now + timedelta(days=5)
    times = {"starts_at": starts_at, "ends_at": starts_at + HOUR, "occurred_at": office.now - HOUR}
    await does(office, office.agent, "move", meeting, MoveMeeting.model_validate(times))
    await does(office, office.agent, "invite", meeting, InviteMeeting(persons=(str(voters[1].person_id),)))
    await office.deliver_all()
    assert [await office.told_steps(voter) for voter in voters] == [["invited", "moved"], ["invited"], []]


async def test_who_chairs_and_who_sees_to_it_are_told_that_it_is_overdue(
    office: Office, voters: list[Caller]
) -> None:
    await called(office, voters[1], chair=str(voters[0].person_id))
    await office.pass_time(days=4, hours=2)
    await office.deliver_all()
    assert await office.told_steps(voters[0]) == ["invited", "overdue"]
    assert await office.told_steps(office.agent) == ["overdue"]
    assert await office.told_steps(voters[1]) == ["invited"]


async def test_when_somebody_ends_a_series_who_chairs_it_and_who_sees_to_it_are_told(
    office: Office, voters: list[Caller]
) -> None:
    admin = await add_caller(office.ledger, "Admin", Role.admin)
    meeting = await called(office, voters[1], chair=str(voters[0].person_id), series_interval="weekly")
    await does(office, admin, "end_series", meeting, EmptyPayload())
    await office.deliver_all()
    assert await office.told_steps(voters[0]) == ["invited", "series_over"]
    assert await office.told_steps(office.agent) == ["series_over"]
    assert await office.told_steps(voters[1]) == ["invited"]
    assert await office.told_steps(admin) == []


def calendar_of(mail: EmailMessage) -> tuple[str, Any]:
    """By which method a calendar comes with the mail, and the event."""
    (part,) = (each for each in mail.walk() if each.get_content_type() == "text/calendar")
    (event,) = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")  # type: ignore[arg-type]  # bytes
    return str(part.get_param("method")), event


async def test_an_invitation_goes_out_as_icalendar_and_the_same_event_is_moved_and_called_off(
    posting: Office,  # noqa: F811  # a fixture
    postbox: Server,  # noqa: F811  # a fixture
) -> None:
    guest = await add_caller(posting.ledger, "Guest")
    meeting = await called(posting, guest, place="Room 3, 二楼")
    await posting.deliver_all()
    await sends(posting)
    starts_at = posting.now + timedelta(days=9)
    move = MoveMeeting(starts_at=starts_at, ends_at=starts_at + HOUR, reason="The room is taken.")
    await does(posting, posting.agent, "move", meeting, move)
    await posting.deliver_all()
    await sends(posting)
    await does(posting, posting.agent, "cancel", meeting, Reason(reason="Nobody has time."))
    await posting.deliver_all()
    await sends(posting)
    invited, moved, off = of(postbox, "guest@example.org")
    events = [calendar_of(mail_sent) for mail_sent in (invited, moved, off)]
    assert [method for method, _ in events] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {str(event["uid"]) for _, event in events} == {f"{meeting.id}@ledgerdesk"}
    assert events[0][1]["sequence"] < events[1][1]["sequence"] < events[2][1]["sequence"]
    assert events[1][1]["dtstart"].dt == starts_at
    assert str(events[1][1]["location"]) == "Room 3, 二楼"
    assert {str(event["attendee"]) for _, event in events} == {"mailto:guest@example.org"}
    assert str(events[0][1]["organizer"]) == "mailto:desk@example.com"
    text = moved.get_body(("plain",))
    assert text is not None
    assert "Reason: The room is taken." in text.get_content().replace("\r\n", "\n")


async def steps(api: Api, client: Client) -> list[str]:
    """What somebody is told when a minute has gone by."""
    worker = Worker(api.ledger)
    await worker.work(datetime.now(UTC))
    await worker.work(datetime.now(UTC) + timedelta(minutes=2))
    assert worker.failures == []
    items = (await client.read("/v1/notices", person="me", sort="sent_at"))["items"]
    return [step["step"] if isinstance(step, dict) else step for notice in items for step in notice["steps"]]


async def test_whoever_asks_hears_whether_it_was_approved_and_voters_that_it_is_their_turn(api: Api) -> None:
    asking = await approval(api)
    for verdict, heard in first_of((("approve", "approved"), ("reject", "refused")), 1):
        path, decision = await asking.asked()
        assert (await steps(api, asking.voters[2]))[-1] == "to_vote"
        for voter in asking.voters[:2]:
            await voter.post_ok(
                f"{path}/vote", {"decision": decision, "verdict": verdict, "comment": "Because."}
            )
        assert (await steps(api, asking.requester))[-1] == heard
        assert (await steps(api, asking.voters[2]))[-1] == "decided"
        assert "decided" in await steps(api, asking.agent), "who asked them"
