"""Meetings that others need: called two hours ago, and held an hour ago."""

from __future__ import annotations

from tests.client import Client
from tests.people import ago


async def held_meeting(
    organiser: Client,
    *attended: Client,
    meeting_kind: str = "plan_review",
    held: bool = True,
    about: str | None = None,
) -> str:
    """The id of a meeting of that kind, which its organiser chaired, and these attended. If it is about a
    record, the first of them chaired it, and signed its minutes.
    """
    when = {"occurred_at": ago(hours=2), "starts_at": ago(hours=1), "ends_at": ago(minutes=30)}
    times = {name: f"{instant:%FT%TZ}" for name, instant in when.items()}
    body = {
        "title": "About improvements",
        "meeting_kind": meeting_kind,
        "chair": "me" if about is None else attended[0].id,
        **times,
    }
    record = await organiser.post_ok("/v1/meetings", body)
    path = f"/v1/meetings/{record['id']}"
    if about is not None:
        await organiser.post_ok(f"{path}/add_agenda_item", {"topic": "What we judge", "about": about})
    if held:
        attendance = {"attended": ["me", *(client.id for client in attended if client is not organiser)]}
        await organiser.post_ok(f"{path}/hold", attendance)
    if about is not None:
        await organiser.post_ok(f"{path}/minute", {"minutes": "We agreed on all verdicts."})
        await attended[0].post_ok(f"{path}/sign")
    return str(record["id"])
