"""`make test` tries the same cases at every commit: something of each kind, and every feature."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from app.platform.settings import PROJECT
from tests import selection
from tests.selection import ListedTest, covering, left_out, selected

#: Kinds with as many cases as they say.
SIZES = {"one": 1, "few": 3, "ten": 10, "many": 43}
CASES = [f"{kind}-{n}" for kind, size in SIZES.items() for n in range(size)]


def kind_of(case: str) -> str:
    return case.partition("-")[0]


@pytest.fixture(autouse=True)
def usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases are chosen as by `make test`, whatever runs this."""
    monkeypatch.setattr(selection, "WHOLE", False)


def test_one_case_of_each_kind_is_tried_in_the_order_of_the_cases() -> None:
    chosen = selected("a test", CASES, kind_of)
    assert [kind_of(case) for case in chosen] == list(SIZES)


def test_an_action_that_all_kinds_share_is_tried_on_some_of_them() -> None:
    alike = [f"{kind}-{n}" for kind in "abcdefghijklmnop" for n in range(16)]
    places = {case.partition("-")[2] for case in selected("a test", alike, kind_of)}
    assert len(places) > 5, "not the first of each kind"


def test_other_tests_try_other_cases() -> None:
    chosen = {name: tuple(selected(name, CASES, kind_of)) for name in ("a test", "another test")}
    assert chosen["a test"] != chosen["another test"]


def test_every_feature_is_covered_by_as_few_cases_as_come_first() -> None:
    assert covering(["ab", "b", "a", "bc", "abc"], set) == ["ab", "bc"]
    assert covering([""], set) == [""], "there is always a case"


def test_make_test_all_tries_every_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "WHOLE", True)
    assert selected("a test", CASES, kind_of) == CASES
    assert covering(["a", "a"], set) == ["a", "a"]
    assert not any(left_out(of_file("desk/test_a.py", functions=9, cases=9, needs_database=True)))


def of_file(path: str, functions: int, cases: int = 1, needs_database: bool = False) -> list[ListedTest]:
    """The tests of a file with so many functions of so many cases."""
    return [
        ListedTest(path, f"test_{n}", has_cases=cases > 1, needs_database=needs_database)
        for n in range(functions)
        for _ in range(cases)
    ]


def test_the_first_and_the_last_case_of_a_parametrised_test_are_run() -> None:
    four, two = (of_file("words/test_a.py", functions=1, cases=cases) for cases in (4, 2))
    assert left_out(four) == [False, True, True, False]
    assert left_out(two) == [False, False]


def test_the_first_test_of_a_file_that_needs_a_database_is_run_and_some_of_the_others() -> None:
    leaves_out = left_out(of_file("desk/test_a.py", functions=40, needs_database=True))
    assert not leaves_out[0]
    assert 10 < sum(leaves_out) < 30
    assert left_out(of_file("desk/test_a.py", functions=39, needs_database=True)) == leaves_out[:39]
    assert left_out(of_file("browser/test_a.py", 3, needs_database=True)) == [False, True, True]


def test_tests_without_a_database_of_invariants_and_in_named_files_are_run() -> None:
    assert not any(left_out(of_file("desk/test_a.py", functions=40)))
    assert not any(left_out(of_file("invariants/test_a.py", functions=9, cases=9, needs_database=True)))
    assert not any(left_out(of_file("desk/test_a.py", 9, 9, True), named=["desk/test_a.py"]))


PROGRAM = f"from tests.selection import selected; print(selected('a test', {CASES!r}, lambda case: case[0]))"


def test_neither_the_hash_seed_nor_the_commit_chooses_a_case() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=PROJECT,
            env={**os.environ, "LEDGERDESK_TEST_EXAMPLES": "", "PYTHONHASHSEED": seed, "GIT_DIR": repository},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, repository in (("1", ".git"), ("2", "/nowhere"))
    }
    assert len(outputs) == 1
