"""Files, folders and modules that comments and docstrings name exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from app.platform.settings import PROJECT
from tests.tidy.held_files import held
from tests.tidy.source import fail_for, sources

#: Folders of the project whose files are named by their whole path, and those whose texts are searched.
ROOTS = ("app", "bench", "deploy", "docs", "migrations", "openapi", "tests")
SEARCHED = ("app", "bench", "deploy", "migrations", "tests")
#: What a file is in that we have written. Files of other kinds are named as examples, or are written at run
#: time.
ENDINGS = r"(?:py|sql|toml|md|html)"
ROOTED = re.compile(rf"(?<![\w./<>-])(?:{'|'.join(ROOTS)})/[\w./*<>{{}}-]*[\w*>}}]")
BY_NAME = re.compile(rf"(?<![\w./<>-])(?:[\w*<>{{}}-]+/)*[\w*<>{{}}-]+\.{ENDINGS}\b(?![\w/]|\.\w)")
MODULE = re.compile(r"(?<![\w./])app(?:\.[a-z_]\w*)+(?!/)")
NUMBERED = re.compile(r"\b[Mm]igration (\d{4})\b")
#: A definition in a migration may have been replaced by a later one: the schema has what holds.
SUPERSEDED = re.compile(r"\b\d{4}/[\w/]+\.sql\b")
#: Names of files that a text gives as an example, by the file with the text.
EXAMPLES = {
    "app/contract/promises.py": {"1001/log.sql"},
    "tests/released/keep.py": {"tests/released/VERSION"},
}


@cache
def paths() -> frozenset[str]:
    """All files and folders of the project below its roots, each with every part of its path."""
    names = {name.name for name in PROJECT.iterdir()}
    for root in ROOTS:
        names |= {str(path.relative_to(PROJECT)) for path in (PROJECT / root).rglob("*")} | {root}
    return frozenset(names)


@cache
def endings() -> frozenset[str]:
    """Every path of the project with any number of folders left out from its beginning."""
    return frozenset(
        "/".join(parts[n:]) for path in paths() for parts in [path.split("/")] for n in range(len(parts))
    )


@cache
def exists(name: str) -> bool:
    """Return whether a file or folder is named so, or a decision by its number; `<key>` and `*` are any
    name.
    """
    is_rooted = name.split("/", maxsplit=1)[0] in ROOTS and "/" in name
    listed = paths() if is_rooted else endings()
    if name in listed:
        return True
    if re.fullmatch(r"docs/decisions/\d{4}", name):
        return any(path.startswith(f"{name}-") for path in listed)
    if not re.search(r"[*<{]", name):
        return False
    pattern = re.sub(r"<[^>]*>|\{[^}]*\}|\*+", "*", name)
    form = re.compile("[^/]+".join(re.escape(part) for part in pattern.split("*")))
    return any(form.fullmatch(path) for path in listed)


@cache
def is_module(name: str) -> bool:
    """Return whether there is a module of that name, or one that contains the rest of the name."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        path = PROJECT.joinpath(*parts[:n])
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.exists():
                return n == len(parts) or bool(
                    re.search(rf"\b{parts[n]}\b", file.read_text(encoding="utf-8"))
                )
    return False


def missing(text: str) -> Iterator[str]:
    """Yield each file, folder and module that the text names and that does not exist, and each migration in
    which a definition may have been replaced.
    """
    rooted = {name.rstrip("/") for name in ROOTED.findall(text)}
    yield from (name for name in rooted | {*BY_NAME.findall(text)} if not exists(name))
    yield from (name for name in MODULE.findall(text) if not is_module(name) and not exists(name))
    numbers = NUMBERED.findall(text)
    yield from (n for n in numbers if not any((PROJECT / "migrations/versions").glob(f"{n}_*.py")))
    yield from SUPERSEDED.findall(text)


def remarks(path: Path) -> Iterator[str]:
    """Yield the comments of a file that is not in Python."""
    mark = r"--(.*)$" if path.suffix == ".sql" else r"^\s*#(.*)$"
    yield from re.findall(mark, path.read_text(encoding="utf-8"), re.MULTILINE)


def texts() -> Iterator[tuple[str, str]]:
    """Yield each comment and docstring of ours, with its file."""
    for source in sources(*SEARCHED):
        yield from ((source.name, text) for _, text in source.remarks())
        owners: list[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]
        owners = [source.tree, *source.definitions()]
        yield from ((source.name, text) for owner in owners if (text := ast.get_docstring(owner)))
    for folder in SEARCHED:
        for ending in ("sql", "toml"):
            for path in sorted((PROJECT / folder).rglob(f"*.{ending}")):
                yield from ((str(path.relative_to(PROJECT)), text) for text in remarks(path))


def test_files_that_comments_and_docstrings_name_exist() -> None:
    foreign = {path for group in held() for path in group.hashes}
    names = {
        f"{file}: {name}"
        for file, text in texts()
        if file not in foreign
        for name in missing(text)
        if name not in EXAMPLES.get(file, ())
    }
    fail_for(names, "Name the file by its current path, and migrations/schema.sql instead of a migration.")


def test_a_name_without_a_file_is_found() -> None:
    right = "app/main.py, app/kernel, docs/decisions/0001, kernel/ledger.py, main.py, app.kernel.ledger"
    right += ", app/i18n/<language>.toml, raw/incident/<key>.sql, Migration 1001"
    assert list(missing(right)) == []
    for name in (
        *("app/none.py", "docs/decisions/" + "9999", "kernel/none.py", "app.none.Ledger", "none.sql"),
        *("raw/none/<key>.sql", "migrations/versions/1001/log.sql"),
    ):
        assert list(missing(f"See {name}.")), name
    assert list(missing("Migration 9999")) == ["9999"]
