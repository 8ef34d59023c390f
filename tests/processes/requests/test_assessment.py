"""Who has a request after its assessment."""

from __future__ import annotations

import pytest

from app.common.people import Role
from tests.client import Api, Json

ASSESSED = {"category": "software", "impact": "3", "urgency": "3", "path": "standard"}


@pytest.mark.parametrize(
    ("named", "keeps"),
    [({}, True), ({"team": "desk"}, True), ({"team": "network"}, False)],
    ids=("nobody", "the same team", "another team"),
)
async def test_whoever_took_a_request_keeps_it_unless_its_assessment_gives_it_away(
    api: Api, named: Json, keeps: bool
) -> None:
    for key in ("desk", "network"):
        await api.team(key)
    await api.client("Emil", Role.engineer, teams=("network",))
    agent = await api.client("Li Na", Role.agent, teams=("desk",))
    body = {"title": "A laptop", "description": "For a newcomer.", "channel": "portal", "urgency": "3"}
    request = await agent.post_ok("/v1/requests", body)
    path = f"/v1/requests/{request['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "desk", "person": "me"})
    assessed = await agent.post_ok(f"{path}/assess", ASSESSED | named)
    assert (assessed["assignee"] is not None) is keeps
