"""The moving ranges of a behaviour chart: how much each value differs from the one before, with the mean and
the upper limit of each stretch (pure). There is no lower limit: a difference of 0 is no signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from app.kpis.answers.limits import RANGE_FACTOR
from app.kpis.declaration.kpi import Unit
from app.kpis.declaration.marks import Tendency
from app.kpis.drawing import canvas, findings
from app.kpis.drawing.canvas import MARGIN, TEXT_LINE, WIDTH
from app.kpis.drawing.frame import RIGHT, ChartFrame, add_entry, draw_axis
from app.kpis.drawing.shapes import BehaviourFigure
from app.svg.elements import element
from app.svg.lines import PAPER, SOFT, USUAL_WIDTH, caption, label, line, wrapped
from app.svg.scale import decimals_of, linear, spread_out

HEIGHT = 110.0
TICKS = 38.0


def draw_moving_ranges(main: ChartFrame, y: float) -> tuple[list[Markup], float]:
    """Return the panel from that place down, beneath the chart of that frame; and where it ends."""
    figure = main.figure
    ranges = [point.moving_range for point in figure.points]
    values = [moved for moved in ranges if moved is not None]
    values += [number for stretch in figure.limits for number in (stretch.moving_range, stretch.upper_range)]
    scale = linear([0.0, *values], 0.0, 1.0, durations=figure.kpi.unit is Unit.seconds)
    decimals = decimals_of(scale, shares=figure.kpi.unit is Unit.ratio)
    words = replace(main.words, decimals=decimals)
    drawn = list[Markup]()
    heading = words.translate("moving_range_title", factor=RANGE_FACTOR)
    for content in wrapped(heading, WIDTH - 2 * MARGIN, canvas.TEXT_SIZE * USUAL_WIDTH, 2):
        y += TEXT_LINE
        drawn.append(caption(content, MARGIN, y - 5, canvas.TEXT_SIZE, "ink", weight=600))
    top = y + 8
    scale = replace(scale, begin=top + HEIGHT, end=top)
    frame = ChartFrame(figure, words, scale, main.step, top, HEIGHT)
    beyond = [n for n, moved in enumerate(ranges) if _is_beyond(figure, n, moved)]
    drawn += [*draw_axis(frame), *_limits(frame), *_points(frame, ranges, beyond), *_names(frame)]
    y = frame.bottom + TICKS
    for n in beyond:
        period = words.period(figure.points[n].begin, figure.grain)
        y = add_entry(
            drawn, words.translate("range_line", period=period, value=words.value(ranges[n] or 0)), y
        )
    return drawn, y + MARGIN


def _is_beyond(figure: BehaviourFigure, place: int, moved: float | None) -> bool:
    limits = findings.limits_at(figure, place)
    return limits is not None and moved is not None and moved > limits.upper_range


def _limits(frame: ChartFrame) -> list[Markup]:
    drawn = []
    for limits in frame.figure.limits:
        x, end = frame.edge(limits.first), frame.edge(limits.last + 1)
        upper, mean = (frame.scale.pixel_of(value) for value in (limits.upper_range, limits.moving_range))
        drawn.append(line(f"M{x:.1f} {upper:.1f}H{end:.1f}", SOFT, 1.3, "limit", "1.5 3.5"))
        drawn.append(line(f"M{x:.1f} {mean:.1f}H{end:.1f}", SOFT, 1.3, "centre"))
    return drawn


def _points(frame: ChartFrame, ranges: Sequence[float | None], beyond: Sequence[int]) -> list[Markup]:
    drawn = [line(frame.path(ranges), "#6e7781", 1.1, "data")]
    look = {"fill": PAPER, "stroke": SOFT, "stroke_width": 1.4}
    for n, moved in enumerate(ranges):
        if moved is None:
            continue
        x, y = frame.x(n), frame.scale.pixel_of(moved)
        if n in beyond:
            drawn += canvas.signal_marker(x, y, Tendency.neither, explained=False)
        else:
            drawn.append(element("circle", cx=x, cy=y, r=2.7, class_="dot", **look))
    return drawn


def _names(frame: ChartFrame) -> list[Markup]:
    """Return the names of the newest limit and mean, at their right end."""
    own = frame.figure.limits
    if not own:
        return []
    named = [
        (value, frame.words.translate(code, value=frame.words.value(value)))
        for code, value in (
            ("label_upper_range", own[-1].upper_range),
            ("label_mean_range", own[-1].moving_range),
        )
    ]
    wishes = [frame.scale.pixel_of(value) + 4 for value, _ in named]
    places = spread_out(wishes, 14.0, frame.top + 6, frame.bottom + 4)
    x = WIDTH - RIGHT + 6
    return [label(name, x, y, room=RIGHT - 8) for (_, name), y in zip(named, places, strict=True)]
