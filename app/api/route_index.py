"""Index of routes by the segments of their paths.

FastAPI tries one route after another until one matches: with hundreds of routes that takes half the time of
reading a record. This index finds the routes whose segments match the path, nearly always one; FastAPI then
chooses among these few, and answers if no route matches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from fastapi import APIRouter
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

#: The routes that may match the path of the request, in its scope.
CANDIDATES = "ledgerdesk.candidates"
#: The methods to cache routers for; clients could invent any number of others.
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

#: How the path of a route ends whose last parameter takes all further segments.
PATH_PARAMETER = ":path}"


@dataclass
class _Segment:
    """A node of the index: the nodes that follow it, by the text of the next segment; `other` if that is a
    parameter. `ends` are the numbers of the routes that end here, `rest` those of the routes whose last
    parameter takes all further segments.
    """

    literals: dict[str, _Segment] = field(default_factory=dict)
    other: _Segment | None = None
    ends: list[int] = field(default_factory=list)
    rest: list[int] = field(default_factory=list)


class RouteTable:
    """The routes of a router by their paths, all of which must exist when it is made. Applications that have
    the same routes can share it.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = list(routes)
        self._start = _Segment()
        #: Routes with paths that are not plain segments: these are tried for every path.
        self._always: list[int] = []
        self._routers: dict[tuple[str, tuple[int, ...]], APIRouter] = {}
        for number, route in enumerate(self._routes):
            if isinstance(route, Route) and _has_plain_segments(route):
                self._add(number, route.path)
            else:
                self._always.append(number)

    def router_for(self, method: str, path: str) -> APIRouter:
        """Return a router of only those routes that can match the path. Those without the method can only
        answer 405, so they come last.
        """
        numbers = self.numbers(path)
        part = self._routers.get((method, numbers))
        if part is None:
            part = APIRouter(redirect_slashes=False)
            part.routes.extend(
                sorted((self._routes[number] for number in numbers), key=partial(_refuses, method))
            )
            if method in METHODS:
                self._routers[method, numbers] = part
        return part

    def numbers(self, path: str) -> tuple[int, ...]:
        """Return the numbers of the routes that may match the path, in the order of the routes."""
        segments, numbers = [self._start], [*self._always]
        for text in path.split("/"):
            numbers += [number for segment in segments for number in segment.rest]
            segments = [
                following
                for segment in segments
                for following in (segment.literals.get(text), segment.other)
                if following is not None
            ]
        return tuple(sorted([*numbers, *(number for segment in segments for number in segment.ends)]))

    def _add(self, number: int, path: str) -> None:
        segment = self._start
        for text in path.split("/"):
            if text.endswith(PATH_PARAMETER):
                segment.rest.append(number)
                return
            if "{" in text:
                segment.other = segment.other or _Segment()
                segment = segment.other
            else:
                segment = segment.literals.setdefault(text, _Segment())
        segment.ends.append(number)


class RouteIndex:
    """An ASGI application between a router and its routes, which are those of the table."""

    def __init__(self, router: APIRouter, table: RouteTable) -> None:
        self._router = router
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request with only those routes that can match its path, as the whole router would."""
        if scope["type"] != "http":
            await self._router.app(scope, receive, send)
            return
        scope.setdefault("router", self._router)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        router = self._table.router_for(scope["method"], path)
        scope[CANDIDATES] = router.routes
        await router.app(scope, receive, send)


def _refuses(method: str, route: BaseRoute) -> bool:
    return isinstance(route, Route) and method not in (route.methods or {method})


def _has_plain_segments(route: Route) -> bool:
    """Return whether each parameter of the path is within one segment, as Starlette's usual convertor has it,
    or the last one takes all that follow. The path shows that; a route's convertors are known only when it is
    made.
    """
    return ":" not in route.path.removesuffix(PATH_PARAMETER)
