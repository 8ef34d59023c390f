"""What cases come to in a period and cut (rules 2, 4, 6 to 8)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.kpis.brute_force.counted import Counted, Open

REASONS = ("cancelled", "duplicate", "rejected", "staff", "unknown")
#: The ages of open cases end below so many seconds.
AGES = (
    (86_400, "0_to_1_days"),
    (3 * 86_400, "1_to_3_days"),
    (7 * 86_400, "3_to_7_days"),
    (30 * 86_400, "7_to_30_days"),
)


@dataclass
class Cell:
    """The cases of a period and cut: those that count, how many are left out and why, and those open at its
    end.
    """

    counted: list[Counted] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)
    open: list[Open] = field(default_factory=list)


Place = tuple[int, Any]


def cells(
    cases: Iterable[Counted], bounds: Sequence[datetime], by: str | None, *, volume: bool
) -> dict[Place, Cell]:
    """The cells of the cases, by the number of their period and their value in the dimension; a volume counts
    what is excluded, too.
    """
    cell_by_key: dict[Place, Cell] = defaultdict(Cell)
    for case in cases:
        period = bisect_right(bounds, case.at) - 1
        if not 0 <= period < len(bounds) - 1:
            continue
        cell = cell_by_key[period, None if by is None else case.cut.get(by)]
        if case.excluded is not None:
            cell.excluded[case.excluded] += 1
        if case.excluded is None or volume:
            cell.counted.append(case)
    return cell_by_key


def age_of(seconds: int) -> str:
    """The class of an age."""
    return next((name for limit, name in AGES if seconds < limit), "over_30_days")


def distribution(numbers: Sequence[int]) -> dict[str, float | None] | None:
    """Mean, median, 90th percentile and maximum of the pooled cases, with 3 decimals; how many are none."""
    if not numbers:
        return None
    ordered = sorted(numbers)
    return {
        "mean": float(round(Fraction(sum(ordered), len(ordered)), 3)),
        "median": percentile(ordered, Fraction(1, 2)),
        "p90": percentile(ordered, Fraction(9, 10)),
        "max": float(ordered[-1]),
        "zeros": sum(number <= 0 for number in ordered),
    }


def percentile(ordered: Sequence[int], share: Fraction) -> float:
    """Exactly, between the two nearest cases."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(round(ordered[low] + (place - low) * (ordered[high] - ordered[low]), 3))


def kaplan_meier(cases: Sequence[Counted]) -> dict[str, int | None]:
    """After how many seconds half of the cases, and nine in ten, have ended, taking into account those that
    are open: at each time at which any ends, the share of those still there that does not end is multiplied.
    """
    left = Fraction(1)
    median = p90 = None
    for seconds in sorted({case.number for case in cases}):
        total = sum(case.number >= seconds for case in cases)
        ends = sum(case.number == seconds and case.weight == 1 for case in cases)
        left *= Fraction(total - ends, total)
        if median is None and left <= Fraction(1, 2):
            median = seconds
        if p90 is None and left <= Fraction(1, 10):
            p90 = seconds
    ended = sum(case.weight for case in cases)
    return {"ended": ended, "open": len(cases) - ended, "median": median, "p90": p90}


def ratio(numerator: int, denominator: float, per: int = 1) -> float | None:
    """A ratio with 6 decimals; nothing to divide by has no value."""
    return float(round(Fraction(per * numerator) / Fraction(denominator), 6)) if denominator else None


def excluded_of(cell: Cell) -> Mapping[str, int]:
    """How many are left out, by reason."""
    return {reason: cell.excluded[reason] for reason in REASONS}
