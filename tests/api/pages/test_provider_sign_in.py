"""Signing in at the identity provider: the code flow, once and by the same browser only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import Request
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response
from structlog.testing import capture_logs

from app.api.authentication.auth import caller_of, signed_in
from app.api.pages.page_response import page_response
from app.api.sign_in import router as sign_in_router
from app.api.sign_in.sign_in_first import sign_in_first
from app.common.people import Role
from app.platform.settings import Settings, SettingsError, load
from tests.api.issuers import issuing, new_key
from tests.api.pages.browsers import ELSEWHERE, OURS, browser_at, is_html, with_pages
from tests.api.pages.code_issuer import CLIENT, SECRET, CodeIssuer
from tests.api.test_tokens import known, trusting
from tests.cases import each_case
from tests.client import ADDRESS, Api, serving
from tests.conftest import DatabaseUrls

PAGE = "/desk/incident?state=new&q=a"
SESSION, FLOW = "ledgerdesk_session", sign_in_router.FLOW_COOKIE


async def _whose(request: Request) -> Response:
    if signed_in(request) is None:
        return sign_in_first(request)
    return page_response(request, caller_of(request).actor)


@pytest.fixture
async def issuer() -> AsyncIterator[CodeIssuer]:
    made_issuer = CodeIssuer()
    async with issuing(made_issuer):
        yield made_issuer


def as_client(settings: Settings, issuer: CodeIssuer, **more: Any) -> Settings:
    """The settings of a client of the provider."""
    client = {"oidc_client_id": CLIENT, "oidc_client_secret": SecretStr(SECRET)}
    return trusting(settings, issuer, **{**client, **more})


@pytest.fixture
async def desk(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: CodeIssuer
) -> AsyncIterator[Api]:
    async with serving(place.url, tmp_path / "secrets", as_client(settings, issuer)) as opened:
        with_pages(opened.app, {"/desk/incident": _whose})
        yield opened


@pytest.fixture
async def browser(desk: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that says what a person's does who follows links."""
    async with browser_at(desk.app, Accept_Language="en") as opened:
        yield opened


@pytest.fixture
async def lin(desk: Api) -> None:
    """Somebody here has the login of those who sign in."""
    await known(desk, "lin")


async def begun(browser: httpx.AsyncClient) -> str:
    """The provider's address to which the link of the page leads."""
    page = await browser.get(f"/sign-in?{urlencode({'next': PAGE})}")
    (link,) = re.findall(r'href="(/sign-in/provider[^"]*)"', page.text)
    answer = await browser.get(link.replace("&amp;", "&"))
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def finished(browser: httpx.AsyncClient, address: str) -> httpx.Response:
    """What is answered to the provider's answer, which is a page whatever comes."""
    answer = await browser.get(address, headers=ELSEWHERE)
    assert is_html(answer)
    assert ("set-cookie" in answer.headers and SESSION in browser.cookies) == (answer.status_code == 200)
    return answer


async def test_who_signs_in_at_the_provider_has_a_session_and_comes_back_where_they_were(
    desk: Api, issuer: CodeIssuer, browser: httpx.AsyncClient
) -> None:
    admin = await known(desk, "lin", Role.agent)
    address = issuer.sign_in(await begun(browser))
    with capture_logs() as lines:
        answer = await finished(browser, address)
    assert address.rpartition("code=")[2].partition("&")[0] not in str(lines)
    assert answer.status_code == 200, answer.text
    assert 'content="0; url=/desk/incident?state=new&amp;q=a"' in answer.text
    cookies = {cookie.partition("=")[0]: cookie for cookie in answer.headers.get_list("set-cookie")}
    assert cookies.keys() == {SESSION, FLOW}
    assert "SameSite=strict" in cookies[SESSION]
    assert await desk.ledger.db.value("select signed_in_at from plumbing.session") is not None
    assert "Max-Age=0" in cookies[FLOW]
    page = await browser.get(PAGE)
    assert page.text == f"person:{admin.headers['X-Person']}"
    await admin.post_ok(f"/v1/persons/{admin.headers['X-Person']}/deactivate")
    assert (await browser.get(PAGE)).status_code == 303


async def test_the_cookie_of_the_flow_is_lax_short_and_tells_nothing(
    browser: httpx.AsyncClient, issuer: CodeIssuer
) -> None:
    answer = await browser.get(f"/sign-in/provider?{urlencode({'next': PAGE})}")
    cookie = answer.headers["set-cookie"]
    for part in (f"{FLOW}=", "SameSite=lax", "HttpOnly", "Max-Age=600", "Path=/sign-in"):
        assert part in cookie
    state = httpx.URL(answer.headers["location"]).params["state"]
    assert state not in cookie
    assert "desk" not in cookie.removeprefix("ledgerdesk")
    https = await browser.get(f"{ADDRESS.replace('http:', 'https:')}/sign-in/provider", headers=OURS)
    assert https.headers["set-cookie"].startswith(f"__Secure-{FLOW}=")
    assert "Secure;" in https.headers["set-cookie"] + ";"
    assert httpx.URL(https.headers["location"]).params["redirect_uri"].startswith("https://")


async def test_an_answer_to_another_browser_or_another_time_is_not_taken(
    desk: Api, issuer: CodeIssuer, browser: httpx.AsyncClient
) -> None:
    await known(desk, "lin")
    address = issuer.sign_in(await begun(browser))
    async with browser_at(desk.app, Accept_Language="en") as other:
        assert (await finished(other, address)).status_code == 400, "it has begun no sign-in"
        await begun(other)
        stale = await finished(other, address)
        assert stale.status_code == 400, "it has begun another one"
        assert "Please start again" in stale.text
    assert issuer.exchanges == 0
    assert (await finished(browser, address.replace("state=", "state=x"))).status_code == 400
    assert (await finished(browser, address.partition("&state")[0])).status_code == 400
    assert (await finished(browser, address)).status_code == 200


async def test_a_sign_in_is_finished_once(desk: Api, issuer: CodeIssuer, browser: httpx.AsyncClient) -> None:
    await known(desk, "lin")
    address = issuer.sign_in(await begun(browser))
    cookies = {"Cookie": f"{FLOW}={browser.cookies[FLOW]}"}
    assert (await finished(browser, address)).status_code == 200
    browser.cookies.clear()
    assert (await finished(browser, address)).status_code == 400, "the cookie is gone"
    replayed = await browser.get(address, headers=cookies)
    assert (replayed.status_code, is_html(replayed)) == (403, True)
    assert issuer.exchanges == 1, "nor is the provider asked a second time"


WRONG: dict[str, Callable[[CodeIssuer], dict[str, Any]]] = {
    "of another sign-in": lambda _: {"nonce": "another"},
    "of no sign-in": lambda _: {"nonce": None},
    "for another client": lambda _: {"aud": "ledgerdesk"},
    "for another client, too, which has asked for it": lambda _: {"aud": [CLIENT, "x"], "azp": "x"},
    "of another issuer": lambda _: {"iss": "https://login.example.org"},
    "too old": lambda _: {"exp": 1},
    "signed by another": lambda _: {"key": new_key()},
    "signed with a secret that both know": lambda _: {"key": "x" * 64, "algorithm": "HS256"},
    "that is an access token": lambda _: {"headers": {"typ": "at+jwt"}},
    "of an unknown key": lambda issuer: {"kid": "second", "key": new_key()},
}


@pytest.mark.usefixtures("lin")
@each_case("wrong", WRONG)
async def test_an_id_token_that_is_not_for_this_sign_in_signs_nobody_in(
    issuer: CodeIssuer, browser: httpx.AsyncClient, wrong: str
) -> None:
    issuer.claims = WRONG[wrong](issuer)
    answer = await finished(browser, issuer.sign_in(await begun(browser)))
    assert answer.status_code == 403
    assert "was not valid" in answer.text
    assert 'name="next" value="/desk/incident?state=new&amp;q=a"' in answer.text, "and one begins again"


@pytest.mark.usefixtures("lin")
@each_case(
    ("token_answer", "status"),
    [
        (JSONResponse({"error": "invalid_grant"}, 400), 403),
        (JSONResponse({"access_token": "x"}), 403),
        (JSONResponse({"id_token": 7}), 403),
        (JSONResponse({"id_token": "x"}), 403),
        (JSONResponse(["x"]), 503),
        (Response("<p>later", 502), 503),
        (Response("x" * 300_000), 503),
        (Response(status_code=302, headers={"Location": "https://evil.example.org"}), 503),
    ],
    ids=lambda value: value.body if isinstance(value, Response) else value,
)
async def test_whatever_the_provider_answers_ends_on_a_page(
    issuer: CodeIssuer, browser: httpx.AsyncClient, token_answer: Response, status: int
) -> None:
    address = issuer.sign_in(await begun(browser))
    issuer.token_answer = token_answer
    assert (await finished(browser, address)).status_code == status


async def test_a_sign_in_that_the_person_or_the_provider_stops_says_so(browser: httpx.AsyncClient) -> None:
    state = httpx.URL(await begun(browser)).params["state"]
    refusal = {"error": "access_denied", "error_description": "<b>Call 555", "state": state}
    answer = await finished(browser, f"/sign-in/callback?{urlencode(refusal)}")
    assert answer.status_code == 403
    assert "cancelled" in answer.text
    assert "555" not in answer.text, "what an address says is not shown"
    chinese = await browser.get("/sign-in/callback?error=access_denied", headers={"Accept-Language": "zh"})
    assert "请重新开始" in chinese.text


async def test_without_the_provider_people_are_told_and_can_use_a_key(
    desk: Api, issuer: CodeIssuer, browser: httpx.AsyncClient
) -> None:
    issuer.broken = True
    answer = await browser.get("/sign-in/provider?next=/portal")
    assert (answer.status_code, is_html(answer)) == (503, True)
    assert "is not reachable" in answer.text
    assert 'name="key"' in answer.text
    for _ in range(10):
        assert (await browser.get("/sign-in/provider")).status_code == 503
    assert issuer.asked <= 6, "who asks again and again does not make us ask"


@pytest.mark.parametrize(
    "says",
    [
        {"authorization_endpoint": None},
        {"authorization_endpoint": "http://elsewhere.example.org/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://[broken"},
    ],
)
async def test_an_address_that_others_could_tamper_with_is_not_gone_to(
    issuer: CodeIssuer, browser: httpx.AsyncClient, says: dict[str, Any]
) -> None:
    issuer.says = says
    answer = await browser.get("/sign-in/provider")
    assert (answer.status_code, is_html(answer)) == (503, True)


async def test_the_code_is_sent_to_the_provider_s_own_host_or_by_https_only(
    desk: Api, issuer: CodeIssuer, browser: httpx.AsyncClient
) -> None:
    issuer.says = {"token_endpoint": "http://elsewhere.example.org/token"}
    address = issuer.sign_in(await begun(browser))
    assert (await finished(browser, address)).status_code == 503


async def test_an_unknown_or_inactive_login_is_told_so(
    desk: Api, issuer: CodeIssuer, browser: httpx.AsyncClient
) -> None:
    admin = await known(desk, "lin")
    for claims in ({"sub": "wu"}, {"sub": None}):
        issuer.claims = claims
        answer = await finished(browser, issuer.sign_in(await begun(browser)))
        assert answer.status_code == 403
        assert "no person here has your login" in answer.text
    issuer.claims = {}
    await admin.post_ok(f"/v1/persons/{admin.headers['X-Person']}/deactivate")
    answer = await finished(browser, issuer.sign_in(await begun(browser)))
    assert (answer.status_code, "not active" in answer.text) == (403, True)


async def test_failures_are_counted_as_wrong_keys(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: CodeIssuer
) -> None:
    changed = as_client(settings, issuer, wrong_keys=2)
    async with serving(place.url, tmp_path / "secrets", changed) as api, browser_at(api.app) as browser:
        statuses = [(await browser.get(issuer.sign_in(await begun(browser)))).status_code for _ in range(3)]
    assert statuses == [403, 403, 429]
    assert issuer.exchanges == 2


async def test_a_public_client_at_a_public_address_adds_people_if_the_settings_allow(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: CodeIssuer
) -> None:
    more = {"public_url": "https://desk.example.org", "oidc_adds_people": True, "oidc_login_claim": "email"}
    changed = as_client(settings, issuer, **more)
    issuer.claims = {"email": "wu@example.org", "email_verified": True, "name": "Wu"}
    async with serving(place.url, tmp_path / "secrets", changed) as api, browser_at(api.app) as browser:
        address = await begun(browser)
        assert httpx.URL(address).params["redirect_uri"] == "https://desk.example.org/sign-in/callback"
        led_back = issuer.sign_in(address).replace("https://desk.example.org", ADDRESS)
        assert (await browser.get(led_back)).status_code == 200
        me = (await browser.get("/v1/me")).json()
    assert (me["person"]["name"], me["session"]) == ("Wu", True)


async def test_without_a_client_in_the_settings_there_is_no_such_page(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with browser_at(api.app) as browser:
        for path in ("/sign-in/provider", "/sign-in/callback?code=x&state=y"):
            answer = await browser.get(path)
            assert (answer.status_code, is_html(answer)) == (404, True)
    monkeypatch.setenv("LEDGERDESK_OIDC_CLIENT_ID", "desk")
    with pytest.raises(SettingsError, match="needs LEDGERDESK_OIDC_ISSUER"):
        load()
