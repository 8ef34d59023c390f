"""Forecasts: whether a target can still be reached, and the sum needed for it; in exact fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from app.common.records import CodeEnum
from app.kpis.declaration.kpi import Comparator, TargetValue


class Outlook(CodeEnum):
    """The outlook of a running period for its target, with the assumed number of further cases."""

    secured = "secured", "Certain to be reached", "必定能达成"
    reachable = "reachable", "Can be reached", "仍可达成"
    out_of_reach = "out_of_reach", "Out of reach", "已无法达成"


@dataclass(frozen=True, slots=True)
class Requirement:
    """The sum that the cases still to come must have: at least `at_least` or at most `at_most`; the other one
    is None.
    """

    outlook: Outlook | None = None
    at_least: int | None = None
    at_most: int | None = None


def requirement_for(
    target: TargetValue, *, so_far: int, divisor: int, least: int, most: int | None
) -> Requirement:
    """Return the sum of further cases with which (so_far + sum) / divisor meets the target.

    The sum is a whole number from `least` to `most` (None: unlimited).
    """
    bound = Fraction(str(target.value)) * divisor - so_far
    if target.is_minimum:
        needed = floor(bound) + 1 if target.comparator is Comparator.gt else ceil(bound)
        possible, certain = most is None or needed <= most, needed <= least
        return Requirement(_outlook(possible=possible, certain=certain), at_least=needed)
    allowed = ceil(bound) - 1 if target.comparator is Comparator.lt else floor(bound)
    possible, certain = allowed >= least, most is not None and most <= allowed
    return Requirement(_outlook(possible=possible, certain=certain), at_most=allowed)


def _outlook(*, possible: bool, certain: bool) -> Outlook:
    if certain:
        return Outlook.secured
    return Outlook.reachable if possible else Outlook.out_of_reach
