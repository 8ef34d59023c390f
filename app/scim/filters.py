"""Filters (RFC 7644, 3.4.2.2) and the paths of a PATCH (3.5.2), read and evaluated (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.scim.errors import ScimError

LONGEST_FILTER = 2_000
MOST_CONDITIONS = 20
DEEPEST = 10
_TOKEN = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])|(?P<word>[^\s()\[\]"]+))')
_NAME = re.compile(
    r"(?:urn:[\w.:-]+:)?(?P<name>[A-Za-z$][\w$-]*)(?:\.(?P<sub>[A-Za-z$][\w$-]*))?", re.IGNORECASE
)
_SUB = re.compile(r"\.(?P<sub>[A-Za-z$][\w$-]*)")
_LITERALS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
_PRESENT = "pr"
#: Attributes whose values are compared to the letter. In all others case does not count (RFC 7643, 2.4).
_CASE_EXACT = frozenset({"id", "externalid"})
Scalar = str | float | bool | None


@dataclass(frozen=True, slots=True)
class AttributePath:
    """An attribute, in lower case; the values of it that are meant (None: all), and their sub-attribute."""

    name: str
    where: Expression | None = None
    sub: str | None = None


@dataclass(frozen=True, slots=True)
class ScimComparison:
    """A condition: the values at a path, compared with a value."""

    path: AttributePath
    operator: str
    value: Scalar = None


@dataclass(frozen=True, slots=True)
class Junction:
    """Expressions of which all must hold, or any."""

    parts: tuple[Expression, ...]
    needs_all: bool


@dataclass(frozen=True, slots=True)
class Negation:
    """An expression that must not hold."""

    part: Expression


Expression = ScimComparison | Junction | Negation


def read_filter(text: str) -> Expression:
    """Return the expression that the filter states. Raises ScimError (`invalidFilter`)."""
    return _Reader(text, "invalidFilter", "filter").whole()


def read_path(text: str) -> AttributePath:
    """Return the path of a PATCH operation. Raises ScimError (`invalidPath`)."""
    return _Reader(text, "invalidPath", "`path`").path()


class _Reader:
    """Reads one filter or path, token by token."""

    def __init__(self, text: str, kind: str, subject: str) -> None:
        self._kind, self._subject = kind, subject
        if len(text) > LONGEST_FILTER:
            raise self._refused("is too long")
        self._tokens = list(self._tokenised(text))
        self._place = self._depth = self._conditions = 0

    def whole(self) -> Expression:
        """Return the whole text as an expression."""
        read = self._any_of()
        self._end()
        return read

    def path(self) -> AttributePath:
        """Return the whole text as a path."""
        read = self._path()
        self._end()
        return read

    def _tokenised(self, text: str) -> Iterator[str]:
        place, text = 0, text.rstrip()
        while place < len(text):
            token = _TOKEN.match(text, place)
            if token is None:
                raise self._refused("cannot be read")
            yield token[0].strip()
            place = token.end()

    def _end(self) -> None:
        if self._place < len(self._tokens):
            raise self._refused("cannot be read")

    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise self._refused("cannot be read")
        self._place += 1
        return self._tokens[self._place - 1]

    def _takes(self, token: str) -> bool:
        """Take the next token if it is this one."""
        if self._place < len(self._tokens) and self._tokens[self._place].lower() == token:
            self._place += 1
            return True
        return False

    def _any_of(self) -> Expression:
        parts = [self._all_of()]
        while self._takes("or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else Junction(tuple(parts), needs_all=False)

    def _all_of(self) -> Expression:
        parts = [self._single()]
        while self._takes("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Junction(tuple(parts), needs_all=True)

    def _single(self) -> Expression:
        if self._takes("not"):
            if not self._takes("("):
                raise self._refused("needs parentheses after `not`")
            return Negation(self._within(")"))
        if self._takes("("):
            return self._within(")")
        return self._comparison()

    def _within(self, closing: str) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refused("is nested too deeply")
        read = self._any_of()
        if self._next() != closing:
            raise self._refused("cannot be read")
        self._depth -= 1
        return read

    def _path(self) -> AttributePath:
        read = _NAME.fullmatch(self._next())
        if read is None:
            raise self._refused("cannot be read")
        name, sub = read["name"].lower(), read["sub"]
        where = self._within("]") if self._takes("[") else None
        if where is not None and self._place < len(self._tokens):
            following = _SUB.fullmatch(self._tokens[self._place])
            if following is not None:
                self._place += 1
                sub = following["sub"]
        return AttributePath(name, where, None if sub is None else sub.lower())

    def _comparison(self) -> ScimComparison:
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise self._refused(f"has more than {MOST_CONDITIONS} conditions")
        path = self._path()
        is_over = self._place >= len(self._tokens) or self._tokens[self._place].lower() in (
            "and",
            "or",
            ")",
            "]",
        )
        if path.where is not None and is_over:
            return ScimComparison(path, _PRESENT)
        operator = self._next().lower()
        if operator == _PRESENT:
            return ScimComparison(path, operator)
        if operator not in _OPERATORS:
            raise self._refused(f"has an unknown operator: {operator[:20]}")
        return ScimComparison(path, operator, self._value(self._next()))

    def _value(self, token: str) -> Scalar:
        if token.startswith('"'):
            try:
                text = str(json.loads(token))
                text.encode()  # half of a character cannot be encoded
                return text
            except ValueError as error:
                raise self._refused("has a value that cannot be read") from error
        if token.lower() in _LITERALS:
            return _LITERALS[token.lower()]
        if _NUMBER.fullmatch(token) is None:
            raise self._refused("has a value that cannot be read")
        return float(token)

    def _refused(self, because: str) -> ScimError:
        return ScimError(400, f"The {self._subject} {because}.", self._kind)


def matches_filter(
    expression: Expression, entry: Mapping[str, Any], decided: Mapping[ScimComparison, bool] | None = None
) -> bool:
    """Return whether the expression holds of an object whose names are in lower case. `decided`:
    conditions whose outcome is known.
    """
    if isinstance(expression, Negation):
        return not matches_filter(expression.part, entry, decided)
    if isinstance(expression, Junction):
        quantified = all if expression.needs_all else any
        return quantified(matches_filter(part, entry, decided) for part in expression.parts)
    if decided is not None and expression in decided:
        return decided[expression]
    return _is_met(expression, list(_values(expression.path, entry)))


def _is_met(condition: ScimComparison, values: list[Any]) -> bool:
    if condition.operator == _PRESENT:
        return bool(values)
    is_exact = condition.path.name in _CASE_EXACT
    operand = _comparable(condition.value, is_exact=is_exact)
    if operand is None:
        return bool(values) is (condition.operator == "ne")
    comparable = [_comparable(value, is_exact=is_exact) for value in values]
    if condition.operator == "ne":
        return operand not in comparable
    compare = _OPERATORS[condition.operator]
    return any(type(value) is type(operand) and compare(value, operand) for value in comparable)


def _values(path: AttributePath, entry: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the values at the path that are there; that of an object is its `value`."""
    held = entry.get(path.name)
    for each in held if isinstance(held, list) else [held]:
        if isinstance(each, dict):
            lower = {name.lower(): value for name, value in each.items()}
            value = lower.get(path.sub or "value")
            if value is not None and (path.where is None or matches_filter(path.where, lower)):
                yield value
        elif each is not None and path.where is None and path.sub in (None, "value"):
            yield each


def _comparable(value: Any, *, is_exact: bool) -> Any:
    """Return a value to compare with: Entra sends booleans as texts, too."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return float(value)
    return value.casefold() if isinstance(value, str) and not is_exact else value


def _contains(value: Any, part: Any) -> bool:
    return isinstance(value, str) and part in value


def _starts_with(value: Any, part: Any) -> bool:
    return isinstance(value, str) and value.startswith(part)


def _ends_with(value: Any, part: Any) -> bool:
    return isinstance(value, str) and value.endswith(part)


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, operand: bool(value == operand),
    "ne": lambda value, operand: bool(value != operand),
    "co": _contains,
    "sw": _starts_with,
    "ew": _ends_with,
    "gt": lambda value, operand: bool(value > operand),
    "ge": lambda value, operand: bool(value >= operand),
    "lt": lambda value, operand: bool(value < operand),
    "le": lambda value, operand: bool(value <= operand),
}


def equalities(expression: Expression) -> list[ScimComparison] | None:
    """Return the conditions of an expression that asks for equality alone, joined by `and`; None if it asks
    for something else.
    """
    if isinstance(expression, Negation) or (isinstance(expression, Junction) and not expression.needs_all):
        return None
    if isinstance(expression, Junction):
        inner = [equalities(part) for part in expression.parts]
        return None if None in inner else [each for part in inner for each in part or ()]
    if expression.operator == "eq":
        return [expression]
    within = expression.path.where if expression.path.name == "members" else None
    # `members[value eq "…"]` asks for the same as `members eq "…"`.
    return None if within is None else [_of_members(each) for each in equalities(within) or ()] or None


def _of_members(condition: ScimComparison) -> ScimComparison:
    return ScimComparison(AttributePath("members", sub=condition.path.name), "eq", condition.value)


def unsupported(attributes: str) -> ScimError:
    """Return the refusal of a filter that no index answers."""
    return ScimError(400, f"The filter needs a condition with `eq` on one of: {attributes}.", "invalidFilter")
