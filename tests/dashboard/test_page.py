"""The page and its files: nothing from elsewhere, nothing within, and every word in both languages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from app.dashboard.page import FILES, FOLDER

from app.kpis.answers.series import KpiStatus, NoValueReason
from app.kpis.declaration.kpi import EXCLUSIONS
from app.main import build_app
from tests.client import ADDRESS

IMPORT = re.compile(r'^import .* from "\./([\w.-]+)";$', re.M)
WORD = re.compile(r"^  (\w+):", re.M)
SAID = re.compile(r"\bsay\.(\w+)|words\(\)\.(\w+)|words\.(\w+)")
OURS = [path for path in FILES.values() if path.parent == FOLDER]


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has not signed in."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_app()), base_url=ADDRESS) as client:
        yield client


@pytest.mark.parametrize(("path", "files"), [("/dashboard", 3), ("/dashboard/webhooks", 2)])
async def test_the_page_may_load_what_is_ours_and_holds_no_script_of_its_own(
    browser: httpx.AsyncClient, path: str, files: int
) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    loads = re.findall(r'(?:src|href)="(/[^"]*)"', answer.text)
    assert len(loads) == files
    for address in loads:
        assert (await browser.get(address)).status_code == 200, address
    assert re.findall(r"<style|<script>| on\w+=| style=", answer.text) == []
    assert re.findall(r"https?://", answer.text) == []


async def test_what_the_page_loads_is_there_and_nothing_else_is(browser: httpx.AsyncClient) -> None:
    for name, path in FILES.items():
        answer = await browser.get(f"/dashboard/{name}")
        assert answer.status_code == 200
        kind = "text/css" if path.suffix == ".css" else "text/javascript"
        assert answer.headers["content-type"].startswith(kind), name
        assert ("max-age" in answer.headers["cache-control"]) == (path.parent != FOLDER), name
    for name in ("page.py", "..%2fpage.py", "LICENSE", "dashboard.html/"):
        assert (await browser.get(f"/dashboard/{name}")).json()["code"] == "no_such_path", name


def test_every_module_is_used_and_there() -> None:
    named = {name for path in OURS for name in IMPORT.findall(path.read_text(encoding="utf-8"))}
    pages = {"main.js", "webhooks.js"}
    assert named | pages == {path.name for path in OURS if path.suffix == ".js"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_why_there_is_no_value_and_every_status_has_words(language: str) -> None:
    words = (FOLDER / f"words-{language}.js").read_text(encoding="utf-8")
    for table, codes in (("noValue", NoValueReason), ("statuses", KpiStatus), ("excluded", EXCLUSIONS)):
        (said,) = re.findall(rf"^  {table}: {{ (.*) }},$", words, re.MULTILINE)
        assert set(re.findall(r"(\w+): \"", said)) == set(codes), table


def test_every_word_is_there_in_both_languages_and_is_said() -> None:
    words = {
        language: WORD.findall((FOLDER / f"words-{language}.js").read_text(encoding="utf-8"))
        for language in ("en", "zh")
    }
    assert words["en"] == words["zh"]
    said = {
        word
        for path in OURS
        if not path.name.startswith("words-")
        for found in SAID.findall(path.read_text(encoding="utf-8"))
        for word in found
        if word
    }
    assert said - set(words["en"]) == set(), "said, and not among the words"
    assert set(words["en"]) - said == set(), "among the words, and never said"
