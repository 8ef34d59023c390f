"""Filters of lists, as far as providers use them: `userName eq "lin@example.org"`, several of them joined by
`and` (RFC 7644, 3.4.2.2) (pure).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from app.scim.errors import ScimError

LONGEST_FILTER = 2_000
MOST_CONDITIONS = 5
_CONDITION = re.compile(r'\s*([A-Za-z][\w.:$-]*)\s+(\w+)\s+("(?:[^"\\]|\\.)*"|true|false)\s*', re.IGNORECASE)
_AND = re.compile(r"and\s+", re.IGNORECASE)


def conditions_of(text: str, attributes: Collection[str]) -> list[tuple[str, str]]:
    """Return the conditions of a filter: attribute, in lower case, and the value that it must equal. Raises
    ScimError: the filter cannot be read, or asks for something else than equality of one of the `attributes`.
    """
    if len(text) > LONGEST_FILTER:
        raise _invalid("is too long")
    conditions, place = list[tuple[str, str]](), 0
    while place < len(text):
        if conditions:
            joined = _AND.match(text, place)
            if joined is None:
                raise _invalid("joins conditions by something else than `and`")
            place = joined.end()
        condition = _CONDITION.match(text, place)
        if condition is None:
            raise _invalid("cannot be read")
        conditions.append(_equality(condition, attributes))
        place = condition.end()
    if not 0 < len(conditions) <= MOST_CONDITIONS:
        raise _invalid(f"needs 1 to {MOST_CONDITIONS} conditions")
    return conditions


def _equality(condition: re.Match[str], attributes: Collection[str]) -> tuple[str, str]:
    attribute, operator, value = condition.groups()
    name = attribute.lower().rpartition(":")[2]
    if operator.lower() != "eq" or name not in attributes:
        choices = ", ".join(f"`{filtered} eq`" for filtered in sorted(attributes))
        raise _invalid(f"asks for {attribute[:50]} {operator[:10]}; it may ask for {choices}")
    try:
        return name, str(json.loads(value))
    except ValueError as error:
        raise _invalid("has a value that cannot be read") from error


def _invalid(because: str) -> ScimError:
    return ScimError(400, f"The filter {because}.", "invalidFilter")
