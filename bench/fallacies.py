"""Effects that no change made: a baseline picked because it was bad, another mix of cases, a trend.

Each may be claimed, but not without a warning. `python -m bench.fallacies` counts both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import typer
from numpy.typing import NDArray

from app.kpis.statistics.effects.codes import EffectMethod
from app.kpis.statistics.effects.compare import compare
from app.kpis.statistics.effects.long_run import LEAST_WINDOWS
from app.kpis.statistics.effects.samples import DayCases
from app.kpis.statistics.effects.surroundings import (
    mix_shift,
    rank_of,
    step_of,
    trend_of,
    windows_with_value,
)
from bench.placebo import CLAIMS, DEVIATION, FEWER, MONTH, YEAR, Random

#: The months before the first that is measured, and those among which somebody chooses.
MONTHS_BEFORE, MONTHS = 13, 12
#: Claims without a warning at most, in per cent of the claims. A good month that was picked is
#: found less often than a bad one.
MOST_UNWARNED = 5.0
MOST_UNWARNED_OF = {"a good month picked": 10.0}


@dataclass(frozen=True, slots=True)
class History:
    """The months of a team: each month's durations, and the group of each case."""

    months: Sequence[NDArray[np.float64]]
    groups: Sequence[NDArray[np.int64]]

    def effect_after(self, month: int) -> tuple[bool, bool]:
        """Return whether an effect is claimed from that month to the next, and whether it is warned of."""
        first = max(month - MONTHS_BEFORE, 0)
        before, after = (_sample(self.months[place], place) for place in (month, month + 1))
        if month > first:
            earlier = [_sample(self.months[place], place) for place in range(first, month)]
            before = replace(
                before,
                history=DayCases(
                    np.concatenate([sample.values for sample in earlier]).tolist(),
                    np.concatenate([sample.weights for sample in earlier]).tolist(),
                    np.concatenate([sample.days for sample in earlier]).tolist(),
                ),
            )
        claimed = compare(EffectMethod.mean_by_day, before, after).verdict("less") in CLAIMS
        is_warned, is_return = self._surroundings(first, month)
        return claimed and not is_return, is_warned

    def _surroundings(self, first: int, month: int) -> tuple[bool, bool]:
        """Return whether there is a warning, and whether a return to the usual is the whole effect."""
        means = [float(values.mean()) for values in self.months[first : month + 1]]
        medians = [float(np.median(values)) for values in self.months[first : month + 1]]
        rank = rank_of(means[-1], means[:-1], "less")
        shift = mix_shift(
            self.groups[month].tolist(),
            self.groups[month + 1].tolist(),
            (self.months[month].tolist(), self.months[month + 1].tolist()),
        )
        after, earlier = float(self.months[month + 1].mean()), means[:-1]
        has_moved = step_of(earlier) is not None or any(
            trend_of(series, YEAR / MONTH) is not None for series in (earlier, medians[:-1])
        )
        is_unusual = not has_moved and rank is not None and rank.is_unusual(means[-1], after)
        is_return = is_unusual and rank is not None and rank.by_itself(means[-1], after) >= 1
        is_short, was_seen = len(earlier) < LEAST_WINDOWS, windows_with_value(means[-1], after, earlier) > 0
        return is_short or is_unusual or was_seen or has_moved or shift is not None, is_return


def _sample(values: NDArray[np.float64], month: int) -> DayCases:
    days = month * MONTH + np.arange(len(values)) % MONTH
    return DayCases(values.tolist(), [1.0] * len(values), days.tolist(), by_parts=True)


def _history(random: Random, levels: NDArray[np.float64], slow: NDArray[np.float64] | None = None) -> History:
    """Draw months of these levels; of the cases a part is slow, and takes ten times as long."""
    months, groups = list[NDArray[np.float64]](), list[NDArray[np.int64]]()
    for place, level in enumerate(levels):
        number = int(random.poisson(FEWER))
        group = (random.random(number) < (0 if slow is None else slow[place])).astype(np.int64)
        months.append(random.lognormal(8, DEVIATION, number) * np.exp(level) * np.where(group, 10, 1))
        groups.append(group)
    return History(months, groups)


def bad_month(random: Random) -> tuple[bool, bool]:
    """Months differ by chance; the worst, second or third worst is compared with the next."""
    history = _history(random, random.normal(0, 0.35, MONTHS_BEFORE + MONTHS + 1))
    chosen = range(MONTHS_BEFORE, MONTHS_BEFORE + MONTHS)
    worst = sorted(chosen, key=lambda month: -history.months[month].mean())
    return history.effect_after(worst[int(random.integers(3))])


def good_month(random: Random) -> tuple[bool, bool]:
    """Months differ by chance; the best, second or third best is compared with the next."""
    history = _history(random, random.normal(0, 0.35, MONTHS_BEFORE + MONTHS + 1))
    chosen = range(MONTHS_BEFORE, MONTHS_BEFORE + MONTHS)
    best = sorted(chosen, key=lambda month: history.months[month].mean())
    return history.effect_after(best[int(random.integers(3))])


def other_mix(random: Random) -> tuple[bool, bool]:
    """The part of slow cases is a tenth, three or five tenths by months."""
    slow = random.choice([0.1, 0.3, 0.5], MONTHS_BEFORE + 2)
    return _history(random, np.zeros(MONTHS_BEFORE + 2), slow).effect_after(MONTHS_BEFORE)


def trend(random: Random) -> tuple[bool, bool]:
    """Durations fall by 60 % a year, with or without a change."""
    levels = np.log(0.4) * np.arange(MONTHS_BEFORE + 2) * MONTH / YEAR
    return _history(random, levels).effect_after(MONTHS_BEFORE)


FALLACIES: dict[str, Callable[[Random], tuple[bool, bool]]] = {
    "a bad month picked": bad_month,
    "a good month picked": good_month,
    "another mix": other_mix,
    "a trend of -60 % a year": trend,
}


def claims(fallacy: str, windows: int) -> tuple[int, int]:
    """Return how many of the windows are claimed, and how many of the claims without a warning."""
    outcomes = [
        FALLACIES[fallacy](np.random.default_rng([number, *fallacy.encode()])) for number in range(windows)
    ]
    return sum(claimed for claimed, _ in outcomes), sum(
        claimed and not warned for claimed, warned in outcomes
    )


def most_unwarned(fallacy: str) -> float:
    """Return how many claims may come without a warning, in per cent."""
    return MOST_UNWARNED_OF.get(fallacy, MOST_UNWARNED)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if too many claims come without a warning."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=1_000, help="windows of each fallacy")
    windows: int = parser.parse_args(arguments).windows
    typer.echo("| fallacy | claims | without a warning |\n|---|--:|--:|")
    has_failed = False
    for fallacy in FALLACIES:
        claimed, unwarned = claims(fallacy, windows)
        has_failed |= 100 * unwarned > most_unwarned(fallacy) * claimed
        typer.echo(f"| {fallacy} | {claimed} of {windows} | {unwarned} |")
    return 1 if has_failed else 0


if __name__ == "__main__":
    sys.exit(main())
