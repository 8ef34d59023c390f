"""What is generated is as the code says, and what clients rely on is as it was."""

from __future__ import annotations

import json
import re
from difflib import unified_diff
from functools import cache
from pathlib import Path
from typing import Any

from app.cli.upkeep.contract import generated
from app.contract.schemas import resolved
from app.main import build_app
from app.platform.settings import PROJECT
from tests import disk_cache
from tests.contract import golden
from tests.contract.answers import as_written
from tests.extent import in_test_all


@cache
def made() -> dict[Path, str]:
    """Every generated file and its text, as the code says."""
    return dict(generated())


#: The part of the contract that `make test` generates: the whole takes half a minute.
TAG = "incidents"


def in_full(part: Any, contract: dict[str, Any], within: tuple[str, ...] = ()) -> Any:
    """The part with what it refers to in its place; of what refers to itself the name."""
    if isinstance(part, list):
        return [in_full(item, contract, within) for item in part]
    if not isinstance(part, dict):
        return part
    if (name := part.get("$ref")) is not None and isinstance(name, str):
        return name if name in within else in_full(resolved(part, contract), contract, (*within, name))
    return {member: in_full(value, contract, within) for member, value in part.items()}


def differences(texts: dict[Path, str]) -> list[str]:
    """What would change in the files."""
    changed = []
    for path, text in texts.items():
        stored = path.read_text(encoding="utf-8") if path.exists() else ""
        name = str(path.relative_to(PROJECT))
        lines = unified_diff(stored.splitlines(), text.splitlines(), name, "as the code says", "", "", 0)
        if difference := "\n".join(lines):
            changed.append(difference)
    return changed


# `make check` says the same by `ledgerdesk contract --check`, which CI runs behind the tests.
@in_test_all
def test_what_is_generated_is_as_the_code_says() -> None:
    assert differences(made()) == [], "run `make contract` and look at what it changes"


def test_a_part_of_the_contract_is_what_its_routes_make() -> None:
    written, app = as_written(), build_app()
    paths = {
        path: operations
        for path, operations in written["paths"].items()
        if all(TAG in operation["tags"] for operation in operations.values())
    }
    assert len(paths) > 50
    # Of events only who sends some says what may be left out, and no operation of this tag does.
    del paths["/v1/incidents/{id}/events"]
    app.router.routes[:] = [route for route in app.routes if getattr(route, "path", None) in paths]
    made = app.openapi()
    wrong = [
        f"{method} {path}"
        for path, operations in paths.items()
        for method, operation in operations.items()
        if in_full(operation, written) != in_full(made["paths"][path].get(method), made)
    ]
    assert wrong == [], "run `make contract` and look at what it changes"


@in_test_all
def test_the_contract_that_is_served_is_what_all_routes_make_once_they_are_built() -> None:
    """The service reads the file and builds a route at its first request; this builds every one."""
    contract = disk_cache.cached_json("contract", lambda: build_app().openapi())
    assert json.dumps(contract) == json.dumps(as_written()), "run `make contract` and look at what it changes"


def test_what_clients_rely_on_is_as_it_was() -> None:
    assert differences(golden.files()) == [], "if it is meant: python -m tests.contract.golden"


@in_test_all
def test_every_generated_page_says_so_and_none_is_left_over() -> None:
    files = set(made())
    marked = {
        page
        for page in (PROJECT / "docs").rglob("*.md")
        if re.match(r"# .*\n\nGenerated from `", page.read_text(encoding="utf-8"))
    }
    assert {file for file in files if file.suffix == ".md"} == marked
    assert set((PROJECT / "docs" / "lifecycles").glob("*.md")) <= files
    assert set((PROJECT / "openapi").glob("*.json")) <= files
