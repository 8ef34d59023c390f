"""Common parts of all charts of KPIs: colours, titles, markers and the document around them (pure).

Orange is worse and blue better, each with a shape and a letter of its own, so that no meaning hangs on the
colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.kpis.declaration.marks import Tendency
from app.svg import elements
from app.svg.elements import element
from app.svg.lines import PAPER, SOFT, USUAL_WIDTH, caption, wrapped

WIDTH = 720.0
GRID = "#d8dee4"
WORSE, BETTER, NEUTRAL = "#b35309", "#1f5fa8", "#57606a"
TARGET, SHADE = "#57606a", "#eef1f4"
COLOURS = {Tendency.worse: WORSE, Tendency.better: BETTER, Tendency.neither: NEUTRAL}
FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
TITLE_SIZE, TEXT_SIZE = 15.0, 12.0
TITLE_LINE, TEXT_LINE = 20.0, 17.0
MOST_TITLE_LINES = 3
MARGIN = 12.0
#: Half the size of a marker of a signal, without its letter and with it.
HALF, LETTERED = 5.5, 7.5
LETTER_SIZE = 8.5


def document(height: float, name: str, described: str, parts: Sequence[Markup]) -> Markup:
    """Return the drawing as an SVG document with a name and a description for those who do not see it."""
    return elements.document(
        WIDTH,
        height,
        element("title", name),
        element("desc", described or name),
        element("rect", width=WIDTH, height=height, fill=PAPER, class_="paper"),
        *parts,
        font_family=FONT,
        font_size=TEXT_SIZE,
        class_="chart",
    )


def title_lines(title: str, beneath: str, y: float) -> tuple[list[Markup], float]:
    """Return the title and the smaller line beneath it as elements, from that place down; and where they
    end.
    """
    drawn = []
    for line in wrapped(title, WIDTH - 2 * MARGIN, TITLE_SIZE, MOST_TITLE_LINES):
        y += TITLE_LINE
        drawn.append(caption(line, MARGIN, y - 5, TITLE_SIZE, "ink title", weight=600))
    for line in wrapped(beneath, WIDTH - 2 * MARGIN, TEXT_SIZE * USUAL_WIDTH, 2):
        y += TEXT_LINE
        drawn.append(caption(line, MARGIN, y - 5, TEXT_SIZE, "tick", fill=SOFT))
    return drawn, y


def signal_marker(
    x: float, y: float, tendency: Tendency, *, explained: bool, letter: str = ""
) -> list[Markup]:
    """Return the marker of a signal: a diamond for the worse, a square for the better, else a circle; hollow
    if it is explained. With its letter it is larger.
    """
    colour, half = COLOURS[tendency], LETTERED if letter else HALF
    look = {
        "fill": PAPER if explained else colour,
        "stroke": colour,
        "stroke_width": 1.8,
        "class_": f"signal {tendency.value}{' explained' if explained else ''}",
    }
    if tendency is Tendency.worse:
        reach = half + 1
        corners = f"l{reach:g} {reach:g}l-{reach:g} {reach:g}l-{reach:g} -{reach:g}Z"
        marker = element("path", d=f"M{x:.1f} {y - reach:.1f}{corners}", **look)
    elif tendency is Tendency.better:
        side = 2 * half - 2
        marker = element("rect", x=x - side / 2, y=y - side / 2, width=side, height=side, **look)
    else:
        marker = element("circle", cx=x, cy=y, r=half - 0.5, **look)
    if not letter:
        return [marker]
    fill, class_ = (colour, f"letter {tendency.value}") if explained else (PAPER, "letter")
    return [
        marker,
        caption(letter, x, y + 3, LETTER_SIZE, class_, fill=fill, weight=700, anchor="middle"),
    ]
