"""Every process is served: its module of routes is named in the registry, and no router is forgotten."""

from __future__ import annotations

import sys

import pytest

from app.api.direct import Router
from app.api.routes import Routes, routes_of
from app.main import ROUTERS
from app.registry import LIFECYCLES, PROCESSES


def test_each_process_has_routes_for_its_lifecycles() -> None:
    paths = {getattr(route, "path", "") for router in ROUTERS for route in router.routes}
    for process in PROCESSES:
        assert routes_of(f"{process.package}.{process.routes}").routers, process.package
    unserved = {lifecycle.kind for lifecycle in LIFECYCLES if f"/v1/{lifecycle.plural}" not in paths}
    assert unserved == set()


def test_no_router_of_a_module_is_left_out() -> None:
    routers = {
        (module.__name__, name): router
        for module in list(sys.modules.values())
        if module.__name__.startswith("app.")
        for name, router in vars(module).items()
        if isinstance(router, Router)
    }
    assert {place for place, router in routers.items() if router not in ROUTERS} == set()


def test_a_module_without_routes_is_said() -> None:
    with pytest.raises(AssertionError, match=r"app\.api\.requests\.etag has no ROUTES"):
        routes_of("app.api.requests.etag")
    assert Routes(()).listings == ()
