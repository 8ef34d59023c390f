"""What holds an answer that a command is decided on: a version, a constraint, or that nothing need."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import app
from app.kernel.access.reads import BY_RECORD_VERSION, ReadContext, Versions
from app.kernel.ledger import Ledger
from app.registry import LIFECYCLES_BY_KIND
from tests.conftest import DatabaseUrls
from tests.people import add_team

ROOT = Path(app.__path__[0])
#: What only the Look itself may do: it says what holds an answer, and notes versions.
OF_THE_LOOK = {"_db", "reads"}
#: How one would read by another way than the Look.
OTHER_WAYS = {"Database", "Connection", "Ledger", "Directory"}


@functools.cache
def _texts() -> dict[str, str]:
    """Our source, by the name of the file."""
    paths = sorted(ROOT.rglob("*.py"))
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


def _trees(word: str) -> Iterator[tuple[str, ast.Module]]:
    """Our source where that word is in it: to parse all of it takes many seconds."""
    for name, text in _texts().items():
        if word in text:
            yield name, ast.parse(text)


def _said(name: str) -> Iterator[ast.Call]:
    """Where our source says that something is held so."""
    for _, tree in _trees(name):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield node


def _text(call: ast.Call) -> str:
    (argument,) = call.args
    assert isinstance(argument, ast.Constant), "it is said where it is asked"
    return str(argument.value)


def test_every_constraint_that_is_to_hold_an_answer_is_there(place: DatabaseUrls) -> None:
    names = {_text(call) for call in _said("Constraint")}
    assert names
    query = (
        "select relname from pg_class where relkind = 'i' union select conname from pg_constraint "
        r"union select m[1] from pg_proc, regexp_matches(prosrc, 'constraint = ''(\w+)''', 'g') as m"
    )
    with psycopg.connect(place.owner_url) as connection:
        constraints = {name for (name,) in connection.execute(query).fetchall()}
    assert names <= constraints


def test_where_nothing_holds_an_answer_a_sentence_says_why() -> None:
    reasons = [_text(call) for call in _said("Unguarded")]
    assert reasons
    assert [reason for reason in reasons if not re.fullmatch(r"[A-Z][^.]{20,}\.", reason)] == []


def _looking() -> Iterator[tuple[str, ast.AsyncFunctionDef]]:
    """The functions that look something up for a command."""
    for name, tree in _trees("ReadContext"):
        for node in ast.walk(tree):
            if isinstance(node, ast.AsyncFunctionDef):
                kinds = {ast.unparse(arg.annotation) for arg in node.args.args if arg.annotation is not None}
                if "ReadContext" in kinds and not name.startswith("kernel/"):
                    yield f"{name} {node.name}", node


def test_checks_and_preparations_read_by_the_look_alone() -> None:
    looking = list(_looking())
    assert len(looking) > 100
    for where, function in looking:
        names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        assert names.isdisjoint(OTHER_WAYS), where
        attributes = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
        assert attributes.isdisjoint(OF_THE_LOOK | {"db"}), where


async def test_versions_that_were_read_are_noted_and_the_first_one_counts(ledger: Ledger) -> None:
    team = await add_team(ledger, "mail")
    reads = ReadContext(ledger.db, LIFECYCLES_BY_KIND, ledger.directory)
    query = "select stream, version from log.stream_head where stream = %s"
    assert await reads.row(query, (team.row_key,), guard=Versions()) is not None
    assert reads.versions == {team.row_key: 1}
    reads.relies_on_version(team.row_key, 2)
    assert reads.versions == {team.row_key: 1}


async def test_what_stands_beside_a_record_is_held_by_the_version_of_that_one(ledger: Ledger) -> None:
    reads = ReadContext(ledger.db, LIFECYCLES_BY_KIND, ledger.directory)
    assert await reads.rows("select 1 as one", guard=BY_RECORD_VERSION) == [{"one": 1}]
    assert reads.versions == {}


async def test_who_does_not_say_what_holds_an_answer_gets_none(ledger: Ledger) -> None:
    reads = ReadContext(ledger.db, LIFECYCLES_BY_KIND, ledger.directory)
    asking: Any = reads.rows
    with pytest.raises(TypeError, match="guard"):
        await asking("select 1")
