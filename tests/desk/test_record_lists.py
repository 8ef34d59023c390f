"""No page reads a list within a record by itself: each read goes through `record_lists`, which asks for the
newest rows or reads all pages. Paths whose last part is filled in are checked on every page of a record
(tests/every_action/test_calls_of_pages.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from app.desk.contract import screen_contract
from app.desk.record_lists import NEWEST_FIRST
from app.registry import LIFECYCLES

APP = Path(__file__).parents[2] / "app"
READER = APP / "desk" / "record_lists.py"
GAP = "{}"
READ_BY_ITSELF = 'path = f"/v1/{plural}/{record}/votes"'


def lists_within_records() -> set[str]:
    """The names under which every record has a list in the order of time, among them `events`."""
    contract = screen_contract()
    in_order, any_order = set[str](), set[str]()
    for lifecycle in LIFECYCLES:
        prefix = f"/v1/{lifecycle.plural}/{{id}}/"
        for path in contract.document["paths"]:
            if path.startswith(prefix) and contract.operation("get", path) is not None:
                is_in_order = NEWEST_FIRST in contract.query_parameters(path)
                (in_order if is_in_order else any_order).add(path.removeprefix(prefix))
    return in_order - any_order


def modules() -> Iterator[Path]:
    for folder in ("desk", "dashboard"):
        yield from (path for path in (APP / folder).rglob("*.py") if path != READER)


def shape(text: ast.JoinedStr) -> str:
    """The text with a gap for each value in it."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in text.values)


def reads_of_lists(tree: ast.AST, names: set[str]) -> Iterator[str]:
    """The paths in the module that lead to a list within a record."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            before, _, last = shape(node).rpartition("/")
            if before.endswith(GAP) and last in names:
                yield shape(node)


def test_only_one_module_reads_lists_within_records() -> None:
    names = lists_within_records()
    assert {"events", "comments", "votes", "rollout_steps"} <= names
    assert [*reads_of_lists(ast.parse(READ_BY_ITSELF), names)] == ["/v1/{}/{}/votes"]
    reads = {
        f"{path.relative_to(APP)}: {read}"
        for path in modules()
        for read in reads_of_lists(ast.parse(path.read_text()), names)
    }
    assert reads == set()
