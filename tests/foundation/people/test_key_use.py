"""When a key was last used is shown, to whoever sees the key, without being in anybody's way."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from app.api.authentication.key_use import KeyUse
from app.common.people import Role
from app.platform.db import connect
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls


async def key_of(client: Client) -> Json:
    """The client's own key, as it sees it."""
    assert client.token is not None
    return await client.read(f"/v1/keys/{UUID(client.token.split('_')[1])}")


def used(api: Api) -> KeyUse:
    """What the application notes."""
    noted = api.app.state.key_use
    assert isinstance(noted, KeyUse)
    return noted


async def test_a_key_shows_when_it_was_last_used_once_that_was_written(api: Api) -> None:
    before = datetime.now(UTC)
    zhao, lin = await api.client("Zhao"), await api.client("Lin", Role.agent)
    admin = await api.client("Ada", Role.admin)
    head = await api.head()
    assert (await key_of(zhao))["last_used_at"] is None
    assert await used(api).write(api.ledger.db) == 1, "one row for a key, however often it was used"
    first = datetime.fromisoformat((await key_of(zhao))["last_used_at"])
    assert before <= first <= datetime.now(UTC)
    await lin.read("/v1/me")
    await api.with_token("ldk_" + "0" * 32 + "_x").get("/v1/me")
    assert await used(api).write(api.ledger.db) == 2, "those who called, and nobody with a wrong key"
    assert datetime.fromisoformat((await key_of(zhao))["last_used_at"]) > first
    keys = {item["id"]: item for item in (await admin.read("/v1/keys"))["items"]}
    assert sum(key["last_used_at"] is not None for key in keys.values()) == 2
    identifier = (await key_of(zhao))["id"]
    assert (await zhao.read(f"/v1/keys/{identifier}", as_of=head))["last_used_at"] is None
    assert await api.head() == head, "no event tells of it"


async def test_a_session_is_a_use_of_its_key(api: Api) -> None:
    zhao = await api.client("Zhao")
    opened = await zhao.post("/v1/sessions")
    assert opened.status_code == 201, opened.text
    await used(api).write(api.ledger.db)
    first = (await key_of(zhao))["last_used_at"]
    await used(api).write(api.ledger.db)
    browser = api.with_token(None, cookies=dict(opened.cookies))
    await browser.read("/v1/me")
    assert await used(api).write(api.ledger.db) == 1
    assert (await key_of(zhao))["last_used_at"] > first


async def test_what_could_not_be_written_is_written_the_next_time(api: Api, place: DatabaseUrls) -> None:
    zhao = await api.client("Zhao")
    await zhao.read("/v1/me")
    owner = await connect(place.owner_url)
    try:
        await owner.execute("alter table plumbing.key_use rename to gone")
        with pytest.raises(psycopg.Error):
            await used(api).write(api.ledger.db)
        assert (await zhao.get("/v1/me")).status_code == 200
        await owner.execute("alter table plumbing.gone rename to key_use")
    finally:
        await owner.close()
    assert await used(api).write(api.ledger.db) == 1
