"""The import contract of pure modules: those that say so in their docstring, and those of certain names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from grimp import ImportGraph
from importlinter.application import output
from importlinter.application.contract_utils import remove_ignored_imports_and_report
from importlinter.domain import fields
from importlinter.domain.contract import Contract, ContractCheck
from importlinter.domain.helpers import module_expressions_to_modules

PROJECT = Path(__file__).parents[2]
#: How a module's docstring says it: "Tally of votes (pure); …", or a sentence "Pure: no database …".
MARKER = re.compile(r"\(pure\b|(?:^|[.:;]\s)Pure\b(?! but)", re.MULTILINE)


def is_marked(docstring: str | None) -> bool:
    """Return whether a module or package with this docstring is to be pure."""
    return docstring is not None and MARKER.search(docstring) is not None


def _file_of(module: str) -> Path:
    path = PROJECT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _docstring_of(module: str) -> str | None:
    """Return what the module says of itself; None: nothing, as a folder without a module of its own."""
    file = _file_of(module)
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) if file.exists() else None


def marked_modules(modules: Iterable[str]) -> set[str]:
    """Return those of these modules that are marked as pure, with all that stand in a marked package."""
    every = set(modules)
    marked = {module for module in every if is_marked(_docstring_of(module))}
    packages = tuple(f"{module}." for module in marked if _file_of(module).name == "__init__.py")
    return marked | {module for module in every if module.startswith(packages)}


class PureContract(Contract):
    """A contract that keeps pure modules from importing what reads or writes anything.

    `by_name` are patterns of modules that are pure by their role, `forbidden_modules` what none of them, and
    none that is marked, imports directly. What a type checker alone imports counts as well.
    """

    type_name = "pure"

    by_name = fields.SetField(subfield=fields.ModuleExpressionField())
    forbidden_modules = fields.SetField(subfield=fields.ModuleExpressionField())
    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Return the direct imports of forbidden modules by pure ones."""
        removal = remove_ignored_imports_and_report(
            graph=graph,
            ignore_imports=self.ignore_imports,  # type: ignore[arg-type]  # the linter's fields are descriptors without types
            unmatched_alerting="error",  # type: ignore[arg-type]  # its enumeration equals its text
        )
        pure = marked_modules(m for m in graph.modules if m == "app" or m.startswith("app."))
        pure |= {m.name for m in module_expressions_to_modules(graph, self.by_name)}  # type: ignore[arg-type]  # as above
        forbidden = {m.name for m in module_expressions_to_modules(graph, self.forbidden_modules)}  # type: ignore[arg-type]  # as above
        below = tuple(f"{module}." for module in forbidden)
        imports = sorted(
            (module, imported)
            for module in pure
            for imported in graph.find_modules_directly_imported_by(module)
            if imported in forbidden or imported.startswith(below)
        )
        return ContractCheck(
            kept=not imports,
            warnings=list(removal.warnings),
            metadata={"imports": imports, "pure": len(pure)},
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each import, and what to do about it."""
        for module, imported in check.metadata["imports"]:
            output.print_error(f"{module} is pure, and imports {imported}.", bold=False)
        output.print_error("Move what reads or writes elsewhere, or strike “pure” from the docstring.")
