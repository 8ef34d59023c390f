"""Choose what `make test` runs, the same at every commit; `make test-all` runs everything.

- One case of each kind of a generated set (routes × roles × states): `each_case(…, one_of_each=kind_of)`. The
  chosen case depends only on the names of the test and the kind, so an action that many kinds share is
  tested on some of them.
- The first and the last case of a parametrised test.
- The first test of a file that needs a database, and one in ONE_IN of the others, chosen by the checksum of
  its name: a new test does not change which others run. In ONE_OF_A_FILE only the first runs.

RUN_WHOLE and the files that the command line names are exempt from the last two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zlib import crc32

from tests.extent import WHOLE

T = TypeVar("T")
#: `make test` runs one in so many of the tests that need a database.
ONE_IN = 2
#: In files whose paths begin so, only the first of these tests runs.
ONE_OF_A_FILE = "browser/"
#: Invariants, the log, crashes, security, and tests that choose their own cases: their paths begin so.
RUN_WHOLE = (
    *("canaries/", "crash/", "invariants/", "kernel/", "log/", "released/", "sealing/", "tidy/"),
    *("clients/", "contract/", "every_action/", "every_route/", "fuzz/", "test_"),
    *("api/test_erasure", "api/test_for_staff_only", "api/test_hostile", "api/test_idempotency"),
    *("api/test_keys", "api/test_sessions", "api/test_stream_tickets", "api/test_tokens"),
    *("api/test_visibility", "api/test_writes_in_person", "assistants/test_who_connects"),
    *("automation/test_duplicates_of_customers", "desk/test_first_steps"),
    *("desk/test_secrets", "desk/test_visibility"),
    *("foundation/people/", "subscriptions/test_outward", "webhooks/test_unverified_bodies"),
    "webhooks/test_verification",
)


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


def one_in(number: int, cases: Iterable[T], name_of: Callable[[T], str] = str) -> list[T]:
    """Return one in `number` of the cases, and the first; `make test-all` returns all. The checksums of their
    names choose them, so that a new case does not change which others are tried.
    """
    listed = list(cases)
    if WHOLE:
        return listed
    return [case for n, case in enumerate(listed) if n == 0 or crc32(name_of(case).encode()) % number == 0]


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


@dataclass(frozen=True)
class ListedTest:
    """A test as pytest lists it: one case of a function."""

    #: Its file, in tests/.
    path: str
    function: str
    #: Whether the function has cases of its own: not only one for each server.
    has_cases: bool
    needs_database: bool


def left_out(listed: Sequence[ListedTest], named: Iterable[str] = ()) -> list[bool]:
    """Return for each test whether `make test` leaves it out; `named` are files that run whole."""
    always = (*RUN_WHOLE, *named)
    by_function: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, test in enumerate(listed):
        if not WHOLE and not test.path.startswith(always):
            by_function[test.path, test.function].append(number)
    leaves_out = [False] * len(listed)
    files_begun: set[str] = set()
    for (path, function), numbers in by_function.items():
        if listed[numbers[0]].has_cases:
            for number in numbers[1:-1]:
                leaves_out[number] = True
        if listed[numbers[0]].needs_database:
            is_chosen = not path.startswith(ONE_OF_A_FILE) and crc32(function.encode()) % ONE_IN == 0
            if path in files_begun and not is_chosen:
                for number in numbers:
                    leaves_out[number] = True
            files_begun.add(path)
    return leaves_out
