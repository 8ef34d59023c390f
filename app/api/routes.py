"""The routes of a package, as the application takes them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from app.api.direct import Router
from app.api.listings.lists import Listing


@dataclass(frozen=True)
class Routes:
    """The routers of a package, in the order in which they are asked, the lists that views can be saved of,
    and those `without_views`. It stands as `ROUTES` in the module that the package's lifecycles name.
    """

    routers: tuple[Router, ...]
    listings: tuple[Listing, ...] = ()
    without_views: tuple[Listing, ...] = ()


def routes_of(module: str) -> Routes:
    """Return the routes in that module, which is imported now: making all routes takes three times as long as
    a command needs that has no use for them. Raises AssertionError if it has no `ROUTES`.
    """
    routes = getattr(import_module(module), "ROUTES", None)
    assert isinstance(routes, Routes), f"{module} has no ROUTES"
    return routes
