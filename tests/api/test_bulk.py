"""Many actions in one request: each with its own result, or all of them or none."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.common.people import Role
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.extent import WHOLE, in_test_all

BULK = "/v1/incidents/bulk"


async def send(client: Client, *items: Json, whole_key: str | None = None, **more: Any) -> httpx.Response:
    headers = {} if whole_key is None else {"Idempotency-Key": whole_key}
    return await client.post(BULK, json={"items": items, **more}, headers=headers)


async def results(client: Client, *items: Json, **more: Any) -> list[Json]:
    answer = await send(client, *items, **more)
    assert answer.status_code == 200, answer.text
    listed: list[Json] = answer.json()["items"]
    return listed


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def reporting(**changes: Any) -> Json:
    return {"action": "report", "body": an_incident(**changes)}


def on(record: Any, action: str, body: Json | None = None, **more: Any) -> Json:
    return {"action": action, "id": record, "body": body or {}, **more}


@pytest.fixture
async def agent(api: Api) -> Client:
    return await api.client("Agent", Role.agent)


async def reported(client: Client, number: int = 1) -> list[str]:
    return [result["record"]["id"] for result in await results(client, *[reporting() for _ in range(number)])]


async def test_each_has_its_own_result_in_the_order_of_the_items(agent: Client) -> None:
    (incident,) = await reported(agent)
    answers = await results(
        agent,
        reporting(title="First"),
        on(incident, "close"),
        on(incident, "acknowledge"),
        {"action": "dance", "id": incident},
        on(incident, "report"),
        {"action": "acknowledge"},
        {"action": "report", "body": {"title": " "}},
        on(str(uuid4()), "acknowledge"),
    )
    assert [item["status"] for item in answers] == [201, 409, 200, 422, 422, 422, 422, 404]
    assert answers[0]["record"]["number"].startswith("INC-")
    assert (answers[1]["problem"]["code"], answers[1]["problem"]["state"]) == ("not_in_this_state", "new")
    assert answers[2]["record"]["state"] == "acknowledged"
    pointers = [item["problem"]["errors"][0]["pointer"] for item in answers[3:7]]
    assert pointers[:3] == ["/action", "/id", "/id"]
    assert {fault["pointer"] for fault in answers[6]["problem"]["errors"]} >= {"/body/title", "/body/impact"}


async def test_items_about_one_record_are_carried_out_in_their_order_whatever_they_call_it(
    agent: Client,
) -> None:
    (incident,) = await reported(agent)
    number = (await agent.read(f"/v1/incidents/{incident}"))["number"]
    answers = await results(
        agent,
        on(incident, "assign", {"person": "me"}),
        on(number, "start"),
        on(incident.upper(), "resolve", RESOLVED),
        on(number, "close"),
    )
    assert [item["status"] for item in answers] == [200] * 4
    assert (await agent.read(f"/v1/incidents/{incident}"))["state"] == "closed"


async def test_each_item_is_allowed_and_refused_as_it_would_be_by_itself(api: Api, agent: Client) -> None:
    (incident,) = await reported(agent)
    requester = await api.client("Requester")
    mine = (await requester.post_ok("/v1/incidents", an_incident()))["id"]
    items = [
        on(mine, "acknowledge"),
        on(mine, "cancel", {"reason": "Not now."}),
        on(incident, "comment", {"text": "?"}),
    ]
    assert [result["status"] for result in await results(requester, *items)] == [403, 200, 404]
    article = {"items": [{"action": "draft", "body": {}}]}
    assert (await requester.post("/v1/articles/bulk", json=article)).json()["items"][0]["status"] == 422
    stranger = api.with_token(None)
    assert (await stranger.post(BULK, json={"items": [reporting()]})).status_code == 401


async def test_a_version_that_was_not_read_is_refused_and_an_edit_must_name_one(agent: Client) -> None:
    (incident,) = await reported(agent)
    edited = {"title": "Mail is lost"}
    answers = await results(
        agent,
        on(incident, "edit", edited),
        on(incident, "edit", edited, if_match="7"),
        on(incident, "edit", edited, if_match="1"),
    )
    assert [item["status"] for item in answers] == [428, 412, 200]
    stale, fresh = (on(incident, "acknowledge", if_match=version) for version in ("1", "2"))
    assert [item["status"] for item in await results(agent, stale)] == [412], "any action may name a version"
    assert faults(await send(agent, stale, all_or_nothing=True)) == [("/items/0", "changed_since")]
    assert [item["status"] for item in await results(agent, fresh)] == [200]


async def test_all_are_written_at_one_position_or_none_is(api: Api, agent: Client) -> None:
    first, second = await reported(agent, 2)
    head = await api.head()
    items = [on(first, "acknowledge"), reporting(), on(second, "close")]
    refused = await send(agent, *items, all_or_nothing=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_written")
    assert faults(refused) == [("/items/2", "not_in_this_state")]
    assert await api.head() == head
    answers = await results(agent, *items[:2], on(second, "acknowledge"), all_or_nothing=True)
    assert [item["status"] for item in answers] == [200, 201, 200]
    assert await api.head() == head + 3
    recorded = await api.ledger.db.rows("select recorded_at from log.event where position > %s", (head,))
    assert len({row["recorded_at"] for row in recorded}) == 1


async def test_all_or_nothing_is_refused_where_one_changes_what_another_is_about(
    api: Api, agent: Client
) -> None:
    first, second, third = await reported(agent, 3)
    head = await api.head()
    items = [on(first, "acknowledge"), on(first, "comment", {"text": "?"}), on(second, "acknowledge")]
    refused = await send(agent, *items, all_or_nothing=True)
    assert faults(refused) == [
        ("/items/0", "in_anothers_way"),
        ("/items/1", "in_anothers_way"),
    ]
    linking = [on(second, "link", {"kind": "blocks", "other": third}), on(third, "acknowledge")]
    assert (await send(agent, *linking, all_or_nothing=True)).status_code == 409
    assert await api.head() == head


@pytest.mark.parametrize(
    ("all_or_nothing", "complete"),
    [
        *((False, False), (True, True)),
        *(pytest.param(whole, not whole, marks=in_test_all) for whole in (False, True)),
    ],
)
async def test_sent_again_with_its_keys_it_is_done_once(
    api: Api, agent: Client, all_or_nothing: bool, complete: bool
) -> None:
    (incident,) = await reported(agent)
    keys: list[Json] = [{} if complete else {"idempotency_key": str(uuid4())} for _ in range(2)]
    items = [{**reporting(), **keys[0]}, on(incident, "acknowledge", **keys[1])]
    more: Json = {"all_or_nothing": all_or_nothing, "whole_key": str(uuid4()) if complete else None}
    once = await results(agent, *items, **more)
    head = await api.head()
    again = await results(agent, *items, **more)
    assert await api.head() == head
    assert [item["replayed"] for item in (*once, *again)] == [False, False, True, True]
    assert [item["record"] for item in again] == [item["record"] for item in once]
    other = [{**items[0], "body": an_incident(title="Another")}, items[1]]
    answer = await send(agent, *other, **more)
    assert await api.head() == head
    body = answer.json()
    code = body["errors"][0]["code"] if all_or_nothing else body["items"][0]["problem"]["code"]
    assert code == "idempotency_key_reused"


async def test_a_thousand_are_taken_and_one_more_is_refused(api: Api, agent: Client) -> None:
    incident, many = (await reported(agent))[0], 100 if WHOLE else 20
    head = await api.head()
    items = [on(incident, "dance") for _ in range(1_001)]
    refused = await send(agent, *items)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/items")
    assert (await send(agent)).status_code == 422
    answers = await results(agent, *[on(incident, "comment", {"text": "?"}) for _ in range(many)])
    assert {item["status"] for item in answers} == {200}
    assert await api.head() == head + many
