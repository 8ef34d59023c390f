"""Expressions in CEL, the Common Expression Language. Everything that is known of its library is here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_strings

from app.expressions.functions import FUNCTIONS

LONGEST_EXPRESSION = 4_000
_NOT_TOLD = ("NOT_FOUND", "UNKNOWN: Index error")
_CODES = re.compile(r"(?:[A-Z_]+: )+|\s*\[[A-Z_]+\]$")


class MissingValue(Enum):
    """The result of an expression that asks for something that is not there."""

    NOTHING = "nothing"


MISSING: Final = MissingValue.NOTHING


class WrongExpression(ValueError):
    """The text is not an expression; the message has the place and the reason."""


class ExpressionFailed(Exception):
    """The expression has no value here; `code` and message have the reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Expression(NamedTuple):
    """An expression and its text."""

    text: str
    compiled: Any

    def value(self, variables: Variables) -> Any:
        """Return its value as Python has it, or MISSING. Raises ExpressionFailed."""
        try:
            result = self.compiled.eval(variables.activation)
            failed = result.type() == cel.Type.ERROR
            value = str(result.value()) if failed else result.plain_value()
        except (RuntimeError, TypeError) as error:
            if "budget exceeded" in str(error):
                raise ExpressionFailed("too_much", "it takes too many steps") from error
            raise ExpressionFailed("expression_failed", _reason(str(error))) from error
        if not failed:
            return value
        if value.startswith(_NOT_TOLD):
            return MISSING
        raise ExpressionFailed("expression_failed", _reason(value))


class Variables(NamedTuple):
    """The values of the variables for a number of expressions of one environment."""

    activation: Any


class ExpressionEnvironment:
    """The variables that expressions may use, besides CEL's own functions and ours."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self._environment = _environment(self.names)

    def variables(self, values: Mapping[str, Any]) -> Variables:
        """Return these values for expressions; a variable without a value is null."""
        return Variables(self._environment.Activation({name: values.get(name) for name in self.names}))

    def compile(self, text: str) -> Expression:
        """Return the compiled expression. Raises WrongExpression."""
        if len(text) > LONGEST_EXPRESSION:
            raise WrongExpression(f"it is longer than {LONGEST_EXPRESSION:,} characters")
        if not text.strip() or "\0" in text:
            raise WrongExpression("it is empty")
        try:
            text.encode()
            return Expression(text, self._environment.compile(text))
        except (RuntimeError, UnicodeEncodeError) as error:
            if not _differs_in_choice_only(str(error)):
                raise WrongExpression(_reason(str(error))) from error
        return Expression(text, self._environment.compile(text, disable_check=True))


def _differs_in_choice_only(message: str) -> bool:
    """Return whether the only problem is a choice between values of two types, such as null and a map, which
    is the usual way to write that a person is missing.
    """
    errors = [line for line in message.splitlines() if "ERROR:" in line]
    return bool(errors) and all("no matching overload for '_?_:_'" in line for line in errors)


def _environment(names: tuple[str, ...]) -> Any:
    # The library has no types for Python functions but these: what they get and give is checked in them.
    # Optional values are left out: to hand one to a Python function ends the process (cel-expr-python 0.1.3).
    dyn = cel.Type.DYN
    functions = [
        cel.FunctionDecl(name, [cel.Overload(f"{name}_{n}", dyn, [dyn] * n, impl=called) for n in counts])
        for name, (called, counts) in FUNCTIONS.items()
    ]
    return cel.NewEnv(
        variables=dict.fromkeys(names, dyn),
        extensions=[
            ext_strings.ExtStrings(),
            ext_bindings.ExtBindings(),
            cel.CelExtension("ledgerdesk", functions),
        ],
    )


def _reason(message: str) -> str:
    """Return the library's message in one line, without its codes."""
    if "Applying SELECT to non-message" in message:
        return (
            "a field is asked of something that is null or has no fields; "
            'get(body.a, "b") gives null where body.a is null'
        )
    lines = [line for line in message.splitlines() if line.strip() and not line.lstrip().startswith("|")]
    placed = re.sub(r"ERROR: <input>:(-?\d+):(-?\d+): ", r"line \1, character \2: ", " ".join(lines))
    return _CODES.sub("", placed).strip()[:300]
