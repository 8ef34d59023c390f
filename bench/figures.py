"""What was measured, what it must reach, and how it is printed.

A rate says little by itself: it is measured in turns with a floor (floor, figure, floor, figure, floor), and
what counts is the ratio of each figure to the mean of the floors beside it.
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
    """What a number must reach, and what it should. `at_most`: both are upper bounds."""

    must: float
    aim: float
    unit: str = ""
    at_most: bool = False

    def as_text(self, bound: float) -> str:
        """The bound, in words."""
        return f"{'≤' if self.at_most else '≥'} {bound:,g}{self.unit}"

    def is_met(self, found: float, bound: float) -> bool:
        """Whether the number is on the right side of the bound."""
        return found <= bound if self.at_most else found >= bound


@dataclass(frozen=True)
class Paired:
    """A figure and its floor, measured in turns: medians, and the ratio with its least and largest value."""

    figure: float
    floor: float
    ratio: float
    least: float
    most: float


@dataclass(frozen=True)
class Figure:
    """A row of the table. `judged` is the number that must reach something: the ratio, or the figure itself.

    Without `needed` it is there to be looked at.
    """

    name: str
    what: str
    figure: str
    judged: float
    needed: Threshold | None = None
    floor: str = ""
    ratio: str = ""

    @property
    def met(self) -> bool:
        """Whether it is as it must be."""
        return self.needed is None or self.needed.is_met(self.judged, self.needed.must)

    def cells(self) -> tuple[str, ...]:
        """The row as it is printed, by COLUMNS."""
        if self.needed is None:
            return (self.what, self.figure, self.floor, self.ratio, "", "", "")
        aimed = self.needed.is_met(self.judged, self.needed.aim)
        verdict = "yes, and the aim" if self.met and aimed else "yes" if self.met else "NO"
        bounds = (self.needed.as_text(self.needed.must), self.needed.as_text(self.needed.aim))
        return (self.what, self.figure, self.floor, self.ratio, *bounds, verdict)

    def as_json(self) -> dict[str, Any]:
        """The row for a program."""
        return {**asdict(self), "met": self.met}


COLUMNS = ("what", "figure", "floor in the same run", "ratio (spread)", "must", "aim", "must is met")


@dataclass(frozen=True)
class Run:
    """How it is to be measured: which figures, how long each, on how much, and who is shown how far it is."""

    wanted: frozenset[str]
    seconds: float
    rounds: int
    quick: bool
    progress: Progress

    def is_wanted(self, *names: str) -> bool:
        """Whether one of them is asked for."""
        return not self.wanted.isdisjoint(names)

    def announce(self, text: str) -> None:
        """Says what comes next."""
        self.progress.console.print(text, style="dim", highlight=False)


async def alternate(
    run: Run, floor: Callable[[], Awaitable[float]], figure: Callable[[], Awaitable[float]]
) -> Paired:
    """Measures both in turns."""
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
    """The row of what was measured in turns."""
    times = "×" if needed is not None and needed.at_most else ""
    ratio = f"{number(paired.ratio)}{times} ({number(paired.least)}–{number(paired.most)})"
    figure, floor = number(paired.figure) + unit, number(paired.floor) + unit
    return Figure(name, what, figure, paired.ratio, needed, floor, ratio)


def number(value: float) -> str:
    """The number with as many digits as mean anything."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(figures: Sequence[Figure]) -> Table:
    """For a terminal."""
    made = Table(*COLUMNS, title="make bench")
    for one in figures:
        made.add_row(*one.cells(), style=None if one.met else "bold red")
    return made


def markdown(figures: Sequence[Figure]) -> str:
    """For the README."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(one.cells() for one in figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
