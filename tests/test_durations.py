"""Files of tests and runs that take long are named."""

from __future__ import annotations

from tests.durations import LONG, LONG_RUN, long_run, new_long_files


def test_a_new_file_that_takes_long_is_named_with_what_to_do() -> None:
    (line,) = new_long_files({"tests/a/test_a.py": LONG + 11, "tests/a/test_b.py": LONG})
    assert line.startswith("tests/a/test_a.py takes 26 s, more than 15:")


def test_a_run_that_takes_long_is_named() -> None:
    assert long_run(2 * LONG_RUN, 2) == []
    (line,) = long_run(2 * LONG_RUN + 2, 2)
    assert line.startswith("The tests take 301 s on each of 2 processors, more than 300:")
