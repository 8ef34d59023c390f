"""A P1 is acknowledged by a person who is on call, where there is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Role
from app.log.canonical import instant
from tests.client import Api, Client, Json, an_incident
from tests.extent import in_test_all

P1 = {"impact": "1", "urgency": "1"}


async def given_to(api: Api, team: str, **fields: str) -> str:
    """Where an incident of that team is."""
    agent = await api.client("Lin", Role.agent)
    path = f"/v1/incidents/{(await agent.post_ok('/v1/incidents', an_incident(**fields)))['id']}"
    await agent.post_ok(f"{path}/assign", {"team": team})
    return path


async def acknowledging(client: Client, path: str) -> Json:
    """The action as the record offers it."""
    offered = (await client.read(path))["actions"]
    (acknowledge,) = [action for action in offered if action["action"] == "acknowledge"]
    return dict(acknowledge)


@in_test_all
async def test_a_p1_is_acknowledged_by_whoever_is_on_call_in_its_team_at_that_time(api: Api) -> None:
    for team in ("net", "mail"):
        await api.team(team)
    duty, other = [await api.client(name, Role.engineer, teams=("net", "mail")) for name in ("Chen", "Wu")]
    admin = await api.client("Ada", Role.admin)
    now = datetime.now(UTC)
    on_call = {
        "team": "net",
        "person": duty.id,
        "duty": "on_call",
        "starts_at": instant(now - timedelta(hours=1)),
        "ends_at": instant(now + timedelta(hours=1)),
    }
    stand_in = await admin.post_ok("/v1/stand_ins", on_call)

    first = await given_to(api, "net", **P1)
    refused = await other.post(f"{first}/acknowledge", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_on_call")
    offered = await acknowledging(other, first)
    assert (offered["open"], "on call" in offered["reason"]) == (False, True)
    assert (await acknowledging(duty, first))["open"]
    assert (await duty.post_ok(f"{first}/acknowledge"))["state"] == "acknowledged"

    for path in (
        await given_to(api, "net", impact="1", urgency="2"),
        await given_to(api, "mail", **P1),
    ):
        assert (await other.post_ok(f"{path}/acknowledge"))["state"] == "acknowledged", (
            "no P1, or nobody on call"
        )
    agent = await api.client("Hu", Role.agent)
    nobodys = await agent.post_ok("/v1/incidents", an_incident(**P1))
    await agent.post_ok(f"/v1/incidents/{nobodys['id']}/acknowledge")
    second = await given_to(api, "net", **P1)
    assert (await other.post_ok(f"{second}/start"))["state"] == "in_progress", "who is given it need not wait"

    third = await given_to(api, "net", **P1)
    await admin.post_ok(f"/v1/stand_ins/{stand_in['id']}/cancel")
    assert (await other.post_ok(f"{third}/acknowledge"))["state"] == "acknowledged"
