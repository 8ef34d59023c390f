"""Every page that there is: whatever is asked of it, the answer is a page or leads to one, for nobody and for
everybody.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from app.api.pages.page_paths import SIGN_IN, STATIC_FILES, is_for_signed_in, is_page
from app.common.people import Role
from app.main import ROUTES
from tests.api.pages.browsers import browser_at, is_html
from tests.cases import each_case
from tests.client import Api, an_incident
from tests.extent import first_of
from tests.selection import covering, selected

METHODS = ("GET", "POST")
#: Methods that no page takes: one address of each path is asked by them.
OTHER_METHODS = ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
#: Values of the parameters of paths: such that there are, and such that there are not.
VALUES = {
    "kind": ("incident", "nothing"),
    "name": ("INC-2026-000001", "x' or 1=1--"),
    "action": ("acknowledge", "nothing"),
    "child": ("comments", "nothing"),
    "key": ("nothing",),
}
BODIES: tuple[dict[str, Any], ...] = (
    {},
    {"data": {"/title": "x", "version": "1", "key": "k", "action": "acknowledge", "records": "x"}},
    {"files": [("/file", ("x.txt", b"x"))]},
    {"json": {"title": "x"}},
)


def page_paths() -> list[str]:
    """The paths of all pages."""
    return sorted({route.path for route in ROUTES if isinstance(route, Route) and is_page(route.path)})


def addresses(path: str) -> list[str]:
    """The path with each choice of values."""
    names = re.findall(r"{(\w+)}", path)
    values = [VALUES.get(name, ("nothing",)) for name in names]
    choices = covering(list(product(*values)), enumerate)
    return [path.format(**dict(zip(names, choice, strict=True))) for choice in choices]


def is_answered_for_people(answer: httpx.Response) -> bool:
    """Whether a person can go on with the answer: a page, another address, or nothing at all."""
    if answer.status_code >= 500 or "Traceback" in answer.text:
        return False
    if 300 <= answer.status_code < 400:
        return answer.headers["location"].startswith("/")
    return is_html(answer) or not answer.content


async def asked_for(browser: httpx.AsyncClient, path: str) -> dict[str, httpx.Response]:
    """The answers to all that can be asked of the path, by what it was."""
    first = addresses(path)[0]
    # One of each, of every path another one.
    others, bodies = selected(path, OTHER_METHODS, type), selected(path, BODIES, type)
    answers = {method: await browser.request(method, first) for method in others}
    for address, method in product(addresses(path), METHODS):
        for n, body in enumerate(bodies if method == "POST" else BODIES[:1]):
            answers[f"{method} {address} {n}"] = await browser.request(method, address, **body)
    return answers


@pytest.mark.parametrize("role", first_of([Role.agent, None, Role.requester], 1))
async def test_whatever_is_asked_of_a_page_is_answered_for_people(api: Api, role: Role | None) -> None:
    reporter = await api.client("Reporter", Role.agent)
    await reporter.post_ok("/v1/incidents", an_incident())
    holder = None if role is None else await api.client("Lin", role)
    wrong = []
    async with browser_at(api.app, holder) as browser:
        for path in page_paths():
            if not path.startswith((*STATIC_FILES, f"{SIGN_IN}/provider")):
                answers = await asked_for(browser, path)
                wrong += [
                    f"{request}: {answer.status_code} {answer.headers.get('content-type')}"
                    for request, answer in answers.items()
                    if not is_answered_for_people(answer)
                ]
    assert wrong == []


@each_case("path", [path for path in page_paths() if is_for_signed_in(path)])
async def test_nobody_is_shown_a_page_without_signing_in(api: Api, path: str) -> None:
    async with browser_at(api.app) as browser:
        for address in addresses(path):
            answer = await browser.get(address)
            assert answer.status_code in (303, 308, 401, 404, 405, 422), (address, answer.status_code)
            if answer.status_code == 308:  # an earlier address, with nothing of a record in it
                assert answer.content == b"", address
            if answer.status_code == 303:
                assert answer.headers["location"].startswith(f"{SIGN_IN}?next=")
