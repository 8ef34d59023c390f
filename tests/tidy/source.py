"""Our Python files as text and as syntax trees."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from io import StringIO
from pathlib import Path
from typing import TypeVar

import pytest

from app.platform.settings import PROJECT

Function = ast.FunctionDef | ast.AsyncFunctionDef
#: What is asked for, of the half a million nodes of a thousand files.
KINDS = (ast.stmt, ast.Call, ast.Constant, ast.Attribute)
Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True)
class Source:
    """A file. `name` is its path within the project."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """What it says."""
        return ast.parse(self.text)

    @cached_property
    def _nodes(self) -> tuple[ast.AST, ...]:
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, KINDS))

    def nodes(self, kind: type[Node]) -> Iterator[Node]:
        """All statements, calls, constants or attributes of this kind."""
        return (node for node in self._nodes if isinstance(node, kind))

    def functions(self) -> Iterator[Function]:
        """All functions, those within others too."""
        yield from self.nodes(ast.FunctionDef)
        yield from self.nodes(ast.AsyncFunctionDef)

    def definitions(self) -> Iterator[Function | ast.ClassDef]:
        """All functions and classes."""
        yield from self.functions()
        yield from self.nodes(ast.ClassDef)

    def constants(self) -> Iterator[str]:
        """All texts but docstrings; those put together are taken apart."""
        owners = [self.tree, *self.definitions()]
        documents = {id(node.body[0].value) for node in owners if ast.get_docstring(node) is not None}  # type: ignore[attr-defined]  # it is an expression
        for node in self.nodes(ast.Constant):
            if id(node) not in documents:
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
        yield from self._calls

    @cached_property
    def _calls(self) -> list[tuple[str, int]]:
        return [(ast.unparse(node.func), node.lineno) for node in self.nodes(ast.Call)]


def fail_for(places: Iterable[object], advice: str) -> None:
    """Fails if there are any: names each in a line of its own, and says what to do about them."""
    __tracebackhide__ = True
    if listed := sorted(map(str, places)):
        pytest.fail("\n".join([*listed, advice]), pytrace=False)


def sources(*folders: str) -> tuple[Source, ...]:
    """The Python files of these folders, in the order of their names."""
    return tuple(source for folder in folders for source in _of(folder))


@cache
def _of(folder: str) -> tuple[Source, ...]:
    return tuple(_read(path) for path in sorted((PROJECT / folder).rglob("*.py")))


def _read(path: Path) -> Source:
    return Source(str(path.relative_to(PROJECT)), path.read_text(encoding="utf-8"))


def forget() -> None:
    """Lets go of all of them: every look of Python for cycles goes through their trees."""
    _of.cache_clear()


def ours() -> tuple[Source, ...]:
    """Everything that we have written in Python."""
    return sources("app", "migrations", "tests")


def application() -> tuple[Source, ...]:
    """What is shipped."""
    return sources("app", "migrations")
