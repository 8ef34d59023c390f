"""An Idempotency-Key: sent again, in whatever state things are by then, a command is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import psycopg

from app.common.people import Role
from app.platform.settings import Settings
from tests.cases import each_case
from tests.client import Api, Client, Json, add_key, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.waiting import until


async def an_open_one(api: Api) -> tuple[Client, Client, str]:
    """A requester, an agent, and where their incident is."""
    zhao, agent = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    return zhao, agent, f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"


async def send(client: Client, path: str, body: Any, key: str, **headers: str) -> Any:
    return await client.post(path, json=body, headers={"Idempotency-Key": key, **headers})


async def test_quoted_or_bare_it_is_the_same_key(shared: Api) -> None:
    zhao, _, _ = await an_open_one(shared)
    first = await send(zhao, "/v1/incidents", an_incident(), '"a-key"')
    for same in ("a-key", '"a-key"', "  a-key "):
        again = await send(zhao, "/v1/incidents", an_incident(), same)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.content == first.content
    assert "idempotent-replayed" not in (await send(zhao, "/v1/incidents", an_incident(), "A-KEY")).headers


@each_case("key", ["", "two words", "x" * 256, '"' + "x" * 256 + '"', "caf\xe9", "a\x7f"])
async def test_a_key_that_cannot_be_kept_is_refused(shared: Api, key: str) -> None:
    zhao, _, _ = await an_open_one(shared)
    head = await shared.head()
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    refused = await zhao.post("/v1/incidents", json=an_incident(), headers=headers)
    assert refused.status_code == 422
    assert [error["header"] for error in refused.json()["errors"]] == ["Idempotency-Key"]
    assert await shared.head() == head


async def test_the_longest_key_is_kept(shared: Api) -> None:
    zhao, _, _ = await an_open_one(shared)
    for key in ("x" * 255, '"' + "y" * 255 + '"', '"two words"'):
        first = await send(zhao, "/v1/incidents", an_incident(), key)
        again = await send(zhao, "/v1/incidents", an_incident(), key)
        assert (first.status_code, again.content) == (201, first.content)


async def test_after_the_state_has_moved_on_the_first_answer_is_given_again(shared: Api) -> None:
    _, agent, path = await an_open_one(shared)
    first = await send(agent, f"{path}/acknowledge", {}, "k-ack")
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/start")
    head = await shared.head()
    again = await send(agent, f"{path}/acknowledge", {}, "k-ack")
    assert again.status_code == 200
    assert again.headers["idempotent-replayed"] == "true"
    repeated, then = again.json(), first.json()
    # The record as it was then; what is open to the caller is decided by that state, too.
    assert repeated == then
    assert repeated["state"] == "acknowledged"
    assert await shared.head() == head


async def test_after_it_was_given_away_the_first_answer_is_given_again(shared: Api) -> None:
    await shared.staffed_team("far-away")
    _, agent, path = await an_open_one(shared)
    first = await send(agent, f"{path}/assign", {"team": "far-away"}, "k-away")
    refused = await send(agent, f"{path}/assign", {"team": "far-away"}, "k-otherwise")
    assert refused.json()["code"] == "onlooker_reads", "they read it, and give it to nobody"
    again = await send(agent, f"{path}/assign", {"team": "far-away"}, "k-away")
    assert (again.status_code, again.content) == (200, first.content)


async def test_a_repeated_condition_on_the_version_is_not_held_against_it(shared: Api) -> None:
    _, agent, path = await an_open_one(shared)
    first = await send(agent, f"{path}/acknowledge", {}, "k-if", **{"If-Match": "1"})
    again = await send(agent, f"{path}/acknowledge", {}, "k-if", **{"If-Match": "1"})
    assert (again.status_code, again.content) == (200, first.content)


async def test_a_refusal_is_not_kept_and_the_key_can_be_used_when_it_is_possible(shared: Api) -> None:
    _, agent, path = await an_open_one(shared)
    refused = await send(agent, f"{path}/start", {}, "k-start")
    assert refused.status_code == 403
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    done = await send(agent, f"{path}/start", {}, "k-start")
    assert done.status_code == 200
    assert "idempotent-replayed" not in done.headers
    assert (await send(agent, f"{path}/start", {}, "k-start")).content == done.content


async def test_a_refused_command_may_be_corrected_under_its_key(shared: Api) -> None:
    zhao, _, _ = await an_open_one(shared)
    assert (await send(zhao, "/v1/incidents", an_incident(impact="9"), "k-corrected")).status_code == 422
    assert (await send(zhao, "/v1/incidents", an_incident(impact="1"), "k-corrected")).status_code == 201


async def test_another_body_address_or_query_under_the_key_is_refused(shared: Api) -> None:
    zhao, agent, record_path = await an_open_one(shared)
    _, _, other = await an_open_one(shared)
    await send(agent, f"{record_path}/comment", {"text": "x"}, "k-other")
    head = await shared.head()
    number = (await agent.read(record_path))["number"]
    for path, body in (
        (f"{record_path}/comment", {"text": "y"}),
        (f"{record_path}/comment", {"text": "x", "visibility": "public"}),
        (f"{record_path}/comment", {"text": "x "}),
        (f"{other}/comment", {"text": "x"}),
        (f"/v1/incidents/{number}/comment", {"text": "x"}),
        (f"{record_path}/comment?a=1", {"text": "x"}),
    ):
        refused = await send(agent, path, body, "k-other")
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused"), (path, body)
    assert await shared.head() == head
    # Another action, or another caller, has keys of its own.
    assert (await send(agent, f"{record_path}/acknowledge", {}, "k-other")).status_code == 200
    assert (await send(zhao, f"{record_path}/comment", {"text": "x"}, "k-other")).status_code == 200


async def test_white_space_and_the_order_of_members_make_no_other_command(shared: Api) -> None:
    zhao, _, path = await an_open_one(shared)
    headers = {"Idempotency-Key": "k-space", "Content-Type": "application/json"}
    first = await zhao.post(f"{path}/comment", content='{"text":"x","visibility":"public"}', headers=headers)
    again = await zhao.post(
        f"{path}/comment", content='\n{ "visibility" : "public" ,\t"text" : "\\u0078" }', headers=headers
    )
    assert (again.status_code, again.content) == (200, first.content)


async def test_a_new_key_of_a_person_does_not_make_their_command_another(shared: Api) -> None:
    zhao, _, _ = await an_open_one(shared)
    first = await send(zhao, "/v1/incidents", an_incident(), "k-rotated")
    rotated = shared.with_token(await _new_key(shared, zhao))
    assert (await send(rotated, "/v1/incidents", an_incident(), "k-rotated")).content == first.content


async def _new_key(api: Api, client: Client) -> str:
    admin = await api.client("Ada", Role.admin)
    record = await admin.post_ok("/v1/keys", {"name": "New", "person": client.id, "roles": ["requester"]})
    token: str = record["token"]
    return token


async def test_a_narrower_key_is_not_answered_with_what_a_broader_one_has_done(shared: Api) -> None:
    admin = await shared.client("Gao", Role.admin)
    narrow = shared.with_token(await add_key(shared.ledger, UUID(admin.id), Role.requester))
    key: Json = {"name": "x", "person": admin.id, "roles": ["admin"]}
    document = (await send(admin, "/v1/keys", key, "make")).json()
    record_path = f"/v1/keys/{document['id']}/rotate"
    items = [{"title_en": "Ask", "title_zh": "询问"}]
    checklist: Json = {"key": "k", "process": "incident", "title_en": "A", "title_zh": "甲", "items": items}
    for path, body, name in (
        ("/v1/keys", key, "make"),
        (record_path, {"overlap_seconds": 0}, "rotate"),
        ("/v1/checklists", checklist, "checklist"),
    ):
        first = await send(admin, path, body, name)
        assert first.status_code in (200, 201), first.text
        refused = await send(narrow, path, body, name)
        assert refused.status_code == 403, (path, refused.text)
        again = await send(admin, path, body, name)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (first.status_code, "true")


async def test_the_secret_of_a_key_is_shown_once_however_often_it_is_asked_for(shared: Api) -> None:
    admin = await shared.client("Ada", Role.admin)
    body = {"name": "The portal's", "person": "me", "roles": ["requester"]}
    first = await send(admin, "/v1/keys", body, "k-key")
    again = await send(admin, "/v1/keys", body, "k-key")
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json()["token"].startswith("ldk_")
    assert again.json() == {**first.json(), "token": None}


async def test_sent_many_times_at_once_it_is_done_once(shared: Api) -> None:
    zhao, _, _ = await an_open_one(shared)
    head = await shared.head()
    answers = await asyncio.gather(*(send(zhao, "/v1/incidents", an_incident(), "k-many") for _ in range(12)))
    assert await shared.head() == head + 1
    codes = {answer.status_code for answer in answers}
    assert codes <= {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"still_running"}
    ids = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(ids) == 1
    assert (await send(zhao, "/v1/incidents", an_incident(), "k-many")).json()["id"] in ids


async def test_while_the_first_is_being_carried_out_the_second_is_told_so(
    shared: Api, lasting: DatabaseUrls
) -> None:
    zhao, _, path = await an_open_one(shared)
    async with await psycopg.AsyncConnection.connect(lasting.owner_url) as holder:
        await holder.execute("select * from log.head for update")
        first = asyncio.create_task(send(zhao, f"{path}/comment", {"text": "x"}, "k-running"))
        await until(_is(lambda: bool(shared.ledger.running)))
        second = await send(zhao, f"{path}/comment", {"text": "x"}, "k-running")
        assert (second.status_code, second.json()["code"]) == (409, "still_running")
        await holder.rollback()
    assert (await first).status_code == 200
    assert not shared.ledger.running
    assert (await send(zhao, f"{path}/comment", {"text": "x"}, "k-running")).status_code == 200


def _is(true: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return true()

    return look


async def test_two_processes_do_it_once(
    api: Api, place: DatabaseUrls, tmp_path: Any, settings: Settings
) -> None:
    zhao = await api.client("Zhao Min")
    head = await api.head()
    async with serving(place.url, tmp_path / "secrets", settings) as other:
        other_client = other.with_token(zhao.token)
        for round_number in range(2):
            key = f"k-{round_number}"
            answers = await asyncio.gather(
                *(send(client, "/v1/incidents", an_incident(), key) for client in (zhao, other_client))
            )
            assert [answer.status_code for answer in answers] == [201, 201]
            assert answers[0].content == answers[1].content
            assert sorted(a.headers.get("idempotent-replayed", "") for a in answers) == ["", "true"]
    assert await api.head() == head + 2
