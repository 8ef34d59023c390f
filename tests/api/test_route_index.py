"""Finding a route: what the table finds is what trying one route after the other finds."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.routing import Match, Route

from app.api.route_index import RouteTable
from app.main import build_app
from tests.extent import WHOLE, examples

APP = build_app()
ROUTES = APP.router.routes
TABLE = RouteTable(ROUTES)
#: Routes of the same paths: to try one of ours is to make it, and to make all takes seconds.
SAME = [
    route if WHOLE or not isinstance(route, Route) else Route(route.path, build_app, methods=route.methods)
    for route in ROUTES
]
PIECES = sorted({piece for route in ROUTES for piece in str(getattr(route, "path", "")).split("/")})
PATHS = st.lists(st.sampled_from([*PIECES, "", "x", "INC-2026-000001", "a b"]), max_size=7).map(
    lambda pieces: "/" + "/".join(pieces)
)


def matched(routes: list[Any], method: str, path: str) -> list[Any]:
    """The routes that match, in their order."""
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    return [route for route in routes if route.matches(dict(scope))[0] is not Match.NONE]


@given(PATHS, st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"]))
@example("/v1/incidents/x/resolve", "POST")
@example("/docs/assets/a/b", "GET")
@settings(max_examples=examples(300))
def test_no_route_is_lost_and_their_order_is_kept(path: str, method: str) -> None:
    routes = [SAME[number] for number in TABLE.numbers(path)]
    assert matched(routes, method, path) == matched(SAME, method, path)


def test_a_path_is_left_with_few_routes() -> None:
    paths = [str(getattr(route, "path", "")).replace("{", "").replace("}", "") for route in ROUTES]
    assert len(paths) > 100
    assert max(len(TABLE.numbers(path)) for path in paths) < 12
    assert TABLE.numbers("/no/path/that/is/there") == (), "and none is tried for every path"


@pytest.mark.parametrize("root", ["", "/desk"])
async def test_a_proxy_may_have_it_under_a_path_of_its_own(root: str) -> None:
    transport = httpx.ASGITransport(build_app(), root_path=root)
    async with httpx.AsyncClient(transport=transport, base_url="http://ledgerdesk.test") as client:
        assert (await client.get(f"{root}/livez")).status_code == 200
        assert (await client.get(f"{root}/nothing")).status_code == 404


@pytest.mark.parametrize("paths", [("/a/{x}", "/a/b"), ("/a/b", "/a/{x}"), ("/{x}/b", "/a/{x}", "/a/b")])
def test_of_routes_that_a_path_can_mean_the_first_stays_the_first(paths: tuple[str, ...]) -> None:
    router = APIRouter()
    for path in paths:
        router.add_api_route(path, lambda: None)
    assert RouteTable(router.routes).numbers("/a/b") == tuple(range(len(paths)))
