"""How much is tried of what takes long.

LEDGERDESK_TEST_EXAMPLES says so: `few` (`make quick`), nothing (`make test`: as few examples as can fail, and
of long lists a slice: tests/slices.py), `whole` (`make test-all`: everything that is written down), `all`
(`make soak`: larger ones, too, and new ones each time).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

from tests.slices import NUMBER, PROJECT

_CHOSEN = os.environ.get("LEDGERDESK_TEST_EXAMPLES")
ALL_EXAMPLES = _CHOSEN == "all"
WHOLE = ALL_EXAMPLES or _CHOSEN == "whole"
FEW_EXAMPLES = _CHOSEN == "few"

T = TypeVar("T")
#: What takes too long for `make test`, where something smaller is tried instead.
in_soak = pytest.mark.skipif(not ALL_EXAMPLES, reason="tried by make soak")
in_test_all = pytest.mark.skipif(not WHOLE, reason="tried by make test-all")


def goes_round(kind: str, *packages: str, by_file: bool = False) -> pytest.MarkDecorator:
    """Marks tests that take long: `make test` tries every sixteenth of that kind, at least one, others after
    each commit, and all of them if one of the packages, or one in them, differs from the commit before.
    `by_file`: tests of one file are tried together or not at all, where it is what they share that takes
    long.
    """
    for package in packages:
        assert PROJECT.joinpath(*package.split(".")).is_dir(), f"there is no package {package}"
    return pytest.mark.goes_round(kind, packages, by_file)


def examples(of_all: int) -> int:
    """How many examples are tried of so many: a quarter by `make test`, a tenth by `make quick`."""
    return of_all if WHOLE else (of_all + 9) // 10 if FEW_EXAMPLES else (of_all + 3) // 4


def some_of(cases: Sequence[T], most: int, kept: Sequence[T] = ()) -> Sequence[T]:
    """So many of these cases at most, others in each slice; all by `make test-all`. What has failed once is
    `kept`, and tried always.
    """
    if WHOLE:
        return cases
    others = [case for case in cases if case not in kept]
    first = NUMBER * most % len(others) if others else 0
    return [*kept, *[*others[first:], *others[:first]][:most]]
