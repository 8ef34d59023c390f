"""No operation is without a test of who may: it is walked by tests/every_route, or names its own."""

from __future__ import annotations

import ast
from functools import cache

from app.platform.settings import PROJECT
from tests.every_route.routes import PUBLIC, TESTED, routes, unwalked


@cache
def functions_of(path: str) -> set[str]:
    """The names of the functions in that file of tests."""
    tree = ast.parse((PROJECT / "tests" / path).read_text("utf-8"))
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_of_every_operation_some_test_says_who_may() -> None:
    missing = unwalked()
    assert missing == [], (
        "name the test that says who may in tests/every_route/routes.py, TESTED; "
        "what is about records at /v1/<plural> and is a row of a table or a GET is walked by itself"
    )


def test_every_test_that_is_named_is_there_and_no_exception_is_left_over() -> None:
    for operation, named in TESTED.items():
        path, _, name = named.partition(" ")
        assert name in functions_of(path), operation
    names = {route.name for route in routes() if not route.walked}
    assert (PUBLIC | TESTED.keys()) <= names
