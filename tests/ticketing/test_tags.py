"""Tags are words that tickets are found by: each once, and not too many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.common.people import Role, rule_caller
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Payload, RecordKey
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.processes.incidents.lifecycle import LIFECYCLE as INCIDENTS
from app.ticketing.records import Tag
from app.ticketing.tags import MOST_TAGS
from tests.client import Api, Client, an_incident
from tests.extent import in_test_all
from tests.people import context


class TagAsBefore(Payload):
    """What was said before one could say for whom."""

    tag: RecordKey


def tag_as_before(ticket: Any, body: TagAsBefore, ctx: ActionContext) -> None:
    """It gets a word that it is found by."""
    ctx.outcome.add(Tag(id=ctx.new_id(), record=ticket.row_key, name=body.tag, tagged_at=ctx.occurred_at))


async def tags(client: Client, path: str) -> list[str]:
    """The tags of the ticket."""
    return [item["name"] for item in (await client.read(f"{path}/tags", limit=200))["items"]]


async def test_a_tag_is_there_once_until_it_is_taken_off(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    path = f"/v1/incidents/{(await agent.post_ok('/v1/incidents', an_incident()))['id']}"
    await agent.post_ok(f"{path}/tag", {"tag": "printer"})
    await agent.post_ok(f"{path}/tag", {"tag": "打印机"})
    assert await tags(agent, path) == ["printer", "打印机"]
    refused = await agent.post(f"{path}/tag", json={"tag": "printer"})
    assert refused.json()["errors"][0]["code"] == "there_already"
    await agent.post_ok(f"{path}/untag", {"tag": "printer"})
    assert await tags(agent, path) == ["打印机"]
    refused = await agent.post(f"{path}/untag", json={"tag": "printer"})
    assert refused.json()["errors"][0]["code"] == "unknown_reference"
    await agent.post_ok(f"{path}/tag", {"tag": "printer"})
    assert await tags(agent, path) == ["打印机", "printer"]


@in_test_all
async def test_there_is_an_end_to_tags(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    path = f"/v1/incidents/{(await agent.post_ok('/v1/incidents', an_incident()))['id']}"
    for n in range(MOST_TAGS):
        await agent.post_ok(f"{path}/tag", {"tag": f"tag-{n}"})
    refused = await agent.post(f"{path}/tag", json={"tag": "one-more"})
    assert refused.json()["errors"][0]["code"] == "too_many_tags"
    assert len(await tags(agent, path)) == MOST_TAGS


async def test_tags_are_for_staff_if_they_are_not_said_to_be_for_all(api: Api) -> None:
    team = await api.team("network")
    zhao, agent = await api.client("Zhao Min"), await api.client("Lin", Role.agent, teams=("network",))
    here = await api.client("Wei", f"engineer@team/{team}")
    elsewhere = await api.client("Otto", "engineer@service/mail")
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "network"})
    await agent.post_ok(f"{path}/follow", {"person": elsewhere.id})
    await agent.post_ok(f"{path}/tag", {"tag": "suspect-fraud"})
    await agent.post_ok(f"{path}/tag", {"tag": "printer", "visibility": "public"})
    await agent.post_ok(f"{path}/tag", {"tag": "vip", "visibility": "internal"})
    await agent.post_ok(f"{path}/untag", {"tag": "vip"})
    for client, visible in (
        (zhao, ["printer"]),
        (elsewhere, ["printer"]),
        (agent, ["suspect-fraud", "printer"]),
        (here, ["suspect-fraud", "printer"]),
    ):
        assert await tags(client, path) == visible
        for tag in ("suspect-fraud", "printer"):
            for tag_asked, expected in ((tag, tag in visible), ("other", False)):
                tagged = (await client.read("/v1/incidents", tag=tag_asked, fields="id"))["items"]
                left = (await client.read("/v1/incidents", tag_not=tag_asked, fields="id"))["items"]
                assert (len(tagged), len(left)) == (int(expected), 1 - int(expected)), (client.id, tag_asked)
        events = (await client.get(f"{path}/events")).text
        assert ("suspect-fraud" in events, "vip" in events) == ("suspect-fraud" in visible,) * 2
        assert "printer" in events
    assert (await zhao.post(f"{path}/tag", json={"tag": "urgent"})).status_code == 403


async def test_a_tag_from_before_they_said_for_whom_is_for_staff(api: Api) -> None:
    zhao, agent = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    row = replace(INCIDENTS["tag"], apply=tag_as_before, body=TagAsBefore)
    body = TagAsBefore(tag="suspect-fraud")
    await perform(
        api.ledger, Command(INCIDENTS, row, path.rpartition("/")[2], body, context(rule_caller("tests")))
    )
    assert (await tags(zhao, path), await tags(agent, path)) == ([], ["suspect-fraud"])
    events = [(await client.get(f"{path}/events")).text for client in (zhao, agent)]
    assert ["suspect-fraud" in text for text in events] == [False, True]
