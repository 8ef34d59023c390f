"""Which cases of a generic product (routes × roles × states) `make test` tries, the same at every commit.

A product is a list of cases, each of some kind: `each_case(…, one_of_each=kind_of)`. `make test` tries one
case of each kind, `make test-all` tries every case. Which case stands for its kind follows from the names of
the test and of the kind alone, so that an action which many kinds share is tried on some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar
from zlib import crc32

from tests.extent import WHOLE

T = TypeVar("T")


def selected(test: str, cases: Iterable[T], kind_of: Callable[[T], Hashable]) -> list[T]:
    """Return one case of each kind, in the order of the cases; `make test-all` tries all cases."""
    listed = list(cases)
    if WHOLE:
        return listed
    by_kind: dict[Hashable, list[int]] = {}
    for number, case in enumerate(listed):
        by_kind.setdefault(kind_of(case), []).append(number)
    chosen = [numbers[crc32(f"{test} {kind}".encode()) % len(numbers)] for kind, numbers in by_kind.items()]
    return [listed[number] for number in sorted(chosen)]


def covering(cases: Sequence[T], features_of: Callable[[T], Iterable[Hashable]]) -> Sequence[T]:
    """Return the cases that have a feature which no case before them has; `make test-all` tries all cases."""
    if WHOLE:
        return cases
    covered: set[Hashable] = set()
    chosen: list[T] = []
    for case in cases:
        features = set(features_of(case))
        if not chosen or not features <= covered:
            covered |= features
            chosen.append(case)
    return chosen
