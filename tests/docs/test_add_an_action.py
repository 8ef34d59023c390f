"""The page that shows how to add an action is right: it is applied to a copy of the project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from app.settings import PROJECT

PAGE = PROJECT / "docs" / "how-to" / "add-an-action.md"
ACTION = "call_vendor"
#: What `make contract` writes.
GENERATED = {"openapi/openapi.json", "openapi/events.json", "docs/lifecycles/incidents.md"}
COPIED = ("app", "docs", "migrations", "openapi", "tests", "pyproject.toml", "Makefile", "CHANGELOG.md")
SECONDS = 300


def hunks(patch: str) -> Iterator[tuple[str, str]]:
    """Of each part of the patch what stands there, and what is to stand there instead."""
    for part in re.split(r"^@@.*@@\n", patch, flags=re.MULTILINE)[1:]:
        lines = [(line[:1], line[1:] + "\n") for line in part.splitlines()]
        yield (
            "".join(text for mark, text in lines if mark != "+"),
            "".join(text for mark, text in lines if mark != "-"),
        )


def applied(folder: Path) -> str:
    """Applies the page's patch to the copy. Gives the file that it changes."""
    (patch,) = re.findall(r"^```diff\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (name,) = re.findall(r"^\+\+\+ (\S+)$", patch, re.MULTILINE)
    text = (folder / name).read_text(encoding="utf-8")
    for old, new in hunks(patch):
        assert text.count(old) == 1, f"the page is not of this {name} any more:\n{old}"
        text = text.replace(old, new)
    (folder / name).write_text(text, encoding="utf-8")
    return str(name)


def run(folder: Path, *arguments: str) -> str:
    """Runs our Python in the copy, which must end well."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def different(folder: Path) -> set[str]:
    """The files of the copy that are other than ours, or that we do not have."""
    files = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder) for path in files)
    meant = (n for n in names if "__pycache__" not in n.parts and not n.parts[0].startswith("."))
    return {str(n) for n in meant if _bytes(PROJECT / n) != _bytes(folder / n)}


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def test_an_added_action_is_one_file_and_is_tested_already(tmp_path: Path) -> None:
    copy = tmp_path / "project"
    copy.mkdir()
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    changed = applied(copy)
    run(copy, "app.cli", "contract")
    told = run(copy, "pytest", "-q", "-p", "no:cacheprovider", "tests/every_action", "-k", "incident")
    assert int(re.findall(r"(\d+) passed", told)[0]) > 15
    assert different(copy) == {changed, *GENERATED}
    assert f"/v1/incidents/{{id}}/{ACTION}" in (copy / "openapi" / "openapi.json").read_text(encoding="utf-8")
