"""A spark: the behaviour of a KPI as a drawing of one line's height, next to its value (pure).

Dots joined thinly, the centre solid, limits dotted; only the judged signals are filled, and a running period
is hollow. Like the chart it holds its limits and every point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.kpis.declaration.marks import Tendency
from app.kpis.drawing import canvas
from app.svg import elements
from app.svg.elements import element
from app.svg.lines import PAPER, SOFT, line, polyline
from app.svg.scale import padded

WIDTH, HEIGHT = 132.0, 30.0
MARGIN = 5.0
RADIUS = 1.6


@dataclass(frozen=True, slots=True)
class SparkPoint:
    """A period of a spark: its value, whether it is not over, whether it is a signal, and of which
    tendency.
    """

    value: float | None
    running: bool = False
    is_signal: bool = False
    tendency: Tendency = Tendency.neither


def draw_spark(
    points: Sequence[SparkPoint], limits: tuple[float, float, float] | None, described: str
) -> Markup:
    """Return the spark as an SVG document, with the description `described`; `limits` are the lower one, the
    centre and the upper one. Without any value the drawing is empty.
    """
    values = [point.value for point in points if point.value is not None]
    if not values:
        return Markup()
    scale = padded([*values, *(limits or ())], HEIGHT - MARGIN, MARGIN, room=0.05, least=1.0)
    step = (WIDTH - 2 * MARGIN) / max(len(points) - 1, 1)
    places = [
        (MARGIN + n * step, None if point.value is None else scale.pixel_of(point.value))
        for n, point in enumerate(points)
    ]
    drawn = []
    if limits is not None:
        for value, dash, name in zip(
            limits, ("1.5 3", None, "1.5 3"), ("limit", "centre", "limit"), strict=True
        ):
            y = scale.pixel_of(value)
            drawn.append(line(f"M0 {y:.1f}H{WIDTH:g}", SOFT, 0.7, name, dash))
    finished = [(x, None if point.running else y) for (x, y), point in zip(places, points, strict=True)]
    drawn.append(line(polyline(finished), SOFT, 1.0, "data"))
    for (x, height), point in zip(places, points, strict=True):
        if height is not None:
            drawn.append(_dot(x, height, point))
    return elements.document(WIDTH, HEIGHT, element("title", described), *drawn, class_="spark")


def _dot(x: float, y: float, point: SparkPoint) -> Markup:
    if point.is_signal:
        colour = canvas.COLOURS[point.tendency]
        return element("circle", cx=x, cy=y, r=3.2, fill=colour, class_=f"signal {point.tendency.value}")
    if point.running:
        return element(
            "circle", cx=x, cy=y, r=2.4, fill=PAPER, stroke=SOFT, stroke_width=1, class_="dot running"
        )
    return element("circle", cx=x, cy=y, r=RADIUS, fill=SOFT, class_="small")
