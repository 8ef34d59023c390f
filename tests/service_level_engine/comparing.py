"""Answers of the engine and of the oracle, made alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from app.cli.conformance.sla_case_answers import answer
from app.cli.conformance.sla_case_file import Calendars
from tests.service_level_engine import naive_choice, naive_sums, oracle
from tests.service_level_engine.naive_lives import Mistake

Json = Mapping[str, Any]
NONE: frozenset[Mistake] = frozenset()


def engine_says(case: Json, calendars: Json) -> Any:
    """What the engine answers, with instants in seconds since 1970."""
    return _plain(answer(case, Calendars(calendars)))


def oracle_says(case: Json, calendars: Json, wrong: frozenset[Mistake] = NONE) -> Any:
    """What the oracle answers, or an engine with these mistakes."""
    sums: dict[str, Callable[[Json, Json], Any]] = {
        "choice": naive_choice.choice,
        "availability": naive_sums.availability,
        "alignment": naive_sums.alignment,
    }
    kind = case.get("kind", "clock")
    if kind in sums:
        return sums[kind](case, calendars)
    return (oracle.shares if kind == "shares" else oracle.clock)(case, calendars, wrong)


def fits(expected: Any, actual: Any) -> bool:
    """Whether what is said is what a case of a file expects, as far as it expects anything."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            n in actual and fits(v, actual[n]) for n, v in expected.items()
        )
    if isinstance(expected, list):
        return isinstance(actual, list) and len(actual) == len(expected) and all(map(fits, expected, actual))
    if isinstance(expected, str) and isinstance(actual, int):
        return bool(datetime.fromisoformat(expected).timestamp() == actual)
    if isinstance(expected, float):
        return bool(Fraction(str(expected)) == actual)
    return bool(expected == actual)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
