"""Tickets for the live stream: each opens it once, for what its maker may see, and for no longer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.api.authentication import tickets
from app.common.people import Role
from app.main import application
from app.platform.db import connect
from app.platform.settings import Settings
from tests.client import Api, Client, Json, add_key, an_incident
from tests.conftest import DatabaseUrls
from tests.listening import STREAM, listening
from tests.people import add_person
from tests.served import behind_a_socket

PORTAL = "https://portal.example.org"
TICKETS = "/v1/events/tickets"
ONCE = {"follow": "false"}
Address = tuple[str, int]


@pytest.fixture
def app(api: Api, place: DatabaseUrls, tmp_path: Path, settings: Settings) -> FastAPI:
    """Another process, which pages of the portal may call."""
    return application(place.url, tmp_path / "secrets", settings.model_copy(update={"origins": PORTAL}))


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[Address]:
    async with behind_a_socket(app) as listens_at:
        yield listens_at


async def ticket_of(client: Client) -> str:
    return str((await client.post_ok(TICKETS))["ticket"])


async def opened(api: Api, ticket: str) -> httpx.Response:
    return await api.with_token(None).get(STREAM, params={**ONCE, "ticket": ticket})


async def test_a_ticket_opens_one_stream_of_whoever_made_it(
    api: Api, address: Address, place: DatabaseUrls
) -> None:
    requester, other = await api.client("asks", Role.requester), await api.client("other", Role.requester)
    ticket = await ticket_of(requester)
    connection = await connect(place.owner_url)
    rows = await (await connection.execute("select t::text from plumbing.stream_ticket t")).fetchall()
    await connection.close()
    assert len(rows) == 1
    assert ticket.split(".")[1] not in str(rows)
    async with listening(address, None, ticket=ticket) as listener:
        assert listener.answer.headers["cache-control"] == "no-store, no-transform"
        await other.post_ok("/v1/incidents", an_incident())
        own = await requester.post_ok("/v1/incidents", an_incident())
        await listener.reach(await api.head())
    assert {content["event"]["stream"] for content in listener.events} == {f"incident/{own['id']}"}
    again = await opened(api, ticket)
    assert (again.status_code, again.json()["code"]) == (401, "unauthenticated")
    assert ticket not in again.text


async def test_a_ticket_is_good_for_the_stream_alone_and_for_half_a_minute(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    requester, stranger = await api.client("asks", Role.requester), api.with_token(None)
    ticket = await ticket_of(requester)
    for path in ("/v1/events", "/v1/me", "/v1/changes/calendar"):
        for name in ("ticket", "key"):
            assert (await stranger.get(path, params={name: ticket})).status_code == 401, path
    assert (await stranger.get("/v1/me", headers={"Authorization": f"Bearer {ticket}"})).status_code == 401
    assert (await opened(api, requester.token or "")).status_code == 401, "a key is no ticket"
    assert (await opened(api, ticket[:-1])).status_code == 401
    assert (await opened(api, ticket)).status_code == 200
    monkeypatch.setattr(tickets, "TICKET_SECONDS", -1)
    assert (await opened(api, await ticket_of(requester))).status_code == 401


async def test_a_ticket_has_no_role_that_the_key_it_is_made_with_may_not_use(api: Api) -> None:
    person = await add_person(api.ledger, "Lin", roles=("admin",))
    narrow = api.with_token(await add_key(api.ledger, person.id, Role.requester), person.id)
    writer = await api.client("asks", Role.requester)
    begin = await api.head()
    await writer.post_ok("/v1/incidents", an_incident())
    answer = await api.with_token(None).get(
        STREAM, params={**ONCE, "after": str(begin), "ticket": await ticket_of(narrow)}
    )
    assert answer.status_code == 200
    assert "incident.reported" not in answer.text


async def test_a_stream_of_a_ticket_ends_with_what_the_ticket_was_made_with(
    api: Api, address: Address
) -> None:
    admin, requester = await api.client("root", Role.admin), await api.client("asks", Role.requester)
    (key,) = (await admin.read("/v1/keys", person=requester.id))["items"]
    session = await requester.post("/v1/sessions")
    cookie = session.headers["set-cookie"].partition(";")[0]
    browser = api.with_token(None, headers={"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
    async with (
        listening(address, None, ticket=await ticket_of(browser)) as of_session,
        listening(address, None, ticket=await ticket_of(requester)) as of_key,
    ):
        assert (await browser.delete("/v1/sessions/current")).status_code == 204
        assert await of_session.ended() == "signed_out"
        assert of_key.end is None
        await admin.post_ok(f"/v1/keys/{key['id']}/revoke")
        assert await of_key.ended() == "signed_out"


async def test_a_key_for_one_thing_makes_no_ticket(api: Api) -> None:
    requester = await api.client("asks", Role.requester)
    body: Json = {"name": "Outlook", "person": "me", "scope": "calendar"}
    narrow = api.with_token((await requester.post_ok("/v1/keys", body))["token"])
    answer = await narrow.post(TICKETS)
    assert (answer.status_code, answer.json()["code"]) == (403, "key_scope")


async def test_a_page_of_a_named_origin_may_read_the_stream_and_no_other(api: Api, address: Address) -> None:
    requester = await api.client("asks", Role.requester)
    url = f"http://{address[0]}:{address[1]}"
    async with httpx.AsyncClient(base_url=url) as browser:
        for origin, allowed in ((PORTAL, PORTAL), ("https://elsewhere.example", None)):
            query = {**ONCE, "ticket": await ticket_of(requester)}
            answer = await browser.get(STREAM, params=query, headers={"Origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed
