"""Templates of standard changes over HTTP: drafted, approved by somebody else, retired; and who sees them."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.people import Role
from tests.boards import decide, put_to_vote
from tests.client import Api, Client, Json

PATH = "/v1/change_templates"
RESTART = f"{PATH}/relay-restart"


def a_template(**more: Any) -> Json:
    """What is said to draft one."""
    return {
        "key": "relay-restart",
        "title": "Restart the mail relay",
        "plan": "1. Drain it. 2. Restart it.",
        "back_out_plan": "Start the standby relay.",
        "risk_level": "low",
        "ci_classes": ["network"],
        **more,
    }


async def edited(client: Client, **fields: Any) -> Any:
    return await client.patch(RESTART, json=fields, headers={"If-Match": "*"})


async def test_a_template_of_an_important_service_is_of_medium_risk_at_least(
    api: Api, owner: Client, manager: Client
) -> None:
    keeper = await api.client("Keeper", Role.service_level_manager)
    members = [await api.client(name, Role.cab_member) for name in ("Mei", "Nils")]
    for key, criticality, risk in (("mes", "critical", "medium"), ("wiki", "low", "low")):
        names = {"key": key, "name_en": key, "name_zh": key, "owner": "me"}
        await keeper.post_ok("/v1/services", {**names, "criticality": criticality})
        await owner.post_ok(PATH, a_template(key=f"{key}-restart", services=[key]))
        low = {"criticality": "low"}
        lowered = await keeper.patch(f"/v1/services/{key}", json=low, headers={"If-Match": "*"})
        assert lowered.status_code == 200, "which changes no risk of what is drafted already"
        template = await manager.post_ok(f"{PATH}/{key}-restart/approve")
        assert template["risk_level"] == risk
        ballots = (await manager.read(f"{PATH}/{key}-restart/votes"))["items"]
        voters = {ballot["person"]["id"] for ballot in ballots}
        assert (voters >= {member.id for member in members}) == (risk == "medium")
        assert (manager.id in voters) == (risk == "low")


@pytest.fixture
async def owner(api: Api) -> Client:
    return await api.client("Owner", Role.process_owner)


@pytest.fixture
async def manager(api: Api) -> Client:
    return await api.client("Manager", Role.change_manager)


@pytest.fixture
async def other(api: Api) -> Client:
    return await api.client("Other manager", Role.change_manager)


async def test_a_template_is_drafted_approved_by_those_who_decide_on_such_changes_and_retired(
    api: Api, owner: Client, manager: Client
) -> None:
    await api.team("mail")
    drafted = await owner.post_ok(PATH, a_template(team="mail", test_plan="Send a mail."))
    assert (drafted["state"], drafted["author"]["id"], drafted["team"]["key"]) == ("draft", owner.id, "mail")
    alone = await manager.post(f"{RESTART}/approve", json={})
    assert (alone.status_code, alone.json()["code"]) == (409, "too_few_may_decide"), "nobody else may vote"
    other = await api.client("Other manager", Role.change_manager)
    draft = await manager.post_ok(f"{RESTART}/approve")
    assert (draft["state"], draft["approved_by"]) == ("draft", None), "nobody has voted"
    refused = await edited(owner, plan="Do it otherwise.")
    assert (refused.status_code, refused.json()["code"]) == (409, "being_decided")
    twice = await manager.post(f"{RESTART}/approve", json={})
    assert (twice.status_code, twice.json()["code"]) == (409, "template_asked")
    [question] = (await manager.read(f"{RESTART}/decisions"))["items"]
    after_vote = await manager.post_ok(f"{RESTART}/vote", {"decision": question["id"], "verdict": "approve"})
    assert after_vote["state"] == "draft", "the asker's vote alone approves nothing"
    approved = await decide([other], RESTART)
    assert (approved["state"], approved["approved_by"]["id"]) == ("approved", other.id)
    retired = await owner.post_ok(f"{RESTART}/retire")
    assert retired["state"] == "retired"
    assert retired["retired_at"] is not None
    events = (await owner.read(f"{RESTART}/events"))["items"]
    named = [event["type"].partition(".")[2] for event in events]
    assert named == ["drafted", "approval_asked", "voted", "voted", "approved_by_decision", "retired"]


async def test_the_board_of_its_risk_and_the_owners_of_its_services_decide_on_a_template(
    api: Api, owner: Client, manager: Client
) -> None:
    keeper = await api.client("Keeper", Role.admin, Role.configuration_manager)
    post, board = await api.client("Owner of mail", Role.engineer), await api.client("Cab", Role.cab_member)
    names = {"name_en": "Mail", "name_zh": "邮件", "criticality": "high", "owner": post.id}
    await keeper.post_ok("/v1/services", {"key": "mail", **names})
    relay = {"key": "relay-1", "name": "relay-1", "ci_class": "network", "services": ["mail"]}
    await keeper.post_ok("/v1/cis", relay)
    await owner.post_ok(PATH, a_template(risk_level="high"))
    risky = await manager.post(f"{RESTART}/approve", json={})
    assert (risky.status_code, risky.json()["code"]) == (409, "template_too_risky")
    assert (await edited(owner, risk_level="medium")).status_code == 200
    await manager.post_ok(f"{RESTART}/approve")
    ballots = (await manager.read(f"{RESTART}/votes"))["items"]
    assert {ballot["person"]["id"] for ballot in ballots} == {post.id, board.id}
    assert (await decide([post, board], RESTART, "reject"))["state"] == "draft"
    await manager.post_ok(f"{RESTART}/approve")
    assert (await decide([post, board], RESTART))["state"] == "approved"


async def test_whoever_has_written_a_draft_does_not_approve_it_although_another_wrote_it_last(
    api: Api, owner: Client, manager: Client, other: Client
) -> None:
    await owner.post_ok(PATH, a_template())
    answer = await edited(manager, plan="1. Wait. 2. Restart it.", services=[], test_plan=None)
    assert (answer.status_code, answer.json()["author"]["id"]) == (200, manager.id)
    refused = await manager.post(f"{RESTART}/approve", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    assert (await edited(owner, plan="1. Drain it.")).status_code == 200
    again = await manager.post(f"{RESTART}/approve", json={})
    assert (again.status_code, again.json()["code"]) == (403, "separation_of_duties")
    assert "author" in again.json()["detail"]
    offered = {each["action"]: each for each in (await manager.read(RESTART))["actions"]}
    assert "author" in offered["approve"]["reason"]
    third = await api.client("Third manager", Role.change_manager)
    await other.post_ok(f"{RESTART}/approve")
    ballots = (await other.read(f"{RESTART}/votes"))["items"]
    assert {ballot["person"]["id"] for ballot in ballots} == {other.id, third.id}
    assert (await decide([third], RESTART))["plan"] == "1. Drain it."


async def test_the_plans_of_a_template_stand_beside_its_vote(
    owner: Client, manager: Client, other: Client
) -> None:
    drafted = await owner.post_ok(PATH, a_template(test_plan="Send yourself a mail."))
    await put_to_vote(manager, RESTART, "approve", board=[other])
    html = (await manager.get(f"/desk/change_template/{drafted['id']}/vote")).text
    for name in ("plan", "test_plan", "back_out_plan"):
        before = html.partition(drafted[name])[0]
        assert before != html, name
        assert before.count("<details") == before.count("</details"), f"{name} is folded"


async def test_an_approved_template_stays_as_it_was_approved(
    owner: Client, manager: Client, other: Client
) -> None:
    await owner.post_ok(PATH, a_template())
    await put_to_vote(manager, RESTART, "approve", board=[other])
    refused = await edited(owner, plan="Do it otherwise.")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_this_state")


#: What is wrong in a template: where, and how it is called.
WRONG: list[tuple[Json, str, str]] = [
    ({}, "/key", "taken"),
    ({"key": "b", "services": ["none-such"]}, "/services/0", "unknown_reference"),
    ({"key": "b", "services": ["mail", "mail"]}, "/services", "each_once"),
    ({"key": "b", "team": "closed"}, "/team", "team_retired"),
    ({"key": "b", "risk_level": "enormous"}, "/risk_level", "enum"),
    ({"key": "b", "plan": " "}, "/plan", "string_too_short"),
]


async def test_a_template_that_cannot_be_used_is_refused(api: Api, owner: Client) -> None:
    await api.team("closed")
    await (await api.client("Admin", Role.admin)).post_ok("/v1/teams/closed/retire")
    await owner.post_ok(PATH, a_template())
    for fields, pointer, code in WRONG:
        refused = await owner.post(PATH, json=a_template(**fields))
        assert refused.status_code == 422, fields
        error = refused.json()["errors"][0]
        assert (error["pointer"], error["code"]) == (pointer, code)


async def test_staff_see_templates_and_requesters_do_not(api: Api, owner: Client) -> None:
    await owner.post_ok(PATH, a_template())
    agent, requester = await api.client("Lin", Role.agent), await api.client("王芳")
    assert [item["key"] for item in (await agent.read(PATH, state="draft"))["items"]] == ["relay-restart"]
    assert (await requester.read(PATH))["items"] == []
    assert (await requester.get(RESTART)).status_code == 404
    assert (await agent.post(PATH, json=a_template(key="other"))).status_code == 403


async def test_a_rejected_template_is_not_put_again_unseen(
    api: Api, owner: Client, manager: Client, other: Client
) -> None:
    await owner.post_ok(PATH, a_template())
    await manager.post_ok(f"{RESTART}/approve")
    await decide([other], RESTART, "reject")
    again = await owner.post_ok(PATH, a_template(key="relay-again", title="restart THE mail relay"))
    path = f"{PATH}/{again['id']}"
    await manager.post_ok(f"{path}/approve")
    (question,) = (await other.read(f"{path}/decisions"))["items"]
    assert question["question"].endswith("(Rejected lately: relay-restart)")
    for place, part in ((f"{path}/decisions", "items"), ("/v1/me/work", "votes")):
        chinese = await other.get(place, headers={"Accept-Language": "zh"})
        texts = [row["question"] for row in chinese.json()[part]]
        assert texts == ["【提请批准】变更：restart THE mail relay（近期已否决：relay-restart）"], place
    await owner.post_ok(f"{path}/retire")
    third = await owner.post_ok(PATH, a_template(key="relay-third", title="Another"))
    await manager.post_ok(f"{PATH}/{third['id']}/approve")
    (question,) = (await other.read(f"{PATH}/{third['id']}/decisions"))["items"]
    assert question["question"].endswith("(Rejected lately: relay-restart; Withdrawn lately: relay-again)"), (
        "of the same items, by another title"
    )
