"""Meetings that others need: called two hours ago, and held an hour ago."""

from __future__ import annotations

from tests.client import Client
from tests.people import ago


async def held_meeting(
    organiser: Client, *attended: Client, meeting_kind: str = "plan_review", held: bool = True
) -> str:
    """The id of a meeting of that kind, which its organiser chaired, and these attended."""
    when = {"occurred_at": ago(hours=2), "starts_at": ago(hours=1), "ends_at": ago(minutes=30)}
    times = {name: f"{instant:%FT%TZ}" for name, instant in when.items()}
    body = {"title": "About improvements", "meeting_kind": meeting_kind, "chair": "me", **times}
    record = await organiser.post_ok("/v1/meetings", body)
    if held:
        attendance = {"attended": ["me", *(client.id for client in attended)]}
        await organiser.post_ok(f"/v1/meetings/{record['id']}/hold", attendance)
    return str(record["id"])
