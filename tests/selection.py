"""Choose which cases of a generated set (routes × roles × states) `make test` runs: the same at every commit.

Each case has a kind: `each_case(…, one_of_each=kind_of)`. `make test` runs one case of each kind, `make
test-all` runs every case. The chosen case depends only on the names of the test and the kind, so an action
that many kinds share is tested on some of them.
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
    """Return the cases that add a feature not covered by earlier cases; `make test-all` runs all cases."""
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
