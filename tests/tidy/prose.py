"""Texts that people read in the docs, the interface, the contract and the source, and habits to avoid."""

from __future__ import annotations

import ast
import json
import re
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.platform.settings import PROJECT

#: Sign of a page that is written by `make contract`, in its first lines.
GENERATED = re.compile(r"Generated from .* by `make contract`")
FENCE = ("```", "~~~")
CODE_OR_ADDRESS = re.compile(r"`[^`]*`|\]\([^)]*\)")
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
START = r"(?:^|(?<=[.;:!?] ))"


@dataclass(frozen=True)
class Habit:
    """A way of phrasing, its limit per 10,000 words, and what to write instead."""

    name: str
    pattern: re.Pattern[str]
    limit: float
    advice: str


HABITS = (
    Habit(
        "forms of tell",
        re.compile(r"\b(?:told|tells|tell|retold|untold)\b"),
        2.0,
        "Data is sent, shown, returned or recorded.",
    ),
    Habit(
        "forms of say",
        re.compile(r"\b(?:says|said|say|unsaid)\b"),
        6.0,
        "Data contains or shows; only people say.",
    ),
    Habit(
        "whoever, whom",
        re.compile(r"\b(?:whoever|whom|whomever|whither|whereof|thereof)\b"),
        1.0,
        "Name the person or role.",
    ),
    Habit(
        "nobody, none", re.compile(r"\b(?:nobody|none)\b"), 8.0, "Name what is missing: no key, no agreement."
    ),
    Habit(
        "old words",
        re.compile(r"\b(?:anew|beside|nonetheless|but for|ought|hitherto|forthwith|save for|lest|be it)\b"),
        1.0,
        "Use again, next to, except, so that … not.",
    ),
    Habit(
        "a clause as the subject",
        re.compile(
            START + r"(?:What|Who|Whoever|That which|Whatever|Which)\b(?![^.?!]*\?)",
            re.MULTILINE,
        ),
        2.0,
        "Begin with a noun.",
    ),
    Habit(
        "Of at the beginning",
        re.compile(START + r"Of (?!course)\w", re.MULTILINE),
        0.5,
        "Begin with the subject.",
    ),
    Habit(
        "verb before its subject",
        re.compile(
            r"\b(?:is|are|was|were) (?:it|there|he|they) (?:that|which|who)\b"
            r"|\bso (?:is|are|does|do) (?:it|the|what)\b"
        ),
        1.0,
        "Put the subject before the verb.",
    ),
)


@dataclass(frozen=True)
class Text:
    """A line of a page, a label or a description, with the place where it stands."""

    place: str
    words: str


def pages() -> list[Path]:
    """Return the README, the changelog and all pages of the docs."""
    return [
        *(PROJECT / name for name in ("README.md", "CHANGELOG.md")),
        *sorted((PROJECT / "docs").rglob("*.md")),
    ]


def is_generated(page: str) -> bool:
    """Return whether a page of this content is written by `make contract`."""
    return any(GENERATED.match(line) for line in page.splitlines()[:5])


def prose_of(name: str, page: str) -> Iterator[Text]:
    """Yield the lines of a page without code and addresses."""
    fenced = False
    for number, line in enumerate(page.splitlines(), 1):
        if line.lstrip().startswith(FENCE):
            fenced = not fenced
        elif not fenced:
            yield Text(f"{name}:{number}", CODE_OR_ADDRESS.sub(" ", line).strip(" |#>*-"))


def docs_texts() -> Iterator[Text]:
    """Yield the prose of all pages, generated ones included."""
    for path in pages():
        yield from prose_of(str(path.relative_to(PROJECT)), path.read_text(encoding="utf-8"))


def interface_texts() -> Iterator[Text]:
    """Yield the English sentences of pages, mails and the command line."""

    def walk(value: object, place: str) -> Iterator[Text]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(inner, f"{place}.{key}")
        elif isinstance(value, str):
            yield Text(place, value)

    yield from walk(tomllib.loads((PROJECT / "app/i18n/en.toml").read_text(encoding="utf-8")), "en")


def contract_texts() -> Iterator[Text]:
    """Yield each different description and summary of the contract once."""
    places: dict[str, str] = {}

    def walk(value: object, place: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in ("description", "summary") and isinstance(inner, str):
                    places.setdefault(CODE_OR_ADDRESS.sub(" ", inner), f"{place}.{key}")
                else:
                    walk(inner, f"{place}.{key}")
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                walk(inner, f"{place}.{index}")

    walk(json.loads((PROJECT / "openapi/openapi.json").read_text(encoding="utf-8")), "openapi")
    return (Text(place, words) for words, place in places.items())


def docstring_texts() -> Iterator[Text]:
    """Yield the docstrings of the application."""
    for path in sorted((PROJECT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                place = f"{path.relative_to(PROJECT)}:{getattr(node, 'lineno', 1)}"
                yield Text(place, CODE_OR_ADDRESS.sub(" ", ast.get_docstring(node) or ""))


def comment_texts() -> Iterator[Text]:
    """Yield the lines of the application's comments."""
    for path in sorted((PROJECT / "app").rglob("*.py")):
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.COMMENT:
                    yield Text(f"{path.relative_to(PROJECT)}:{token.start[0]}", token.string.lstrip("#: "))


def habits_above_limit(texts: Iterable[Text]) -> list[str]:
    """Return a paragraph for each habit that is more frequent than its limit, with up to 40 places."""
    read = list(texts)
    total = sum(len(WORD.findall(text.words)) for text in read) or 1
    paragraphs = []
    for habit in HABITS:
        matches = [text for text in read for _ in habit.pattern.finditer(text.words)]
        rate = len(matches) * 10_000 / total
        if rate > habit.limit:
            places = "\n".join(f"  {text.place}: {text.words[:120]}" for text in matches[:40])
            paragraphs.append(
                f"{habit.name}: {rate:.1f} per 10,000 words, {habit.limit} at most. {habit.advice}\n{places}"
            )
    return paragraphs
