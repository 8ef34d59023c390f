"""Signing in by a key on a page, and out again; and the way of pages there and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import Request
from starlette.responses import Response
from structlog.testing import capture_logs

from app.api.authentication.auth import caller_of, signed_in
from app.api.pages.page_response import page_response
from app.api.sign_in.sign_in_first import sign_in_first
from app.common.keys import KeyScope, new_secret, token
from app.common.people import Role
from app.log.ids import uuid7
from app.platform.settings import Settings
from tests.api.pages.browsers import ELSEWHERE, OURS, browser_at, is_html, with_pages
from tests.client import ADDRESS, Api, serving
from tests.conftest import DatabaseUrls

PAGE = "/desk/incident"
NAME = "ledgerdesk_session"


async def _whose(request: Request) -> Response:
    """A page that only people see who are signed in."""
    if signed_in(request) is None:
        return sign_in_first(request)
    return page_response(request, f"{caller_of(request).actor} {sorted(request.query_params.items())}")


@pytest.fixture
def desk(api: Api) -> Api:
    with_pages(api.app, {PAGE: _whose, f"{PAGE}/事": _whose})
    return api


async def test_a_page_leads_to_the_sign_in_and_a_key_leads_back(desk: Api) -> None:
    holder = await desk.client("Lin", Role.agent)
    async with browser_at(desk.app) as browser:
        first = await browser.get(f"{PAGE}?state=new&q=a%26b")
        assert first.status_code == 303
        page = await browser.get(first.headers["location"], headers={"Accept-Language": "en"})
        assert (page.status_code, is_html(page)) == (200, True)
        assert "<h1>Sign in</h1>" in page.text
        (next_address,) = re.findall(r'name="next" value="([^"]*)"', page.text)
        assert next_address == f"{PAGE}?state=new&amp;q=a%26b"
        assert "by_provider" not in page.text
        assert "account" not in page.text, "no provider is configured"
        with capture_logs() as lines:
            sent = {"key": f" {holder.token} ", "next": next_address.replace("&amp;", "&")}
            answer = await browser.post("/sign-in", data=sent)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?state=new&q=a%26b")
        cookie = answer.headers["set-cookie"]
        assert all(part in cookie for part in (NAME, "HttpOnly", "SameSite=strict", "Path=/;"))
        assert (holder.token or "") not in f"{lines}{answer.headers}"
        page = await browser.get(answer.headers["location"])
        assert page.text == f"person:{holder.id} [('q', 'a&b'), ('state', 'new')]"


async def test_a_wrong_key_shows_the_form_again_in_both_languages(desk: Api) -> None:
    async with browser_at(desk.app) as browser:
        for language, sentence in (("en", "This key is not valid"), ("zh", "此密钥无效")):
            for key in ("ldk_wrong", token(uuid7(), new_secret()), "", f"ldk_{uuid7().hex}_ключ"):
                sent = {"key": key, "next": "/portal"}
                answer = await browser.post("/sign-in", data=sent, headers={"Accept-Language": language})
                assert (answer.status_code, is_html(answer)) == (401, True)
                assert sentence in answer.text
                assert 'name="next" value="/portal"' in answer.text
                assert "set-cookie" not in answer.headers
                assert not key or key not in answer.text


async def test_wrong_keys_are_counted_here_as_everywhere(desk: Api) -> None:
    holder = await desk.client("Lin", Role.agent)
    async with browser_at(desk.app) as browser:
        for _ in range(desk.ledger.settings.wrong_keys):
            sent = {"key": token(uuid7(), new_secret())}
            assert (await browser.post("/sign-in", data=sent)).status_code == 401
        refused = await browser.post("/sign-in", data={"key": holder.token})
        assert (refused.status_code, is_html(refused)) == (429, True)
        assert int(refused.headers["retry-after"]) > 0
    guess = desk.with_token(token(uuid7(), new_secret()))
    assert (await guess.get("/v1/me")).status_code == 429


async def test_signing_in_is_a_request_of_the_key(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    few = settings.model_copy(update={"rate_limit": 2, "rate_seconds": 600})
    async with serving(place.url, tmp_path / "secrets", few) as api:
        sent = {"key": (await api.client("Lin", Role.agent)).token}
        async with browser_at(api.app) as browser:
            statuses = [(await browser.post("/sign-in", data=sent)).status_code for _ in range(3)]
    assert statuses == [303, 303, 429]


async def test_keys_that_open_no_session_sign_nobody_in(desk: Api) -> None:
    lin = await desk.client("Lin", Role.change_manager)
    person = {"person": lin.id, "name": "x", "roles": ["requester"]}
    admin = await desk.client("Gao", Role.admin)
    calendar = await admin.post_ok("/v1/keys", {**person, "scope": KeyScope.calendar.value})
    ends = datetime.now(UTC) + timedelta(hours=1)
    rotated = await admin.post_ok("/v1/keys", {**person, "expires_at": ends.isoformat()})
    await admin.post_ok(f"/v1/keys/{rotated['id']}/rotate", {"overlap_seconds": 600})
    async with browser_at(desk.app) as browser:
        for key, words in ((calendar["token"], "change calendar only"), (rotated["token"], "")):
            answer = await browser.post("/sign-in", data={"key": key}, headers={"Accept-Language": "en"})
            assert (answer.status_code, is_html(answer)) == (403, True)
            assert words in answer.text
            assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("headers", [ELSEWHERE, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}])
async def test_nobody_is_signed_in_or_out_from_another_site(desk: Api, headers: dict[str, str]) -> None:
    holder = await desk.client("Lin", Role.agent)
    async with browser_at(desk.app) as browser:
        sent = {"key": holder.token}
        refused = await browser.post("/sign-in", data=sent, headers=headers)
        assert (refused.status_code, is_html(refused)) == (403, True)
        assert "set-cookie" not in refused.headers
        await browser.post("/sign-in", data=sent)
        assert (await browser.post("/sign-out", headers=headers)).status_code == 403
        assert (await browser.post(PAGE, headers=headers)).status_code == 403
        assert (await browser.get(PAGE)).status_code == 200


async def test_signing_out_ends_the_session(desk: Api) -> None:
    holder = await desk.client("Lin", Role.agent)
    async with browser_at(desk.app) as browser:
        await browser.post("/sign-in", data={"key": holder.token})
        cookies = {"Cookie": f"{NAME}={browser.cookies[NAME]}"}
        answer = await browser.post("/sign-out")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert NAME not in browser.cookies
        assert (await browser.get(PAGE, headers=cookies)).status_code == 303, "whatever is kept of it"
        assert (await browser.post("/sign-out")).status_code == 303
        assert (await browser.get("/sign-out")).status_code == 405


@pytest.mark.parametrize(
    "address", ["https://evil.example.org", "//evil.example.org/desk", "/\\evil", "/sign-in"]
)
async def test_no_link_leads_to_another_site(desk: Api, address: str) -> None:
    holder = await desk.client("Lin", Role.agent)
    async with browser_at(desk.app) as browser:
        page = await browser.get(f"/sign-in?{urlencode({'next': address})}")
        assert 'name="next" value="/"' in page.text
        assert "evil" not in page.text
        answer = await browser.post("/sign-in", data={"key": holder.token, "next": address})
        assert answer.headers["location"] == "/"


async def test_the_form_chooses_its_language_and_is_whole_without_a_script(desk: Api) -> None:
    async with browser_at(desk.app) as browser:
        page = (await browser.get("/sign-in?lang=zh&next=/portal")).text
    assert "<h1>登录</h1>" in page
    assert '<html lang="zh-CN">' in page
    assert 'action="/sign-in?lang=zh"' in page
    assert "/sign-in?next=%2Fportal&amp;lang=en" in page
    assert "<script" not in page


async def test_a_page_asked_for_from_another_site_asks_once_more_before_the_sign_in(desk: Api) -> None:
    holder = await desk.client("Lin", Role.agent)
    async with browser_at(desk.app) as browser:
        linked = await browser.get(f"{PAGE}/%E4%BA%8B?q=%E4%BA%8B", headers=ELSEWHERE)
        assert (linked.status_code, is_html(linked)) == (200, True)
        (address,) = re.findall(r'http-equiv="refresh" content="0; url=([^"]*)"', linked.text)
        assert address == f"{PAGE}/%E4%BA%8B?q=%E4%BA%8B&amp;once_more=1"
        again = await browser.get(address.replace("&amp;", "&"))
        assert again.status_code == 303
        assert (
            again.headers["location"]
            == "/sign-in?next=%2Fdesk%2Fincident%2F%25E4%25BA%258B%3Fq%3D%25E4%25BA%258B"
        )
        still = await browser.get(address.replace("&amp;", "&"), headers=ELSEWHERE)
        assert still.status_code == 303, "it never asks for itself a second time"
        await browser.post("/sign-in", data={"key": holder.token})
        page = await browser.get(address.replace("&amp;", "&"))
        assert page.text == f"person:{holder.id} [('q', '事')]", "no page is told of the mark"


async def test_browsers_that_do_not_say_where_a_link_comes_from_ask_once_more_too(desk: Api) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(desk.app), base_url=ADDRESS) as browser:
        linked = await browser.get(PAGE)
        assert "http-equiv" in linked.text
        again = await browser.get(f"{PAGE}?once_more=1")
        assert (again.status_code, again.headers["location"]) == (303, "/sign-in?next=%2Fdesk%2Fincident")


async def test_a_cookie_that_is_over_and_a_form_lead_to_the_sign_in_at_once(desk: Api) -> None:
    chosen = "/sign-in?next=%2Fdesk%2Fincident%3Flang%3Dzh&lang=zh"
    over = {"Cookie": f"{NAME}=x", **ELSEWHERE}
    referrer = {"Referer": f"{ADDRESS}/portal?page=2"}
    async with browser_at(desk.app) as browser:
        assert (await browser.get(PAGE, headers=over)).headers[
            "location"
        ] == "/sign-in?next=%2Fdesk%2Fincident"
        assert (await browser.get(f"{PAGE}?lang=zh")).headers["location"] == chosen
        sent = await browser.post(PAGE, data={"x": "1"}, headers=referrer)
        assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2Fportal%3Fpage%3D2")
        part = await browser.get(PAGE, headers={"HX-Request": "true", **referrer})
        assert (part.status_code, part.headers["hx-redirect"]) == (401, "/sign-in?next=%2Fportal%3Fpage%3D2")


async def test_over_https_the_cookie_is_this_host_s_own(desk: Api) -> None:
    holder = await desk.client("Lin", Role.agent)
    async with browser_at(desk.app) as browser:
        https = ADDRESS.replace("http:", "https:")
        answer = await browser.post(f"{https}/sign-in", data={"key": holder.token}, headers=OURS)
        assert answer.headers["set-cookie"].startswith(f"__Host-{NAME}=")
        assert "Secure" in answer.headers["set-cookie"]
