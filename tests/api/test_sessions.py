"""A browser's session: a key becomes a cookie that no script reads and no other site uses, for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from app.api.authentication import sessions
from app.common.keys import new_secret, token
from app.common.people import Role
from app.log.ids import uuid7
from app.platform.settings import Settings
from tests.cases import each_case
from tests.client import ADDRESS, Api, Client, Json, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.people import add_person
from tests.waiting import until

PORTAL = "https://portal.example.org"
OURS = {"Sec-Fetch-Site": "same-origin"}
CROSS = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.org"}
NAME = "ledgerdesk_session"


@pytest.fixture
async def trusting(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Api]:
    """An application whose settings name a portal."""
    changed = settings.model_copy(update={"origins": f"{PORTAL}, http://localhost:5173"})
    async with serving(place.url, tmp_path / "secrets", changed) as opened:
        yield opened


async def signed_in(api: Api, *roles: Role, name: str = "Lin") -> tuple[Client, str]:
    """A browser that has turned a key into a session, and forgotten the key; and the cookie's value."""
    return await browser_of(api, await api.client(name, *roles or (Role.agent,)))


async def browser_of(api: Api, holder: Client, address: str = ADDRESS) -> tuple[Client, str]:
    answer = await holder.post(f"{address}/v1/sessions")
    assert answer.status_code == 201, answer.text
    value = SimpleCookie(answer.headers["set-cookie"])[NAME].value
    return with_cookie(api, value), value


def with_cookie(api: Api, value: str) -> Client:
    return api.with_token(None, headers={"Cookie": f"{NAME}={value}"})


async def test_a_cookie_stands_for_the_key_with_its_roles_and_under_its_name(api: Api) -> None:
    browser, _ = await signed_in(api)
    me = await browser.read("/v1/me")
    assert (me["person"]["name"], me["session"]) == ("Lin", True)
    assert [held["role"] for held in me["roles"]] == ["agent"]
    record: Json = await browser.post_ok("/v1/incidents", an_incident(), Sec_Fetch_Site="same-origin")
    (event,) = (await browser.read(f"/v1/incidents/{record['id']}/events"))["items"]
    assert event["actor"] == f"person:{me['person']['id']}"
    assert "Cookie" in (await browser.get("/v1/me")).headers["vary"]


async def test_the_cookie_is_for_the_browser_alone_and_over_https_for_https_alone(api: Api) -> None:
    holder = await api.client("Lin", Role.agent)
    for address, secure in ((ADDRESS, False), (ADDRESS.replace("http:", "https:"), True)):
        answer = await holder.post(f"{address}/v1/sessions")
        (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/")
        assert bool(cookie["secure"]) == secure
        assert cookie.key == (f"__Host-{NAME}" if secure else NAME)
        assert cookie["domain"] == ""
        assert int(cookie["max-age"]) in (12 * 3600, 12 * 3600 - 1)
        assert cookie.value not in answer.text


COMING_FROM: dict[str, tuple[dict[str, str], bool]] = {
    "a page of ours": (OURS, True),
    "a page of ours, in an old browser": ({"Origin": ADDRESS}, True),
    "another site": (CROSS, False),
    "a sibling": ({"Sec-Fetch-Site": "same-site", "Origin": "http://other.test"}, False),
    "another site, in an old browser": ({"Origin": "http://evil.example.org"}, False),
    "a frame without an origin": ({"Origin": "null"}, False),
    "no browser": ({}, False),
    "a link or an address bar": ({"Sec-Fetch-Site": "none"}, False),
    "an origin that looks like ours": ({"Origin": f"{ADDRESS}.evil.example.org"}, False),
    "the portal": ({"Sec-Fetch-Site": "same-site", "Origin": PORTAL}, True),
    "the portal, by another road": ({"Origin": PORTAL.replace("https", "http")}, False),
}


@each_case("where", COMING_FROM)
async def test_what_changes_something_is_taken_from_our_own_pages_only(trusting: Api, where: str) -> None:
    browser, _ = await signed_in(trusting)
    headers, ours = COMING_FROM[where]
    head = await trusting.head()
    answer = await browser.post("/v1/incidents", json=an_incident(), headers=headers)
    if ours:
        assert answer.status_code == 201
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "from_elsewhere")
        assert await trusting.head() == head
    assert (await browser.get("/v1/me", headers=headers)).status_code == 200, "reading changes nothing"
    assert (await browser.delete("/v1/sessions/current", headers=headers)).status_code == (
        204 if ours else 403
    )


async def test_a_key_needs_no_such_proof_and_goes_before_a_cookie(api: Api) -> None:
    _, value = await signed_in(api)
    wu = await api.client("Wu Jing")
    both = {"Cookie": f"{NAME}={value}", **CROSS}
    assert (await wu.post("/v1/incidents", json=an_incident(), headers=both)).status_code == 201
    me = (await wu.get("/v1/me", headers=both)).json()
    assert (me["person"]["name"], me["session"]) == ("Wu Jing", False)
    wrong = api.with_token("ldk_wrong")
    assert (await wrong.get("/v1/me", headers=both)).status_code == 401


async def test_a_session_that_is_ended_is_over_in_every_process(
    api: Api, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    browser, value = await signed_in(api)
    async with serving(place.url, tmp_path / "secrets", settings) as other:
        other_client = with_cookie(other, value)
        assert (await other_client.get("/v1/me")).status_code == 200, (
            "another process, or this one after a restart"
        )
        answer = await browser.delete("/v1/sessions/current", headers=OURS)
        assert answer.status_code == 204
        (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
        assert (cookie.value, cookie["max-age"]) == ("", "0")
        assert (await other_client.get("/v1/me")).status_code == 401
        assert (await browser.delete("/v1/sessions/current", headers=OURS)).status_code == 401


async def test_a_session_dies_with_its_key(api: Api) -> None:
    browser, _ = await signed_in(api)
    admin = await api.client("Gao", Role.admin)
    key = (await browser.read("/v1/me"))["key_id"]
    await admin.post_ok(f"/v1/keys/{key}/revoke")

    async def refused() -> bool:
        return (await browser.get("/v1/me")).status_code == 401

    await until(refused)


async def test_a_session_ends_no_later_than_its_key(api: Api) -> None:
    ends = datetime.now(UTC) + timedelta(hours=1)
    holder = await api.client_of(await add_person(api.ledger, "Lin"), Role.agent, ends=ends)
    answer = await holder.post("/v1/sessions")
    assert datetime.fromisoformat(answer.json()["expires_at"]) == ends
    (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
    assert int(cookie["max-age"]) <= 3600


async def test_a_session_whose_time_is_over_is_nobody_s_and_is_cleared_away(
    api: Api, place: DatabaseUrls
) -> None:
    browser, _ = await signed_in(api)
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as owner:
        await owner.execute("update plumbing.session set expires_at = now()")
        assert (await browser.get("/v1/me")).status_code == 401
        await signed_in(api, name="Wu")
        row = await (await owner.execute("select count(*) from plumbing.session")).fetchone()
        assert row == (1,)


async def test_what_is_kept_of_a_session_does_not_open_it(api: Api, place: DatabaseUrls) -> None:
    _, value = await signed_in(api)
    name, _, secret = value.partition(".")
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as owner:
        row = await (await owner.execute("select s::text from plumbing.session s")).fetchone()
        assert row is not None
        assert secret not in str(row)
        stored = await (await owner.execute("select secret_hash from plumbing.session")).fetchone()
    assert stored is not None
    for guess in (
        f"{name}.{stored[0]}",
        f"{name}.",
        name,
        f"{name}.{secret}x",
        f".{secret}",
        "x",
        "",
        "a.b.c",
    ):
        assert (await with_cookie(api, guess).get("/v1/me")).status_code == 401


async def test_over_https_a_cookie_is_taken_by_the_name_that_only_this_host_can_set(api: Api) -> None:
    _, value = await browser_of(api, await api.client("Lin", Role.agent))
    address = ADDRESS.replace("http:", "https:") + "/v1/me"
    for name, status in ((f"__Host-{NAME}", 200), (NAME, 401)):
        client = api.with_token(None, headers={"Cookie": f"{name}={value}"})
        assert (await client.get(address)).status_code == status


async def test_a_session_that_is_over_says_so_and_a_guess_does_not(api: Api) -> None:
    browser, _ = await signed_in(api)
    await browser.delete("/v1/sessions/current", headers=OURS)
    refused = await browser.get("/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (401, "session_over")
    guess = await with_cookie(api, "x").get("/v1/me")
    assert (guess.status_code, guess.json()["code"]) == (401, "unauthenticated")


async def test_no_number_of_stale_or_guessed_cookies_shuts_out_who_is_signed_in(api: Api) -> None:
    ended, stale = await signed_in(api, name="Wu")
    await ended.delete("/v1/sessions/current", headers=OURS)
    guess = f"{stale[:-4]}0000"
    for value in (stale, guess, f"{uuid7().hex}.{new_secret()}", "x"):
        for _ in range(api.ledger.settings.wrong_keys + 1):
            assert (await with_cookie(api, value).get("/v1/me")).status_code == 401
    browser, _ = await signed_in(api)
    assert (await browser.get("/v1/me")).status_code == 200
    for _ in range(api.ledger.settings.wrong_keys + 1):
        last = await api.with_token(token(uuid7(), new_secret())).get("/v1/me")
    assert last.status_code == 429
    assert (await browser.get("/v1/me")).status_code == 200, "nor do wrong keys"


async def test_a_session_opens_no_other_and_who_has_none_ends_none(api: Api) -> None:
    browser, _ = await signed_in(api)
    answer = await browser.post("/v1/sessions", headers=OURS)
    assert (answer.status_code, answer.json()["code"]) == (403, "key_needed")
    holder = await api.client("Wu", Role.agent)
    assert (await holder.delete("/v1/sessions/current")).status_code == 404
    answer = await holder.post("/v1/sessions", json={"hours": 1_000})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/hours")


async def asked(api: Api, method: str, path: str, origin: str, **headers: str) -> httpx.Response:
    """What a browser would be answered that asks for a page of that origin."""
    named: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api.app), base_url=ADDRESS) as client:
        return await client.request(method, path, headers={"Origin": origin, **named})


async def test_a_page_of_the_portal_may_ask_and_read_what_matters(trusting: Api) -> None:
    token = (await trusting.client("Lin", Role.agent)).token
    for origin in (PORTAL, "http://localhost:5173"):
        preflight = await asked(
            trusting,
            "OPTIONS",
            "/v1/incidents",
            origin,
            Access_Control_Request_Method="POST",
            Access_Control_Request_Headers="authorization, content-type, if-match, idempotency-key",
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == origin
        for status, authorization in ((200, f"Bearer {token}"), (401, "Bearer x")):
            answer = await asked(trusting, "GET", "/v1/me", origin, Authorization=authorization)
            assert answer.status_code == status
            assert answer.headers["access-control-allow-origin"] == origin
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert "Origin" in answer.headers["vary"]
            exposed = answer.headers["access-control-expose-headers"]
            assert {"ETag", "Link", "RateLimit", "X-Request-Id"} <= set(exposed.split(", "))


@each_case("origin", ["https://evil.example.org", f"{PORTAL}.evil.org", "null", PORTAL + ":444"])
async def test_a_page_of_anybody_else_may_not(trusting: Api, origin: str) -> None:
    token = (await trusting.client("Lin", Role.agent)).token
    preflight = await asked(
        trusting, "OPTIONS", "/v1/incidents", origin, Access_Control_Request_Method="POST"
    )
    answer = await asked(trusting, "GET", "/v1/me", origin, Authorization=f"Bearer {token}")
    for response in (preflight, answer):
        assert not [name for name in response.headers if name.startswith("access-control")]
    assert preflight.status_code == 401


async def test_an_account_has_so_many_sessions_and_the_oldest_ends(api: Api) -> None:
    holder, other = await api.client("Lin", "agent"), await api.client("Mei", "agent")
    others_session, _ = await browser_of(api, other)
    oldest, _ = await browser_of(api, holder)
    for _ in range(sessions.MOST_SESSIONS):
        newest, _ = await browser_of(api, holder)
    assert [(await client.get("/v1/me")).status_code for client in (oldest, newest, others_session)] == [
        401,
        200,
        200,
    ]
    rows = await api.ledger.db.value("select count(*) from plumbing.session")
    assert rows == sessions.MOST_SESSIONS + 1
