"""What is said of meetings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.foundation.decisions.payloads import AskDecision
from app.kernel.actions.payloads import Payload
from app.meetings.payloads import (
    AddAgendaItemMeeting,
    CallMeeting,
    CorrectAttendanceMeeting,
    DropAgendaItemMeeting,
    EditMeeting,
    HoldMeeting,
    InviteMeeting,
    MinuteMeeting,
    MoveMeeting,
    UninviteMeeting,
)
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NOBODYS, another_incident
from tests.people import act, ago

AHEAD = datetime(2199, 1, 1, tzinfo=UTC)
#: As the API takes them.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    CallMeeting: lambda: {
        "title": "Change board 变更委员会",
        "meeting_kind": "cab",
        "starts_at": "2199-01-31T06:00:00Z",
        "ends_at": "2199-01-31T07:30:00Z",
        "time_zone": "Europe/Berlin",
        "place": "Room 2.017",
        "chair": "me",
        "persons": [IDS["person"], IDS["reporter"], IDS["assignee"], "me"],
        "series_interval": "monthly",
        "series_day": "weekday",
        "custom": {"room": "B 2.017", "visitors": 12},
    },
    EditMeeting: lambda: {"title": "Board", "meeting_kind": "progress", "place": "Room 3", "chair": "me"},
    MoveMeeting: lambda: {
        "starts_at": "2199-02-01T06:00:00Z",
        "ends_at": "2199-02-01T07:00:00Z",
        "reason": "The room is taken. 会议室被占用。",
    },
    InviteMeeting: lambda: {"persons": [IDS["doer"]]},
    UninviteMeeting: lambda: {"person": IDS["person"]},
    AddAgendaItemMeeting: lambda: {"topic": "The relay that loses mail", "about": NOBODYS},
    DropAgendaItemMeeting: lambda: {"item": NOBODYS},
    HoldMeeting: lambda: {"attended": ["me", IDS["author"]]},
    CorrectAttendanceMeeting: lambda: {"attended": ["me", IDS["doer"]]},
    MinuteMeeting: lambda: {
        "minutes": "The relay is replaced in May. 五月更换中继。",
        "tasks": [{"title": "Ask for a date", "assignee": IDS["person"], "due_at": "2199-03-01T00:00:00Z"}],
    },
}


def _begun() -> Json:
    """One that has begun when it is told of."""
    times = {"occurred_at": ago(days=1), "starts_at": ago(hours=2), "ends_at": ago(hours=1)}
    return {name: time.isoformat() for name, time in times.items()}


#: What is said when it is opened, so that it can come to a state, or an action be carried out.
OPENED_TOWARDS: dict[tuple[str, str], Callable[[], Json]] = {
    ("meeting", name): _begun for name in ("hold", "held", "minuted")
}


async def _talked_about(client: Client, path: str) -> Json:
    return {"about": (await another_incident(client, path))["other"]}


async def _on_the_agenda(client: Client, path: str) -> Json:
    await client.post_ok(f"{path}/add_agenda_item", {"topic": "The budget"})
    return {"item": (await client.read(f"{path}/agenda"))["items"][-1]["id"]}


async def open_question(client: Client, path: str) -> Json:
    """A question on the record at that address that waits for the client's vote, put if there is none."""
    items = (await client.read(f"{path}/decisions"))["items"]
    if not items:
        body = AskDecision(question="Shall we go on?", due_at=AHEAD)
        person_id = UUID(IDS["doer"])
        staff = Caller(f"person:{person_id}", person_id, roles=(RoleGrant(Role.admin),))
        record = path.rpartition("/")[2]
        await act(client.app.state.ledger, staff, "meeting", "ask_decision", record, body)
        return await open_question(client, path)
    return {"decision": items[-1]["id"]}


#: The states in which there can be what the action names: there is nothing to vote on when it is over.
ONLY_IN = {"meeting.vote": frozenset({"called", "held"})}
#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    AddAgendaItemMeeting: _talked_about,
    DropAgendaItemMeeting: _on_the_agenda,
}
