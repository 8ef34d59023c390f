"""What forms of pages send, with files up to the limit of uploads; and nothing larger."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Request
from starlette.responses import Response

from app.api.authentication.auth import signed_in
from app.api.pages.page_response import page_response
from app.api.pages.sent_forms import MOST_FILES, MOST_INPUTS, sent_form
from app.api.requests.raw_bodies import is_file
from app.common.people import Role
from app.platform.settings import Settings
from tests.api.pages.browsers import browser_at, is_html, with_pages
from tests.client import serving
from tests.conftest import DatabaseUrls

UPLOAD_LIMIT, BODY_LIMIT = 5_000, 2_000
PAGE = "/desk/echo"


async def _echo(request: Request) -> Response:
    if signed_in(request) is None:
        return page_response(request, "Who are you?", 401)
    form = await sent_form(request)
    files = {name: [[file.name, len(file.content)] for file in sent] for name, sent in form.files.items()}
    return page_response(request, json.dumps([form.inputs, files]))


@pytest.fixture
async def browser(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is signed in at a desk with a page that says what it was sent."""
    small = settings.model_copy(update={"upload_limit": UPLOAD_LIMIT, "body_limit": BODY_LIMIT})
    async with serving(place.url, tmp_path / "secrets", small) as api:
        with_pages(api.app, {PAGE: _echo})
        async with browser_at(api.app, await api.client("Lin", Role.agent)) as opened:
            yield opened


async def sent(browser: httpx.AsyncClient, **parts: Any) -> Any:
    answer = await browser.post(PAGE, **parts)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(browser: httpx.AsyncClient, **parts: Any) -> int:
    """The status of the refusal, which is a page."""
    answer = await browser.post(PAGE, **parts)
    assert is_html(answer)
    assert "<h1>" in answer.text
    return answer.status_code


def files(*sizes: int) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", (f"{n} 号.txt", b"x" * size)) for n, size in enumerate(sizes)]


async def test_values_come_by_their_names_and_in_their_order(browser: httpx.AsyncClient) -> None:
    inputs = {"/title": ["打印机 & more"], "/tags/0": [""], "given": ["/a", "/b"]}
    assert await sent(browser, data=inputs) == [inputs, {}]
    assert await sent(browser, data=inputs, files=files(0, 7, 3)) == [
        inputs,
        {"file": [["1 号.txt", 7], ["2 号.txt", 3]]},
    ], "an empty file is one that was not chosen"
    assert await sent(browser) == [{}, {}]


async def test_a_file_is_taken_up_to_the_limit_and_no_byte_more(browser: httpx.AsyncClient) -> None:
    inputs = {"/comment": "x" * (BODY_LIMIT - 500)}
    accepted = await sent(browser, data=inputs, files=files(UPLOAD_LIMIT))
    assert accepted[1]["file"] == [["0 号.txt", UPLOAD_LIMIT]]
    assert await refused(browser, files=files(UPLOAD_LIMIT + 1)) == 413
    assert await refused(browser, files=files(UPLOAD_LIMIT, BODY_LIMIT)) == 413
    assert await refused(browser, data={"/comment": "x" * (BODY_LIMIT + 1)}, files=files(1)) == 413
    halves = {"/a": "x" * (BODY_LIMIT - 100), "/b": "x" * (BODY_LIMIT - 100)}
    assert await refused(browser, data=halves, files=files(1)) == 413
    assert await refused(browser, data={"/comment": "x" * BODY_LIMIT}) == 413


async def test_what_is_no_form_or_has_too_many_parts_is_refused_on_a_page(browser: httpx.AsyncClient) -> None:
    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    charset = {"Content-Type": "multipart/form-data; boundary=b; charset=punycode"}
    urlencoded = {"Content-Type": "application/x-www-form-urlencoded"}
    part = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n'
    assert await refused(browser, json={"title": "x"}) == 400
    assert await refused(browser, content=b"--b\r\n: \r\n", headers=multipart) == 400
    assert await refused(browser, content=part, headers={"Content-Type": "multipart/form-data"}) == 400
    assert await refused(browser, content=part, headers=charset) == 400
    assert await refused(browser, content=b"x=%FF", headers=urlencoded) == 400
    assert await refused(browser, content="x=事".encode(), headers=urlencoded) == 400
    assert await refused(browser, files=files(*[1] * (MOST_FILES + 1))) == 400
    assert await sent(browser, content=part, headers=multipart) == [{"x": ["1"]}, {}]


async def test_no_form_has_more_inputs_than_a_page_can_have(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    async with serving(place.url, tmp_path / "secrets", settings) as api:
        with_pages(api.app, {PAGE: _echo})
        async with browser_at(api.app, await api.client("Lin", Role.agent)) as browser:
            assert await refused(browser, data={f"{n}": "" for n in range(MOST_INPUTS + 1)}) == 400
            assert len((await sent(browser, data={f"{n}": "" for n in range(MOST_INPUTS)}))[0]) == MOST_INPUTS


async def test_files_of_nobody_are_not_read(browser: httpx.AsyncClient) -> None:
    del browser.headers["Authorization"]
    assert (await browser.post(PAGE, files=files(UPLOAD_LIMIT))).status_code == 401


def test_a_form_with_files_may_take_the_time_of_an_upload() -> None:
    multipart = [(b"content-type", b"Multipart/form-data; boundary=b")]
    urlencoded = [(b"content-type", b"application/x-www-form-urlencoded")]

    def has_time(path: str, headers: list[tuple[bytes, bytes]]) -> bool:
        return is_file({"method": "POST", "path": path, "headers": headers})

    assert has_time("/desk/incident/INC-1", multipart)
    assert has_time("/portal", multipart)
    assert not has_time("/sign-in", multipart)
    assert not has_time("/desk", urlencoded)


async def test_files_are_taken_at_pages_only(browser: httpx.AsyncClient) -> None:
    for path, status in (("/v1/incidents", 413), ("/sign-in", 413), ("/v1/uploads", 413)):
        assert (await browser.post(path, files=files(BODY_LIMIT))).status_code == status
    assert (await browser.post("/v1/incidents", files=files(1))).status_code == 415
