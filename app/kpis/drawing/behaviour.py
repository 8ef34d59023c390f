"""The behaviour chart drawn as SVG (pure).

Its title is what it finds. Dots are joined thinly, the mean is solid, limits are dotted, the target is thick
and dashed, each named at its right end. Only signals are filled, each with its rule in words beneath. A
running period is hollow, with a dashed line. The axis holds the limits, the target and every point.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from markupsafe import Markup

from app.kpis.declaration.kpi import Unit
from app.kpis.declaration.marks import Tendency
from app.kpis.drawing import canvas, findings, moments
from app.kpis.drawing.canvas import MARGIN, TEXT_LINE, WIDTH
from app.kpis.drawing.frame import LEFT, RIGHT, ChartFrame, add_entry, draw_axis
from app.kpis.drawing.moving_range import draw_moving_ranges
from app.kpis.drawing.shapes import MOST_POINTS, BehaviourFigure, ChartLimits, SignalGroup
from app.kpis.questions.chart_words import ChartWords
from app.svg.elements import element, text
from app.svg.lines import INK, PAPER, SMALL_SIZE, SOFT, caption, label, line
from app.svg.scale import Scale, decimals_of, linear, spread_out

PLOT_HEIGHT = 196.0
#: The height of a line of names above the plot: of re-basings, windows and moments.
NAMES = 16.0
#: The room beneath the plot for periods and years.
TICKS = 38.0
LABEL_GAP = 14.0
MOST_SIGNAL_LINES = 6
#: A marker has its letter where periods are so wide.
LEAST_LETTERED = 17.0


def draw(figure: BehaviourFigure, words: ChartWords, *, moving_range: bool = False) -> Markup:
    """Return the chart as an SVG document, if wanted with the moving ranges beneath; `words` are in the unit
    of its KPI. It has at most MOST_POINTS points.
    """
    assert 0 < len(figure.points) <= MOST_POINTS, "a question has periods, and as many as can be told apart"
    scale = axis(figure)
    words = replace(words, decimals=decimals_of(scale, shares=figure.kpi.unit is Unit.ratio))
    groups = findings.signal_groups(figure)
    name = figure.title or findings.title(figure, groups, words)
    beneath = words.translate("joined").join(
        part for part in (findings.newest_text(figure, words), figure.scope) if part
    )
    drawn, y = canvas.title_lines(name, beneath, MARGIN)
    top = y + 10 + NAMES * (bool(figure.rebases or figure.moment) + bool(figure.shades))
    scale = replace(scale, begin=top + PLOT_HEIGHT, end=top)
    step = (WIDTH - LEFT - RIGHT) / len(figure.points)
    letters, older = moments.moment_groups(figure, words, step)
    room = moments.ROOM if letters else 0.0
    frame = ChartFrame(figure, words, scale, step, top, PLOT_HEIGHT, room)
    signals, y = _signal_lines(frame, groups)
    happened, y = moments.draw_moment_lines(frame, letters, older, y)
    ranges, height = draw_moving_ranges(frame, y + MARGIN) if moving_range else ([], y)
    parts = [
        *drawn,
        *_shades(frame),
        *draw_axis(frame),
        *moments.draw_letters(frame, letters),
        *_control(frame),
        *_limits(frame),
        *_targets(frame),
        *_marks(frame),
        *_series(frame),
        *_points(frame, groups),
        *_labels(frame),
        *signals,
        *happened,
        *ranges,
    ]
    spoken = [findings.description(figure, groups, words), *(group.text for group in letters)]
    described = words.translate("joined").join(part for part in spoken if part)
    return canvas.document(height + MARGIN * bool(signals or happened), name, described, parts)


def axis(figure: BehaviourFigure) -> Scale:
    """Return the axis of the values, which holds the limits, the targets and every point."""
    values = [point.value for point in figure.points if point.value is not None]
    values += [point.target.value for point in figure.points if point.target is not None]
    values += [number for limits in figure.limits for number in (limits.low, limits.centre, limits.high)]
    if figure.control is not None:
        values += [value for value in figure.control.values if value is not None]
    return linear(values or [0.0, 1.0], 0.0, 1.0, durations=figure.kpi.unit is Unit.seconds)


def _shades(frame: ChartFrame) -> list[Markup]:
    drawn = []
    for shade in frame.figure.shades:
        inside = [
            n
            for n, point in enumerate(frame.figure.points)
            if point.begin >= shade.begin and point.end <= shade.end
        ]
        if not inside:
            continue
        x, end = frame.edge(inside[0]), frame.edge(inside[-1] + 1)
        drawn.append(
            element(
                "rect",
                x=x,
                y=frame.top,
                width=end - x,
                height=frame.height,
                fill=canvas.SHADE,
                class_="window",
            )
        )
        marked = frame.figure.rebases or frame.figure.moment
        above = frame.top - 5 - (NAMES if marked else 0)
        drawn.append(label(shade.name, x + 2, above, room=end - x - 2))
    return drawn


def _control(frame: ChartFrame) -> list[Markup]:
    control = frame.figure.control
    if control is None:
        return []
    return [line(frame.path(control.values), "#8b949e", 1.0, "others")]


def _limits(frame: ChartFrame) -> list[Markup]:
    drawn = []
    for limits in frame.figure.limits:
        x, end = frame.edge(limits.first), frame.edge(limits.last + 1)
        colour, class_prefix = ("#8b949e", "carried ") if limits.carried else (SOFT, "")
        for value, dash, name in (
            (limits.high, "1.5 3.5", "limit"),
            (limits.low, "1.5 3.5", "limit"),
            (limits.centre, "1.5 3.5" if limits.carried else None, "centre"),
        ):
            y = frame.scale.pixel_of(value)
            drawn.append(line(f"M{x:.1f} {y:.1f}H{end:.1f}", colour, 1.3, f"{class_prefix}{name}", dash))
        if limits.provisional:
            note = frame.words.translate("provisional", number=limits.values)
            drawn.append(label(note, x + 3, frame.scale.pixel_of(limits.high) - 4, room=end - x))
    return drawn


def _targets(frame: ChartFrame) -> list[Markup]:
    """Return the target as a thick dashed line over the periods in which it is the same."""
    drawn = []
    numbered = enumerate(point.target for point in frame.figure.points)
    for target, same in groupby(numbered, key=lambda pair: pair[1]):
        if target is None:
            continue
        places = [n for n, _ in same]
        x, end, y = frame.edge(places[0]), frame.edge(places[-1] + 1), frame.scale.pixel_of(target.value)
        drawn.append(line(f"M{x:.1f} {y:.1f}H{end:.1f}", canvas.TARGET, 2.6, "target", "9 5"))
    return drawn


def _marks(frame: ChartFrame) -> list[Markup]:
    """Return the lines of re-basings and of the moment of an effect, each with its name above."""
    marks = [(mark, frame.words.translate("rebased", name=mark.name)) for mark in frame.figure.rebases]
    if frame.figure.moment is not None:
        marks.append((frame.figure.moment, frame.figure.moment.name))
    begins = [point.begin for point in frame.figure.points]
    placed = [(frame.edge(sum(begin < mark.instant for begin in begins)), name) for mark, name in marks]
    placed.sort()
    drawn = []
    for n, (x, name) in enumerate(placed):
        drawn.append(line(f"M{x:.1f} {frame.top - 2:.1f}V{frame.bottom:.1f}", INK, 1.6, "rebase"))
        until = placed[n + 1][0] if n + 1 < len(placed) else WIDTH - MARGIN
        drawn.append(label(name, x + 3, frame.top - 5, fill=INK, room=until - x - 6))
    return drawn


def _series(frame: ChartFrame) -> list[Markup]:
    """Return the line through the points; what leads to the running period is dashed."""
    points = frame.figure.points
    finished_values = [None if point.running else point.value for point in points]
    drawn = [line(frame.path(finished_values), "#6e7781", 1.1, "data")]
    running = next((n for n, point in enumerate(points) if point.running and point.value is not None), None)
    if running is not None and running > 0 and finished_values[running - 1] is not None:
        ends: list[float | None] = [None] * len(points)
        ends[running - 1 : running + 1] = [points[running - 1].value, points[running].value]
        drawn.append(line(frame.path(ends), "#6e7781", 1.1, "running", "3 3"))
    return drawn


def _points(frame: ChartFrame, groups: list[SignalGroup]) -> list[Markup]:
    drawn = []
    for n, point in enumerate(frame.figure.points):
        if point.value is None:
            continue
        x, y = frame.x(n), frame.scale.pixel_of(point.value)
        signals = [
            group for group in groups if group.first <= n <= group.last and group.rule in point.signals
        ]
        if signals:
            explained = all(group.explanation is not None for group in signals)
            letter = _letter(frame, point.tendency) if frame.step >= LEAST_LETTERED else ""
            drawn += canvas.signal_marker(x, y, point.tendency, explained=explained, letter=letter)
        elif point.running:
            drawn += _running(frame, x, y)
        else:
            drawn.append(
                element("circle", cx=x, cy=y, r=2.7, fill=PAPER, stroke=SOFT, stroke_width=1.4, class_="dot")
            )
    return [*drawn, *_numbers_of_signals(frame, groups)]


def _running(frame: ChartFrame, x: float, y: float) -> list[Markup]:
    look = {"fill": PAPER, "stroke": SOFT, "stroke_width": 1.4, "stroke_dasharray": "2 2"}
    place = max((y - 9, y + 17), key=lambda height: _clearance(frame, height - 4))
    return [
        element("circle", cx=x, cy=y, r=4.2, class_="dot running", **look),
        label(frame.words.translate("so_far"), x + 8, place, anchor="end", room=90),
    ]


def _clearance(frame: ChartFrame, y: float) -> float:
    """Return how far the place is from the nearest line that reaches the right end, and from the plot's
    edges; less than nothing outside.
    """
    lines = [
        value for limits in frame.figure.limits[-1:] for value in (limits.low, limits.centre, limits.high)
    ]
    lines += [point.target.value for point in frame.figure.points[-1:] if point.target is not None]
    return min([y - frame.top, frame.bottom - y, *(abs(frame.scale.pixel_of(value) - y) for value in lines)])


def _numbers_of_signals(frame: ChartFrame, groups: list[SignalGroup]) -> list[Markup]:
    """Return the numbers by which the lines beneath name the signals; those of one point side by side."""
    drawn = []
    numbered = sorted(enumerate(groups[-MOST_SIGNAL_LINES:], start=1), key=lambda pair: pair[1].last)
    for last, same in groupby(numbered, key=lambda pair: pair[1].last):
        same_point = list(same)
        value = frame.figure.points[last].value
        assert value is not None, "what is a signal has a value"
        y = frame.scale.pixel_of(value)
        away = -12 if same_point[0][1].above else 20
        place = y + away if frame.top - 2 < y + away < frame.bottom - 2 else y - away + 8
        numbers = ",".join(str(number) for number, _ in same_point)
        drawn.append(caption(numbers, frame.x(last), place, SMALL_SIZE, "ink", weight=600, anchor="middle"))
    return drawn


def _labels(frame: ChartFrame) -> list[Markup]:
    """Return the names of the lines that reach the right end, moved apart where they would meet."""
    words, named_lines = frame.words, list[tuple[float, str, str]]()
    own = [limits for limits in frame.figure.limits if not limits.carried]
    if own:
        newest: ChartLimits = own[-1]
        for name, value in (("high", newest.high), ("mean", newest.centre), ("low", newest.low)):
            named_lines.append((value, words.translate(f"label_{name}", value=words.value(value)), SOFT))
    targets = [point.target for point in frame.figure.points if point.target is not None]
    if targets and frame.figure.points[-1].target is not None:
        newest_target = targets[-1]
        target = findings.target_text(newest_target, words)
        named_lines.append((newest_target.value, words.translate("label_target", value=target), INK))
    if frame.figure.control is not None:
        values = [value for value in frame.figure.control.values if value is not None]
        named_lines += [(values[-1], frame.figure.control.name, "#8b949e")] if values else []
    wishes = [frame.scale.pixel_of(value) + 4 for value, _, _ in named_lines]
    places = spread_out(wishes, LABEL_GAP, frame.top + 6, frame.bottom + 4)
    x = WIDTH - RIGHT + 6
    return [
        label(name, x, y, fill=fill, room=RIGHT - 8)
        for (_, name, fill), y in zip(named_lines, places, strict=True)
    ]


def _signal_lines(frame: ChartFrame, groups: list[SignalGroup]) -> tuple[list[Markup], float]:
    """Return each signal in words, the newest MOST_SIGNAL_LINES, and where they end."""
    words, drawn = frame.words, list[Markup]()
    y = frame.bottom + frame.gap + TICKS
    listed_groups = groups[-MOST_SIGNAL_LINES:]
    for number, group in enumerate(listed_groups, start=1):
        code = "signal_line" if group.explanation is None else "signal_line_explained"
        entry = words.translate(
            code,
            span=findings.span(frame.figure, group, words),
            rule=findings.rule_text(frame.figure, group, words),
            tendency=words.translate(f"tendency_{group.tendency}"),
            text=group.explanation or "",
        )
        entry_bottom = y + TEXT_LINE
        explained = group.explanation is not None
        letter = _letter(frame, group.tendency)
        drawn += canvas.signal_marker(
            MARGIN + 7, entry_bottom - 9, group.tendency, explained=explained, letter=letter
        )
        drawn.append(
            text(str(number), x=MARGIN + 20, y=entry_bottom - 5, font_weight=600, fill=INK, class_="ink")
        )
        y = add_entry(drawn, entry, y)
    if len(groups) > len(listed_groups):
        y = add_entry(drawn, words.translate("more_signals", number=len(groups) - len(listed_groups)), y)
    return drawn, y


def _letter(frame: ChartFrame, tendency: Tendency) -> str:
    """Return the letter of a mark: of better, worse, or changed."""
    return frame.words.translate(f"letter_{tendency}")
