"""Marks of the calendar's drawings: each kind of entry by a shape, a letter, a pattern and a word, never by
its colour alone (pure).

Presentation attributes carry the colours of paper; a page's style sheet overrides them by the classes.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from app.processes.changes.calendar.entries import CalendarEntry
from app.processes.changes.policies.records import FreezeKind
from app.processes.changes.records import ChangeType
from app.svg.elements import element, text
from app.svg.lines import PAPER

LINE = "#d8dde3"
RADIUS = 7.0


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark of one kind of entry: its letter, its shape as an SVG path around the origin, its colours, and
    the lines of its pattern, as a path in a square of 8.
    """

    name: str
    letter: str
    shape: str
    fill: str
    stroke: str
    lines: str

    @property
    def pattern(self) -> str:
        """The id of its pattern."""
        return f"cc-pattern-{self.name}"


CIRCLE = "M-7 0A7 7 0 1 1 7 0A7 7 0 1 1 -7 0Z"
SQUARE = "M-6.5 -6.5H6.5V6.5H-6.5Z"
DIAMOND = "M0 -8.5L8.5 0L0 8.5L-8.5 0Z"
HEXAGON = "M-8 0L-4 -7H4L8 0L4 7H-4Z"
MARKS = {
    ChangeType.standard: Mark("standard", "S", CIRCLE, "#e9f1fa", "#2f5f93", ""),
    ChangeType.normal: Mark("normal", "N", SQUARE, "#fdf5e3", "#7a4a00", "M-2 2L2 -2M0 8L8 0M6 10L10 6"),
    ChangeType.emergency: Mark("emergency", "E", DIAMOND, "#fdebe8", "#a1221a", "M2 0V8M6 0V8"),
    FreezeKind.freeze: Mark("freeze", "F", HEXAGON, "#eef0f3", "#414a54", "M-2 6L2 10M0 0L8 8M6 -2L10 2"),
    FreezeKind.maintenance_ban: Mark(
        "maintenance_ban", "B", HEXAGON, "#eef0f3", "#414a54", "M0 0L8 8M0 8L8 0"
    ),
}


def mark_of(entry: CalendarEntry) -> Mark:
    """Return the mark of the entry's kind."""
    return MARKS[entry.type or ChangeType.normal] if entry.is_change else MARKS[FreezeKind(entry.kind)]


def patterns() -> Markup:
    """Return the definitions of the patterns."""
    return element("defs", *(_pattern(mark) for mark in MARKS.values()))


def _pattern(mark: Mark) -> Markup:
    back = element("rect", width=8, height=8, fill=mark.fill, class_=f"cc-fill-{mark.name}")
    drawn = [back]
    if mark.lines:
        faint = element(
            "path",
            d=mark.lines,
            stroke=mark.stroke,
            stroke_width=1,
            stroke_opacity=0.22,
            class_=f"cc-stroke-{mark.name}",
        )
        drawn.append(faint)
    return element("pattern", *drawn, id=mark.pattern, width=8, height=8, patternUnits="userSpaceOnUse")


def badge(mark: Mark, x: float, y: float) -> Markup:
    """Return the shape with its letter, around that point."""
    shape = element(
        "path", d=mark.shape, fill=PAPER, stroke=mark.stroke, class_=f"cc-badge cc-stroke-{mark.name}"
    )
    letter = text(
        mark.letter,
        y=3.5,
        text_anchor="middle",
        font_size=10,
        font_weight=700,
        fill=mark.stroke,
        class_=f"cc-letter cc-ink-{mark.name}",
    )
    return element("g", shape, letter, transform=f"translate({x:.1f} {y:.1f})")


def box(mark: Mark, x: float, y: float, width: float, height: float) -> Markup:
    """Return a box filled with the pattern of the mark."""
    return element(
        "rect",
        x=x,
        y=y,
        width=width,
        height=height,
        rx=3,
        fill=f"url(#{mark.pattern})",
        stroke=mark.stroke,
        stroke_width=2 if mark.name == "emergency" else 1,
        class_=f"cc-box cc-stroke-{mark.name}",
    )
