"""Votes as clients send them: several at once, by whoever may not, and when it is too late."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import product
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.common.people import Role, rule_caller
from app.foundation.decisions.voters.free_voters import MOST_VOTERS
from app.foundation.people.persons import RevokeRolePerson
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.foundation.decisions.approvals import AHEAD, ASSESSED, Approval, approval
from tests.meetings.test_meetings import a_meeting, begun
from tests.people import act, add_crowd, grant


@pytest.fixture
async def asking(api: Api) -> Approval:
    return await approval(api)


async def votes(
    client: Client, path: str, decision: str, verdict: str = "approve", **more: Any
) -> httpx.Response:
    """What somebody who votes is answered."""
    body = {"decision": decision, "verdict": verdict, "comment": "Because."}
    return await client.post(f"{path}/{more.pop('action', 'vote')}", json=body, **more)


async def told(client: Client, path: str) -> list[str]:
    """The types of the record's events, without its kind."""
    return [e["type"].partition(".")[2] for e in (await client.read(f"{path}/events", limit=200))["items"]]


@in_test_all
async def test_of_two_last_votes_at_once_one_decides_and_the_other_comes_too_late(asking: Approval) -> None:
    for first, second in product(("approve", "reject"), repeat=2):
        path, decision = await asking.asked()
        voter, *voters = asking.voters
        await votes(voter, path, decision, first)
        both = (
            votes(client, path, decision, verdict)
            for client, verdict in zip(voters, (first, second), strict=True)
        )
        answers = await asyncio.gather(*both)
        events = await told(voter, path)
        ends = [event for event in events if event in ("approved", "refused", "decided")]
        assert len(ends) == 1, events
        (decided,) = (await voter.read(f"{path}/decisions"))["items"]
        assert decided["state"] == "taken"
        verdicts = [vote["verdict"] for vote in (await voter.read(f"{path}/votes"))["items"]]
        assert decided["approvals"] + decided["rejections"] == len(verdicts) - verdicts.count(None)
        codes = sorted(answer.status_code for answer in answers)
        if first == second:  # either of the two is the last that is needed
            assert codes == [200, 409]
            (late,) = (answer.json() for answer in answers if answer.status_code == 409)
            assert late["code"] in ("decided_already", "not_in_this_state")
        assert decided["outcome"] == ("approved" if first == "approve" else "rejected")


async def test_one_vote_that_is_sent_twice_with_its_key_counts_once(asking: Approval) -> None:
    path, decision = await asking.asked()
    key = {"Idempotency-Key": "my-vote"}
    answers = [await votes(asking.voters[0], path, decision, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert (await told(asking.agent, path)).count("voted") == 1


@in_test_all
async def test_who_is_excluded_cannot_vote_by_any_role_and_was_not_asked(api: Api, asking: Approval) -> None:
    path, decision = await asking.asked()
    ids = {vote["person"]["id"] for vote in (await asking.agent.read(f"{path}/votes"))["items"]}
    assert ids == {voter.id for voter in asking.voters}
    (question,) = (await asking.agent.read(f"{path}/decisions"))["items"]
    person = asking.requester.id
    assert question["left_out"] == [{"person": person, "because": "duty"}], "it is their own request"
    for keys in ([role] for role in Role if role is not Role.auditor):
        client = api.with_token((await _key(asking.requester, person, keys)), None)
        for action, code in (("vote", "not_asked_to_vote"), ("decide", "not_the_chair")):
            answer = await votes(client, path, decision, action=action)
            assert (answer.status_code, answer.json()["code"]) == (403, code), keys
    assert (await told(asking.agent, path))[-1] == "assessed"


async def _key(client: Client, person: str, roles: Sequence[Role]) -> str:
    """A new key of that person that holds these roles."""
    record = await client.post_ok(
        "/v1/keys", {"name": "One role", "person": person, "roles": [*map(str, roles)]}
    )
    return str(record["token"])


async def test_whoever_was_not_asked_is_told_so_whatever_they_hold(api: Api, asking: Approval) -> None:
    path, decision = await asking.asked()
    for role in (Role.admin, Role.management, Role.quality_manager):
        answer = await votes(await api.client(role.value.capitalize(), role), path, decision)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_asked_to_vote")
    stranger = await votes(await api.client("Stranger"), path, decision)
    assert stranger.status_code == 404, "who does not see it does not hear of it"


@in_test_all
async def test_a_vote_is_changed_before_the_decision_and_refused_after_it(asking: Approval) -> None:
    path, decision = await asking.asked()
    voter, other, _ = asking.voters
    assert (await votes(voter, path, decision, "reject")).status_code == 200
    assert (await votes(voter, path, decision)).status_code == 200
    before = (await voter.read(f"{path}/votes"))["items"]
    assert [vote["verdict"] for vote in before] == ["approve", None, None]
    assert (await votes(other, path, decision)).json()["state"] == "assessed"
    for client in asking.voters:
        late = await votes(client, path, decision, "reject")
        assert (late.status_code, late.json()["code"]) == (409, "not_in_this_state")
    (decided,) = (await voter.read(f"{path}/decisions"))["items"]
    assert (decided["outcome"], decided["approvals"], decided["rejections"]) == ("approved", 2, 0)


@in_test_all
async def test_what_more_may_approve_than_can_be_asked_says_so(api: Api, asking: Approval) -> None:
    await add_crowd(api.ledger, MOST_VOTERS + 1, Role.cab_member)
    keeper = await api.client("Keeper", Role.admin)
    by_role = {"approver_persons": [], "approver_role": "cab_member"}
    edited = await keeper.patch("/v1/catalogue_items/laptop", json=by_role, headers={"If-Match": "*"})
    assert edited.status_code == 200, edited.text
    await (await api.client("Second", Role.admin)).post_ok("/v1/catalogue_items/laptop/agree", if_match="3")
    answer = await asking.agent.post(f"{await asking.requested()}/assess", json=ASSESSED)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_approve")


async def test_whoever_only_reads_is_not_asked_and_their_role_is_named_in_no_rule(
    api: Api, asking: Approval
) -> None:
    *voters, reader = asking.voters
    await grant(api.ledger, UUID(reader.id), Role.auditor.value)
    for held in (await api.ledger.db.rows("select roles from fold.person where id = %s", (reader.id,)))[0][
        "roles"
    ]:
        if held != Role.auditor.value:
            body = RevokeRolePerson(role=held)
            await act(api.ledger, rule_caller("tests"), "person", "revoke_role", reader.id, body)
    path, _ = await asking.asked()
    votes_asked = (await asking.agent.read(f"{path}/votes"))["items"]
    assert {vote["person"]["id"] for vote in votes_asked} == {voter.id for voter in voters}
    owner = await api.client("Pia", Role.process_owner)
    definition = {
        "voters": [{"role": "auditor"}],
        "rule": "majority",
        "quorum": 1,
        "due_within_seconds": 86400,
    }
    rule = {"key": "mine", "name": "Mine", "decision": "change", "definition": definition}
    refused = await owner.post("/v1/approval_rules", json=rule)
    errors = [(error["pointer"], error["code"]) for error in refused.json()["errors"]]
    assert errors == [("/definition/voters/0/role", "role_only_reads")]


async def test_nobody_orders_by_the_approvers_that_they_have_set_themselves(asking: Approval) -> None:
    none: Json = {"approver_persons": [], "approval_rule": None}
    edited = await asking.requester.patch("/v1/catalogue_items/laptop", json=none, headers={"If-Match": "*"})
    assert edited.status_code == 200, edited.text
    path, _ = await asking.asked()
    ids = {vote["person"]["id"] for vote in (await asking.agent.read(f"{path}/votes"))["items"]}
    assert ids == {voter.id for voter in asking.voters}, "as the administrator set them before"
    of_another = await Approval(asking.voters[0], asking.agent, []).requested()
    assessed = await asking.agent.post_ok(f"{of_another}/assess", ASSESSED)
    assert assessed["state"] == "awaiting_approval", "nobody has agreed to the edit"


async def test_nobody_approves_what_they_get_whoever_ordered_it(asking: Approval) -> None:
    beneficiary, *colleagues = asking.voters
    body = {"title": "A laptop", "description": "By phone.", "channel": "hotline", "urgency": "2"}
    order = {**body, "item": "laptop", "answers": {"why": "出差用"}, "requester": beneficiary.id}
    path = f"/v1/requests/{(await asking.agent.post_ok('/v1/requests', order))['id']}"
    assert await voters_of_order(asking, path) == {asking.requester.id, *(voter.id for voter in colleagues)}


async def test_orders_keep_the_approvers_to_whom_two_people_agreed_and_open_ones_those_asked(
    api: Api, asking: Approval
) -> None:
    path, decision = await asking.asked()
    ids = {voter.id for voter in asking.voters}
    alone, second = [await api.client(name, Role.service_level_manager) for name in ("Ben", "Bea")]
    none: Json = {"approver_persons": [], "approval_rule": None}
    await alone.patch("/v1/catalogue_items/laptop", json=none, headers={"If-Match": "*"})
    for voter in asking.voters[:2]:
        assert (await votes(voter, path, decision, "defer")).status_code == 200
    refused = await alone.post("/v1/catalogue_items/laptop/agree", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    assert await voters_of_order(asking, await asking.requested()) == ids, "an order of before the agreement"
    refused = await second.post("/v1/catalogue_items/laptop/agree", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "proposal_rewritten")
    await second.post_ok("/v1/catalogue_items/laptop/agree", if_match="3")
    assert await voters_of_order(asking, path) == ids, "it was asked of them"
    assert await voters_of_order(asking, await asking.requested()) == set()
    await alone.patch(
        "/v1/catalogue_items/laptop",
        json={"approver_persons": [*ids], "approval_rule": "majority"},
        headers={"If-Match": "*"},
    )
    assert await voters_of_order(asking, await asking.requested()) == ids, "more is asked at once"
    copy = {"key": "copy", "service": "workplace", "title_en": "Portable computer", "title_zh": "电脑"}
    copy |= {"fulfilment_path": "standard", "default_team": "workplace"}
    await alone.post_ok("/v1/catalogue_items", copy)
    await alone.post_ok("/v1/catalogue_items/copy/offer")
    assert await voters_of_order(asking, await asking.requested("copy")) == ids, "those of the laptop"
    await second.post_ok("/v1/catalogue_items/copy/agree")
    assert await voters_of_order(asking, await asking.requested("copy")) == set()


async def voters_of_order(asking: Approval, path: str) -> set[str]:
    """The people who are asked if the order is assessed now."""
    await asking.agent.post_ok(f"{path}/assess", ASSESSED)
    decision = (await asking.agent.read(f"{path}/decisions"))["items"]
    ballots = (await asking.agent.read(f"{path}/votes"))["items"]
    newest = decision[-1]["id"] if decision else None
    return {vote["person"]["id"] for vote in ballots if vote["decision_id"] == newest}


async def test_what_is_asked_about_a_request_stays_and_no_approver_delivers_it(
    api: Api, asking: Approval
) -> None:
    path, decision = await asking.asked()
    for fields in ({"service": None}, {"category": None}):
        refused = await asking.agent.patch(path, json=fields, headers={"If-Match": "*"})
        assert (refused.status_code, refused.json()["code"]) == (409, "being_decided"), fields
    for voter in asking.voters[:2]:
        assert (await votes(voter, path, decision)).status_code == 200
    first, _, third = asking.voters
    for voter in (first, third):
        await grant(api.ledger, UUID(voter.id), Role.agent)
    refused = await asking.agent.post(f"{path}/assign", json={"person": first.id})
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/person", "approved_the_request")
    await asking.agent.post_ok(f"{path}/assign", {"person": third.id})


@in_test_all
async def test_a_machine_neither_chairs_the_group_of_an_item_nor_is_a_member_who_is_asked(
    api: Api, asking: Approval
) -> None:
    keeper = await api.client("Keeper", Role.admin)
    robot = await keeper.post_ok("/v1/persons", {"name": "Robot", "kind": "machine"})
    chair, *members = asking.voters
    group = {"key": "buyers", "name": "Buyers"}
    no_chair = await keeper.post("/v1/groups", json={**group, "chair": robot["id"]})
    await keeper.post_ok("/v1/groups", {**group, "chair": chair.id})
    member = {"person": robot["id"], "side": "business"}
    no_member = await keeper.post("/v1/groups/buyers/add_member", json=member)
    for refused in (no_chair, no_member):
        assert [each["code"] for each in refused.json()["errors"]] == ["machine_gets_no_duty"]
    for voter in members:
        await keeper.post_ok("/v1/groups/buyers/add_member", {"person": voter.id, "side": "management"})
    by_group = {"approver_persons": [], "approver_group": "buyers"}
    edited = await keeper.patch("/v1/catalogue_items/laptop", json=by_group, headers={"If-Match": "*"})
    assert edited.status_code == 200, edited.text
    await (await api.client("Second", Role.admin)).post_ok("/v1/catalogue_items/laptop/agree", if_match="3")
    path, _ = await asking.asked()
    ids = {vote["person"]["id"] for vote in (await asking.agent.read(f"{path}/votes"))["items"]}
    assert ids == {voter.id for voter in asking.voters}


async def test_on_a_meeting_a_vote_is_refused_after_the_decision_and_the_meeting_goes_on(api: Api) -> None:
    ada, *board = [await api.client(name, Role.agent) for name in ("Ada", "Anna", "Emil", "Rosa")]
    meeting = await ada.post_ok("/v1/meetings", a_meeting(persons=[member.id for member in board], **begun()))
    path = f"/v1/meetings/{meeting['id']}"
    await ada.post_ok(f"{path}/ask_decision", {"question": "The release in May?", "due_at": AHEAD})
    decision = (await ada.read(f"{path}/decisions"))["items"][0]["id"]
    assert (await votes(ada, path, decision)).status_code == 200
    assert (await votes(board[0], path, decision, "reject")).status_code == 200
    answers = await asyncio.gather(*(votes(member, path, decision) for member in board[1:]))
    assert [answer.status_code for answer in answers] == [200, 200], "both are needed"
    assert (await told(ada, path)).count("decided") == 1
    late = await votes(board[0], path, decision)
    assert (late.status_code, late.json()["code"]) == (409, "decided_already")
    [question] = (await ada.read(f"{path}/decisions"))["items"]
    outcome = f"“The release in May?” ({question['outcome'].capitalize()}, {question['closed_at'][:10]})"
    assert outcome in late.json()["detail"], "what was decided"
    assert "(“Request decision”) can put a question" in late.json()["detail"], "and who can ask"
    await ada.post_ok(f"{path}/ask_decision", {"question": "The one in June?", "due_at": AHEAD})
    late = await votes(board[0], path, decision)
    assert (late.status_code, late.json()["code"]) == (409, "other_question_open")
    assert "“The one in June?”" in late.json()["detail"]
    after = await ada.read(path)
    assert (after["state"], after["version"]) == ("called", meeting["version"]), "the record itself stays"
