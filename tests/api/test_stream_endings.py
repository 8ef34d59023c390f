"""Why a live stream ends: the token that opened it is lost, or the database is away; and what is counted."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.api.authentication import issuer as issuers
from app.api.service import live
from app.common.people import Role
from app.kernel.histories import newest
from app.main import application
from app.platform.settings import Settings
from tests.api.issuers import LocalIssuer, issuing
from tests.api.test_outage import Cut
from tests.api.test_tokens import known, trusting
from tests.client import Api, Client, an_incident, serving
from tests.conftest import DatabaseUrls, Server
from tests.extent import in_test_all
from tests.listening import listening
from tests.served import behind_a_socket
from tests.waiting import until

Address = tuple[str, int]


@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with issuing(LocalIssuer()) as local:
        yield local


@pytest.fixture
async def api(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> AsyncIterator[Api]:
    async with serving(place.url, tmp_path / "secrets", trusting(settings, issuer)) as opened:
        yield opened


@pytest.fixture
def app(api: Api, place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer) -> FastAPI:
    """A process that trusts the provider, beside the one that is written through."""
    return application(place.url, tmp_path / "secrets", trusting(settings, issuer))


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[Address]:
    async with behind_a_socket(app) as listens_at:
        yield listens_at


async def test_a_stream_of_a_token_ends_with_the_login_and_sends_nothing_after(
    api: Api, address: Address, issuer: LocalIssuer
) -> None:
    admin = await known(api, "lin", Role.agent)
    writer = await api.client("asks", Role.requester)
    async with listening(address, issuer.token(), kind="incident") as listener:
        await writer.post_ok("/v1/incidents", an_incident())
        await listener.reach(head := await api.head())
        lin = f"/v1/persons/{admin.headers['X-Person']}"
        assert (await admin.patch(lin, json={"login": None}, headers={"If-Match": "1"})).status_code == 200
        await writer.post_ok("/v1/incidents", an_incident())
        assert await listener.ended() == "signed_out"
    assert listener.positions == [head]


@in_test_all
async def test_a_stream_of_a_token_ends_within_a_second_of_the_token(
    api: Api, address: Address, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(api, "lin", Role.agent)
    monkeypatch.setattr(issuers, "LEEWAY_SECONDS", 0)
    expires_at = int(time.time()) + 5
    async with listening(address, issuer.token(exp=expires_at)) as listener:
        assert await listener.ended() == "signed_out"
    assert time.time() >= expires_at
    assert live.RECHECK_SECONDS + newest.TICK_SECONDS <= 1, "within a second"


async def _session_of(client: Client) -> str:
    opened = await client.post("/v1/sessions")
    cookie: str = opened.headers["set-cookie"].partition(";")[0]
    return cookie


@in_test_all
@pytest.mark.usefixtures("connections_anew")
async def test_while_the_database_is_away_a_stream_ends_with_a_word_and_goes_on_where_it_was(
    api: Api, server: Server, place: DatabaseUrls, address: Address
) -> None:
    requester = await api.client("asks", Role.requester)
    cookie = await _session_of(requester)
    begin, cut = await api.head(), Cut(server, place)
    async with listening(address, None, cookie=cookie) as before:
        await requester.post_ok("/v1/incidents", an_incident())
        await before.reach(await api.head())
        await cut.allow(False)
        assert await before.ended() == "unavailable"
    await cut.allow(True)

    async def written() -> bool:
        return (await requester.post("/v1/incidents", json=an_incident())).status_code == 201

    await until(written)
    collected = before.positions

    async def opened() -> bool:
        return (await requester.get("/v1/me")).status_code == 200

    await until(opened)
    expected = (await requester.read("/v1/events", after=str(begin)))["items"]
    async with listening(address, None, last_event_id=before.last_id, cookie=cookie) as after:
        await after.reach(expected[-1]["position"])
    assert collected + after.positions == [event["position"] for event in expected]


async def _samples(address: Address, token: str | None) -> dict[str, float]:
    """The samples of the process that listens there."""
    host, port = address
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", headers=headers) as client:
        text = (await client.get("/metrics")).text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


@in_test_all
async def test_streams_that_are_open_and_why_others_ended_are_measured(api: Api, address: Address) -> None:
    requester, admin = await api.client("asks", Role.requester), await api.client("root", Role.admin)
    ends = 'ledgerdesk_event_streams_ended_total{reason="%s"}'
    (key,) = (await admin.read("/v1/keys", person=requester.id))["items"]
    async with listening(address, admin.token), listening(address, requester.token) as revoked:
        samples = await _samples(address, admin.token)
        assert (samples["ledgerdesk_event_streams"], samples[ends % "too_slow"]) == (2, 0)
        await admin.post_ok(f"/v1/keys/{key['id']}/revoke")
        await revoked.ended()

    async def ended() -> bool:
        samples = await _samples(address, admin.token)
        names = ("ledgerdesk_event_streams", ends % "signed_out", ends % "left")
        return [samples[name] for name in names] == [0, 1, 1]

    await until(ended)
