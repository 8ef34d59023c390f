"""Bars drawn as SVG: numbers of periods side by side, with a line over them, and numbers of parts (pure).

Bars begin at 0, and each shows its number.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from app.kpis.drawing import canvas
from app.kpis.drawing.canvas import GRID, MARGIN
from app.kpis.questions.chart_words import ChartWords
from app.svg.elements import element
from app.svg.lines import INK, label, line, polyline
from app.svg.scale import linear

LEFT, RIGHT = 64.0, 700.0
PLOT_HEIGHT, FOOT, LEGEND = 150.0, 36.0, 22.0
ROW, BAR, NAME_WIDTH = 24.0, 12.0, 170.0
#: Fills that distinguish the first bar of a period from the second, besides their place.
FILLS = ("#57606a", "#b6c2cd")
NAMES = ("first", "second")


@dataclass(frozen=True, slots=True)
class BarSeries:
    """Numbers of one kind, one for each period (None for a gap)."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFigure:
    """Arrivals and departures of each period as bars, and the stock at its end as a line. The name of a
    running period shows that it is running.
    """

    title: str
    periods: tuple[str, ...]
    bars: tuple[BarSeries, BarSeries]
    line: BarSeries


def draw_flow(figure: FlowFigure, words: ChartWords) -> Markup:
    """Return the figure as an SVG document."""
    every = (*figure.bars, figure.line)
    drawn, y = canvas.title_lines(figure.title, "", MARGIN)
    top = y + LEGEND
    values = [value for series in every for value in series.values if value is not None]
    scale = linear([0.0, *(values or [1.0])], top + PLOT_HEIGHT, top)
    for tick in scale.ticks:
        place = scale.pixel_of(tick)
        drawn.append(line(f"M{LEFT:g} {place:.1f}H{RIGHT:g}", GRID, 0.6, "grid"))
        drawn.append(label(words.value(tick), LEFT - 6, place + 4, anchor="end", room=LEFT - 6))
    step = (RIGHT - LEFT) / max(len(figure.periods), 1)
    for place, (series, fill, name) in enumerate(zip(figure.bars, FILLS, NAMES, strict=True)):
        for n, value in enumerate(series.values):
            if value:
                x = LEFT + (n + 0.14 + 0.36 * place) * step
                height = scale.pixel_of(0) - scale.pixel_of(value)
                look = {"fill": fill, "class_": f"bar {name}"}
                drawn.append(
                    element("rect", x=x, y=scale.pixel_of(value), width=0.33 * step, height=height, **look)
                )
    points = [
        (LEFT + (n + 0.5) * step, None if value is None else scale.pixel_of(value))
        for n, value in enumerate(figure.line.values)
    ]
    drawn.append(line(polyline(points), INK, 1.8, "level"))
    for n, name in enumerate(figure.periods):
        x = LEFT + (n + 0.5) * step
        drawn.append(label(name, x, top + PLOT_HEIGHT + 16, anchor="middle", room=step))
    drawn += _legend(figure, y + 14)
    described = words.translate("joined").join(_spoken(figure, n, words) for n in range(len(figure.periods)))
    return canvas.document(top + PLOT_HEIGHT + FOOT, figure.title, described, drawn)


def _legend(figure: FlowFigure, y: float) -> list[Markup]:
    drawn, x = list[Markup](), LEFT
    for series, fill, name in zip(figure.bars, FILLS, NAMES, strict=True):
        drawn.append(element("rect", x=x, y=y - 9, width=10, height=10, fill=fill, class_=f"bar {name}"))
        drawn.append(label(series.name, x + 15, y, room=NAME_WIDTH))
        x += NAME_WIDTH
    drawn.append(line(f"M{x:.1f} {y - 4:.1f}H{x + 14:.1f}", INK, 1.8, "level"))
    return [*drawn, label(figure.line.name, x + 19, y, room=NAME_WIDTH)]


def _spoken(figure: FlowFigure, n: int, words: ChartWords) -> str:
    parts = [
        f"{series.name} {words.value(series.values[n] or 0)}"
        for series in (*figure.bars, figure.line)
        if series.values[n] is not None
    ]
    return words.translate(
        "row_described", label=figure.periods[n], text=words.translate("listed").join(parts)
    )
