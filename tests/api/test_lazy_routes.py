"""Routes are made when they are first asked for, and once."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from app.api.contract.responses import BODY_REFUSED, EVERYWHERE
from app.api.direct import DirectRoute, Router, StrictRoute
from app.api.lazy_routes import LazyRoute, Operation
from app.api.route_index import RouteIndex, RouteTable
from app.common.lazy_attribute import lazy_attribute

THREADS = 8


def made_routes(routes: Iterable[object]) -> list[LazyRoute]:
    """Return the routes among these that have been made."""
    return [route for route in routes if isinstance(route, LazyRoute) and route.is_route_built]


class Sent(BaseModel):
    """What is sent."""

    text: str


def router_of(operations: list[str], kind: type[LazyRoute] = StrictRoute) -> Router:
    """A router of two operations that say in `operations` when they are declared."""
    router = Router(prefix="/things", tags=["things"], responses={418: {}}, route_class=kind)

    def declare() -> Operation:
        operations.append("show")

        async def show(request: Request, name: str) -> Response:
            return JSONResponse(name)

        return Operation(show, {"operation_id": "show_thing", "responses": {404: {}}, "tags": ["shown"]})

    async def change(request: Request, name: str, body: Sent) -> Response:
        return JSONResponse([name, body.text])

    router.add_operation("GET", "/{name}", declare)
    router.add_api_route("/{name}", change, methods=["POST"], operation_id="change_thing")
    return router


@pytest.mark.parametrize("kind", [StrictRoute, DirectRoute])
async def test_a_route_is_made_by_its_first_request_and_others_are_not(kind: type[LazyRoute]) -> None:
    operations: list[str] = []
    router = router_of(operations, kind)
    app = FastAPI()
    app.router.routes.extend(router.routes)
    app.router.middleware_stack = RouteIndex(app.router, RouteTable(router.routes))
    assert (operations, made_routes(app.router.routes)) == ([], [])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        assert (await client.get("/nothing")).status_code == 404
        assert made_routes(app.router.routes) == []
        for _ in range(2):
            assert (await client.get("/things/a")).json() == "a"
        assert (operations, [route.operation_id for route in made_routes(router.routes)]) == (
            ["show"],
            ["show_thing"],
        )
        assert (await client.post("/things/a", json={"text": "b"})).json() == ["a", "b"]
        assert (await client.post("/things/a", json={})).status_code == 422
    assert len(made_routes(router.routes)) == 2


def test_threads_that_ask_for_a_route_at_a_time_get_the_same() -> None:
    operations: list[str] = []
    (route, _) = router_of(operations).routes
    barrier = Barrier(THREADS)

    def ask() -> object:
        barrier.wait()
        return route.app  # type: ignore[attr-defined]  # of every route

    with ThreadPoolExecutor(THREADS) as pool:
        identities = {id(future.result()) for future in [pool.submit(ask) for _ in range(THREADS)]}
    assert (operations, len(identities)) == (["show"], 1)


def test_a_thread_that_missed_an_attribute_gets_it_when_another_has_made_the_route() -> None:
    route = router_of([]).routes[0]
    assert isinstance(route, LazyRoute)
    app = route.app  # what the other thread does
    assert route.__getattr__("app") is app, "what Python calls once it has missed the attribute"


def test_an_operation_has_the_tags_and_answers_of_its_router_and_its_own() -> None:
    route = router_of([]).routes[0]
    assert isinstance(route, LazyRoute)
    assert (route.path, route.methods, route.is_route_built) == ("/things/{name}", {"GET"}, False)
    assert route.tags == ["things", "shown"]
    assert set(route.responses) == {404, 418}
    with pytest.raises(AttributeError, match="nothing"):
        _ = route.nothing


def test_threads_that_read_an_attribute_at_a_time_make_it_once() -> None:
    parts: list[object] = []

    class Holder:
        """Has an attribute that is made once."""

        @lazy_attribute
        def part(self) -> object:
            """What is made."""
            parts.append(object())
            return parts[-1]

    holder, barrier = Holder(), Barrier(THREADS)

    def read() -> object:
        barrier.wait()
        return holder.part

    with ThreadPoolExecutor(THREADS) as pool:
        identities = {id(future.result()) for future in [pool.submit(read) for _ in range(THREADS)]}
    assert (len(identities), len(parts)) == (1, 1)


def test_an_endpoint_gives_its_operation_the_name_and_may_read_a_body() -> None:
    router = Router()

    @router.endpoint("/things/{name}", "Get a thing", str, refused=(404,))
    async def get_thing(name: str) -> None:
        """Return a thing."""

    @router.endpoint("/things", "Send a thing", method="POST", operation_id="send")
    async def send_thing() -> None:
        """Send a thing."""

    routes = [route for route in router.routes if isinstance(route, LazyRoute)]
    described = [(route.operation_id, route.summary, route.response_model) for route in routes]
    assert described == [("get_thing", "Get a thing", str), ("send", "Send a thing", None)]
    assert [set(route.responses) - set(EVERYWHERE) for route in routes] == [{404}, set(BODY_REFUSED)]
