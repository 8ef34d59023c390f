"""The contract and the files of pages: compressed, the same until they change, and asked for at no cost."""

from __future__ import annotations

import gzip
import json
import re
import time
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.api.areas import AREAS
from app.api.contract import openapi
from app.api.service import pages, static_files
from app.contract.selection import TaggedContract
from app.dashboard import router as dashboard
from app.main import build_app
from app.platform.settings import PROJECT
from tests.client import ADDRESS
from tests.contract.answers import PROBLEM, validate
from tests.extent import first_of

#: Of the processor, the least of so many tries: the first may have to collect garbage.
MOST_SECONDS, TRIES = 0.05, 5


@pytest.fixture
async def stranger() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has not signed in."""
    pages.preload()
    static_files.preload(dashboard.PRELOADED)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_app()), base_url=ADDRESS) as client:
        yield client


async def test_the_contract_that_is_served_is_the_one_that_was_built(stranger: httpx.AsyncClient) -> None:
    built = json.loads(pages.CONTRACT.read_text(encoding="utf-8"))
    operations = sum(
        "operationId" in operation for path in built["paths"].values() for operation in path.values()
    )
    for coding, packed, most in (
        ("gzip, br", "gzip", 345),
        ("identity", None, 2_600),
        ("gzip;q=0, *", None, 2_600),
    ):
        answer = await stranger.get("/openapi.json", headers={"Accept-Encoding": coding})
        assert answer.headers.get("content-encoding") == packed, coding
        assert int(answer.headers["content-length"]) < most * operations, coding
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.json() == built, coding


async def test_a_part_of_the_contract_has_the_operations_of_its_tags(stranger: httpx.AsyncClient) -> None:
    built = json.loads(pages.CONTRACT.read_text(encoding="utf-8"))
    parts = (["kpis", "views"], ["incidents"], list(AREAS["changes"]))
    for tags in (*first_of(parts, 1), list(openapi.TAGS)):
        answer = await stranger.get("/openapi.json", params={"tags": ",".join(tags)})
        assert answer.status_code == 200, answer.text
        assert answer.json() == TaggedContract(built).with_tags(tags)
    assert answer.json() == built, "all tags are all of it"


async def test_a_tag_that_nothing_has_is_refused_with_what_is_near(stranger: httpx.AsyncClient) -> None:
    for query in ("tags=incident", "tags=kpis,incident", "tags=incidents&tag=kpis", "tags="):
        answer = await stranger.get(f"/openapi.json?{query}")
        told = answer.json()
        validate(told, PROBLEM)
        assert (answer.status_code, told["code"]) == (422, "invalid"), query
    told = (await stranger.get("/openapi.json?tags=incident")).json()
    assert told["errors"][0]["parameter"] == "tags"
    assert "“incidents”" in told["errors"][0]["message"]


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Changes API · Ledgerdesk"), ("zh", "变更接口 · Ledgerdesk")]
)
async def test_the_page_of_the_contract_shows_one_area_at_a_time(
    stranger: httpx.AsyncClient, language: str, title: str
) -> None:
    tags = ",".join(AREAS["changes"])
    by_link = await stranger.get("/docs", params={"tags": tags, "lang": language})
    by_header = await stranger.get("/docs", params={"tags": tags}, headers={"Accept-Language": language})
    assert by_link.text == by_header.text
    assert by_link.headers["content-language"] == language
    assert f"<title>{title}</title>" in by_link.text
    linked = re.findall(rf'href="/docs\?tags=([a-z_,]+)&amp;lang={language}"', by_link.text)
    assert linked == [",".join(area) for area in AREAS.values()]
    assert re.findall(r'data-tags="([a-z_,]+)" aria-current="page"', by_link.text) == [tags]
    assert f'href="/openapi.json?tags={tags}"' in by_link.text
    assert 'href="/openapi.json"' in by_link.text


async def test_the_page_of_the_contract_shows_chosen_tags_and_refuses_unknown_ones(
    stranger: httpx.AsyncClient,
) -> None:
    page = await stranger.get("/docs?tags=views,kpis")
    assert "<title>kpis, views API · Ledgerdesk</title>" in page.text
    assert 'data-contract="/openapi.json?tags=kpis,views"' in page.text
    assert "<title>Incidents API · Ledgerdesk</title>" in (await stranger.get("/docs")).text
    for query in ("tags=nothing", "lang=fr", "tag=kpis"):
        refused = await stranger.get(f"/docs?{query}")
        assert refused.status_code == 422, query
        assert refused.headers["content-type"].startswith("text/html"), "people read it"


async def test_who_has_a_file_is_not_sent_it_again(stranger: httpx.AsyncClient) -> None:
    tagged = "/openapi.json?tags=incidents"
    for path in (
        "/openapi.json",
        tagged,
        "/docs",
        "/static/swagger-ui.css",
        "/dashboard/static/dashboard.css",
    ):
        first = await stranger.get(path)
        assert first.status_code == 200, path
        tags = {"If-None-Match": f'"another", {first.headers["etag"]}'}
        again = await stranger.get(path, headers=tags)
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["cache-control"] == first.headers["cache-control"], path


async def test_no_address_that_strangers_reach_makes_others_wait(
    stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processor's time counts: how long it takes on a busy machine says nothing."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("made, read or compressed while somebody asked for it")

    monkeypatch.setattr(openapi, "document", forbidden)
    monkeypatch.setattr(gzip, "compress", forbidden)
    monkeypatch.setattr(Path, "read_bytes", forbidden)
    asked = ["/openapi.json", "/docs", "/livez", "/problems", "/problems/invalid"]
    asked += [f"/openapi.json?tags={tags}" for tags in ("incidents,kpis", ",".join(openapi.TAGS))]
    asked += [f"/openapi.json?tags={','.join(tags)}" for tags in AREAS.values()]
    asked += [f"/docs?lang=zh&tags={','.join(tags)}" for tags in AREAS.values()]
    asked += [f"/static/{name}" for name in pages.FILES]
    asked += [f"/dashboard/static/{name}" for name in dashboard.FILES]
    slow = {}
    for path in asked:
        for coding in ("gzip", "identity"):
            taken = []
            for _ in range(TRIES if coding == "identity" else 1):
                began = time.process_time()
                answer = await stranger.get(path, headers={"Accept-Encoding": coding})
                taken.append(time.process_time() - began)
                assert answer.status_code == 200, path
                if taken[-1] <= MOST_SECONDS:
                    break
            if coding == "identity" and min(taken) > MOST_SECONDS:
                slow[path] = min(taken)
    assert slow == {}


async def test_a_contract_that_is_missing_is_told_in_a_problem(
    stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pages, "CONTRACT", tmp_path / "openapi.json")
    for language, word in (("en", "API contract"), ("zh", "接口契约")):
        answer = await stranger.get("/openapi.json", headers={"Accept-Language": language})
        document = answer.json()
        validate(document, PROBLEM)
        assert (document["status"], document["code"]) == (404, "contract_missing")
        assert word in document["detail"]


def test_the_package_and_the_image_are_built_with_the_contract() -> None:
    """As the build itself chooses what goes in; that a wheel has it was looked at by hand."""
    built = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    contract = str(pages.CONTRACT.relative_to(PROJECT))
    assert contract in built["targets"]["wheel"]["only-include"]
    assert f"COPY {contract} " in (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    assert f"!{contract}" in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
