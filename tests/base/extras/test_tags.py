"""Tags are words that tickets are found by: each once, and not too many."""

from __future__ import annotations

from app.base.extras.tags import MOST_TAGS
from app.common.people import Role
from tests.client import Api, Client, an_incident


async def tags(client: Client, at: str) -> list[str]:
    """The tags of the ticket."""
    return [item["name"] for item in (await client.read(f"{at}/tags", limit=200))["items"]]


async def test_a_tag_is_there_once_until_it_is_taken_off(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    at = f"/v1/incidents/{(await agent.do('/v1/incidents', an_incident()))['id']}"
    await agent.do(f"{at}/tag", {"tag": "printer"})
    await agent.do(f"{at}/tag", {"tag": "打印机"})
    assert await tags(agent, at) == ["printer", "打印机"]
    refused = await agent.post(f"{at}/tag", json={"tag": "printer"})
    assert refused.json()["errors"][0]["code"] == "there_already"
    await agent.do(f"{at}/untag", {"tag": "printer"})
    assert await tags(agent, at) == ["打印机"]
    refused = await agent.post(f"{at}/untag", json={"tag": "printer"})
    assert refused.json()["errors"][0]["code"] == "unknown_reference"
    await agent.do(f"{at}/tag", {"tag": "printer"})
    assert await tags(agent, at) == ["打印机", "printer"]


async def test_there_is_an_end_to_tags(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    at = f"/v1/incidents/{(await agent.do('/v1/incidents', an_incident()))['id']}"
    for n in range(MOST_TAGS):
        await agent.do(f"{at}/tag", {"tag": f"tag-{n}"})
    refused = await agent.post(f"{at}/tag", json={"tag": "one-more"})
    assert refused.json()["errors"][0]["code"] == "too_many_tags"
    assert len(await tags(agent, at)) == MOST_TAGS


async def test_requesters_read_tags_and_set_none(api: Api) -> None:
    zhao, agent = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    at = f"/v1/incidents/{(await zhao.do('/v1/incidents', an_incident()))['id']}"
    await agent.do(f"{at}/tag", {"tag": "printer"})
    assert await tags(zhao, at) == ["printer"]
    assert (await zhao.post(f"{at}/tag", json={"tag": "urgent"})).status_code == 403
