"""Documents that users write in TOML or JSON, with expressions in them. Each fault is reported with the key
at which a person finds it.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from pydantic import BaseModel

Path = tuple[str | int, ...]
_PLAIN_KEY = re.compile(r"[\w-]+", re.ASCII)


class NoDocument(ValueError):
    """The text is neither TOML nor JSON; the message has the reason."""


def read_document(text: str) -> Any:
    """Return the document in the text: JSON if it begins with a brace, else TOML. Raises NoDocument."""
    try:
        return json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoDocument(f"The text is neither TOML nor JSON: {error}.") from error


def lines_of(text: str) -> list[str]:
    """Return the lines in which keys are looked for; empty for JSON, which is often one line."""
    return [] if text.lstrip().startswith("{") else text.splitlines()


def path_of(error: Any) -> Path:
    """Return the path of one of pydantic's errors."""
    return tuple(part for part in error["loc"] if part != "[key]")


def name_key(lines: list[str], path: Path) -> str:
    """Return the key as a person finds it: with its line, and with the number of its table in a list."""
    words: list[str] = []
    for n, part in enumerate(path):
        if not isinstance(part, int):
            words.append(part if _PLAIN_KEY.fullmatch(part) else f'"{part}"')
        elif n == 1:
            words[0] += f" {part + 1}"
    key = words[0] + ", " + ".".join(words[1:]) if len(words) > 1 and " " in words[0] else ".".join(words)
    line = _line_of(lines, path)
    return f"line {line}, {key}" if line else key


def _line_of(lines: list[str], path: Path) -> int:
    """Return the line of the last key of the path that is found in the document, or 0."""
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


#: Sentence for each type of pydantic error: pydantic's own words are about Python.
_LIMITS = {
    "too_long": "it has {actual_length} entries; at most {max_length} are allowed.",
    "too_short": "it has {actual_length} entries; at least {min_length} is needed.",
    "string_too_long": "it is longer than {max_length} characters.",
    "string_too_short": "it is empty, or shorter than {min_length} characters.",
    "string_pattern_mismatch": "it does not have the form {pattern}.",
    "greater_than_equal": "it must be {ge} or more.",
    "less_than_equal": "it must be {le} or less.",
    "greater_than": "it must be more than {gt}.",
    "less_than": "it must be less than {lt}.",
}
_FORMS = {
    "string_type": "it must be a text.",
    "int_type": "it must be a whole number.",
    "int_parsing": "it must be a whole number.",
    "int_from_float": "it must be a whole number.",
    "float_type": "it must be a number.",
    "bool_type": "it must be true or false.",
    "bool_parsing": "it must be true or false.",
    "dict_type": "it must be a table.",
    "model_type": "it must be a table.",
    "model_attributes_type": "it must be a table.",
    "list_type": "it must be a list.",
    "tuple_type": "it must be a list.",
    "none_required": "it must be left out.",
}


def describe_error(error: Any, table: type[BaseModel]) -> str:
    """Return what is wrong by one of pydantic's errors, with what is allowed in that table."""
    kind, value = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return f"this key is unknown here; possible are {', '.join(sorted(table.model_fields))}."
    if kind == "missing":
        return "this key is missing."
    if kind in ("enum", "literal_error"):
        return f"{str(value)[:100]!r} is unknown; use {error['ctx']['expected']}."
    if kind == "value_error":
        return f"{error['ctx']['error']}."
    return (
        _LIMITS[kind].format(**error["ctx"]) if kind in _LIMITS else _FORMS.get(kind, "it has another form.")
    )
