"""Writing of TOML: a document of texts, numbers, truth values, lists and tables (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LITERAL = re.compile(r"[^'\x00-\x08\x0a-\x1f\x7f]*")


def toml_text(document: Mapping[str, Any]) -> str:
    """Return the document as TOML, tables after values."""
    return "\n".join(_table(document, "")).strip() + "\n"


def _table(table: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, value in table.items():
        if not _is_table(value) and not _is_tables(value) and value is not None:
            yield f"{_key(name)} = {_value(value)}"
    for name, value in table.items():
        place = f"{path}.{_key(name)}" if path else _key(name)
        if _is_table(value):
            yield from ("", f"[{place}]")
            yield from _table(value, place)
        elif _is_tables(value):
            for each in value:
                yield from ("", f"[[{place}]]")
                yield from _table(each, place)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and value != [] and all(map(_is_table, value))


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else _basic(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'" if _LITERAL.fullmatch(value) else _text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(each) for each in value)}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(name)} = {_value(each)}' for name, each in value.items())} }}"
    return str(value)


def _text(text: str) -> str:
    """Return the text in quotes; over several lines, as it is read best."""
    if (
        "\n" in text
        and "'''" not in text
        and not text.endswith("'")
        and _LITERAL.fullmatch(text.replace("\n", "").replace("'", ""))
    ):
        return f"'''\n{text}'''"
    return _basic(text)


def _basic(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
