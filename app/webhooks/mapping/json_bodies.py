"""Bodies in JSON, and those that a tool's template has made almost JSON (pure).

Templates put the words of a ticket between quotation marks unchanged. Line breaks and tabs within a text can
be distinguished from JSON, and so can a backslash that JSON does not know: these are read as the words that
they were. A quotation mark within a text, or a backslash before its end, cannot: such a body fails, and the
place is named.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from app.kernel.actions.made_fit import Alteration
from app.webhooks.mapping.updates import MappingFailed

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_KNOWN_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_LONE_BACKSLASH = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
_JSON_BEGINS = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{"\]])')
_NAME = re.compile(r'"([^"\\\x00-\x1f]{1,60})"\s*:')


class JsonBody(NamedTuple):
    """A body, and how it differs from the JSON that came."""

    value: Any
    altered: tuple[Alteration, ...] = ()


def read_json(text: str, *, declared: bool) -> JsonBody | None:
    """Return the body; None if it is not JSON. `declared`: its sender declares JSON. Raises MappingFailed for
    broken JSON, and RecursionError.
    """
    doubled: list[str] = []

    def with_last(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            doubled.append("")
        return members

    for number, written in enumerate((text, _with_escapes(text) if "\\" in text else text)):
        doubled.clear()
        try:
            value = json.loads(written, object_pairs_hook=with_last, strict=number == 0)
        except ValueError as error:
            failure = error
            continue
        marks = (Alteration.repaired,) if number else ()
        return JsonBody(value, (*marks, Alteration.doubled_key) if doubled else marks)
    is_meant = _JSON_BEGINS.match(text) is not None
    if not isinstance(failure, json.JSONDecodeError) or not (
        is_meant or (declared and text.lstrip().startswith("{"))
    ):
        return None
    raise _no_json(failure)


def seems_json(text: str) -> bool:
    """Return whether the text begins as JSON: `curl -d` declares whatever it sends as a form."""
    return _JSON_BEGINS.match(text) is not None


def _with_escapes(text: str) -> str:
    """Return the JSON with all backslashes doubled in texts that have one which JSON does not know: the words
    there were not escaped. A quotation mark behind one stays escaped.
    """

    def doubled(match: re.Match[str]) -> str:
        written = match[0]
        if _LONE_BACKSLASH.search(_KNOWN_ESCAPE.sub("", written)) is None:
            return written
        return re.sub(r'\\(?!")', r"\\\\", written)

    return _TEXT.sub(doubled, text)


def _no_json(error: json.JSONDecodeError) -> MappingFailed:
    """Return the failure, with the place as line, column and the name before it."""
    names = _NAME.findall(error.doc, max(0, error.pos - 30_000), error.pos)
    behind = f', after "{names[-1]}"' if names else ""
    place = f"body, line {error.lineno}, column {error.colno}{behind}"
    reason = "it is not valid JSON. The tool's template probably does not escape a quotation mark there."
    return MappingFailed("no_json", place, reason)
