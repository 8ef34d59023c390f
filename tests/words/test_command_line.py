"""The help of every command, and its options and arguments, is in words of people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from app.cli.commands import COMMANDS, command_line
from tests.words.machine_words import signs_in

#: Values that are typed as they are: kinds of records, a time with its zone, and formats that other programs
#: read.
TYPED = {
    "export xes process": ("a code",),
    "restore until": ("an instant",),
    "import ndjson": ("JSON",),
    "import ndjson file": ("JSON",),
    "import discovery about": ("JSON",),
    "sla-cases file": ("JSON",),
    "effect-cases file": ("JSON",),
}
AS_JSON = "as_json"


def helps(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield each text of the help with the command and the parameter that it is about."""
    yield name, f"{command.help or ''} {command.short_help or ''}"
    for parameter in command.params:
        if parameter.name != AS_JSON:
            yield f"{name} {parameter.name}".strip(), getattr(parameter, "help", None) or ""
    for inner, subcommand in getattr(command, "commands", {}).items():
        yield from helps(subcommand, f"{name} {inner}".strip())


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, str]]:
    return list(helps(typer.main.get_command(command_line()), ""))


def test_no_help_has_words_of_the_program(texts: list[tuple[str, str]]) -> None:
    faults = [
        f"{place}: {fault}"
        for place, text in texts
        for fault in signs_in(text)
        if not fault.startswith(TYPED.get(place, ()))
    ]
    assert not faults, "\n".join(faults)


def test_every_command_and_parameter_has_help(texts: list[tuple[str, str]]) -> None:
    assert {place for place, _ in texts} >= set(COMMANDS)
    assert [place for place, text in texts if not text.strip()] == []
    assert TYPED.keys() <= {place for place, _ in texts}, "a value that is typed no more"


def test_the_words_of_the_command_line_as_a_whole_are_those_of_its_commands() -> None:
    assert [fault for entry in COMMANDS.values() for fault in signs_in(entry.help)] == []
