"""Worlds in which nothing was changed, and how often the methods of measured effects claim something in them;
and how often they find what was planted. `python -m bench.placebo` prints the table of docs/effects.md.

Each world draws two windows, and the control's where it has one; the seed of a window is its number with that
of its world, so that each can be drawn again by itself. Durations are log-normal with a deviation of 1.2.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import typer
from numpy.typing import NDArray

from app.kpis.statistics.effects.codes import EffectMethod, EffectVerdict
from app.kpis.statistics.effects.compare import compare, newest_version
from app.kpis.statistics.effects.effect import EffectEstimate
from app.kpis.statistics.effects.samples import DayCases, DayCounts, Sample

Values = NDArray[np.float64]
Days = NDArray[np.int64]
Random = np.random.Generator

WINDOWS = 1_000
#: False claims of a world at most, of the found ones at least, in per cent.
MOST_FALSE, LEAST_FOUND = 7.0, 80.0
CLAIMS = frozenset({EffectVerdict.improved, EffectVerdict.worsened, EffectVerdict.mixed})
#: A Monday to count days from.
MONDAY = 738_004
WEEK, MONTH, YEAR = 7, 28, 365
WORKDAYS = 5
#: The deviation of a duration's logarithm, and the part of it that the cases of a day or a storm share.
DEVIATION, SHARED = 1.2, 0.5
OWN = float(np.sqrt(DEVIATION**2 - SHARED**2))
USUAL, MANY, FEW = 150, 600, 24
#: So much less of a weekend than of a workday.
WEEKEND = 0.15
#: The working days of a year that are holidays, in blocks, by the day of the year: nineteen.
HOLIDAYS = (0, 46, 47, 48, 49, 50, 53, 92, 95, 120, 123, 124, 169, 267, 273, 274, 277, 278, 279)
#: How often nothing more happens than a look each week, for so many weeks.
WEEKS_OF_LOOKS, FIRST_LOOK = 12, 2


@dataclass(frozen=True, slots=True)
class Window:
    """A window: its first day, and how many days it has."""

    begin: int
    days: int = MONTH

    @property
    def all(self) -> Days:
        return np.arange(self.begin, self.begin + self.days)


Draw = Callable[[Random, Window, int], tuple[Days, Values]]


def _spread(random: Random, window: Window, cases: int, weekend: float = WEEKEND) -> Days:
    """Return the days of so many cases, of which weekends have fewer."""
    weights = np.where(_weekday(window.all) < WORKDAYS, 1.0, weekend)
    return random.choice(window.all, cases, p=weights / weights.sum())


def _weekday(days: Days) -> Days:
    return (days - MONDAY) % WEEK


def independent(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of which each is as it is by itself."""
    return _spread(random, window, cases), random.lognormal(8, DEVIATION, cases)


def days_that_differ(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases that all take longer on some days than on others."""
    days = _spread(random, window, cases)
    of_day = random.normal(0, SHARED, window.days)
    return days, random.lognormal(8, OWN, cases) * np.exp(of_day[days - window.begin])


def teams_by_day_and_night(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of three teams, of which one works at night too, and those of others wait till morning; each
    day each team has more or less to do.
    """
    days = _spread(random, window, cases, 0.4)
    team = random.choice(3, cases, p=[0.5, 0.3, 0.2])
    busy = random.normal(0, 0.3, (window.days, 3))
    seconds = random.lognormal(7.5, 1.0, cases) * np.array([1.0, 2.5, 5.0])[team]
    seconds *= np.exp(busy[days - window.begin, team])
    waits = (random.random(cases) < 1 / 3) & (team > 0)
    return days, seconds + np.where(waits, random.uniform(1, 12, cases) * 3_600, 0)


def storms(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of which half come in storms of two to fourteen, each of which takes long or not."""
    days, seconds = list[int](), list[float]()
    while len(days) < cases / 2:
        size = int(random.integers(2, 15))
        days += [int(random.choice(window.all))] * size
        seconds += list(random.lognormal(8 + random.normal(0, SHARED), OWN, size))
    alone = max(cases - len(days), 0)
    others = independent(random, window, alone)
    return np.concatenate([np.array(days, np.int64), others[0]]), np.concatenate([seconds, others[1]])


def business_time(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of which those of weekends, holidays and some nights take no business time."""
    days = random.choice(window.all, cases)
    closed = np.zeros(window.days, bool)
    closed[random.integers(0, window.days, random.poisson(0.8))] = True
    if random.random() < 0.1:  # a week of holidays
        first = int(random.integers(0, window.days - WEEK))
        closed[first : first + WEEK] = True
    nothing = (_weekday(days) >= WORKDAYS) | closed[days - window.begin] | (random.random(cases) < 1 / 4)
    return days, np.where(nothing, 0, random.lognormal(8, DEVIATION, cases))


def year_with_holidays(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of the workdays of a year, of which those of its holidays take no business time."""
    of_workdays = window.all[_weekday(window.all) < WORKDAYS]
    days = random.choice(of_workdays, cases)
    closed = np.isin((days - MONDAY) % YEAR, HOLIDAYS)
    return days, np.where(closed, 0, random.lognormal(8, DEVIATION, cases))


@dataclass(frozen=True, slots=True)
class Times:
    """A world of durations."""

    draw: Draw
    cases: int = USUAL
    method: EffectMethod = EffectMethod.mean_by_day

    def samples(self, random: Random, factor: float, cases: int | None = None) -> list[Sample]:
        """Draw both windows, the durations of the later one being multiplied."""
        before, after = _windows(random)
        return [
            _cases(*self.draw(random, before, cases or random.poisson(self.cases)), 1),
            _cases(*self.draw(random, after, cases or random.poisson(self.cases)), factor),
        ]


def _windows(random: Random) -> tuple[Window, Window]:
    """Return two windows that begin on any weekday, the later one up to two weeks after the earlier one."""
    begin = MONDAY + int(random.integers(0, YEAR))
    return Window(begin), Window(begin + MONTH + int(random.integers(0, 15)))


def _cases(days: Days, values: Values, factor: float) -> DayCases:
    return DayCases((values * factor).tolist(), [1.0] * len(values), days.tolist())


@dataclass(frozen=True, slots=True)
class Pilot:
    """A pilot's team against others, that all have the same good and bad days."""

    cases: int = USUAL
    method: EffectMethod = EffectMethod.mean_by_day

    def samples(self, random: Random, factor: float, cases: int | None = None) -> list[Sample]:
        """Draw the pilot's two windows, and those of the others."""
        drawn: list[tuple[DayCases, DayCases]] = []
        for window, by in zip(_windows(random), (1, factor), strict=True):
            of_day = random.normal(0, SHARED, window.days)
            sides = []
            for usual, scale in ((self.cases, by), (2 * self.cases, 1.5)):
                number = random.poisson(usual) if cases is None else cases * usual // self.cases
                days, seconds = (
                    _spread(random, window, number),
                    random.lognormal(8, OWN, number),
                )
                sides.append(_cases(days, seconds * np.exp(of_day[days - window.begin]), scale))
            drawn.append((sides[0], sides[1]))
        (before, control_before), (after, control_after) = drawn
        return [before, after, control_before, control_after]


@dataclass(frozen=True, slots=True)
class Shares:
    """Cases of which some days have many that count, and others few."""

    cases: int = USUAL
    method: EffectMethod = EffectMethod.share_by_day

    def samples(self, random: Random, factor: float, cases: int | None = None) -> list[Sample]:
        """Draw both windows."""
        found = list[Sample]()
        for window, by in zip(_windows(random), (1, factor), strict=True):
            number = cases or int(random.poisson(self.cases))
            of_day = random.beta(3, 7, window.days) * by
            days = _spread(random, window, number)
            counts = random.random(number) < of_day[days - window.begin]
            found.append(DayCases(counts.astype(float).tolist(), [1.0] * number, days.tolist()))
        return found


@dataclass(frozen=True, slots=True)
class Rates:
    """Tickets of a year with weekdays, a season, and storms; windows of a month, of other lengths."""

    storms: int
    season: float
    method: EffectMethod = EffectMethod.rate_by_day

    def samples(self, random: Random, factor: float, cases: int | None = None) -> list[Sample]:
        """Draw both windows from a year; `cases` a day, on the average."""
        days = MONDAY + np.arange(2 * YEAR)
        usual = np.where(_weekday(days) < WORKDAYS, 1.35, 0.15) * (cases or 10)
        usual *= 1 + self.season * np.sin(2 * np.pi * (days + random.integers(0, YEAR)) / YEAR)
        counts = random.poisson(usual).astype(float)
        for at in random.integers(0, len(days), random.poisson(2 * self.storms)):
            counts[at] += random.integers(2, 15)
        begin, first, second = (int(random.integers(*ends)) for ends in ((0, YEAR), (28, 32), (28, 32)))
        windows = (slice(begin, begin + first), slice(begin + first, begin + first + second))
        found = list[Sample]()
        for window, by in zip(windows, (1, factor), strict=True):
            thinned = random.binomial(counts[window].astype(int), by).astype(float)
            found.append(DayCounts(thinned.tolist(), [1.0] * len(thinned), days[window].tolist()))
        return found


World = Times | Pilot | Shares | Rates
#: The worlds that are held to MOST_FALSE.
WORLDS: dict[str, World] = {
    "independent durations": Times(independent),
    "days that differ": Times(days_that_differ),
    "teams by day and night": Times(teams_by_day_and_night),
    "storms": Times(storms),
    "business time, half zero": Times(business_time, MANY),
    "a year with holidays": Times(year_with_holidays),
    "two dozen cases a side": Times(independent, FEW),
    "a pilot against others": Pilot(),
    "medians, days that differ": Times(days_that_differ, method=EffectMethod.median_by_day),
    "shares, days that differ": Shares(),
    "rates with weekdays and season": Rates(storms=0, season=0.15),
    "rates in storms": Rates(storms=110, season=0.0),
}
#: Those in which durations that are halved are found, with how many cases a side.
FOUND: dict[str, int] = {
    "independent durations": USUAL,
    "days that differ": USUAL,
    "teams by day and night": USUAL,
    "storms": USUAL,
    "business time, half zero": MANY,
    "a pilot against others": USUAL,
}
HALVED = 0.5


def random_of(world: str, number: int) -> Random:
    """Return the random numbers of a window of the world."""
    return np.random.default_rng([number, *world.encode()])


def effect_in(world: str, number: int, factor: float = 1, cases: int | None = None) -> EffectEstimate:
    """Measure the effect between the windows with this number."""
    of = WORLDS[world]
    before, after, *control = of.samples(random_of(world, number), factor, cases)
    return compare(of.method, before, after, (control[0], control[1]) if control else None)


def false_claims(world: str, windows: int) -> float:
    """Return how often something is claimed where nothing was planted, in per cent."""
    claimed = sum(effect_in(world, number).verdict("less") in CLAIMS for number in range(windows))
    return 100 * claimed / windows


def found_claims(world: str, windows: int) -> float:
    """Return how often durations that were halved are found, in per cent."""
    cases = FOUND[world]
    verdicts = [effect_in(world, number, HALVED, cases).verdict("less") for number in range(windows)]
    return 100 * verdicts.count(EffectVerdict.improved) / windows


def claims_at_some_look(windows: int) -> float:
    """Return how often a pilot of twelve weeks that changes nothing has an effect at some look, in per cent,
    if somebody looks each week.
    """
    claimed = 0
    for number in range(windows):
        random = random_of("looks", number)
        before = Window(MONDAY, WEEKS_OF_LOOKS * WEEK)
        after = Window(before.begin + before.days, before.days)
        cases = USUAL * before.days // MONTH
        first = _cases(*days_that_differ(random, before, cases), 1)
        days, seconds = days_that_differ(random, after, cases)
        claimed += any(
            compare(EffectMethod.mean_by_day, first, _cases(days[seen], seconds[seen], 1)).verdict("less")
            in CLAIMS
            for weeks in range(FIRST_LOOK, WEEKS_OF_LOOKS + 1)
            for seen in [days < after.begin + weeks * WEEK]
        )
    return 100 * claimed / windows


def rows(windows: int) -> list[tuple[str, str, str, str]]:
    """Return the table: the world, method and version, false claims, and found ones, in per cent."""
    found = []
    for world, of in WORLDS.items():
        method = of.method
        found.append(
            (
                world,
                f"{method.value} {newest_version(method)}",
                f"{false_claims(world, windows):.1f} %",
                f"{found_claims(world, windows):.1f} %" if world in FOUND else "",
            )
        )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a world is beyond its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=WINDOWS, help="windows of each world")
    windows = parser.parse_args(arguments).windows
    typer.echo(f"Windows 0 to {windows - 1} of each world; the seed is the number with the world's name.\n")
    typer.echo("| world | method, version | false claims | halved ones found |\n|---|---|--:|--:|")
    wrong = list[str]()
    for row in rows(windows):
        typer.echo(f"| {' | '.join(row)} |")
        world, _, false, found = row
        if float(false.split()[0]) > MOST_FALSE or (found and float(found.split()[0]) < LEAST_FOUND):
            wrong.append(world)
    typer.echo(f"| looked at each week for {WEEKS_OF_LOOKS} | | {claims_at_some_look(windows):.1f} % | |")
    for world in wrong:
        typer.echo(f"Beyond its bound: {world}", err=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
