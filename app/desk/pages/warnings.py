"""Warnings of unknown keys on the page that follows an action: its address names them, since the form leads
there by a redirect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.api.unknown_keys import MOST_NEAR, WARNED_KINDS, warning_sentence
from app.desk.names import NAME
from app.desk.pages.context import Desk

#: The parameter of the address: the code, the place in the payload, and the keys that are near.
WARNED_OF = "unknown"
CODES = frozenset(f"unknown_{kind}" for kind in (*WARNED_KINDS, "environment"))
#: The parameter for the number of files that were refused.
UNATTACHED = "unattached"
LONGEST_NUMBER = 4
#: The most warnings that a page shows.
MOST_WARNINGS = 20


def warning_parameters(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the parameters for the warnings of a command's answer."""
    return [
        (WARNED_OF, " ".join((warning["code"], warning["pointer"], *warning["near"])))
        for warning in answer.get("warnings") or ()
    ]


def unattached_files(desk: Desk) -> Iterator[str]:
    """Yield the sentence on files that were sent along and refused, of which the address has the number."""
    number = desk.request.query_params.get(UNATTACHED, "")
    if number.isdecimal() and len(number) < LONGEST_NUMBER:
        yield desk.sentence("unattached", n=number)


def shown_warnings(desk: Desk, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences of the warnings that the address names. A warning must be about a key of the
    record, and its suggestions must look like keys, so a forged address cannot put other text on the page.
    """
    for text in desk.request.query_params.getlist(WARNED_OF)[:MOST_WARNINGS]:
        code, pointer, *near = [*text.split(), "", ""][: 2 + MOST_NEAR]
        key = _at(record, pointer)
        if code in CODES and key is not None:
            keys = [each for each in near if NAME.fullmatch(each)]
            yield warning_sentence(desk.language, code, key, keys)


def _at(record: Mapping[str, Any], pointer: str) -> str | None:
    """Return the key at that place of the record, or None."""
    name, _, number = pointer.removeprefix("/").partition("/")
    field_value = record.get(name)
    if isinstance(field_value, list) and number.isdecimal() and int(number[:4]) < len(field_value):
        field_value = field_value[int(number[:4])]
    return field_value if isinstance(field_value, str) else None
