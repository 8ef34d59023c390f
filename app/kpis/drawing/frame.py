"""Where things are in a chart of periods, and what all of its panels have: axis, periods, lines of text
(pure).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.kpis.drawing import canvas
from app.kpis.drawing.canvas import GRID, MARGIN, TEXT_LINE, WIDTH
from app.kpis.drawing.shapes import BehaviourFigure
from app.kpis.questions.chart_words import ChartWords
from app.svg.elements import text, text_width
from app.svg.lines import INK, SMALL_SIZE, USUAL_WIDTH, label, line, polyline, wrapped
from app.svg.scale import Scale

LEFT, RIGHT = 84.0, 158.0
LEAST_TICK = 34.0
MOST_ENTRY_LINES = 3
#: Where the text of an entry begins, behind its marker and its number.
ENTRY = MARGIN + 32


@dataclass(frozen=True, slots=True)
class ChartFrame:
    """Where things are in a panel: the axis, the width of a period, the top and the height of the plot, and
    the room between it and the names of periods.
    """

    figure: BehaviourFigure
    words: ChartWords
    scale: Scale
    step: float
    top: float
    height: float
    gap: float = 0.0

    @property
    def bottom(self) -> float:
        """Return the lower end of the plot."""
        return self.top + self.height

    def x(self, place: float) -> float:
        """Return the middle of the period at that index."""
        return LEFT + (place + 0.5) * self.step

    def edge(self, place: float) -> float:
        """Return the left edge of the period at that index."""
        return LEFT + place * self.step

    def path(self, values: Sequence[float | None]) -> str:
        """Return a path through the values, broken at gaps."""
        return polyline(
            (self.x(n), None if value is None else self.scale.pixel_of(value))
            for n, value in enumerate(values)
        )


def draw_axis(frame: ChartFrame) -> list[Markup]:
    """Return the lines and values of the axis, and the names of periods, so many as have room, with the year
    beneath where it is another one.
    """
    drawn = []
    for tick in frame.scale.ticks:
        y = frame.scale.pixel_of(tick)
        drawn.append(line(f"M{LEFT:g} {y:.1f}H{WIDTH - RIGHT:g}", GRID, 0.6, "grid"))
        drawn.append(label(frame.words.value(tick), LEFT - 6, y + 4, anchor="end", room=LEFT - 6))
    words, grain = frame.words, frame.figure.grain
    names = [words.tick(point.begin, grain) for point in frame.figure.points]
    widest = max(text_width(name, SMALL_SIZE) for name in names)
    every = max(1, -int(-max(widest + 6, LEAST_TICK) // frame.step))
    y, year = frame.bottom + frame.gap + 15, ""
    for n in range(0, len(names), every):
        x = frame.x(n)
        drawn.append(label(names[n], x, y, anchor="middle", room=every * frame.step + 6))
        year_text = words.year(frame.figure.points[n].begin, grain)
        if year_text and year_text != year:
            drawn.append(label(year_text, x, y + 14, anchor="middle", room=80))
            year = year_text
    return drawn


def add_entry(drawn: list[Markup], entry: str, y: float) -> float:
    """Add a text of at most MOST_ENTRY_LINES lines below the place; return where it ends."""
    for content in wrapped(entry, WIDTH - ENTRY - MARGIN, canvas.TEXT_SIZE * USUAL_WIDTH, MOST_ENTRY_LINES):
        y += TEXT_LINE
        drawn.append(text(content, x=ENTRY, y=y - 5, fill=INK, class_="ink"))
    return y
