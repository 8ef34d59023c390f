"""`ledgerdesk sla-cases`: computes the worked cases of a file, and reports where the engine differs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from app.cli.conformance.sla_case_answers import agrees, answer
from app.cli.conformance.sla_case_file import Calendars, instant, read_case_file
from app.cli.conformance.worked_cases import CaseFileError, Result, Values, naming_case, report
from app.cli.conformance.worked_cases import Json as CaseJson
from app.cli.output import Json


def sla_cases(
    file: Annotated[Path, typer.Argument(help="JSON file of worked examples for the SLA engine.")],
    *,
    as_json: Json = False,
) -> None:
    """Check worked examples with the SLA engine: compute each, and print the expected and the computed
    result. Exit code 1: a result differs.
    """
    read = read_case_file(file)
    results = [_result(case, read.calendars) for case in read.cases]
    report(results, as_json=as_json)


def _result(case: CaseJson, calendars: Calendars) -> Result:
    """Return whether the case agrees, and its values."""
    values: Values = {}
    refusal: str | None = None
    try:
        with naming_case(case):
            computed = answer(case, calendars)
            values = {name: _compared(name, each, computed) for name, each in case["expected"].items()}
    except CaseFileError as error:
        refusal = str(error)  # the others can still be computed
    same = refusal is None and all(value["agrees"] for value in values.values())
    return {
        "id": case.get("id"),
        "title": case.get("title", ""),
        "agrees": same,
        "error": refusal,
        "values": values,
    }


def _compared(name: str, expected: object, computed: Mapping[str, object]) -> dict[str, object]:
    if name not in computed:
        raise CaseFileError(f"the value {name!r} is unknown")
    return {
        "expected": _plain(name, expected, expected),
        "computed": _plain(name, computed[name], expected),
        "agrees": agrees(name, expected, computed[name]),
    }


def _plain(name: str, value: object, like: object) -> object:
    """Return the value as the file would write it, and of structures what it names of them; times have the
    offset that is expected.
    """
    if isinstance(value, datetime):
        return value.astimezone(instant(like).tzinfo if isinstance(like, str) else UTC).isoformat()
    if isinstance(value, Fraction | Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, list):
        samples = like if isinstance(like, list) else []
        return [_plain(name, each, samples[n] if n < len(samples) else each) for n, each in enumerate(value)]
    if isinstance(value, dict):
        named = value if name == "shares" or not isinstance(like, dict) else like
        expected = like if isinstance(like, dict) else {}
        return {key: _plain(key, value.get(key), expected.get(key)) for key in named}
    return value
