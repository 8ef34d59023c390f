"""Many cases in one test: all of them are tried, and each that fails is named with its reason.

    @each(("lifecycle", "row"), ROWS, ids=called)
    def test_its_row_stands_in_the_contract(lifecycle, row): …

works like `pytest.mark.parametrize`, but is one test instead of hundreds: with many cases pytest itself takes
longer than they do. `one_of_each` names the kinds of a product: `make test` tries one case of each kind
(selection.py). Give a function instead of cases that take long to list: it is called when the test runs, and
not in every process that imports the file.
"""

from __future__ import annotations

import functools
import inspect
import reprlib
import traceback
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

import pytest

from tests.selection import selected

#: The longest name of a value in a report.
LONGEST = 60
Test = Callable[..., Any]
T = TypeVar("T")
#: How a case is named in the report, of each of its values; the parts are joined.
Ids = Callable[[Any], object]


@dataclass(frozen=True)
class Case:
    """A case of a test: its name in reports, the values of its arguments, and the case as it was listed."""

    name: str
    values: Sequence[Any]
    listed: Any


@dataclass
class Failures:
    """What has failed, by case."""

    errors: dict[str, BaseException] = field(default_factory=dict)
    tried: int = 0

    def run(self, name: str, case: Callable[[], Any]) -> None:
        """Tries the case."""
        self.tried += 1
        try:
            case()
        except (Exception, pytest.fail.Exception) as error:
            self._add(name, error)

    async def wait(self, name: str, case: Callable[[], Awaitable[Any]]) -> None:
        """Tries the case, which has to be waited for."""
        self.tried += 1
        try:
            await case()
        except (Exception, pytest.fail.Exception) as error:
            self._add(name, error)

    def _add(self, name: str, error: BaseException) -> None:
        self.errors[name if name not in self.errors else f"{name} ({self.tried})"] = error

    def report(self) -> None:
        """Fails if a case has, and names all that have; the first is shown in full."""
        __tracebackhide__ = True
        assert self.tried, "there is no case"
        if self.errors:
            report = "\n".join(f"{name}: {_describe(error)}" for name, error in self.errors.items())
            first = next(iter(self.errors.values()))
            raise AssertionError(f"{len(self.errors)} of {self.tried} cases failed\n{report}") from first


def _describe(error: BaseException) -> str:
    """What was wrong, and where in the tests."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/tests/" in frame.filename]
    last = frames[-1]
    where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    message = "; ".join(part.strip() for part in str(error).splitlines()[:3])
    kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
    return f"{kind}{message[:500]} ({where})"


def each_case(
    names: str | Sequence[str],
    cases: Iterable[Any] | Callable[[], Iterable[Any]],
    ids: Ids = lambda value: value,
    by: Callable[[Any], Hashable] | None = None,
    one_of_each: Callable[[Any], Hashable] | None = None,
) -> Callable[[Test], Test]:
    """Decorate a test that is given the cases one after the other, and its fixtures once.

    `by` returns the group of a case: then each group is a test of its own.
    `one_of_each` returns the kind of a case: then `make test` tries one case of each kind.
    """
    argnames = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)

    # A class of codes is callable, too, and is a list of cases.
    @functools.cache
    def listed() -> list[Case]:
        is_function = callable(cases) and not isinstance(cases, type)
        values: Any = cases() if is_function else cases  # type: ignore[operator]  # it is callable
        return [_case(case, case if len(argnames) > 1 else (case,), ids) for case in values]

    if isinstance(cases, type) or not callable(cases):
        listed()

    def decorate(test: Test) -> Test:
        @functools.cache
        def tried() -> Sequence[Case]:
            if (kind_of := one_of_each) is None:
                return listed()
            return selected(test.__name__, listed(), lambda case: kind_of(case.listed))

        def chosen(group: object) -> list[tuple[str, dict[str, Any]]]:
            return [
                (case.name, dict(zip(argnames, case.values, strict=True)))
                for case in tried()
                if by is None or by(case.listed) == group
            ]

        runs = _waiting if inspect.iscoroutinefunction(test) else _plain
        wrapped = runs(test, chosen)
        signature = inspect.signature(test)
        fixtures = [parameter for name, parameter in signature.parameters.items() if name not in argnames]
        if by is None:
            wrapped.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]  # pytest reads it
            return wrapped
        group = inspect.Parameter("group", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        wrapped.__signature__ = signature.replace(parameters=[*fixtures, group])  # type: ignore[attr-defined]  # the same
        groups = list(dict.fromkeys(by(case.listed) for case in tried()))
        return pytest.mark.parametrize("group", groups, ids=str)(wrapped)

    return decorate


def _case(case: Any, values: Sequence[Any], ids: Ids) -> Case:
    names = (brief(ids(value)) for value in values)
    return Case("-".join(name for name in names if name), values, case)


def brief(value: object) -> str:
    """The beginning of the value as text; of one made of others their beginnings: all may have no end."""
    is_plain = isinstance(value, str | bytes | int | float | Enum | date | UUID) or value is None
    return (str(value) if is_plain else reprlib.repr(value))[:LONGEST]


Chosen = Callable[[object], list[tuple[str, dict[str, Any]]]]


def _plain(test: Test, chosen: Chosen) -> Test:
    @functools.wraps(test)
    def run(**arguments: Any) -> None:
        __tracebackhide__ = True
        failures = Failures()
        for name, case in chosen(arguments.pop("group", None)):
            failures.run(name, functools.partial(test, **arguments, **case))
        failures.report()

    return run


def _waiting(test: Test, chosen: Chosen) -> Test:
    @functools.wraps(test)
    async def run(**arguments: Any) -> None:
        __tracebackhide__ = True
        failures = Failures()
        for name, case in chosen(arguments.pop("group", None)):
            await failures.wait(name, functools.partial(test, **arguments, **case))
        failures.report()

    return run
