"""Refusals of pages are pages: in the reader's language, and never JSON, a stack or a code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Request
from starlette.responses import Response

from app.api.pages.page_response import page_response
from app.cli.server import http_protocol
from app.common.keys import new_secret, token
from app.common.people import Role
from app.log.ids import uuid7
from app.main import build_app
from tests.api.pages.browsers import ELSEWHERE, browser_at, is_html, with_pages
from tests.api.test_outage import Cut
from tests.cli.test_http_protocol import bounded, said_to
from tests.client import Api
from tests.conftest import DatabaseUrls, Server
from tests.served import behind_a_socket

pytestmark = pytest.mark.usefixtures("connections_anew")
#: Where nobody is asked to sign in first.
PATHS = ("/portal/static/nothing/x/y/z", "/sign-in/nothing", "/desk/static/nothing.js")
LONG = "Long enough to be worth compressing. " * 100


async def _fails(_: Request) -> Response:
    raise RuntimeError("a secret of the stack")


async def _answers(request: Request) -> Response:
    return page_response(request, LONG, headers={"X-Further": "yes"})


async def _reads(request: Request) -> Response:
    """What a page does that reads its form."""
    await request.body()
    return page_response(request, "read")


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_that_is_not_there_is_missed_on_a_page_in_both_languages(api: Api, path: str) -> None:
    async with browser_at(api.app) as browser:
        for language, title in (("en", "No such address"), ("zh", "没有这个地址")):
            answer = await browser.get(path, headers={"Accept-Language": language})
            assert (answer.status_code, is_html(answer)) == (404, True)
            assert f"<h1>{title}" in answer.text
            assert answer.headers["content-language"] == language
            assert answer.headers["cache-control"] == "no-store"
            assert "no_such_path" not in answer.text
        chosen = await browser.get(f"{path}?lang=zh", headers={"Accept-Language": "en"})
        assert chosen.headers["content-language"] == "zh"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/desk/", "/desk"),
        ("/portal/?lang=zh", "/portal?lang=zh"),
        ("/desk/incident//", "/desk/incident"),
        ("/dashboard/kpi/csat/?grain=year", "/dashboard/kpi/csat?grain=year"),
        ("/desk/%2e%2e//a%20b/", "/desk/..//a%20b"),
        ("/sign-in/", "/sign-in"),
    ],
)
async def test_a_page_is_found_with_a_slash_at_its_end(api: Api, path: str, target: str) -> None:
    async with browser_at(api.app) as browser:
        answer = await browser.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (308, target)
        assert (await browser.post("/desk/due/")).status_code == 404
    lin = await api.client("Lin", Role.agent)
    assert (await lin.get("/v1/incidents/")).status_code == 404, "only pages have both"


async def test_every_refusal_before_a_page_is_a_page(api: Api) -> None:
    holder = await api.client("Lin", Role.agent)
    with_pages(api.app, {"/desk/fails": _fails, "/desk/reads": _reads})
    async with browser_at(api.app, holder) as browser:
        opened = await browser.post("/v1/sessions")
        del browser.headers["Authorization"]
        assert opened.status_code == 201
        body = "x=1".ljust(api.ledger.settings.body_limit + 1)

        async def pieces() -> AsyncIterator[bytes]:
            yield body.encode()

        answers = {
            403: await browser.post("/desk/reads", headers=ELSEWHERE),
            405: await browser.delete("/desk/due"),
            406: await browser.get("/desk/reads", headers={"Accept": "application/json"}),
            413: await browser.post("/desk/reads", content=body),
            400: await browser.get("/desk/reads", headers=[("Host", "a"), ("Host", "b")]),
            404: await browser.get("/desk/a%2Fb"),
            500: await browser.get("/desk/fails"),
        }
        endless = await browser.post("/desk/reads", content=pieces())
    assert {code: (answer.status_code, is_html(answer)) for code, answer in answers.items()} == {
        code: (code, True) for code in answers
    }
    assert (endless.status_code, is_html(endless)) == (413, True)
    assert "secret" not in answers[500].text
    assert answers[500].headers["x-request-id"] in answers[500].text
    assert answers[405].headers["allow"] == "HEAD, GET"


async def test_too_many_requests_or_wrong_keys_are_told_on_a_page(api: Api) -> None:
    settings = api.ledger.settings
    holder = await api.client("Lin", Role.agent)
    with_pages(api.app, {"/desk": _answers})
    async with browser_at(api.app, holder) as browser:
        counts = [(await browser.get("/desk")).headers["ratelimit"] for _ in range(2)]
        assert [count.split(";")[1] for count in counts] == [
            f"r={settings.rate_limit - 1}",
            f"r={settings.rate_limit - 2}",
        ], "a page is one request"
    async with browser_at(api.app) as browser:
        for _ in range(settings.wrong_keys + 1):
            wrong = {"Authorization": f"Bearer {token(uuid7(), new_secret())}"}
            answer = await browser.get("/desk", headers=wrong)
        assert (answer.status_code, is_html(answer)) == (429, True)
        assert int(answer.headers["retry-after"]) > 0


async def test_without_a_database_a_page_says_so(api: Api, server: Server, place: DatabaseUrls) -> None:
    holder = await api.client("Lin", Role.agent)
    async with browser_at(api.app, holder) as browser:
        await browser.post("/v1/sessions")
        del browser.headers["Authorization"]
        await Cut(server, place).allow(False)
        answer = await browser.get("/desk/due", headers={"Accept-Language": "zh"})
        assert (answer.status_code, is_html(answer)) == (503, True)
        assert "数据库没有响应" in answer.text
        assert int(answer.headers["retry-after"]) > 0
        await Cut(server, place).allow(True)


async def test_a_page_leads_back_to_ours_only(api: Api) -> None:
    async with browser_at(api.app) as browser:

        async def links(referrer: str) -> str:
            return (await browser.get("/sign-in/nothing", headers={"Referer": referrer})).text

        assert '<a href="/desk/list?q=a&amp;b">Back</a>' in await links(
            "http://ledgerdesk.test/desk/list?q=a&b"
        )
        for referrer in ("https://evil.example.org/desk", "javascript:x", "http://[", ""):
            assert "Back" not in await links(referrer)


async def test_a_head_that_is_too_large_or_a_body_that_is_too_slow_is_told_on_a_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bounded(monkeypatch, body_seconds=0.05)
    app = with_pages(build_app(), {"/desk/reads": _reads})
    async with behind_a_socket(app) as address:
        long = b"GET /desk?q=" + b"x" * http_protocol.Limits().head_bytes
        slow = b"POST /desk/reads HTTP/1.1\r\nHost: x\r\nAccept-Language: zh\r\nContent-Length: 9\r\n\r\nx"
        answers = await asyncio.gather(said_to(address, long), said_to(address, slow))
    for answer, status, title in zip(
        answers, (b"431", b"408"), ("Headers too large", "请求过慢"), strict=True
    ):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.split()[1] == status
        assert b"text/html" in head
        assert f"<h1>{title}" in body.decode()


async def test_pages_are_compressed_for_who_takes_it(api: Api) -> None:
    with_pages(api.app, {"/desk": _answers})
    async with browser_at(api.app) as browser:
        packed = await browser.get("/desk", headers={"Accept-Encoding": "gzip"})
        plain = await browser.get("/desk", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 300 < int(plain.headers["content-length"])
    assert packed.text == plain.text == LONG
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["vary"]
    assert (plain.headers["x-further"], plain.headers["referrer-policy"]) == ("yes", "same-origin")
    policy = plain.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy


async def test_outside_of_pages_refusals_stay_what_they_are(api: Api) -> None:
    async with browser_at(api.app) as browser:
        answer: httpx.Response = await browser.get("/v1/nothing", headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "application/problem+json"
