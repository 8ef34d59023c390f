"""An agent hands a ticket to another team, reads and is told what becomes of it, and acts on it no more; over
HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.common.people import Role, rule_caller
from app.kernel.histories.rebuild import compare
from app.registry import LIFECYCLES
from app.ticketing.work.assignment import AssignTicket
from tests.automation.worker import Worker
from tests.cases import each_case
from tests.client import RESOLVED, Api, Client, an_incident
from tests.heads import differing_heads
from tests.people import act

A_REQUEST = {"title": "A mailbox", "description": "For the fair.", "channel": "portal", "urgency": "3"}
KINDS = {"incidents": an_incident(), "requests": A_REQUEST}


@dataclass
class House:
    """Somebody who asks, a desk of two, a network team, and a worker."""

    api: Api
    zhao: Client
    lin: Client
    kai: Client
    emil: Client

    async def told(self, client: Client) -> list[str]:
        """What the person was told so far, once the worker has done what follows."""
        worker = Worker(self.api.ledger)
        for seconds in (0, 61):
            await worker.work(datetime.now(UTC) + timedelta(seconds=seconds))
        assert worker.failures == []
        query = "select unnest(steps) as step from fold.notice where person_id = %s order by id"
        return [row["step"] for row in await self.api.ledger.db.rows(query, (client.id,))]

    async def at_the_desk(self, plural: str) -> str:
        """Where a ticket of Zhao's is that the desk has."""
        path = f"/v1/{plural}/{(await self.zhao.post_ok(f'/v1/{plural}', KINDS[plural]))['id']}"
        await self.lin.post_ok(f"{path}/assign", {"team": "desk"})
        return path

    async def handed_over(self, plural: str) -> str:
        """The same, that Lin has given to the network team."""
        path = await self.at_the_desk(plural)
        await self.lin.post_ok(f"{path}/assign", {"team": "network"})
        return path


@pytest.fixture
async def house(api: Api) -> House:
    for team in ("desk", "network"):
        await api.team(team)
    return House(
        api,
        zhao=await api.client("Zhao Min"),
        lin=await api.client("Lin", Role.agent, teams=("desk",)),
        kai=await api.client("Kai", Role.agent, teams=("desk",)),
        emil=await api.client("Emil", Role.engineer, Role.agent, teams=("network",)),
    )


async def onlookers(client: Client, path: str) -> list[str]:
    """The names of those who look on."""
    return [item["person"]["name"] for item in (await client.read(f"{path}/onlookers"))["items"]]


async def open_to(client: Client, path: str) -> set[str]:
    """The actions that the ticket offers, which are those that a list offers."""
    offered = {action["action"] for action in (await client.read(path))["actions"]}
    plural, record_id = path.split("/")[2:]
    listed = (await client.read(f"/v1/{plural}", include="actions"))["items"]
    assert [set(item["actions"]) for item in listed if item["id"] == record_id] == [offered]
    return offered


@each_case("plural", list(KINDS))
async def test_who_hands_it_over_reads_it_and_is_told_and_does_nothing_but_unfollow(
    house: House, plural: str
) -> None:
    path = await house.at_the_desk(plural)
    assert await onlookers(house.lin, path) == [], "their own team sees it by itself"
    assert "comment" in await open_to(house.lin, path)
    answered = await house.lin.post_ok(f"{path}/assign", {"team": "network"})
    assert [action["action"] for action in answered["actions"]] == ["unfollow"]
    assert await onlookers(house.emil, path) == ["Lin"]
    assert (await house.kai.get(path)).status_code == 404, "the others of the desk see it no more"
    assert await open_to(house.lin, path) == {"unfollow"}
    before = await house.told(house.lin)
    await house.emil.post_ok(f"{path}/assign", {"person": "me"})
    await house.emil.post_ok(f"{path}/comment", {"text": "We look at the relay."})
    assert (await house.told(house.lin))[len(before) :] == ["assigned", "commented"]
    assert len((await house.lin.read(f"{path}/comments"))["items"]) == 1
    followed = (await house.lin.read(f"/v1/{plural}", follower="me"))["items"]
    assert [item["id"] for item in followed] == [path.split("/")[-1]]
    await house.lin.post_ok(f"{path}/unfollow")
    assert (await house.lin.get(path)).status_code == 404
    assert (await house.lin.read(f"/v1/{plural}", follower="me"))["items"] == []
    await house.emil.post_ok(f"{path}/comment", {"text": "It is the relay."})
    assert len(await house.told(house.lin)) == len(before) + 2


@each_case("plural", list(KINDS))
async def test_what_is_refused_says_why_in_both_languages_and_following_lifts_it_not(
    house: House, plural: str
) -> None:
    path = await house.handed_over(plural)
    refused = await house.lin.post(f"{path}/follow")
    assert (refused.status_code, refused.json()["code"]) == (403, "onlooker_reads")
    assert refused.json()["detail"].startswith("You handed this record over to another team, or closed it.")
    refused = await house.lin.post(
        f"{path}/comment", json={"text": "Any news?"}, headers={"Accept-Language": "zh"}
    )
    assert refused.json()["detail"].startswith("您已将此记录移交其他团队")
    back = await house.lin.post(f"{path}/assign", json={"team": "desk"})
    assert (back.status_code, back.json()["code"]) == (403, "onlooker_reads")
    refused = await house.lin.post(f"{path}/unfollow", json={"person": house.zhao.id})
    assert refused.json()["errors"][0]["pointer"] == "/person"


async def test_a_ticket_that_one_looks_on_is_not_changed_by_way_of_another(house: House) -> None:
    theirs = await house.handed_over("incidents")
    own = await house.at_the_desk("incidents")
    link = {"kind": "relates_to", "other": theirs.split("/")[-1]}
    refused = await house.lin.post(f"{own}/link", json=link)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "refused_there"
    assert "You handed this record over to another team" in refused.text
    await house.emil.post_ok(f"{theirs}/follow", {"person": house.lin.id})
    await house.lin.post_ok(f"{own}/link", link)


async def test_who_closes_a_ticket_of_another_team_still_reads_it(house: House) -> None:
    path = await house.at_the_desk("incidents")
    await house.lin.post_ok(f"{path}/assign", {"team": "network"})
    await house.emil.post_ok(f"{path}/assign", {"person": "me"})
    for action, body in (("acknowledge", {}), ("resolve", RESOLVED)):
        await house.emil.post_ok(f"{path}/{action}", body)
    assert await onlookers(house.emil, path) == ["Lin"], "who resolves it sees it by their team"
    await house.kai.post_ok(f"{path}/close")
    assert (await house.kai.read(path))["state"] == "closed"
    assert await open_to(house.kai, path) == {"unfollow"}
    await house.kai.post_ok(f"{path}/unfollow")
    assert (await house.kai.get(path)).status_code == 404, "and no row comes back"


async def test_a_repeated_hand_over_is_answered_as_the_first_and_tells_once(house: House) -> None:
    path, once = await house.at_the_desk("incidents"), {"Idempotency-Key": str(uuid4())}
    answers = [
        await house.lin.post(f"{path}/assign", json={"team": "network"}, headers=once) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["version"] == answers[1].json()["version"]
    assert await onlookers(house.lin, path) == ["Lin"]


async def test_back_at_their_team_they_act_and_hand_it_over_again(house: House) -> None:
    path = await house.handed_over("incidents")
    await house.emil.post_ok(f"{path}/assign", {"team": "desk"})
    assert {"assign", "comment", "follow", "unfollow"} < await open_to(house.lin, path)
    await house.lin.post_ok(f"{path}/escalate", {"team": "network", "reason": "It is theirs."})
    assert await open_to(house.lin, path) == {"unfollow"}
    assert sorted(await onlookers(house.lin, path)) == ["Emil", "Lin"]
    await house.emil.post_ok(f"{path}/assign", {"person": house.lin.id})
    assert "comment" in await open_to(house.lin, path), "who is assigned acts"


async def test_a_task_lets_whoever_looks_on_act_again(house: House) -> None:
    path = await house.handed_over("incidents")
    task = {"title": "Ask the caller", "assignee": house.lin.id}
    await house.emil.post_ok(f"{path}/add_task", task)
    assert "complete_task" in await open_to(house.lin, path)
    await house.lin.post_ok(f"{path}/unfollow")
    assert (await house.lin.get(path)).status_code == 404, "both what they follow and look on at ends"


async def test_who_follows_already_stays_a_follower_and_rules_and_requesters_look_on_at_nothing(
    house: House,
) -> None:
    path = await house.at_the_desk("incidents")
    await house.lin.post_ok(f"{path}/follow")
    await house.lin.post_ok(f"{path}/assign", {"team": "network"})
    assert await onlookers(house.lin, path) == []
    assert "comment" in await open_to(house.lin, path)
    own = f"/v1/incidents/{(await house.kai.post_ok('/v1/incidents', an_incident()))['id']}"
    await house.kai.post_ok(f"{own}/assign", {"team": "network"})
    assert await onlookers(house.kai, own) == [], "requesters are told in any case"
    ticket = f"/v1/incidents/{(await house.zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    ledger, body = house.api.ledger, AssignTicket(team="network")
    await act(ledger, rule_caller("tests"), "incident", "assign", ticket.rsplit("/", maxsplit=1)[-1], body)
    assert await onlookers(house.emil, ticket) == [], "a rule reads nothing"


async def test_what_the_log_says_of_onlookers_folds_to_the_same_rows_and_heads(house: House) -> None:
    path = await house.handed_over("incidents")
    await house.lin.post_ok(f"{path}/unfollow")
    await house.handed_over("requests")
    async with house.api.ledger.db.connection() as connection:
        assert (await compare(connection, LIFECYCLES)).differing == {}
        assert await differing_heads(connection, LIFECYCLES) == []
