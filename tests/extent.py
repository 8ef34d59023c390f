"""Choose how many cases and examples the tests run.

LEDGERDESK_TEST_EXAMPLES chooses: `few` (`make quick`), unset (`make test`: as few examples as find a fault,
and one case of each kind of a generic product, see tests/selection.py), `whole` (`make test-all`: every
example that is written down), `all` (`make soak`: larger examples too, and new ones on each run). The
commit, the date and the machine never affect the choice.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

_CHOSEN = os.environ.get("LEDGERDESK_TEST_EXAMPLES")
ALL_EXAMPLES = _CHOSEN == "all"
WHOLE = ALL_EXAMPLES or _CHOSEN == "whole"
FEW_EXAMPLES = _CHOSEN == "few"

T = TypeVar("T")
#: Tests that take too long for `make test`, where a smaller test of the same kind runs.
in_soak = pytest.mark.skipif(not ALL_EXAMPLES, reason="runs in make soak")
in_test_all = pytest.mark.skipif(not WHOLE, reason="runs in make test-all")


def examples(of_all: int) -> int:
    """Return the number of examples to run: a tenth in `make test` and `make quick`, otherwise all."""
    return of_all if WHOLE else (of_all + 9) // 10


def first_of(cases: Sequence[T], most: int) -> Sequence[T]:
    """Return at most `most` cases; `make test-all` and `make soak` run all of them."""
    return cases if WHOLE else cases[:most]
