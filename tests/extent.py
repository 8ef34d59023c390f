"""How much is tried of what takes long: little by `make quick`, half by `make test`, all by `make soak`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

_CHOSEN = os.environ.get("LEDGERDESK_TEST_EXAMPLES")
ALL_EXAMPLES = _CHOSEN == "all"
FEW_EXAMPLES = _CHOSEN == "few"

T = TypeVar("T")
#: What takes too long for `make test`, where something smaller is tried instead.
in_soak = pytest.mark.skipif(not ALL_EXAMPLES, reason="tried by make soak")


def examples(of_all: int) -> int:
    """How many examples are tried of so many: half, unless LEDGERDESK_TEST_EXAMPLES is `all` or `few`."""
    return of_all if ALL_EXAMPLES else (of_all + 9) // 10 if FEW_EXAMPLES else (of_all + 1) // 2


def some_of(cases: Sequence[T], first: int) -> Sequence[T]:
    """The first so many of these cases; all if LEDGERDESK_TEST_EXAMPLES is `all`."""
    return cases if ALL_EXAMPLES else cases[:first]
