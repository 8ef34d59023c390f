"""docs/frontend.md is true: each request that it shows is answered as it shows."""

from __future__ import annotations

import pytest

from app.common.people import Role
from app.platform.settings import PROJECT
from tests.client import Api
from tests.clients.pages import Exchange, Reader, exchanges

PAGE = (PROJECT / "docs" / "frontend.md").read_text(encoding="utf-8")


async def reader(api: Api) -> Reader:
    """Lin of the page."""
    await api.team("network")
    return Reader(await api.client("Lin", Role.agent, teams=("network",)))


async def test_what_the_page_for_frontends_shows_is_what_is_answered(api: Api) -> None:
    lin = await reader(api)
    examples = exchanges(PAGE)
    assert len(examples) >= 10
    for exchange in examples:
        await lin.does(exchange)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("HTTP/1.1 404", "HTTP/1.1 403"),
        ('"code": "not_found"', '"code": "gone"'),
        ('"code": "not_found", …', '"code": "not_found"'),
        ('"status": 404,', '"status": 404, "why": null,'),
        ("HTTP/1.1 404\n", "HTTP/1.1 404\nX-Never: 1\n"),
    ],
)
async def test_a_page_that_shows_something_else_is_found(api: Api, right: str, wrong: str) -> None:
    lin = await reader(api)
    example = next(exchange for exchange in exchanges(PAGE) if exchange.answer.startswith("HTTP/1.1 404"))
    await lin.does(example)
    assert right in example.answer
    with pytest.raises(AssertionError):
        await lin.does(Exchange(example.request, example.answer.replace(right, wrong)))
