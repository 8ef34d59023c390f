"""Which slice of the generic product (routes × roles × states) is tried: another one after each commit.

A product is a list of cases, each of some kind: `each_case(…, product=kind_of)`. Of each kind every
sixteenth case is tried, at least one; after sixteen commits all have been. Tried whole are the kinds whose
package differs from the commit before, what has failed once (kept_cases.txt), and everything by `make
test-all`. The slice is known by a number, that of the commit or SLICE; without git it is 0.

Tests of crashes, of random and real histories, of large tables and of whole programs are a product, too: of
each kind of them (`goes_round`, extent.py) as large a part is tried; and all that are asked for by their
file's name.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, count
from pathlib import Path
from typing import Any
from zlib import crc32

PROJECT = Path(__file__).parents[1]
SLICES = 16
#: What has failed once and is tried always: a test and a case of it in each line, as their report names them.
KEPT_CASES = Path(__file__).with_name("kept_cases.txt")
GIVEN, COUNTED = "SLICE", "LEDGERDESK_TEST_SLICE"
CHANGED = "LEDGERDESK_TEST_CHANGED"


@dataclass(frozen=True)
class Case:
    """A case of a test: its name in reports, and the values of its arguments. `said` is as it was listed."""

    name: str
    values: Sequence[Any]
    said: Any


def _git(*words: str) -> str:
    """What git says of the project, or nothing."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        command = ("git", "-C", str(PROJECT), *words)
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return ""


def _slice_number() -> int:
    """The number of this run's slice."""
    number = os.environ.get(GIVEN, "")
    if number and not number.isdecimal():
        raise SystemExit(f"SLICE must be a whole number such as 0 or 7, not {number!r}.")
    if (PROJECT / ".git").exists():
        number = number or _git("rev-list", "--count", "HEAD")
    return int(number or "0")


def _changed_packages() -> str:
    """The packages of the application in which a file differs from the commit before, or is new."""
    if not (PROJECT / ".git").exists():
        return ""
    names = _git("diff", "--name-only", "HEAD^", "--", "app").splitlines()
    names += _git("ls-files", "--others", "--exclude-standard", "--", "app").splitlines()
    return " ".join(sorted({str(Path(name).parent).replace("/", ".") for name in names}))


# Workers are told by their environment, lest a commit made meanwhile has them choose differently.
os.environ.setdefault(COUNTED, str(_slice_number()))
os.environ.setdefault(CHANGED, _changed_packages())
NUMBER = int(os.environ[COUNTED])
CHANGED_PACKAGES = frozenset(os.environ[CHANGED].split())


def headline() -> str:
    """Which slice is tried, for people."""
    changed = f"; whole: {', '.join(sorted(CHANGED_PACKAGES))}" if CHANGED_PACKAGES else ""
    return f"slice {NUMBER % SLICES + 1} of {SLICES} (again: SLICE={NUMBER}){changed}"


@cache
def kept_cases() -> frozenset[str]:
    """The lines of kept_cases.txt."""
    lines = (line.partition("#")[0].strip() for line in KEPT_CASES.read_text(encoding="utf-8").splitlines())
    return frozenset(filter(None, lines))


def kept_line(test: str, case: str) -> str:
    """The line of kept_cases.txt that keeps the case."""
    return f"{test}: {case}"


def _code_of(value: object) -> Iterable[str]:
    """The modules in which a lifecycle or an action is written, or those that a route is about."""
    for part in ("record", "body", "apply"):
        written = getattr(value, part, None)
        if written is not None:
            yield written.__module__
    for part in ("lifecycle", "row"):
        if (about := getattr(value, part, None)) is not None:
            yield from _code_of(about)


def _differs(values: Sequence[Any]) -> bool:
    """Whether the case is about something whose package differs from the commit before."""
    packages = {module.rpartition(".")[0] for value in values for module in _code_of(value)}
    return not packages.isdisjoint(CHANGED_PACKAGES)


@dataclass(frozen=True)
class Unit:
    """A test, or a file of tests, of a kind of which a part is tried; all if one of the packages, or one in
    them, differs.
    """

    kind: str
    name: str
    packages: Set[str] = frozenset()


def units_of_this_run(units: Iterable[Unit]) -> Set[Unit]:
    """Those of this run's slice, as of a product: of each kind every sixteenth, at least one."""
    different = dict.fromkeys(units)
    cases = [Case(unit.name, (), unit) for unit in different]
    chosen = {case.said for case in sliced("goes round", cases, lambda unit: unit.kind)}
    chosen |= {unit for unit in different if unit.name in kept_cases()}
    touched = {ancestor for package in CHANGED_PACKAGES for ancestor in _ancestors(package)}
    return chosen | {unit for unit in different if not touched.isdisjoint(unit.packages)}


def _ancestors(package: str) -> Iterable[str]:
    """The package, and those that it is in."""
    return accumulate(package.split("."), "{}.{}".format)


def in_slice(name: str) -> bool:
    """Whether what is called so, and is tried in one of sixteen runs, is tried in this one."""
    return (NUMBER + crc32(name.encode())) % SLICES == 0


def sliced(test: str, cases: Sequence[Case], kind_of: Callable[[Any], Hashable]) -> list[Case]:
    """The cases of this run's slice: every sixteenth of each kind, those kept, and those that differ."""
    kinds = [kind_of(case.said) for case in cases]
    sizes = Counter(kinds)
    # Where one begins depends on test and kind: rows that all kinds have are tried on some of them each time.
    numbers = {kind: count(NUMBER + crc32(f"{test} {kind}".encode())) for kind in sizes}
    return [
        case
        for kind, case in zip(kinds, cases, strict=True)
        if next(numbers[kind]) % min(SLICES, sizes[kind]) == 0
        or kept_line(test, case.name) in kept_cases()
        or _differs(case.values)
    ]
