"""Whoever hands a ticket to another team follows what becomes of it."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, an_incident


async def test_who_hands_a_ticket_to_another_team_follows_it_and_its_public_steps_only(api: Api) -> None:
    for team in ("desk", "network"):
        await api.team(team)
    lin = await api.client("Lin", Role.agent, teams=("desk",))
    kai = await api.client("Kai", Role.agent, teams=("desk",))
    zhao = await api.client("Zhao Min")
    emil = await api.client("Emil", Role.engineer, teams=("network",))
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    await lin.post_ok(f"{path}/assign", {"team": "desk"})
    assert (await lin.read(f"{path}/followers"))["items"] == [], "their own team sees it by itself"
    await lin.post_ok(f"{path}/assign", {"team": "network"})
    followers = (await lin.read(f"{path}/followers"))["items"]
    assert [follower["person"]["id"] for follower in followers] == [lin.id]
    assert (await kai.get(path)).status_code == 404
    await emil.post_ok(f"{path}/assign", {"person": "me"})
    await emil.post_ok(f"{path}/start")
    assert (await lin.read(path))["state"] == "in_progress"
    await lin.post_ok(f"{path}/unfollow")
    assert (await lin.get(path)).status_code == 404
