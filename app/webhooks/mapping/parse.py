"""Reading of a mapping: its form, the meaning of its codes, and each of its expressions."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from app.common.times.written_times import UnknownZone, zone_named
from app.exchange.mapping import LARGEST_MAPPING, MappingRefused
from app.expressions.language import Expression, WrongExpression
from app.webhooks.mapping.document import (
    Entry,
    Guide,
    Ignored,
    MappingDocument,
    TicketFields,
    Values,
    VerificationScheme,
)
from app.webhooks.mapping.evaluate import ENVIRONMENT, Mapping

Path = tuple[str | int, ...]
_PLAIN_KEY = re.compile(r"[\w-]+", re.ASCII)


def parse_mapping(text: str, name: str) -> Mapping:
    """Parse a mapping in TOML or JSON. `name` is its name in messages. Raises MappingRefused."""
    if len(text) > LARGEST_MAPPING:
        raise MappingRefused(name, [("", f"It is longer than {LARGEST_MAPPING:,} characters.")])
    tables = _read(text, name)
    lines = [] if text.lstrip().startswith("{") else text.splitlines()
    try:
        document = MappingDocument.model_validate(tables)
    except ValidationError as error:
        problems = [(_key(lines, _path(each)), _describe(each)) for each in error.errors()]
        raise MappingRefused(name, problems) from error
    compiled: dict[Path, Expression] = {}
    problems = []
    for path, source in _sources(document):
        try:
            compiled[path] = ENVIRONMENT.compile(source)
        except WrongExpression as error:
            problems.append((_key(lines, path), f"{source[:100]!r} is no expression: {error}."))
    if document.zone is not None:
        try:
            zone_named(document.zone)
        except UnknownZone as error:
            problems.append((_key(lines, ("zone",)), str(error)))
    if problems:
        raise MappingRefused(name, problems)
    return Mapping(name, document, compiled)


def _read(text: str, name: str) -> Any:
    try:
        return json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise MappingRefused(name, [("", f"It is neither TOML nor JSON: {error}.")]) from error


def _sources(document: MappingDocument) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of each expression."""
    for n, source in enumerate(document.delivery.id or ()):
        yield ("delivery", "id", n), source
    for number, entry in enumerate(document.news):
        for part, path in ((entry, ()), (entry.fields, ("fields",))):
            yield from _sources_of(part, ("news", number, *path))
    for number, ignored in enumerate(document.ignored):
        yield ("ignored", number, "when", 0), ignored.when


def _sources_of(part: Entry | TicketFields, path: Path) -> Iterator[tuple[Path, str]]:
    for name in type(part).model_fields:
        sources = getattr(part, name)
        if name == "kind" or sources is None or isinstance(sources, BaseModel):
            continue
        for n, source in enumerate((sources,) if isinstance(sources, str) else sources):
            yield (*path, name, n), source


def _path(error: Any) -> Path:
    return tuple(part for part in error["loc"] if part != "[key]")


def _key(lines: list[str], path: Path) -> str:
    """Return the key as a person finds it: with its line and its number in a list."""
    words: list[str] = []
    for part in path:
        if isinstance(part, int):
            if words and path[0] in ("news", "ignored", "verification") and len(words) == 1:
                words[0] += f" {part + 1}"
        else:
            words.append(part if _PLAIN_KEY.fullmatch(part) else f'"{part}"')
    key = words[0] + ", " + ".".join(words[1:]) if len(words) > 1 and " " in words[0] else ".".join(words)
    line = _line_of(lines, path)
    return f"line {line}, {key}" if line else key


def _line_of(lines: list[str], path: Path) -> int:
    """Return the line of the last key of the path that is found in the document, 0 if none is."""
    nearest = 0
    if len(path) > 1 and isinstance(path[1], int):
        heads = [n for n, line in enumerate(lines, 1) if re.match(rf"\s*\[\[?{path[0]}\]", line)]
        nearest = heads[path[1]] if path[1] < len(heads) else 0
    for part in path[1:] if nearest else path:
        if isinstance(part, int):
            continue
        key = re.compile(rf"""(?:[\s\[.{{,"'\w]*[\s\[.{{,])?["']?{re.escape(part)}["']?\s*[=\].]""")
        for number in range(max(nearest, 1), len(lines) + 1):
            if number > nearest and re.match(r"\s*\[\[", lines[number - 1]):
                break
            if key.match(lines[number - 1]):
                nearest = number
                break
    return nearest


def _describe(error: Any) -> str:
    kind, value = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return f"there is no such key here; there are {', '.join(_allowed_keys(_path(error)[:-1]))}."
    if kind == "missing":
        return "this is needed and not there."
    if kind in ("enum", "literal_error"):
        return f"{str(value)[:100]!r} is not known; use {error['ctx']['expected']}."
    if kind == "value_error":
        return f"{error['ctx']['error']}."
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}."


def _allowed_keys(path: Path) -> list[str]:
    parts: dict[str, type[BaseModel]] = {
        "news": Entry,
        "fields": TicketFields,
        "values": Values,
        "ignored": Ignored,
        "guide": Guide,
        "verification": VerificationScheme,
    }
    names = [part for part in path if isinstance(part, str)]
    part = parts.get(names[-1], MappingDocument) if names else MappingDocument
    return sorted(part.model_fields)
