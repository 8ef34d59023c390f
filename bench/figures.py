"""Measured figures, the thresholds that they must reach, and their output.

A rate alone says little, so it is measured alternately with a floor (floor, figure, floor, figure, floor),
and judged by the ratio of each figure to the mean of the floors before and after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, median
from typing import Any

from rich.progress import Progress
from rich.table import Table


@dataclass(frozen=True)
class Threshold:
    """The bounds that a number must reach, and that it should reach. `at_most`: both are upper bounds."""

    must: float
    aim: float
    unit: str = ""
    at_most: bool = False

    def as_text(self, bound: float) -> str:
        """Returns the bound as text."""
        return f"{'≤' if self.at_most else '≥'} {bound:,g}{self.unit}"

    def is_met(self, found: float, bound: float) -> bool:
        """True if the number satisfies the bound."""
        return found <= bound if self.at_most else found >= bound


@dataclass(frozen=True)
class Paired:
    """A figure and its floor, measured alternately: medians, and the median, least and largest ratio."""

    figure: float
    floor: float
    ratio: float
    least: float
    most: float


@dataclass(frozen=True)
class Listing:
    """A table of what a figure is the slowest of."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A row of the table of results. `judged` is the number that is compared with `needed`: the ratio, or the
    figure itself.

    Without `needed` the figure is for information only. `listing` is printed below the results.
    """

    name: str
    what: str
    figure: str
    judged: float
    needed: Threshold | None = None
    floor: str = ""
    ratio: str = ""
    listing: Listing | None = None

    @property
    def met(self) -> bool:
        """True if the figure satisfies its `must` bound, or has none."""
        return self.needed is None or self.needed.is_met(self.judged, self.needed.must)

    def cells(self) -> tuple[str, ...]:
        """Returns the row's cells in the order of COLUMNS."""
        if self.needed is None:
            return (self.what, self.figure, self.floor, self.ratio, "", "", "")
        aimed = self.needed.is_met(self.judged, self.needed.aim)
        verdict = "yes, and the aim" if self.met and aimed else "yes" if self.met else "NO"
        bounds = (self.needed.as_text(self.needed.must), self.needed.as_text(self.needed.aim))
        return (self.what, self.figure, self.floor, self.ratio, *bounds, verdict)

    def as_json(self) -> dict[str, Any]:
        """Returns the row as a JSON object."""
        return {**asdict(self), "met": self.met}


COLUMNS = ("what", "figure", "floor in the same run", "ratio (spread)", "must", "aim", "must is met")


@dataclass(frozen=True)
class Run:
    """Options of a run: the figures to measure, seconds and rounds of each, whether with less data, and the
    display of progress.
    """

    wanted: frozenset[str]
    seconds: float
    rounds: int
    quick: bool
    progress: Progress

    def is_wanted(self, *names: str) -> bool:
        """True if any of these figures is to be measured."""
        return not self.wanted.isdisjoint(names)

    def announce(self, text: str) -> None:
        """Prints what is measured next."""
        self.progress.console.print(text, style="dim", highlight=False)


async def alternate(
    run: Run, floor: Callable[[], Awaitable[float]], figure: Callable[[], Awaitable[float]]
) -> Paired:
    """Measures the floor and the figure alternately, beginning and ending with the floor."""
    floors, figures = [await floor()], list[float]()
    for _ in range(run.rounds):
        figures.append(await figure())
        floors.append(await floor())
    beside = [mean(floors[n : n + 2]) for n in range(run.rounds)]
    ratios = [one / other for one, other in zip(figures, beside, strict=True)]
    return Paired(median(figures), median(floors), median(ratios), min(ratios), max(ratios))


def paired_figure(
    name: str, what: str, paired: Paired, needed: Threshold | None, *, unit: str = "/s"
) -> Figure:
    """Returns the row of a figure that was measured alternately with its floor."""
    times = "×" if needed is not None and needed.at_most else ""
    ratio = f"{number(paired.ratio)}{times} ({number(paired.least)}–{number(paired.most)})"
    figure, floor = number(paired.figure) + unit, number(paired.floor) + unit
    return Figure(name, what, figure, paired.ratio, needed, floor, ratio)


def latency_ratio(name: str, what: str, took: float, plain: float, floor: str) -> Figure:
    """Returns the figure of something that takes so many milliseconds, judged by its ratio to `floor`, which
    takes `plain` milliseconds.
    """
    ratio = took / plain
    return Figure(
        name,
        what,
        f"{number(took)} ms",
        ratio,
        Threshold(3, 1.5, " ×", at_most=True),
        floor=f"{number(plain)} ms: {floor}",
        ratio=f"{ratio:.2f}",
    )


def number(value: float) -> str:
    """Formats the number with its significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(figures: Sequence[Figure]) -> Table:
    """Returns the rows as a table for the terminal."""
    made = Table(*COLUMNS, title="make bench")
    for one in figures:
        made.add_row(*one.cells(), style=None if one.met else "bold red")
    return made


def listings(figures: Sequence[Figure]) -> list[Table]:
    """Returns the listings of the figures as tables for the terminal."""
    tables = []
    for listing in (one.listing for one in figures if one.listing is not None):
        made = Table(listing.columns[0], title=listing.title)
        for column in listing.columns[1:]:
            made.add_column(column, justify="right")
        for row in listing.rows:
            made.add_row(*row)
        tables.append(made)
    return tables


def markdown(figures: Sequence[Figure]) -> str:
    """Returns the rows as a Markdown table for the README."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(one.cells() for one in figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
