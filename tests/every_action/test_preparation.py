"""What an action must look up first is a frozen value of a type of its own, which some row prepares."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import app
from app.kernel.actions.lifecycle import Action, Lifecycle, Prepare
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.every_action.world import ROWS, case_name

PREPARING = [pair for pair in ROWS if pair[1].checks.prepare]
#: Types of what whoever issues the command computes for it, by why no row does.
WITH_COMMAND = {
    "ComputedReport": "it takes seconds, and reads what agreements know nothing of",
    "MeasuredEffect": "the same, of the cases of a KPI",
    "MeasuredTargets": "the same, of all target KPIs of an improvement",
    "PlanProgress": "the same, of the targets of a plan that runs",
    "FrozenBaselines": "the same, of the targets of a plan or a proposal",
}
#: How our source asks for one.
ASKING = "ctx.prepared"
#: Types of what shows that nothing is in the way: looking it up refuses otherwise, and no action asks for it.
REFUSING = {"ReadyToGoOut"}


def _given(prepare: Prepare) -> type[Any]:
    """The type of what it prepares. Only that of the return is there when the application runs."""
    function: Any = prepare
    kind: type[Any] = function.__globals__[function.__annotations__["return"]]
    return kind


@each_case(("lifecycle", "row"), PREPARING, ids=case_name)
def test_a_row_prepares_frozen_values_each_of_a_type_of_its_own(
    lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    kinds = [_given(prepare) for prepare in row.checks.prepare]
    assert len(kinds) == len(set(kinds))
    for kind, prepare in zip(kinds, row.checks.prepare, strict=True):
        assert is_dataclass(kind)
        parameters = getattr(kind, "__dataclass_params__")  # noqa: B009  # every dataclass has them
        assert parameters.frozen
        assert hasattr(kind, "__slots__")
        assert prepare.__doc__


def _asked_for() -> Iterator[tuple[Path, str]]:
    """The names of the types that our source asks for, with the file."""
    for path in Path(app.__path__[0]).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if ASKING in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == ASKING:
                yield path, ast.unparse(node.args[0]).rpartition(".")[2]


def test_what_is_asked_for_is_prepared_by_a_row_and_what_is_prepared_is_asked_for() -> None:
    lookups: dict[str, set[Path]] = defaultdict(set)
    for path, name in _asked_for():
        lookups[name].add(path)
    prepared = {_given(prepare).__name__ for _, row in PREPARING for prepare in row.checks.prepare}
    derivations = [
        lifecycle.rules.derivation for lifecycle in LIFECYCLES if lifecycle.rules.derivation is not None
    ]
    # Where the payload has nothing that it needs, a derivation prepares nothing.
    prepared |= {row.prepare.__annotations__["return"].removesuffix(" | None") for row in derivations}
    assert lookups.keys() == (prepared | WITH_COMMAND.keys()) - REFUSING
    assert prepared.isdisjoint(WITH_COMMAND), "a row prepares it"
