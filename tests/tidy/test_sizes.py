"""How much is in one place. Where a number is passed, look again: it is not one thing any more."""

from __future__ import annotations

import re
from statistics import median, quantiles

from tests.tidy.source import Function, application, fail_for, ours, sources

LONGEST_FUNCTION = 60
LONGEST_FILE = 500
# A file of tests is a list that is read by its names.
LONGEST_FILE_OF_TESTS = 600
LONGEST_LINE = 110
LONGEST_ROW = 160
MOST_POSITIONAL = 6
# Their parameters are the columns of a row, or the options of a command, and given by name or in a table.
MORE_POSITIONAL = {
    "app/cli/imports.py csv": "the options of a command",
    "app/cli/imports.py servicenow": "the options of a command",
    "app/cli/imports.py xes": "the options of a command",
    "app/cli/keys.py make_key": "the options of a command",
    "app/log/histories.py event": "the columns of an event, called for each row of an import",
}
# A remark for a tool may stand behind a line that is full.
REMARK = re.compile(r"  # (type: ignore|noqa).*$")


def _length(function: Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def test_a_function_fits_on_a_screen() -> None:
    long = [
        f"{source.name}:{function.lineno} {function.name}: {_length(function)} lines"
        for source in ours()
        for function in source.functions()
        if _length(function) > LONGEST_FUNCTION
    ]
    fail_for(
        long,
        f"A function has {LONGEST_FUNCTION} lines at most: give a part of it a name of its own.",
    )


def test_most_functions_are_short() -> None:
    lengths = [_length(function) for source in sources("app") for function in source.functions()]
    assert median(lengths) <= 10
    assert quantiles(lengths, n=10)[-1] <= 30


def test_a_file_is_about_one_thing() -> None:
    long = [
        f"{source.name}: {lines} lines"
        for source in ours()
        if (lines := source.text.count("\n"))
        > (LONGEST_FILE_OF_TESTS if source.name.startswith("tests/") else LONGEST_FILE)
    ]
    advice = f"A file has {LONGEST_FILE} lines, of tests {LONGEST_FILE_OF_TESTS}: move a topic out."
    fail_for(long, advice)
    lengths = [source.text.count("\n") for source in sources("app")]
    assert median(lengths) <= 120
    assert quantiles(lengths, n=10)[-1] <= 300


def test_a_line_is_not_longer_than_people_read_and_a_row_of_a_table_not_longer_than_a_screen() -> None:
    long = []
    for source in ours():
        in_a_table = False
        for number, line in enumerate(source.text.splitlines(), 1):
            in_a_table = (in_a_table or line.strip() == "# fmt: off") and line.strip() != "# fmt: on"
            if len(REMARK.sub("", line)) > (LONGEST_ROW if in_a_table else LONGEST_LINE):
                long.append(f"{source.name}:{number}: {len(line)} characters")
    fail_for(
        long,
        f"A line has {LONGEST_LINE} characters at most, a row of a table {LONGEST_ROW}.",
    )


def test_a_function_takes_few_things_by_their_place() -> None:
    many = set()
    for source in application():
        for function in source.functions():
            names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
            if len([name for name in names if name not in ("self", "cls")]) > MOST_POSITIONAL:
                many.add(f"{source.name} {function.name}")
    advice = f"More than {MOST_POSITIONAL} arguments by place: make them keywords, or one value of a class."
    fail_for(many - MORE_POSITIONAL.keys(), advice)
    fail_for(MORE_POSITIONAL.keys() - many, "It takes fewer now: strike it from MORE_POSITIONAL.")
