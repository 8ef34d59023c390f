"""Whoever waits for events: woken by the first one for them, or by what ends their reading."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from app.api.service import feed as feed_api
from app.common.people import Role
from app.kernel import new_events
from app.main import application
from app.platform.settings import Settings
from tests.api.statements import READ_EVENTS, READ_HEAD, Statements
from tests.client import Api, Client, Json, an_incident
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.served import behind_a_socket
from tests.waiting import PATIENCE_SECONDS, until

FEED = "/v1/events"


@pytest.fixture
async def readers(api: Api) -> dict[str, Client]:
    team = await api.team("network")
    return {
        "admin": await api.client("root", Role.admin),
        "requester": await api.client("asks", Role.requester),
        "agent": await api.client("agent", f"agent@team/{team}"),
        "auditor": await api.client("audits", Role.auditor),
    }


@pytest.fixture
def long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for events waits for longer than a test does: a second is as long as all patience."""
    seconds = property(lambda reader: reader._query.wait * PATIENCE_SECONDS)
    monkeypatch.setattr(feed_api._Reader, "wait_seconds", seconds)


async def waiting_reader(api: Api, client: Client, **more: str) -> asyncio.Task[Json]:
    """A request that has nothing to read and waits for some: it waits already."""
    page = await client.read(FEED, limit="200", **more)
    assert page["caught_up"]
    before = api.ledger.new_events.waiting
    answer = client.read(FEED, limit="200", cursor=page["resume_cursor"], wait="30", **more)
    task = asyncio.create_task(answer)

    async def waits() -> bool:
        return api.ledger.new_events.waiting > before

    await until(waits)
    assert not task.done()
    return task


@pytest.mark.usefixtures("long_waits")
async def test_a_wait_ends_when_an_event_is_appended(api: Api, readers: dict[str, Client]) -> None:
    waiting = await waiting_reader(api, readers["requester"])
    record = await readers["requester"].post_ok("/v1/incidents", an_incident())
    async with asyncio.timeout(PATIENCE_SECONDS):
        page = await waiting
    assert [event["stream"] for event in page["items"]] == [f"incident/{record['id']}"]


@pytest.mark.usefixtures("long_waits")
async def test_a_wait_ends_when_the_key_is_revoked_or_the_role_is_taken(
    api: Api, readers: dict[str, Client]
) -> None:
    admin, auditor, agent = readers["admin"], readers["auditor"], readers["agent"]
    (key,) = (await admin.read("/v1/keys", person=auditor.id))["items"]
    held = (await admin.read(f"/v1/persons/{agent.id}"))["roles"]
    for client, path, body in (
        # Neither waits for these events: they are not an incident's.
        (auditor, f"/v1/keys/{key['id']}/revoke", {}),
        (agent, f"/v1/persons/{agent.id}/revoke_role", {"role": held[0]}),
    ):
        waiting = await waiting_reader(api, client, kind="incident")
        await admin.post_ok(path, body)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert not (await waiting)["items"]


@in_test_all
@pytest.mark.usefixtures("long_waits")
async def test_a_wait_ends_when_the_server_stops(
    readers: dict[str, Client], place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    app = application(place.url, tmp_path / "secrets", settings)
    headers = {"Authorization": f"Bearer {readers['requester'].token}"}

    async def waits() -> bool:
        return bool(app.state.ledger.new_events.waiting == 1)

    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        httpx.AsyncClient(timeout=PATIENCE_SECONDS, headers=headers) as client,
    ):
        async with behind_a_socket(app) as (host, port):
            address = f"http://{host}:{port}{FEED}"
            page = (await client.get(address, params={"limit": "200"})).json()
            wait = {"limit": "200", "cursor": page["resume_cursor"], "wait": "30"}
            waiting = asyncio.create_task(client.get(address, params=wait))
            await until(waits)
        answer = await waiting
    assert (answer.status_code, answer.json()["items"]) == (200, [])


@in_test_all
async def test_of_many_who_wait_few_read_at_once_and_none_for_every_event(
    api: Api, readers: dict[str, Client], statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_api, "READ_AGAIN_SECONDS", 60)
    requester, waiters = readers["requester"], 20
    cursor = (await requester.read(FEED, type="incident.closed"))["resume_cursor"]
    wait = {"type": "incident.closed", "cursor": cursor, "wait": "3"}
    waiting = [asyncio.create_task(requester.read(FEED, **wait)) for _ in range(waiters)]

    async def all_wait() -> bool:
        return api.ledger.new_events.waiting == waiters

    await until(all_wait)
    statements.sent.clear()
    statements.most_reading = 0
    for _ in range(3):
        await requester.post_ok("/v1/incidents", an_incident())
    assert not any(page["items"] for page in await asyncio.gather(*waiting))
    assert statements.with_text(READ_EVENTS) == waiters
    assert statements.with_text(READ_HEAD) < waiters
    assert 0 < statements.most_reading <= new_events.READS_AT_ONCE
