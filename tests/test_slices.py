"""What a slice leaves out comes in a later one; each has something of every kind; what changed is whole."""

from __future__ import annotations

from collections import Counter

import pytest

from app.processes.incidents.lifecycle import LIFECYCLE as INCIDENTS
from app.processes.requests.lifecycle import LIFECYCLE as REQUESTS
from tests import slices
from tests.durations import LONG, new_long_files
from tests.slices import SLICES, Case, Unit, in_slice, kept_line, sliced, units_of_this_run

#: Kinds with as many cases as they say.
SIZES = {"one": 1, "few": 3, "ten": 10, "many": 43}
CASES = [Case(f"{kind}-{n}", (kind, n), kind) for kind, size in SIZES.items() for n in range(size)]
ROWS = [
    Case(f"{lifecycle.kind}-{row.name}", (lifecycle, row), lifecycle.kind)
    for lifecycle in (INCIDENTS, REQUESTS)
    for row in lifecycle.rows
]


def tried(monkeypatch: pytest.MonkeyPatch, number: int, cases: list[Case], test: str = "a test") -> set[str]:
    """The names of the cases of that slice."""
    monkeypatch.setattr(slices, "NUMBER", number)
    return {case.name for case in sliced(test, cases, str)}


@pytest.fixture(autouse=True)
def unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing differs from the commit before, and nothing is kept."""
    monkeypatch.setattr(slices, "CHANGED_PACKAGES", frozenset())
    monkeypatch.setattr(slices, "kept_cases", frozenset)


@pytest.mark.parametrize("first", [0, 1, 528])
def test_in_as_many_runs_as_there_are_slices_every_case_is_tried(
    monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    runs = [tried(monkeypatch, first + n, CASES) for n in range(SLICES)]
    assert set().union(*runs) == {case.name for case in CASES}


def test_each_run_tries_something_of_every_kind_and_a_part_of_what_there_is_much_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(2 * SLICES):
        number_of = Counter(name.partition("-")[0] for name in tried(monkeypatch, number, CASES))
        assert number_of.keys() == SIZES.keys()
        assert (number_of["one"], number_of["few"], number_of["ten"]) == (1, 1, 1)
        assert number_of["many"] in (2, 3)


def test_a_row_that_all_kinds_have_is_tried_on_one_of_them_in_most_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alike = [Case(f"{kind}-{n}", (n,), kind) for kind in "abcdefghijklmnop" for n in range(SLICES)]
    for number in range(SLICES):
        places = {name.partition("-")[2] for name in tried(monkeypatch, number, alike)}
        assert len(places) > SLICES // 2, "not all kinds begin at the same place"


def test_what_differs_from_the_commit_before_is_tried_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "CHANGED_PACKAGES", frozenset({"app.processes.incidents"}))
    changed = {case.name for case in ROWS if case.said == "incident"}
    assert changed < tried(monkeypatch, 0, ROWS)
    assert len(tried(monkeypatch, 0, ROWS)) < len(ROWS)


def test_a_change_to_code_that_kinds_share_tries_its_rows_on_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = INCIDENTS["comment"].body.__module__.rpartition(".")[0]
    monkeypatch.setattr(slices, "CHANGED_PACKAGES", frozenset({package}))
    for number in range(SLICES):
        assert {"incident-comment", "request-comment"} <= tried(monkeypatch, number, ROWS)


def test_what_has_failed_once_is_tried_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "kept_cases", lambda: frozenset({kept_line("a test", "many-7")}))
    for number in range(SLICES):
        assert "many-7" in tried(monkeypatch, number, CASES)
    assert not all("many-7" in tried(monkeypatch, n, CASES, "another test") for n in range(SLICES))


def units_tried(monkeypatch: pytest.MonkeyPatch, number: int) -> set[Unit]:
    """Which of two kinds of long tests, twelve and two, that run tries."""
    monkeypatch.setattr(slices, "NUMBER", number)
    kills = [Unit("kills", f"test_kills.py::{n}", frozenset({"app.log"})) for n in range(12)]
    # A file whose tests are tried together comes once for each of them.
    return set(units_of_this_run([*kills, *(Unit("tables", f"test_{n % 2}.py") for n in range(20))]))


def test_of_what_goes_round_each_run_tries_a_tenth_of_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [units_tried(monkeypatch, number) for number in range(SLICES)]
    assert len(set().union(*runs)) == 14
    for tried in runs:
        number_of = Counter(unit.kind for unit in tried)
        assert (number_of["kills"], number_of["tables"]) in ((1, 1), (2, 1))


@pytest.mark.parametrize("package", ["app.log", "app.log.rooms.within"])
def test_of_what_goes_round_all_are_tried_whose_package_differs_and_what_has_failed_once(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setattr(slices, "CHANGED_PACKAGES", frozenset({package}))
    monkeypatch.setattr(slices, "kept_cases", lambda: frozenset({"test_1.py"}))
    for number in range(SLICES):
        tried = units_tried(monkeypatch, number)
        assert sum(unit.kind == "kills" for unit in tried) == 12
        assert "test_1.py" in {unit.name for unit in tried}


def test_what_is_tried_in_one_of_ten_runs_is_tried_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = 0
    for number in range(SLICES):
        monkeypatch.setattr(slices, "NUMBER", number)
        runs += in_slice("tests/log/test_writer.py::test_something")
    assert runs == 1


def test_a_new_file_that_takes_long_is_named_with_what_to_do() -> None:
    (line,) = new_long_files({"tests/a/test_a.py": LONG + 11, "tests/a/test_b.py": LONG})
    assert line.startswith("tests/a/test_a.py takes 31 s, more than 20:")
