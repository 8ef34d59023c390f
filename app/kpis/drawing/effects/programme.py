"""The effects of several projects drawn as SVG: their intervals on one axis, relative to what was before, so
that figures of different units can be compared (pure).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.kpis.declaration.marks import Tendency
from app.kpis.drawing import canvas
from app.kpis.drawing.canvas import GRID, MARGIN, TEXT_LINE, WIDTH
from app.kpis.drawing.effects.effect_shapes import IntervalRow
from app.kpis.drawing.effects.intervals import LEFT, LINE, RIGHT, interval_line
from app.kpis.questions.chart_words import MINUS, ChartWords
from app.svg.elements import element
from app.svg.lines import INK, SOFT, label, line
from app.svg.scale import Scale, linear

ROW, HEAD, FOOT = 20.0, 44.0, 26.0
#: The least height of a project, whose name and title are two lines; and the room beneath it.
LEAST_HEIGHT, GAP = 34.0, 10.0
#: Larger changes are drawn with an arrow, so that one wide interval leaves room for the others.
MOST_CHANGE = 1.5


@dataclass(frozen=True, slots=True)
class ProgrammeEffect:
    """An effect as a part of the value before: 0.5 is half more, -0.5 is half as much. `tendency` tells which
    of them is better. `label` is the time of measurement. `low` and `high` are its interval, `promised` is
    the promised part (None: no promise). `change` None: only its `remark` is known.
    """

    label: str
    change: float | None
    low: float | None = None
    high: float | None = None
    promised: float | None = None
    tendency: Tendency = Tendency.neither
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ProjectEffects:
    """The effects of a project, the oldest first."""

    name: str
    title: str
    effects: tuple[ProgrammeEffect, ...]


def draw_programme(title: str, projects: Sequence[ProjectEffects], words: ChartWords) -> Markup:
    """Return the effects of these projects, of which there is at least one, as an SVG document."""
    drawn, y = canvas.title_lines(title, words.translate("programme_beneath"), MARGIN)
    scale, top = _scale(projects), y + HEAD
    rows, described = list[Markup](), list[str]()
    y = top
    for number, project in enumerate(projects):
        if number:
            rows.append(line(f"M{MARGIN:.1f} {y:.1f}H{WIDTH - MARGIN:.1f}", GRID, 0.6, "grid"))
        rows += _project(project, scale, y + GAP / 2, words)
        y += _height(project) + GAP
        texts = (effect_text(effect, words) for effect in project.effects)
        joined = words.translate("listed").join(texts)
        described.append(words.translate("row_described", label=project.name, text=joined))
    drawn += [*_axis(scale, top, y, words), *rows]
    return canvas.document(y + FOOT, title, words.translate("joined").join(described), drawn)


def effect_text(effect: ProgrammeEffect, words: ChartWords) -> str:
    """Return the effect in words: when it was measured, by how much it changed, and its interval."""
    return words.translate("row_described", label=effect.label, text=change_text(effect, words))


def change_text(effect: ProgrammeEffect, words: ChartWords) -> str:
    """Return by how much it changed, and its interval; of an unknown change the remark."""
    if effect.change is None:
        return effect.remark
    if effect.low is None and effect.high is None:
        return words.translate("row_no_interval", value=percent(effect.change))
    low, high = (
        words.translate("open_end") if end is None else percent(end) for end in (effect.low, effect.high)
    )
    return words.translate("row_interval", value=percent(effect.change), low=low, high=high)


def percent(part: float) -> str:
    """Return a part in per cent with its sign."""
    number = f"{abs(100 * part):.0f}"
    sign = "±" if number == "0" else MINUS if part < 0 else "+"
    return f"{sign}{number} %"


def _height(project: ProjectEffects) -> float:
    return max(LEAST_HEIGHT, ROW * len(project.effects))


def _scale(projects: Sequence[ProjectEffects]) -> Scale:
    """Return the axis, which holds no effect and all that is not too far from it."""
    values = [0.0]
    for project in projects:
        for effect in project.effects:
            numbers = (effect.change, effect.low, effect.high, effect.promised)
            values += [
                min(max(number, -MOST_CHANGE), MOST_CHANGE) for number in numbers if number is not None
            ]
    return linear(values, LEFT, RIGHT, signed=True)


def _axis(scale: Scale, top: float, bottom: float, words: ChartWords) -> list[Markup]:
    drawn = [label(words.translate("axis_programme"), LEFT, top - 26, room=WIDTH - LEFT - MARGIN)]
    for tick in scale.ticks:
        x = scale.pixel_of(tick)
        drawn.append(line(f"M{x:.1f} {top:.1f}V{bottom:.1f}", GRID, 0.6, "grid"))
        drawn.append(label(percent(tick) if tick else "0", x, bottom + 15, anchor="middle", room=60))
    middle = scale.pixel_of(0.0)
    drawn.append(line(f"M{middle:.1f} {top - 4:.1f}V{bottom:.1f}", INK, 1.4, "no-effect"))
    name = words.translate("no_effect")
    return [*drawn, label(name, middle, top - 9, fill=INK, anchor="middle", room=120)]


def _project(project: ProjectEffects, scale: Scale, top: float, words: ChartWords) -> list[Markup]:
    height = _height(project)
    room, middle = LEFT - 10 - MARGIN, top + height / 2
    drawn = [
        label(project.name, MARGIN, middle - 4, fill=INK, room=room),
        label(project.title, MARGIN, middle - 4 + LINE, room=room),
    ]
    begin = middle - ROW * len(project.effects) / 2
    for number, effect in enumerate(project.effects):
        drawn += _effect(effect, scale, begin + (number + 0.5) * ROW, words)
    return drawn


def _effect(effect: ProgrammeEffect, scale: Scale, y: float, words: ChartWords) -> list[Markup]:
    room = WIDTH - RIGHT - 14 - MARGIN
    drawn = [label(effect_text(effect, words), RIGHT + 14, y + 4, fill=INK, room=room)]
    if effect.promised is not None:
        x = scale.pixel_of(effect.promised)
        drawn.append(line(f"M{x:.1f} {y - TEXT_LINE / 2:.1f}v{TEXT_LINE:.1f}", INK, 2.2, "promised", "3 2"))
    if effect.change is None:
        return drawn
    colour = canvas.COLOURS[effect.tendency] if effect.tendency is not Tendency.neither else SOFT
    if effect.low is not None or effect.high is not None:
        low = None if effect.low is None or effect.low < scale.low else effect.low
        high = None if effect.high is None or effect.high > scale.high else effect.high
        drawn += interval_line(scale, IntervalRow("", effect.change, low, high), y, colour)
    x = scale.pixel_of(effect.change)
    if effect.tendency is Tendency.neither:
        drawn.append(element("circle", cx=x, cy=y, r=4.5, fill=colour, class_="estimate"))
    else:
        drawn += canvas.signal_marker(x, y, effect.tendency, explained=False)
    return drawn
