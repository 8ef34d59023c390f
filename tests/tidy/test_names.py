"""Names and words: one form each, and everything that others use says what it is."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections import Counter
from typing import Any

import pytest
import typer.main

from app.cli.commands import command_line
from app.kernel.actions.payloads import Payload
from app.platform.settings import PREFIX, PROJECT, Settings
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.tidy.source import Function, Source, application, fail_for, ours, sources

#: Words that say nothing of what a thing is.
EMPTY = re.compile(r"(?:^|_)(manager|helper|helpers|util|utils|misc|stuff)(?:_|$)")
#: Roles and settings are called as people call them.
MEANT = {"incident_manager", "problem_manager", "change_manager", "configuration_manager", "quality_manager"}
MEANT |= {"service_level_manager", "project_manager"}
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def _public(source: Source) -> list[Function | ast.ClassDef]:
    """Functions and classes that others may use, methods of such classes among them."""
    definitions: list[Function | ast.ClassDef] = []
    for node in source.tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            definitions.append(node)
            if isinstance(node, ast.ClassDef):
                definitions += [
                    n for n in node.body if isinstance(n, Function) and not n.name.startswith("_")
                ]
    return definitions


# Their names say it all, and a sentence would only repeat them.
SPEAK_FOR_THEMSELVES = {"open", "close"}


def test_what_is_public_says_what_it_is() -> None:
    silent = [
        f"{source.name}:{node.lineno} {node.name}"
        for source in sources("app")
        for node in _public(source)
        if ast.get_docstring(node) is None
        and node.name not in SPEAK_FOR_THEMSELVES
        and not (isinstance(node, Function) and _overrides(node))
    ]
    fail_for(silent, "Others use these: say in a docstring what each does or is, with unit and refusals.")


def _overrides(function: Function) -> bool:
    """Whether it is a property of a class whose base says what it is."""
    return function.name in ("code", "sentence", "label")


@pytest.mark.parametrize("folder", ["app", "tests"])
def test_every_module_says_what_it_is_for(folder: str) -> None:
    silent = [s.name for s in sources(folder) if s.text.strip() and ast.get_docstring(s.tree) is None]
    fail_for(silent, "Begin it with a docstring: what the module is, and what it is not.")


def test_a_sentence_ends_with_a_full_stop() -> None:
    unfinished = [
        f"{source.name}:{node.lineno}"
        for source in sources("app")
        for node in source.definitions()
        if (text := ast.get_docstring(node)) and not text.rstrip().endswith((".", ":", "…", "`"))
    ]
    fail_for(unfinished, "The docstring there does not end with a full stop.")


def test_no_name_says_nothing() -> None:
    empty = [
        f"{source.name}: {name} (“{match[1]}”)"
        for source in application()
        for name in {source.name.rpartition("/")[2].removesuffix(".py"), *_names(source)}
        if (match := EMPTY.search(name)) and name not in MEANT
    ]
    fail_for(empty, "The word in brackets says nothing: leave it out, or say what the thing does.")


def _names(source: Source) -> set[str]:
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).lower() for node in source.definitions()}


def test_a_test_is_named_in_a_sentence() -> None:
    short = [
        f"{source.name}:{function.lineno} {function.name}"
        for source in sources("tests")
        for function in source.functions()
        if function.name.startswith("test_") and function.name.count("_") < 3
    ]
    fail_for(short, "A test's name is a sentence of at least three words: what holds, and when.")


def test_no_two_bodies_have_one_name() -> None:
    bodies = {row.body for lifecycle in LIFECYCLES for row in lifecycle.rows} | {*Payload.__subclasses__()}
    number = Counter(body.__name__ for body in bodies)
    twice = [f"{body.__module__}: {body.__name__}" for body in bodies if number[body.__name__] > 1]
    fail_for(twice, "Name a body after its action and its kind, as in `ResolveIncident`.")


def test_every_setting_is_in_its_page_with_a_sentence() -> None:
    page = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    fields = Settings.model_fields
    silent = [name for name, field in fields.items() if not (field.description or "").endswith(".")]
    fail_for(silent, "Describe the setting in a sentence with unit and default (app/platform/settings.py).")
    missing = [name for name in fields if f"| `{PREFIX}{name.upper()}` |" not in page]
    fail_for(missing, "Its page has not got it yet: `make contract` writes docs/settings.md.")


def test_nothing_else_reads_the_environment() -> None:
    readers = {
        source.name
        for source in application()
        for node in source.nodes(ast.Attribute)
        if node.attr in ("environ", "getenv")
    }
    allowed = {
        "app/platform/settings.py",
        "app/cli/server/serve.py",  # hands its own on to the worker
        "app/platform/embedded.py",  # keeps ours from PostgreSQL
        "app/platform/files/directories.py",  # data of a package are where the system keeps such data
        "app/sealing/check_proof.py",  # a program of its own, which looks for openssl
    }
    fail_for(readers - allowed, "What the environment says is a setting: see app/platform/settings.py.")


def _commands(command: Any, name: str) -> list[tuple[str, Any]]:
    """The command and those below it. (Typer brings a Click of its own, whose classes are not public.)"""
    below = getattr(command, "commands", {}).items()
    return [
        (name, command),
        *(command_found for child, sub in below for command_found in _commands(sub, f"{name} {child}")),
    ]


@each_case(("name", "command"), _commands(typer.main.get_command(command_line()), "ledgerdesk"))
def test_every_command_argument_and_option_has_help(name: str, command: Any) -> None:
    assert (command.help or "").strip().endswith("."), name
    for parameter in command.params:
        if parameter.name != "help" and not parameter.hidden:
            assert (parameter.help or "").strip(), f"{name} {parameter.name}"


def test_no_character_hides_or_misleads() -> None:
    """No control or format characters, no spaces of another width, everything composed (NFC)."""
    odd = [
        f"{source.name}: U+{ord(character):04X}"
        for source in ours()
        for character in sorted(set(source.text) - {"\n"})
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp")
        and character != " "
    ]
    fail_for(odd, "Write these characters as escapes, or as the usual space.")
    decomposed = [s.name for s in ours() if not unicodedata.is_normalized("NFC", s.text)]
    fail_for(decomposed, "Letters and their accents must be one character (NFC).")
    unended = [s.name for s in ours() if s.text and not s.text.endswith("\n")]
    fail_for(unended, "The last line must end with a line feed.")


def test_chinese_stands_beside_english_and_never_in_a_name() -> None:
    names = [f"{source.name}: {name}" for source in ours() for name in _names(source) if CHINESE.search(name)]
    fail_for(names, "Name it in English; Chinese belongs in labels and texts.")


#: Pronouns, adverbs, auxiliaries, prepositions and bare verbs: a name made of these alone says nothing.
VAGUE = frozenset(
    """
    a about after again ahead all alone already also always an another any anybody anything apart are as ask
    asked asks at away back be been before behind being beside besides both bring but by call called calls
    came can come comes could did do does doing done down each early either else every everybody everything
    few find finds first for found from get gets give given gives go goes gone got had has have he held her
    here hold holds how if in into is it its just keep keeps kept know known knows last late later least
    leave left less let like long look looked looks made make makes many may me mean meant might more most
    much must my need needs never next no nobody none nor not noted nothing now of off often on once one
    ones only onto or other others our out over own part parts pass place places put puts quiet said same
    saw say says see seen sees set settled she should show shown shows side sides so some somebody something
    soon still such take taken takes tell tells than that the their them then there these they thing things
    this those to together told too took touched turn turns twice under until up upon us use used uses very
    want wanted wants was way ways we well were what when where whether which while who whole whom whose why
    will with within without word words would yes yet you
    """.split()  # noqa: SIM905  # as a list of literals it would be a hundred lines
)
#: Terms of the field, or what others call them: actions (by their functions), methods that Python's own
#: classes have, roles of the rota, and the time as it was at a position of the log.
TERMS = {
    *("hold", "back_out", "take_up"),  # as ITSM has them
    *("get", "put", "now", "me", "get_me"),
    *("on_call", "on_call_out", "not_on_call", "not_found", "as_of", "last_used", "can_see"),
    *("anybody", "everybody", "to_everybody"),  # kinds of callers, and the rule for one of them
}


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip("_")).lower()
    return [word for word in spaced.split("_") if word]


def _names_of(source: Source) -> set[str]:
    """The public names of the module: its own, its classes and functions, their methods, its constants."""
    names = {source.name.rpartition("/")[2].removesuffix(".py")} - {"__init__"}
    names |= {node.name for node in _public(source)}
    for node in source.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        names |= {each.id for each in targets if isinstance(each, ast.Name) and not each.id.startswith("_")}
    return {name for name in names if not name.startswith("__")}


def test_no_public_name_is_made_of_vague_words_alone() -> None:
    vague = [
        f"{source.name}: {name} (“{'”, “'.join(words)}”)"
        for source in sources("app")
        for name in _names_of(source)
        if (words := _words(name)) and VAGUE.issuperset(words) and "_".join(words) not in TERMS
    ]
    fail_for(
        vague,
        "Each word in brackets is vague: add a noun of the field, as in `prior_outcome` for `earlier`. "
        "What the field itself calls so stands in TERMS of tests/tidy/test_names.py.",
    )
