"""Every kind of problem has a page, for programs and for people, in both languages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from itertools import product

import httpx
import pytest

from app.api.contract.problems import status_of
from app.i18n import LANGUAGES, sentences
from app.main import build_app
from tests.cases import each_case
from tests.client import ADDRESS, Client

CODES = sorted(sentences("en")["title"])
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
async def nobody() -> AsyncIterator[Client]:
    """Somebody without a key. These pages need no database either."""
    async with Client(build_app(), None, None) as client:
        yield client


class Page(HTMLParser):
    """What a browser would load with a page, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in ("link", "script", "img"):
            self.loads.append(values.get("href") or values.get("src") or "")
        elif tag == "a":
            self.leads.append(values["href"])
        self.inline += [name for name in values if name == "style" or name.startswith("on")]
        if tag == "style":
            self.inline.append(tag)


@each_case(("language", "code"), product(LANGUAGES, CODES))
async def test_a_problem_is_explained_with_an_example_of_itself(
    nobody: Client, code: str, language: str
) -> None:
    answer = await nobody.get(f"/problems/{code}", headers={"Accept-Language": language})
    document = answer.json()
    assert answer.headers["content-language"] == language
    assert (document["code"], document["type"], document["status"]) == (
        code,
        f"/problems/{code}",
        status_of(code),
    )
    assert document["title"] == sentences(language)["title"][code]
    assert document["remedy"]
    assert document["example"]["detail"] == document["meaning"]


@each_case("code", CODES)
async def test_a_browser_gets_a_page_that_loads_nothing_from_elsewhere(nobody: Client, code: str) -> None:
    answer = await nobody.get(f"/problems/{code}", headers=BROWSER | {"Accept-Language": "zh"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    page = Page(answer.text)
    assert sentences("zh")["title"][code] in answer.text
    # The icon is an empty one: without it a browser asks for /favicon.ico.
    assert page.loads == ["data:,", "/static/page.css"]
    assert page.leads == ["/problems"]
    assert page.inline == []


async def test_all_of_them_are_listed_and_every_link_leads_to_one(nobody: Client) -> None:
    listed = await nobody.read("/problems")
    assert [kind["code"] for kind in listed["items"]] == CODES
    page = Page((await nobody.get("/problems", headers=BROWSER)).text)
    assert sorted(page.leads) == sorted(kind["type"] for kind in listed["items"])


async def test_a_problem_that_there_is_none_of_is_a_problem(nobody: Client) -> None:
    answer = await nobody.get("/problems/nothing", headers=BROWSER)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_what_pages_load_is_there_and_nothing_else_is() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_app()), base_url=ADDRESS) as client:
        answer = await client.get("/static/page.css")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/css")
        for name in ("pages.py", "..%2fpages.py", "", "page.css/"):
            assert (await client.get(f"/static/{name}")).json()["code"] == "no_such_path"


def test_what_is_no_check_has_a_remedy_of_its_own() -> None:
    remedies = sentences("en")["remedy"].keys()
    assert {code for code in CODES if status_of(code) != 409} <= remedies
    assert remedies <= set(CODES) | {"forbidden_now"}
