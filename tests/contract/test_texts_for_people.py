"""Our texts for people are written in their words: they have no marks of code, paths, codes or UUIDs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from typer.main import get_command

import app
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


#: Where refusals are written down, of which each names the next step.
REFUSING = (
    *("processes/improvements/pilot", "processes/improvements/rollout", "processes/releases"),
    *("governance/process_changes", "foundation/documents"),
)
CODE = re.compile(r"""(?:because=|Refused\(|CODE = |return )"([a-z]+(?:_[a-z]+)+)\"""")
NEXT_STEP = {
    "en": re.compile(
        r"\b(must|asks?|names?|choose|give|add|use|set|wait|enter|write|send|leave|describe|state|hold|say"
        r"|record|examine|submit|correct|confirm|list|return|complete|plan|appoint|read|repeat|draft|start"
        r"|agree|let|take|pick|check|request|measure|remove|attach|announce|lower|shorten|review|needs?"
        r"|deploy|schedule|required|cut over|train|requires)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile("请|须|应|需|不[能得可]|只能|至少|可以|方可"),
}
#: There is nothing to do: the thing is done, or the name is of nothing.
DONE = re.compile(r"already|destroyed|is possible|are complete|nothing|can be|is not overdue|there is no")


def test_refusals_of_releases_improvements_and_people_name_a_next_step() -> None:
    app_folder = Path(app.__path__[0])
    codes = {
        code
        for folder in REFUSING
        for file in (app_folder / folder).rglob("*.py")
        for code in CODE.findall(file.read_text(encoding="utf-8"))
    }
    silent = {
        f"{language}.{table}.{code}": text
        for language in LANGUAGES
        for table in ("detail", "value")
        for code, text in sentences(language)[table].items()
        if code in codes
        and not NEXT_STEP[language].search(text)
        and not DONE.search(sentences("en")[table][code])
    }
    assert silent == {}
