"""Many cases in one test: all of them are tried, and each that fails is named with its reason.

    @each(("lifecycle", "row"), ROWS, ids=called)
    def test_its_row_stands_in_the_contract(lifecycle, row): …

is what `pytest.mark.parametrize` is, but one test instead of hundreds: with many cases pytest itself takes
longer than they do. Of a `product` that takes long, `make test` tries a slice (slices.py).
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

from tests.extent import WHOLE
from tests.slices import Case, kept_line, sliced

#: The longest name of a value in a report.
LONGEST = 60
Test = Callable[..., Any]
T = TypeVar("T")
#: How a case is named in the report, of each of its values; the parts are joined.
Ids = Callable[[Any], object]


@dataclass
class Failures:
    """What has failed, by case. `sliced` is the test of which only a slice was tried."""

    errors: dict[str, BaseException] = field(default_factory=dict)
    tried: int = 0
    sliced: str | None = None

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
            if self.sliced is not None:
                keep = [kept_line(self.sliced, name) for name in self.errors]
                report = "\n".join(
                    [report, "To try them in every slice, add to tests/kept_cases.txt:", *keep]
                )
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
    cases: Iterable[Any],
    ids: Ids = lambda value: value,
    by: Callable[[Any], Hashable] | None = None,
    product: Callable[[Any], Hashable] | None = None,
) -> Callable[[Test], Test]:
    """The test is given the cases one after the other, and whatever else it asks for once.

    `by` gives the group of a case: then each group is a test of its own, so that several workers share them.
    `product` gives the kind of a case: then a slice of each kind is tried, and all by `make test-all`.
    """
    argnames = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    listed = [_case(case, case if len(argnames) > 1 else (case,), ids) for case in cases]

    def decorate(test: Test) -> Test:
        name = None if product is None or WHOLE else test.__name__
        tried = listed if name is None or product is None else sliced(name, listed, product)

        def chosen(group: object) -> list[tuple[str, dict[str, Any]]]:
            return [
                (case.name, dict(zip(argnames, case.values, strict=True)))
                for case in tried
                if by is None or by(case.said) == group
            ]

        runs = _waiting if inspect.iscoroutinefunction(test) else _plain
        wrapped = runs(test, chosen, name)
        signature = inspect.signature(test)
        fixtures = [parameter for name, parameter in signature.parameters.items() if name not in argnames]
        if by is None:
            wrapped.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]  # pytest reads it
            return wrapped
        group = inspect.Parameter("group", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        wrapped.__signature__ = signature.replace(parameters=[*fixtures, group])  # type: ignore[attr-defined]  # the same
        groups = list(dict.fromkeys(by(case.said) for case in tried))
        return pytest.mark.parametrize("group", groups, ids=str)(wrapped)

    return decorate


def slice_of(test: str, cases: Iterable[T], ids: Ids, product: Callable[[T], Hashable]) -> list[T]:
    """The cases of this run's slice, for a test of that name which goes through tuples by itself."""
    listed = [_case(case, case if isinstance(case, tuple) else (case,), ids) for case in cases]
    return [case.said for case in (listed if WHOLE else sliced(test, listed, product))]


def _case(case: Any, values: Sequence[Any], ids: Ids) -> Case:
    names = (brief(ids(value)) for value in values)
    return Case("-".join(name for name in names if name), values, case)


def brief(value: object) -> str:
    """The beginning of the value as text; of one made of others their beginnings: all may have no end."""
    is_plain = isinstance(value, str | bytes | int | float | Enum | date | UUID) or value is None
    return (str(value) if is_plain else reprlib.repr(value))[:LONGEST]


Chosen = Callable[[object], list[tuple[str, dict[str, Any]]]]


def _plain(test: Test, chosen: Chosen, sliced: str | None) -> Test:
    @functools.wraps(test)
    def run(**arguments: Any) -> None:
        __tracebackhide__ = True
        failures = Failures(sliced=sliced)
        for name, case in chosen(arguments.pop("group", None)):
            failures.run(name, functools.partial(test, **arguments, **case))
        failures.report()

    return run


def _waiting(test: Test, chosen: Chosen, sliced: str | None) -> Test:
    @functools.wraps(test)
    async def run(**arguments: Any) -> None:
        __tracebackhide__ = True
        failures = Failures(sliced=sliced)
        for name, case in chosen(arguments.pop("group", None)):
            await failures.wait(name, functools.partial(test, **arguments, **case))
        failures.report()

    return run
