"""No operation is without a test of who may: it is walked by tests/every_route, or names its own."""

from __future__ import annotations

import ast

from app.platform.settings import PROJECT
from tests.every_route.routes import PUBLIC, TESTED, routes, unwalked


def test_of_every_operation_some_test_says_who_may() -> None:
    missing = unwalked()
    assert missing == [], (
        "name the test that says who may in tests/every_route/routes.py, TESTED; "
        "what is about records at /v1/<plural> and is a row of a table or a GET is walked by itself"
    )


def test_every_test_that_is_named_is_there_and_no_exception_is_left_over() -> None:
    for operation, named in TESTED.items():
        path, _, name = named.partition(" ")
        tree = ast.parse((PROJECT / "tests" / path).read_text("utf-8"))
        functions = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in functions, operation
    names = {route.name for route in routes() if not route.walked}
    assert (PUBLIC | TESTED.keys()) <= names
