"""Files of worked cases: how they are read, and how what they expect is compared with what is computed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict
from zoneinfo import ZoneInfoNotFoundError

import typer

from app.cli.exits import CASES_DIFFER
from app.cli.output import print_json, print_line
from app.platform.failures import OperationRefused

#: A case or a part of one, as JSON has it.
Json = Mapping[str, Any]  # Any: of the file's own structure
#: A case's values by name, each as expected and as computed, as the file would write them.
Values = dict[str, dict[str, object]]


class CaseFileError(OperationRefused):
    """The file does not contain worked cases; the message names the place that is wrong."""


class Result(TypedDict):
    """Result of a case; `error` gives the reason if it could not be computed."""

    id: object
    title: str
    agrees: bool
    error: str | None
    values: Values


def read_json_cases(path: Path, named: str, number: type = float) -> dict[str, Any]:
    """Return the content of a file with a list `cases`, each with `expected`. `named` is the name of the
    content in errors, `number` the type of its fractions. Raises CaseFileError.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_float=number)
    except OSError as error:
        raise CaseFileError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise CaseFileError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list):
        raise CaseFileError(f"{path} is not a file of {named} cases: it has no list of cases")
    for place, case in enumerate(document["cases"], 1):
        if not isinstance(case, dict) or not isinstance(case.get("expected"), dict):
            raise CaseFileError(f"{path}: case {place} has no expected values")
    return document


@contextmanager
def naming_case(case: Json) -> Iterator[None]:
    """Turn what is wrong with a case's values into a CaseFileError that names the case."""
    try:
        yield
    except CaseFileError as error:
        raise CaseFileError(f"case {case.get('id')}: {error}") from error
    except KeyError as error:
        raise CaseFileError(f"case {case.get('id')}: {error.args[0]!r} is missing") from error
    except (ValueError, TypeError, AttributeError, ArithmeticError, ZoneInfoNotFoundError) as error:
        raise CaseFileError(
            f"case {case.get('id')}: a value does not have the expected form ({error})"
        ) from error


def report(results: Sequence[Result], *, as_json: bool) -> None:
    """Print how the cases compare, and end with CASES_DIFFER if one differs."""
    differing = sum(not result["agrees"] for result in results)
    if as_json:
        print_json({"cases": results, "differing": differing})
    else:
        for result in results:
            _print(result)
        print_line(f"{len(results) - differing} of {len(results)} cases agree.")
    if differing:
        raise typer.Exit(CASES_DIFFER)


def _print(result: Result) -> None:
    print_line(f"{'agrees ' if result['agrees'] else 'DIFFERS'} {result['id']} · {result['title']}")
    if result["error"]:
        print_line(f"  ≠ {result['error']}")
    for name, value in result["values"].items():
        expected, computed = (json.dumps(value[n], ensure_ascii=False) for n in ("expected", "computed"))
        mark = " " if value["agrees"] else "≠"
        print_line(f"  {mark} {name}: expected {expected}, computed {computed}")
