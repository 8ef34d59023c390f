"""`ledgerdesk effect-cases`: computes the worked cases of a file, and reports where the statistics differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.conformance.worked_cases import (
    CaseFileError,
    Result,
    Values,
    naming_case,
    read_json_cases,
    report,
)
from app.cli.conformance.worked_cases import Json as CaseJson
from app.cli.output import Json
from app.kpis.answers.limits import RANGE_FACTOR
from app.kpis.statistics.behaviour import LIMIT_FACTOR, near_ends, run_ends
from app.kpis.statistics.effects.codes import EffectMethod
from app.kpis.statistics.effects.samples import RateSample, Sample, ShareSample, ValueSample

#: Values agree if they differ by no more than this part of the expected one.
TOLERANCE = 1e-6


def effect_cases(
    file: Annotated[Path, typer.Argument(help="JSON file of worked examples for the statistics.")],
    *,
    as_json: Json = False,
) -> None:
    """Check worked examples of measured effects and behaviour charts: compute each, and print the expected
    and the computed result. Exit code 1: a result differs.
    """
    report([_result(case) for case in read_json_cases(file, "effect")["cases"]], as_json=as_json)


def _result(case: CaseJson) -> Result:
    """Return whether the case agrees, and its values."""
    values: Values = {}
    refusal: str | None = None
    try:
        with naming_case(case):
            computed = _computed(case)
            for name, expected in case["expected"].items():
                if name not in computed:
                    raise CaseFileError(f"the value {name!r} is unknown")
                values[name] = {
                    "expected": expected,
                    "computed": computed[name],
                    "agrees": _agrees(expected, computed[name]),
                }
    except CaseFileError as error:
        refusal = str(error)  # the others can still be computed
    return {
        "id": case.get("id"),
        "title": case.get("title", ""),
        "agrees": refusal is None and all(value["agrees"] for value in values.values()),
        "error": refusal,
        "values": values,
    }


def _agrees(expected: object, computed: object) -> bool:
    if isinstance(expected, list) and isinstance(computed, list):
        same = len(expected) == len(computed)
        return same and all(_agrees(left, right) for left, right in zip(expected, computed, strict=True))
    if isinstance(expected, float | int) and isinstance(computed, float | int):
        return math.isclose(expected, computed, rel_tol=TOLERANCE, abs_tol=1e-12)
    return expected == computed


def _computed(case: CaseJson) -> Mapping[str, object]:
    """Return all values of the case. Raises CaseFileError."""
    kind = case["kind"]
    if kind == "xmr":
        return _chart(_numbers(case["values"], least=2))
    if kind not in SAMPLES:
        kinds = ", ".join([*SAMPLES, "xmr"])
        raise CaseFileError(f"the kind {kind!r} is unknown; the kinds are {kinds}")
    better = case["better"]
    if better not in {"less", "more"}:
        raise CaseFileError(f"better must be less or more, not {better!r}")
    before, after = (SAMPLES[kind](case[side]) for side in ("before", "after"))
    return _effect(EffectMethod(kind), before, after, better)


def _effect(method: EffectMethod, before: Sample, after: Sample, better: Any) -> Mapping[str, object]:
    from app.kpis.statistics.effects.compare import compare  # noqa: PLC0415  # scipy is slow to load

    effect = compare(method, before, after, seed=0)
    sides = [[side.low, side.high] for side in effect.sides]
    return {
        "effect": effect.effect,
        "low": effect.low,
        "high": effect.high,
        "verdict": effect.verdict(better).value,
        "relative_change": effect.relative_change,
        "wilson_before": sides[0],
        "wilson_after": sides[1],
        "fisher_exact_p": effect.p_value,
        "mann_whitney_p": effect.p_value,
        "mann_whitney_u": effect.statistic,
        "difference_of_medians": effect.difference_of_medians,
        "conditional_binomial_p": effect.p_value,
    }


def _chart(values: list[float]) -> Mapping[str, object]:
    moves = [abs(later - earlier) for earlier, later in pairwise(values)]
    centre, moving_range = sum(values) / len(values), sum(moves) / len(moves)
    reach = LIMIT_FACTOR * moving_range
    return {
        "centre": centre,
        "mean_moving_range": moving_range,
        "low": centre - reach,
        "high": centre + reach,
        "range_high": RANGE_FACTOR * moving_range,
        "outside": [n for n, value in enumerate(values) if abs(value - centre) > reach],
        "run_of_eight_ends_at": run_ends(values, centre),
        "three_of_four_ends_at": near_ends(values, centre, reach),
    }


def _share(sample: CaseJson) -> ShareSample:
    numerator, denominator = (_integer(sample[name]) for name in ("numerator", "denominator"))
    if numerator > denominator:
        raise CaseFileError(f"{numerator} of {denominator} is not a share")
    return ShareSample(numerator, denominator)


def _rate(sample: CaseJson) -> RateSample:
    (exposure,) = _numbers([sample["exposure"]], least=1)
    if exposure <= 0:
        raise CaseFileError(f"an exposure must be above 0, not {exposure}")
    return RateSample(_integer(sample["events"]), exposure)


def _integer(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise CaseFileError(f"a number of cases must be whole and at least 0, not {number!r}")
    return number


def _numbers(numbers: object, least: int) -> list[float]:
    if not isinstance(numbers, list) or len(numbers) < least:
        raise CaseFileError(f"values must be a list of at least {least} numbers")
    for number in numbers:
        if not isinstance(number, float | int) or isinstance(number, bool) or not math.isfinite(number):
            raise CaseFileError(f"{number!r} is not a number")
    return [float(number) for number in numbers]


SAMPLES: Mapping[str, Callable[[CaseJson], Sample]] = {
    "share": _share,
    "duration": lambda sample: ValueSample(_numbers(sample["values"], least=1)),
    "rate": _rate,
}
