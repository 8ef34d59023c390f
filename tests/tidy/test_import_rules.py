"""The import rules themselves: each pattern is of something, and an import that they forbid is refused."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from functools import cache
from typing import Any

import grimp
import pytest
from grimp import ImportGraph
from importlinter import configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import Contract

from app.platform.settings import PROJECT
from app.registry import PROCESSES
from tests.cases import each_case
from tests.tidy.purity import PureContract, is_marked, marked_modules
from tests.tidy.source import fail_for

LINTER = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
RULES: dict[str, dict[str, Any]] = {rule["id"]: rule for rule in LINTER["contracts"]}
KINDS: dict[str, type[Contract]] = {
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
    "pure": PureContract,
}
#: Options of a rule that list modules, or patterns of modules.
MODULE_OPTIONS = (
    *("source_modules", "forbidden_modules", "by_name", "modules"),
    *("protected_modules", "allowed_importers", "containers"),
)


@cache
def _graph() -> ImportGraph:
    return grimp.build_graph("app", include_external_packages=True, cache_dir=None)


def _matches(pattern: str) -> bool:
    graph = _graph()
    return bool(graph.find_matching_modules(pattern)) if "*" in pattern else pattern in graph.modules


def _is_kept(rule: str, graph: ImportGraph) -> bool:
    # The linter reads the file's true and false as texts.
    options = {
        key: str(value) if isinstance(value, bool) else value
        for key, value in RULES[rule].items()
        if key not in ("id", "name", "type")
    }
    configuration.configure()
    contract = KINDS[RULES[rule]["type"]](
        RULES[rule]["name"], {"root_packages": ["app"], "include_external_packages": True}, options
    )
    return contract.check(graph, verbose=False).kept


@each_case("rule", list(RULES))
def test_every_pattern_of_an_import_rule_is_of_some_module(rule: str) -> None:
    patterns = [pattern for option in MODULE_OPTIONS for pattern in RULES[rule].get(option, ())]
    patterns += [part for line in RULES[rule].get("ignore_imports", ()) for part in line.split(" -> ")]
    for layer in RULES[rule].get("layers", ()):
        patterns += [f"{RULES[rule]['containers'][0]}.{name.strip(' ()')}" for name in layer.split("|")]
    assert patterns
    stale = [f"{rule}: {pattern}" for pattern in patterns if not _matches(pattern)]
    fail_for(stale, "No module is called so any more: a rule that is of nothing forbids nothing.")


PLANTED = [
    ("platform", "app.platform.settings", "app.platform.installation"),
    ("pure", "app.kernel.actions.payloads", "psycopg"),
    ("pure", "app.kernel.actions.actor_policy", "app.platform.db"),
    ("pure", "app.processes.incidents.lifecycle", "psycopg"),
    ("pure", "app.service_level_engine.clock", "app.platform.settings"),
    ("layers", "app.kernel.commands.perform", "app.api.records.actions"),
    ("rooms-of-kpis", "app.kpis.declaration.figures", "app.kpis.questions.question"),
    ("rooms-of-kpis", "app.kpis.facts.query", "app.kpis.raw.definitions"),
    ("rooms-of-the-kernel", "app.kernel.access.reads", "app.kernel.actions.lifecycle"),
    ("independent-processes", "app.processes.incidents.checks", "app.processes.problems.records"),
    ("independent-rules", "app.automation.tickets.assign_by_rule", "app.automation.tickets.escalate_by_rule"),
    ("http", "app.kernel.commands.perform", "fastapi"),
    ("one-way-in", "app.automation.tickets.assign_by_rule", "app.log.writer"),
    ("loads-no-web", "app.foundation.categories.queries", "fastapi"),
    ("loads-no-web", "app.cli.figures.kpi_output", "app.kpis.router"),
    ("before-a-command", "app.cli.output", "psycopg"),
]


def test_no_lifecycle_loads_the_web_framework() -> None:
    """The registry imports them by their names, which the linter does not see."""
    web = {"fastapi", "starlette", "uvicorn"}
    chains = [
        f"{module}: {' -> '.join(_graph().find_shortest_chain(module, name) or ())}"
        for process in PROCESSES
        for module in (f"{process.package}.{name}" for name in process.lifecycles.split())
        for name in web & _graph().find_upstream_modules(module)
    ]
    fail_for(chains, "A lifecycle is loaded by the worker and by commands, which need no web framework.")


@each_case(("rule", "importer", "imported"), PLANTED)
def test_a_planted_import_is_refused(rule: str, importer: str, imported: str) -> None:
    graph = deepcopy(_graph())
    assert {importer, imported} <= graph.modules
    graph.add_import(importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}")
    assert not _is_kept(rule, graph)


def test_every_rule_has_an_import_that_it_refuses_here() -> None:
    assert RULES.keys() == {rule for rule, _, _ in PLANTED}


@pytest.mark.parametrize(
    ("docstring", "pure"),
    [
        ("Tally of votes (pure); docs say how.", True),
        ("How rows map to a lifecycle. Pure.", True),
        ("What a payload is.\n\nPure: no database, no clock.", True),
        ("Statements. Pure but for reading these files.", False),
        ("Tables and pure functions that others use.", False),
        (None, False),
    ],
)
def test_a_module_is_pure_if_its_docstring_says_so(docstring: str | None, pure: bool) -> None:
    assert is_marked(docstring) is pure


def test_what_stands_in_a_pure_package_is_pure() -> None:
    assert "app.service_level_engine.clock" in marked_modules(
        ["app.service_level_engine", "app.service_level_engine.clock", "app.kernel.commands.perform"]
    )
