"""Our Python files as text and as syntax trees."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path

from app.settings import PROJECT

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A file. `name` is its path within the project."""

    name: str
    text: str
    tree: ast.Module

    def functions(self) -> Iterator[Function]:
        """All functions, those within others too."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node

    def constants(self) -> Iterator[str]:
        """All texts but docstrings; those put together are taken apart."""
        documents = {id(node.body[0].value) for node in ast.walk(self.tree) if _is_documented(node)}  # type: ignore[attr-defined]  # it has a body
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and id(node) not in documents:
                if isinstance(node.value, str):
                    yield node.value
                elif isinstance(node.value, bytes):
                    yield node.value.decode("utf-8", "replace")

    def remarks(self) -> Iterator[tuple[int, str]]:
        """All comments, with their lines."""
        for token in tokenize.generate_tokens(StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string

    def calls(self) -> Iterator[tuple[str, int]]:
        """Everything that is called, as it is written, with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node.lineno


def _is_documented(node: ast.AST) -> bool:
    documented = isinstance(node, ast.Module | ast.ClassDef | Function)
    return documented and ast.get_docstring(node) is not None  # type: ignore[arg-type]  # one of those


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """The Python files of these folders, in the order of their names."""
    return tuple(_read(path) for folder in folders for path in sorted((PROJECT / folder).rglob("*.py")))


def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(str(path.relative_to(PROJECT)), text, ast.parse(text))


def ours() -> tuple[Source, ...]:
    """Everything that we have written in Python."""
    return sources("app", "migrations", "tests")


def application() -> tuple[Source, ...]:
    """What is shipped."""
    return sources("app", "migrations")
