"""Who follows a ticket sees it, in every way of looking, until they have seen enough."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.common.people import Role, rule_caller
from app.kernel.actions.refusals import ActionUnavailable
from app.kernel.histories.rebuild import compare
from app.kernel.ledger import Ledger
from app.registry import LIFECYCLES
from app.ticketing.followers import FollowTicket, UnfollowTicket
from app.ticketing.work.assignment import AssignTicket
from tests.api.test_visibility import sees
from tests.client import Api, Client, Json, an_incident
from tests.extent import in_test_all
from tests.kernel.incidents import report
from tests.people import act, add_caller, add_team


def offered(record: Json) -> dict[str, str | None]:
    """Of each action its reason, if it is closed."""
    return {a["action"]: a["reason"] for a in record["actions"]}


async def followers(client: Client, path: str) -> list[str]:
    """The names of those who follow it."""
    return [item["person"]["name"] for item in (await client.read(f"{path}/followers"))["items"]]


async def test_who_is_let_follow_it_sees_it_in_every_way_and_then_no_more(api: Api) -> None:
    agent, wu = await api.client("Lin", Role.agent), await api.client("Wu Jing")
    record = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{record['id']}"
    assert not await sees(wu, record["id"])
    await agent.post_ok(f"{path}/follow", {"person": wu.id})
    assert await sees(wu, record["id"])
    assert await followers(wu, path) == ["Wu Jing"]
    await wu.post_ok(f"{path}/unfollow")
    assert not await sees(wu, record["id"])
    assert await followers(agent, path) == []


async def test_who_follows_keeps_seeing_it_whoever_it_is_given_to(api: Api) -> None:
    for team in ("desk", "network"):
        await api.staffed_team(team)
    agent = await api.client("Lin", Role.agent, teams=("desk",))
    record = (await (await api.client("Zhao Min")).post_ok("/v1/incidents", an_incident()))["id"]
    path = f"/v1/incidents/{record}"
    await agent.post_ok(f"{path}/follow")
    # Assigned to her, and given away again: that she follows it is another matter.
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/assign", {"team": "network"})
    assert await sees(agent, record)
    await agent.post_ok(f"{path}/unfollow")
    assert not await sees(agent, record)


async def test_only_staff_say_so_of_others(api: Api) -> None:
    zhao, wu = await api.client("Zhao Min"), await api.client("Wu Jing")
    record = await zhao.post_ok("/v1/incidents", an_incident())
    refused = await zhao.post(f"/v1/incidents/{record['id']}/follow", json={"person": wu.id})
    # Whom she may not see, she cannot name.
    assert refused.json()["errors"][0]["code"] == "unknown_reference"
    assert refused.json()["errors"][0]["pointer"] == "/person"
    await zhao.post_ok(f"/v1/incidents/{record['id']}/follow", {"person": "me"})
    assert not await sees(wu, record["id"])


async def test_nobody_follows_twice_and_the_record_says_which_of_the_two_is_open(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    record = await zhao.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{record['id']}"
    actions = offered(record)
    assert actions["follow"] is None
    assert actions["unfollow"] == "You do not follow this record."
    assert (await zhao.post(f"{path}/unfollow")).json()["code"] == "does_not_follow"
    after = offered(await zhao.post_ok(f"{path}/follow"))
    assert (after["follow"], after["unfollow"]) == ("You already follow this record.", None)
    refused = await zhao.post(f"{path}/follow", headers={"Accept-Language": "zh"})
    assert (refused.status_code, refused.json()["code"]) == (409, "follows_already")
    answer = await zhao.get(path, headers={"Accept-Language": "zh"})
    assert offered(answer.json())["follow"] == refused.json()["detail"]
    # In a list nothing is looked up.
    (listed,) = (await zhao.read("/v1/incidents", include="actions"))["items"]
    assert {"follow", "unfollow"} <= set(listed["actions"])


@in_test_all
async def test_who_follows_again_after_having_stopped_does_so_and_the_fold_holds(ledger: Ledger) -> None:
    agent = await add_caller(ledger, "Lin", Role.agent)
    incident = await report(ledger, agent)
    for action, body in (
        ("follow", FollowTicket()),
        ("unfollow", UnfollowTicket()),
        ("follow", FollowTicket()),
    ):
        await act(ledger, agent, "incident", action, incident.id, body)
    assert await ledger.db.value("select count(*) from fold.follower") == 1
    with pytest.raises(ActionUnavailable):
        await act(ledger, agent, "incident", "follow", incident.id, FollowTicket())
    async with ledger.db.connection() as connection:
        assert (await compare(connection, LIFECYCLES)).differing == {}


@in_test_all
async def test_a_rule_lets_others_follow_but_follows_nothing_itself(ledger: Ledger) -> None:
    agent, wu = await add_caller(ledger, "Lin", Role.agent), await add_caller(ledger, "Wu Jing")
    await add_team(ledger, "network")
    incident = await report(ledger, agent)
    body = FollowTicket(person=str(wu.person_id))
    await act(ledger, rule_caller("tests"), "incident", "follow", incident.id, body)
    await act(ledger, rule_caller("tests"), "incident", "assign", incident.id, AssignTicket(team="network"))
    assert await audience(ledger, incident.id) >= {f"follower:{wu.person_id}"}


async def audience(ledger: Ledger, incident: UUID) -> set[str]:
    query = "select audience from log.stream_head where stream = %s"
    audience_of: Any = await ledger.db.value(query, (f"incident/{incident}",))
    return set(audience_of)
