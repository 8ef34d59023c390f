"""Worlds in which nothing was changed, and how often the methods of measured effects claim something in them;
and how often they find what was planted. `python -m bench.placebo` prints the table of bench/placebo.md.

Each world draws two windows, and the control's where it has one; the seed of a window is its number with that
of its world, so that each can be drawn again by itself. Durations are log-normal with a deviation of 1.2.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

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
USUAL, MANY, FEWER, FEW = 150, 600, 84, 24
#: How alike days are that follow each other; the size of a heavy storm, and what its cases share.
CORRELATION, HEAVY, ALIKE = 0.8, 15, 0.8
#: The deviation of the levels of whole months.
MONTHLY = 0.2
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

    def has(self, days: Days) -> NDArray[np.bool_]:
        """Return which of the days lie in the window."""
        return (days >= self.begin) & (days < self.begin + self.days)


Draw = Callable[[Random, Window, int], tuple[Days, Values]]


def _number(random: Random, window: Window, cases: int) -> int:
    """Return how many cases the window has, if a month has so many on the average."""
    return int(random.poisson(cases * window.days / MONTH))


def _spread(random: Random, window: Window, cases: int, weekend: float = WEEKEND) -> Days:
    """Return the days of so many cases, of which weekends have fewer."""
    weights = np.where(_weekday(window.all) < WORKDAYS, 1.0, weekend)
    return random.choice(window.all, cases, p=weights / weights.sum())


def _weekday(days: Days) -> Days:
    return (days - MONDAY) % WEEK


def independent(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of which each is as it is by itself."""
    number = _number(random, window, cases)
    return _spread(random, window, number), random.lognormal(8, DEVIATION, number)


def days_that_differ(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases that all take longer on some days than on others."""
    number = _number(random, window, cases)
    days = _spread(random, window, number)
    of_day = random.normal(0, SHARED, window.days)
    return days, random.lognormal(8, OWN, number) * np.exp(of_day[days - window.begin])


def correlated_days(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases that take longer on some days than on others, and a bad day is followed by bad ones."""
    number = _number(random, window, cases)
    days = _spread(random, window, number)
    of_day, news = random.normal(0, SHARED, window.days), np.sqrt(1 - CORRELATION**2)
    for day in range(1, window.days):
        of_day[day] = CORRELATION * of_day[day - 1] + news * of_day[day]
    return days, random.lognormal(8, OWN, number) * np.exp(of_day[days - window.begin])


def teams_by_day_and_night(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of three teams, of which one works at night too, and those of others wait till morning; each
    day each team has more or less to do.
    """
    number = _number(random, window, cases)
    days = _spread(random, window, number, 0.4)
    team = random.choice(3, number, p=[0.5, 0.3, 0.2])
    busy = random.normal(0, 0.3, (window.days, 3))
    seconds = random.lognormal(7.5, 1.0, number) * np.array([1.0, 2.5, 5.0])[team]
    seconds *= np.exp(busy[days - window.begin, team])
    waits = (random.random(number) < 1 / 3) & (team > 0)
    return days, seconds + np.where(waits, random.uniform(1, 12, number) * 3_600, 0)


def storms(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of which half come in storms of two to fourteen, each of which takes long or not."""
    number = cases * window.days / MONTH / 2
    sizes = random.integers(2, 15, round(number / 8))
    return _in_storms(random, window, sizes, number, SHARED)


def heavy_storms(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of which most come in a few storms of about fifteen within hours, each with one cause."""
    storms_of_month = 0.6 * cases / HEAVY
    sizes = 1 + random.poisson(HEAVY - 1, random.poisson(storms_of_month * window.days / MONTH))
    return _in_storms(random, window, sizes, 0.4 * cases * window.days / MONTH, ALIKE)


def _in_storms(
    random: Random, window: Window, sizes: Days, alone: float, shared: float
) -> tuple[Days, Values]:
    """Draw cases in storms of these sizes, each on one day, and so many alone."""
    days = np.repeat(random.choice(window.all, len(sizes)), sizes)
    levels = np.repeat(random.normal(8, shared, len(sizes)), sizes)
    seconds = np.exp(levels + random.normal(0, np.sqrt(DEVIATION**2 - shared**2), len(levels)))
    number = int(random.poisson(alone))
    others = _spread(random, window, number), random.lognormal(8, DEVIATION, number)
    return np.concatenate([days, others[0]]), np.concatenate([seconds, others[1]])


def months_that_differ(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of four weeks that are all quicker or slower by chance, as when staff leave.
    A year and a window begin with such weeks.
    """
    number = _number(random, window, cases)
    days = _spread(random, window, number)
    months = (days - window.begin - YEAR % MONTH) // MONTH + 1
    of_month = random.normal(0, MONTHLY, int(months.max(initial=0)) + 1)
    return days, random.lognormal(8, DEVIATION, number) * np.exp(of_month[months])


def episodes(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of which, in episodes of five to fourteen days, there are three times as many that take
    twice as long; six a year.
    """
    busy = np.zeros(window.days, bool)
    for begin in random.integers(-14, window.days, random.poisson(6 * (window.days + 14) / YEAR)):
        busy[max(begin, 0) : max(begin + int(random.integers(5, 15)), 0)] = True
    days = np.repeat(window.all, random.poisson(np.where(busy, 3.0, 1.0) * cases / MONTH))
    return days, random.lognormal(8, DEVIATION, len(days)) * np.where(busy[days - window.begin], 2, 1)


def business_time(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of which those of weekends, holidays and some nights take no business time."""
    days = random.choice(window.all, _number(random, window, cases))
    closed = np.zeros(window.days, bool)
    closed[random.integers(0, window.days, random.poisson(0.8 * window.days / MONTH))] = True
    for first in random.integers(0, window.days - WEEK, random.poisson(0.1 * window.days / MONTH)):
        closed[first : first + WEEK] = True  # a week of holidays
    nothing = (_weekday(days) >= WORKDAYS) | closed[days - window.begin] | (random.random(len(days)) < 1 / 4)
    return days, np.where(nothing, 0, random.lognormal(8, DEVIATION, len(days)))


def year_with_holidays(random: Random, window: Window, cases: int) -> tuple[Days, Values]:
    """Draw cases of the workdays of a year, of which those of its holidays take no business time."""
    of_workdays = window.all[_weekday(window.all) < WORKDAYS]
    days = random.choice(of_workdays, _number(random, window, cases))
    closed = np.isin((days - MONDAY) % YEAR, HOLIDAYS)
    return days, np.where(closed, 0, random.lognormal(8, DEVIATION, len(days)))


@dataclass(frozen=True, slots=True)
class Times:
    """A world of durations. `history`: whether the year before the baseline is known."""

    draw: Draw
    cases: int = USUAL
    method: EffectMethod = EffectMethod.mean_by_day
    history: bool = True

    def samples(self, random: Random, factor: float) -> list[Sample]:
        """Draw both windows and the year before, the durations of the later window being multiplied."""
        before, after = _windows(random)
        whole = Window(before.begin - YEAR, after.begin + after.days - before.begin + YEAR)
        return list(
            _sides(*self.draw(random, whole, self.cases), (before, after), factor, history=self.history)
        )


def _sides(
    days: Days, values: Values, windows: tuple[Window, Window], factor: float, *, history: bool = True
) -> tuple[DayCases, DayCases]:
    """Return the cases of both windows, and with the first of those before it."""
    earlier = days < windows[0].begin
    year_before = _cases(days[earlier], values[earlier], 1) if history else None
    before, after = (
        _cases(days[window.has(days)], values[window.has(days)], by)
        for window, by in zip(windows, (1, factor), strict=True)
    )
    return replace(before, history=year_before), after


def _windows(random: Random) -> tuple[Window, Window]:
    """Return two windows that begin on any weekday, the later one up to two weeks after the earlier one."""
    begin = MONDAY + int(random.integers(0, YEAR))
    return Window(begin), Window(begin + MONTH + int(random.integers(0, 15)))


def _cases(days: Days, values: Values, factor: float) -> DayCases:
    return DayCases((values * factor).tolist(), [1.0] * len(values), days.tolist(), by_parts=True)


@dataclass(frozen=True, slots=True)
class Spread:
    """Durations of which only the spread grows: the mean stays."""

    cases: int = FEWER
    method: EffectMethod = EffectMethod.mean_by_day

    def samples(self, random: Random, factor: float) -> list[Sample]:
        """Draw both windows and the year before."""
        before, after = _windows(random)
        whole = Window(before.begin - YEAR, after.begin + after.days - before.begin + YEAR)
        days = _spread(random, whole, _number(random, whole, self.cases))
        deviations = np.where(days >= after.begin, 1.4, 0.6)
        values = np.exp(random.normal(8 - deviations**2 / 2, deviations))
        return list(_sides(days, values, (before, after), factor))


@dataclass(frozen=True, slots=True)
class Pilot:
    """A pilot's team against others, that all have the same good and bad days."""

    cases: int = USUAL
    method: EffectMethod = EffectMethod.mean_by_day

    def samples(self, random: Random, factor: float) -> list[Sample]:
        """Draw the pilot's two windows, and those of the others."""
        windows = before, after = _windows(random)
        whole = Window(before.begin - YEAR, after.begin + after.days - before.begin + YEAR)
        of_day = random.normal(0, SHARED, whole.days)
        drawn = list[Sample]()
        for cases, scale, by in ((self.cases, 1.0, factor), (2 * self.cases, 1.5, 1.0)):
            number = _number(random, whole, cases)
            days, seconds = _spread(random, whole, number), random.lognormal(8, OWN, number)
            seconds *= scale * np.exp(of_day[days - whole.begin])
            drawn += _sides(days, seconds, windows, by)
        return drawn


@dataclass(frozen=True, slots=True)
class Shock:
    """A team against others of eight times its level, of which all take twice as long after, and half as many
    cases take no time.
    """

    cases: int = 60
    method: EffectMethod = EffectMethod.mean_by_day

    def samples(self, random: Random, factor: float) -> list[Sample]:
        """Draw the team's two windows, and those of the others."""
        windows = before, after = _windows(random)
        whole = Window(before.begin - YEAR, after.begin + after.days - before.begin + YEAR)
        drawn = list[Sample]()
        for cases, scale, by in ((self.cases, 1.0, factor), (2 * self.cases, 8.0, 1.0)):
            number = _number(random, whole, cases)
            days, seconds = _spread(random, whole, number), random.lognormal(8, DEVIATION, number)
            is_after = days >= after.begin
            seconds *= scale * np.where(is_after, 2, 1)
            seconds[random.random(number) < np.where(is_after, 0.2, 0.4)] = 0
            drawn += _sides(days, seconds, windows, by)
        return drawn


@dataclass(frozen=True, slots=True)
class Shares:
    """Cases of which some days have many that count, and others few."""

    cases: int = USUAL
    method: EffectMethod = EffectMethod.share_by_day

    def samples(self, random: Random, factor: float) -> list[Sample]:
        """Draw both windows."""
        before, after = _windows(random)
        whole = Window(before.begin - YEAR, after.begin + after.days - before.begin + YEAR)
        days = _spread(random, whole, _number(random, whole, self.cases))
        of_day = random.beta(3, 7, whole.days) * np.where(whole.all >= after.begin, factor, 1)
        counts = (random.random(len(days)) < of_day[days - whole.begin]).astype(float)
        return list(_sides(days, counts, (before, after), 1))


@dataclass(frozen=True, slots=True)
class Rates:
    """Tickets of a year with weekdays, a season, storms and episodes; months of other lengths. `holidays`: a
    week of them lies in the later window, and five single ones in the year before.
    """

    storms: int = 0
    season: float = 0.0
    episodes: int = 0
    cases: int = 10
    method: EffectMethod = EffectMethod.rate_by_day
    holidays: bool = False

    def samples(self, random: Random, factor: float) -> list[Sample]:
        """Draw both windows and the year before; `cases` a day, on the average."""
        days = MONDAY + np.arange(3 * YEAR)
        usual = np.where(_weekday(days) < WORKDAYS, 1.35, 0.15) * self.cases
        usual *= 1 + self.season * np.sin(2 * np.pi * (days + random.integers(0, YEAR)) / YEAR)
        for at in random.integers(0, len(days), random.poisson(3 * self.episodes)):
            usual[at : at + random.integers(5, 15)] *= 3
        begin, first, second = (
            int(random.integers(*ends)) for ends in ((YEAR, 2 * YEAR), (28, 32), (28, 32))
        )
        ends = (begin - YEAR, begin, begin + first, begin + first + second)
        closed = np.zeros(len(days), bool)
        if self.holidays:
            closed[begin - random.integers(1, YEAR, 5)] = True
            closed[ends[2] + int(random.integers(0, 21)) + np.arange(WEEK)] = True
        closed &= _weekday(days) < WORKDAYS
        counts = random.poisson(np.where(closed, WEEKEND * usual, usual)).astype(float)
        for at in random.integers(0, len(days), random.poisson(3 * self.storms)):
            counts[at] += random.integers(2, 15)
        counts[ends[2] : ends[3]] = random.binomial(counts[ends[2] : ends[3]].astype(int), factor)
        history, before, after = (
            DayCounts(
                counts[low:high].tolist(),
                [1.0] * (high - low),
                days[low:high].tolist(),
                holidays=frozenset(days[closed].tolist()),
            )
            for low, high in pairwise(ends)
        )
        return [replace(before, history=history), after]


World = Times | Spread | Pilot | Shock | Shares | Rates
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
    "84 cases a side": Times(independent, FEWER),
    "heavy storms": Times(heavy_storms, FEWER),
    "episodes of days": Times(episodes, FEWER),
    "correlated days": Times(correlated_days, FEWER),
    "correlated days, no history": Times(correlated_days, FEWER, history=False),
    "months that differ": Times(months_that_differ, FEWER),
    "only the spread grows": Spread(),
    "a shock to all, of another level": Shock(),
    "medians, days that differ": Times(days_that_differ, method=EffectMethod.median_by_day),
    "90th percentiles, days that differ": Times(days_that_differ, method=EffectMethod.p90_by_day),
    "shares, days that differ": Shares(),
    "rates with weekdays and season": Rates(season=0.15),
    "rates in storms": Rates(storms=110),
    "rates in episodes": Rates(episodes=6, cases=3),
    "rates, holidays after": Rates(holidays=True),
}
#: Of the worlds in which halved durations are looked for, in how many per cent they must be found. Where a
#: window holds a few storms or episodes it cannot show more than these.
FOUND: dict[str, float] = {
    "independent durations": LEAST_FOUND,
    "days that differ": LEAST_FOUND,
    "teams by day and night": LEAST_FOUND,
    "storms": LEAST_FOUND,
    "business time, half zero": LEAST_FOUND,
    "a pilot against others": LEAST_FOUND,
    "84 cases a side": 87.5,
    "heavy storms": 50.0,
    "episodes of days": 35.0,
    "correlated days": 35.0,
    "months that differ": 45.0,
}
HALVED = 0.5


def random_of(world: str, number: int) -> Random:
    """Return the random numbers of a window of the world."""
    return np.random.default_rng([number, *world.encode()])


def effect_in(world: str, number: int, factor: float = 1, version: int | None = None) -> EffectEstimate:
    """Measure the effect between the windows with this number."""
    of = WORLDS[world]
    before, after, *control = of.samples(random_of(world, number), factor)
    return compare(of.method, before, after, (control[0], control[1]) if control else None, version=version)


def false_claims(world: str, windows: int, version: int | None = None) -> float:
    """Return how often something is claimed where nothing was planted, in per cent."""
    claimed = sum(
        effect_in(world, number, version=version).verdict("less") in CLAIMS for number in range(windows)
    )
    return 100 * claimed / windows


def found_claims(world: str, windows: int, version: int | None = None) -> float:
    """Return how often durations that were halved are found, in per cent."""
    verdicts = [effect_in(world, number, HALVED, version).verdict("less") for number in range(windows)]
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
        whole = Window(before.begin - YEAR, after.begin + after.days - before.begin + YEAR)
        all_days, all_seconds = days_that_differ(random, whole, USUAL)
        first, _ = _sides(all_days, all_seconds, (before, after), 1)
        days, seconds = all_days[after.has(all_days)], all_seconds[after.has(all_days)]
        claimed += any(
            compare(EffectMethod.mean_by_day, first, _cases(days[seen], seconds[seen], 1)).verdict("less")
            in CLAIMS
            for weeks in range(FIRST_LOOK, WEEKS_OF_LOOKS + 1)
            for seen in [days < after.begin + weeks * WEEK]
        )
    return 100 * claimed / windows


def rows(windows: int, version: int | None = None) -> list[tuple[str, str, str, str]]:
    """Return the table: the world, method and version, false claims, and found ones, in per cent."""
    found = []
    for world, of in WORLDS.items():
        method = of.method
        if version is not None and version < newest_version(method) and method is EffectMethod.p90_by_day:
            continue  # it has no earlier version
        found.append(
            (
                world,
                f"{method.value} {newest_version(method) if version is None else version}",
                f"{false_claims(world, windows, version):.1f} %",
                f"{found_claims(world, windows, version):.1f} %" if world in FOUND else "",
            )
        )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a world is beyond its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=WINDOWS, help="windows of each world")
    parser.add_argument("--version", type=int, help="version of the methods; the newest if omitted")
    options = parser.parse_args(arguments)
    windows: int = options.windows
    typer.echo(f"Windows 0 to {windows - 1} of each world; the seed is the number with the world's name.\n")
    typer.echo("| world | method, version | false claims | halved ones found |\n|---|---|--:|--:|")
    wrong = list[str]()
    for row in rows(windows, options.version):
        typer.echo(f"| {' | '.join(row)} |")
        world, _, false, found = row
        if float(false.split()[0]) > MOST_FALSE or (found and float(found.split()[0]) < FOUND[world]):
            wrong.append(world)
    typer.echo(f"| looked at each week for {WEEKS_OF_LOOKS} | | {claims_at_some_look(windows):.1f} % | |")
    for world in wrong:
        typer.echo(f"Beyond its bound: {world}", err=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
