"""What all charts of KPIs have in common: colours, titles, markers and the document around them (pure).

Orange is worse and blue better, each with a shape of its own, so that no meaning hangs on the colour
alone.
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
#: Half the size of a marker of a signal.
HALF = 5.5


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


def signal_marker(x: float, y: float, tendency: Tendency, *, explained: bool) -> Markup:
    """Return the marker of a signal: a diamond for the worse, a square for the better, else a circle; hollow
    if it is explained.
    """
    colour = COLOURS[tendency]
    look = {
        "fill": PAPER if explained else colour,
        "stroke": colour,
        "stroke_width": 1.8,
        "class_": f"signal {tendency.value}{' explained' if explained else ''}",
    }
    if tendency is Tendency.worse:
        return element("path", d=f"M{x:.1f} {y - HALF - 1:.1f}l6.5 6.5l-6.5 6.5l-6.5 -6.5Z", **look)
    if tendency is Tendency.better:
        side = 2 * HALF - 2
        return element("rect", x=x - side / 2, y=y - side / 2, width=side, height=side, **look)
    return element("circle", cx=x, cy=y, r=HALF - 0.5, **look)
