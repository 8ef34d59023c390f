"""Our texts for people are written in their words: they have no marks of code, paths, codes or UUIDs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from typer.main import get_command

from app.api.requests.faults import fault_of
from app.cli.commands import COMMANDS, command_line
from app.i18n import LANGUAGES, sentences

#: What people who do not program cannot read.
MACHINE = re.compile(
    r"`|\bnull\b|\bkey of\b|(?<![\w<])/(?:v1|dashboard|desk)/|\bdocs/"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-|\bUUID\b|\bseconds\)|（秒）|\b[a-z]+_[a-z_]+\b",
    re.IGNORECASE,
)
#: Read by programmers, by assistants, or by those who run the service.
OF_MACHINES = {"remedy", "api_docs", "assistants", "assistant_arguments", "doctor", "doctor_remedy"}
BLANK = re.compile(r"\{[^}]*\}")


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the tables of sentences with its place."""
    for language in LANGUAGES:
        for table, entries in sentences(language).items():
            for code, text in entries.items():
                if table not in OF_MACHINES:
                    yield f"{language}.{table}.{code}", BLANK.sub("", text)


def helps(command: object, name: str) -> Iterator[tuple[str, str]]:
    """The help of a command and of its options, and of the commands beneath it."""
    yield name, str(getattr(command, "help", None) or "")
    for parameter in getattr(command, "params", ()):
        yield f"{name} {parameter.name}", str(getattr(parameter, "help", None) or "")
    for word, subcommand in getattr(command, "commands", {}).items():
        yield from helps(subcommand, f"{name} {word}")


def test_texts_of_pages_mails_notices_and_refusals_have_no_marks_of_machines() -> None:
    wrong = {place: text for place, text in texts() if MACHINE.search(text)}
    assert wrong == {}


def test_no_help_of_a_command_has_marks_of_code() -> None:
    help_texts = dict(helps(get_command(command_line(*COMMANDS)), "ledgerdesk"))
    assert len(help_texts) > 50
    assert {place: text for place, text in help_texts.items() if "`" in text or "null" in text} == {}


def test_a_fault_names_what_its_own_rule_knows_before_the_names_of_fields() -> None:
    error = {"type": "unknown_role", "loc": ("body", "roles", 0), "msg": "unknown", "input": "boss"}
    fault = fault_of("en", {**error, "ctx": {"role": "boss", "known": "agent, admin"}}, [])
    assert "Roles are agent, admin" in str(fault.message)
