"""The interval figure of a measured effect drawn as SVG: values before and after, and the difference on an
axis of its own (pure).

After Gardner and Altman (Confidence intervals rather than P values, 1986).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from app.kpis.declaration.kpi import TargetValue, Unit
from app.kpis.declaration.marks import Tendency
from app.kpis.drawing import canvas
from app.kpis.drawing.canvas import GRID, MARGIN, TEXT_LINE, WIDTH
from app.kpis.drawing.effects.effect_shapes import EffectFigure, IntervalRow
from app.kpis.drawing.shapes import COMPARATORS
from app.kpis.questions.chart_words import ChartWords
from app.svg.elements import element, text
from app.svg.lines import INK, SMALL_SIZE, SOFT, USUAL_WIDTH, label, line, wrapped
from app.svg.scale import Scale, decimals_of, linear, logarithmic

LEFT, RIGHT = 176.0, 440.0
ROW = 30.0
#: The room of an axis' name above its rows, and of its ticks beneath them.
HEAD, FOOT = 30.0, 26.0
LEAST_RATIO = 0.01
ARROW = 6.0
#: The distance of the two lines of a long text.
LINE = 13.0
#: Ratios for ticks, the roundest first; and how far ticks are apart.
ROUND_RATIOS = (1.0, 2.0, 0.5, 5.0, 0.2, 10.0, 0.1, 1.5, 0.75, 1.2, 0.9, 1.1, 0.8, 20.0, 0.05, 50.0, 0.02)
LEAST_TICK = 46.0


@dataclass(frozen=True, slots=True)
class _Panel:
    """Rows on one axis; `written` writes a value, `lines` are further values marked by a line: dashed or not,
    with their names.
    """

    name: str
    rows: Sequence[IntervalRow]
    scale: Scale
    written: Callable[[float], str]
    lines: Sequence[tuple[float, str, bool]] = ()
    tendency: Tendency = Tendency.neither


def draw_intervals(figure: EffectFigure, words: ChartWords) -> Markup:
    """Return the figure as an SVG document; `words` are in the unit of the KPI."""
    drawn, y = canvas.title_lines(figure.title, "", MARGIN)
    for warning in figure.warnings:
        for content in wrapped(warning, WIDTH - 2 * MARGIN, canvas.TEXT_SIZE * USUAL_WIDTH, 2):
            y += TEXT_LINE
            drawn.append(text(content, x=MARGIN, y=y - 5, fill=INK, class_="ink warning"))
    described = []
    for panel in _panels(figure, words):
        parts, y, row_texts = _draw_panel(panel, y, words)
        drawn += parts
        described += row_texts
    return canvas.document(y + 4, figure.title, words.translate("joined").join(described), drawn)


def draw_parts(
    title: str, rows: Sequence[IntervalRow], target: TargetValue | None, words: ChartWords
) -> Markup:
    """Return the values of parts of the cases as dots with their intervals, on one axis with the target."""
    drawn, y = canvas.title_lines(title, "", MARGIN)
    values = [*_numbers(rows), *([target.value] if target is not None else [])]
    scale = linear(values or [0.0, 1.0], LEFT, RIGHT, durations=words.unit is Unit.seconds)
    words = replace(words, decimals=decimals_of(scale, shares=words.unit is Unit.ratio))
    name = words.translate("axis_parts" if any(row.low is not None for row in rows) else "axis_parts_plain")
    lines = []
    if target is not None:
        aim = words.translate(f"target_{COMPARATORS[target.comparator]}", value=words.value(target.value))
        lines.append((target.value, words.translate("label_target", value=aim), True))
    panel = _Panel(name, rows, scale, words.value, lines)
    parts, y, row_texts = _draw_panel(panel, y, words)
    return canvas.document(y + 4, title, words.translate("joined").join(row_texts), [*drawn, *parts])


def _panels(figure: EffectFigure, words: ChartWords) -> list[_Panel]:
    durations, shares = words.unit is Unit.seconds, words.unit is Unit.ratio
    panels, level = list[_Panel](), f"{100 * figure.level:.3g}"
    if any(row.value is not None for row in figure.sides):
        scale = linear(_numbers(figure.sides), LEFT, RIGHT, durations=durations)
        written = replace(words, decimals=decimals_of(scale, shares=shares)).value
        panels.append(_Panel(words.translate("axis_values", level=level), figure.sides, scale, written))
    no_effect = 1.0 if figure.ratio else 0.0
    values = [*_numbers(figure.differences), no_effect]
    values += [figure.promised] if figure.promised is not None else []
    if figure.ratio:
        scale = logarithmic(values, LEFT, RIGHT, durations=durations, least=LEAST_RATIO)
        scale = replace(scale, ticks=_ratio_ticks(scale))
        written = words.ratio
    else:
        scale = linear(values, LEFT, RIGHT, durations=durations, signed=True)
        written = replace(words, decimals=decimals_of(scale, shares=shares)).difference
    lines = [(no_effect, words.translate("no_effect"), False)]
    if figure.promised is not None:
        lines.append((figure.promised, words.translate("promised", value=written(figure.promised)), True))
    name = words.translate("axis_ratio" if figure.ratio else "axis_difference", level=level)
    panels.append(_Panel(name, figure.differences, scale, written, lines, figure.tendency))
    return panels


def _ratio_ticks(scale: Scale) -> tuple[float, ...]:
    """Return so many round ratios on the axis as have room, the roundest first."""
    ticks: list[float] = []
    for ratio in ROUND_RATIOS:
        inside = scale.low <= ratio <= scale.high
        place = scale.pixel_of(ratio)
        if inside and all(abs(place - scale.pixel_of(tick)) >= LEAST_TICK for tick in ticks):
            ticks.append(ratio)
    return tuple(sorted(ticks))


def _numbers(rows: Sequence[IntervalRow]) -> list[float]:
    return [number for row in rows for number in (row.low, row.value, row.high) if number is not None]


def _draw_panel(panel: _Panel, y: float, words: ChartWords) -> tuple[list[Markup], float, list[str]]:
    """Return the panel below the place as elements, where it ends, and its rows in words."""
    top = y + HEAD + (TEXT_LINE if panel.lines else 0)
    bottom = top + ROW * len(panel.rows)
    drawn = [label(panel.name, LEFT, y + 18, room=RIGHT - LEFT)]
    for tick in panel.scale.ticks:
        x = panel.scale.pixel_of(tick)
        drawn.append(line(f"M{x:.1f} {top:.1f}V{bottom:.1f}", GRID, 0.6, "grid"))
        value_text = panel.written(tick) if tick or not panel.lines else "0"
        drawn.append(label(value_text, x, bottom + 15, anchor="middle", room=84))
    drawn += _draw_lines(panel, top, bottom)
    described = []
    for n, row in enumerate(panel.rows):
        middle = top + (n + 0.5) * ROW
        last = panel.lines and n == len(panel.rows) - 1
        drawn += _draw_row(panel, row, middle, panel.tendency if last else Tendency.neither, words)
        described.append(words.translate("row_described", label=row.label, text=_said(panel, row, words)))
    return drawn, bottom + FOOT, described


def _draw_lines(panel: _Panel, top: float, bottom: float) -> list[Markup]:
    """Return the lines of no effect and of what was promised; their names stand on the sides turned away from
    one another.
    """
    drawn = []
    places = [panel.scale.pixel_of(value) for value, _, _ in panel.lines]
    for (_, name, dashed), x in zip(panel.lines, places, strict=True):
        dash, width = ("7 4", 2.2) if dashed else (None, 1.4)
        class_ = "promised" if dashed else "no-effect"
        drawn.append(line(f"M{x:.1f} {top - 4:.1f}V{bottom:.1f}", INK, width, class_, dash))
        other = next((place for place in places if place != x), LEFT)
        leftwards = x < other
        drawn.append(
            label(
                name,
                x,
                top - 8,
                fill=INK,
                anchor="end" if leftwards else "start",
                room=x - MARGIN if leftwards else WIDTH - MARGIN - x,
            )
        )
    return drawn


def _draw_row(
    panel: _Panel, row: IntervalRow, y: float, tendency: Tendency, words: ChartWords
) -> list[Markup]:
    name = row.label
    if row.cases is not None:
        name = words.translate("row_cases", label=row.label, cases=f"{row.cases:,}")
    drawn = [
        label(name, LEFT - 10, y + 4, fill=INK, anchor="end", room=LEFT - 10 - MARGIN),
    ]
    room = WIDTH - RIGHT - 14 - MARGIN
    lines = wrapped(_said(panel, row, words), room, SMALL_SIZE * USUAL_WIDTH, 2)
    for n, content in enumerate(lines):
        place = y + 4 + (n - (len(lines) - 1) / 2) * LINE
        drawn.append(label(content, RIGHT + 14, place, fill=INK, room=room))
    if row.value is None:
        return drawn
    colour = canvas.COLOURS[tendency] if tendency is not Tendency.neither else SOFT
    if row.low is not None or row.high is not None:
        drawn += interval_line(panel.scale, row, y, colour)
    x = panel.scale.pixel_of(row.value)
    if tendency is Tendency.neither:
        drawn.append(element("circle", cx=x, cy=y, r=4.5, fill=colour, class_="estimate"))
    else:
        drawn += canvas.signal_marker(x, y, tendency, explained=False)
    return drawn


def interval_line(scale: Scale, row: IntervalRow, y: float, colour: str) -> list[Markup]:
    """Return the interval with a stop at each end, or an arrow at an open end."""
    low = scale.begin if row.low is None else scale.pixel_of(row.low)
    high = scale.end if row.high is None else scale.pixel_of(row.high)
    drawn = f"M{low:.1f} {y:.1f}H{high:.1f}"
    for x, is_open, direction in ((low, row.low is None, 1), (high, row.high is None, -1)):
        if is_open:
            tail = x + direction * ARROW
            drawn += f"M{tail:.1f} {y - 4:.1f}L{x:.1f} {y:.1f}L{tail:.1f} {y + 4:.1f}"
        else:
            drawn += f"M{x:.1f} {y - 5:.1f}V{y + 5:.1f}"
    return [line(drawn, colour, 2.0, "interval")]


def _said(panel: _Panel, row: IntervalRow, words: ChartWords) -> str:
    """Return the row in words: its value, and its interval if it has one."""
    if row.value is None:
        return words.translate("no_cases")
    if row.low is None and row.high is None:
        return words.translate("row_no_interval", value=panel.written(row.value))
    low, high = (
        words.translate("open_end") if end is None else panel.written(end) for end in (row.low, row.high)
    )
    return words.translate("row_interval", value=panel.written(row.value), low=low, high=high)
