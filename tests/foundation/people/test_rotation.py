"""The rotation of a key: a new secret, and for a while the old one too."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.common.keys import hash_of
from app.common.people import Role
from tests.client import Api, Client, add_whole_key
from tests.waiting import until


def id_of(client: Client) -> UUID:
    """The id of the client's key."""
    return UUID((client.token or "").split("_")[1])


async def accepted(client: Client) -> bool:
    return (await client.get("/v1/meta")).status_code == 200


async def test_both_secrets_are_accepted_while_they_overlap_and_no_third(api: Api) -> None:
    first = await api.client("Zhao Min")
    tokens = [first.token]
    for _ in range(2):
        record = await api.with_token(tokens[-1]).post_ok(f"/v1/keys/{id_of(first)}/rotate")
        tokens.append(record["token"])
        assert record["previous_ends_at"] is not None
    assert [await accepted(api.with_token(token)) for token in tokens] == [False, True, True]


async def test_without_an_overlap_the_old_secret_is_refused_at_once(api: Api) -> None:
    admin, zhao = await api.client("Ada", Role.admin), await api.client("Zhao Min")
    record = await admin.post_ok(f"/v1/keys/{id_of(zhao)}/rotate", {"overlap_seconds": 0})
    assert not await accepted(zhao)
    assert await accepted(api.with_token(record["token"]))


async def test_the_old_secret_is_refused_when_the_overlap_is_over(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    await zhao.post_ok(f"/v1/keys/{id_of(zhao)}/rotate", {"overlap_seconds": 1})

    async def over() -> bool:
        return not await accepted(zhao)

    assert await until(over)


async def test_whom_a_key_stands_for_may_not_let_it_live_longer(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    person, ends = UUID((await api.client("Zhao Min")).id), datetime(2190, 1, 1, tzinfo=UTC)
    zhao = api.with_token(await add_whole_key(api.ledger, person, ends=ends), person)
    path = f"/v1/keys/{id_of(zhao)}/rotate"
    refused = await zhao.post(path, json={"expires_at": "2190-01-02T00:00:00Z"})
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/expires_at", "ends_later")
    sooner = await zhao.post_ok(path, {"expires_at": "2189-01-01T00:00:00Z"})
    assert sooner["expires_at"].startswith("2189")
    assert (await admin.post_ok(path, {"expires_at": "2191-01-01T00:00:00Z"}))["expires_at"].startswith(
        "2191"
    )


async def test_the_secrets_of_a_rotated_key_are_in_no_answer_but_one_and_in_no_event(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    path = f"/v1/keys/{id_of(zhao)}"
    record = await zhao.post_ok(f"{path}/rotate")
    secret = record["token"].split("_", 2)[2]
    answer = await zhao.read(path)
    assert "token" not in answer
    assert hash_of(secret) not in str(answer)
    rows = await api.ledger.db.rows("select convert_from(data, 'UTF8') as text from log.event")
    assert not [row for row in rows if secret in row["text"]]
