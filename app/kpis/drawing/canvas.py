"""What all charts have in common: colours, text, markers and the document around them (pure).

Presentation attributes carry the colours of paper and mail; a page's style sheet overrides them by the
classes. Orange is worse and blue better, each with a shape of its own, so that no meaning hangs on the colour
alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.common.svg import element, escaped, fitted, text, text_width
from app.kpis.declaration.marks import Tendency

NAMESPACE = "http://www.w3.org/2000/svg"
WIDTH = 720.0
INK, SOFT, GRID, PAPER = "#1b1f24", "#57606a", "#d8dee4", "#ffffff"
WORSE, BETTER, NEUTRAL = "#b35309", "#1f5fa8", "#57606a"
TARGET, SHADE = "#57606a", "#eef1f4"
COLOURS = {Tendency.worse: WORSE, Tendency.better: BETTER, Tendency.neither: NEUTRAL}
FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 15.0, 12.0, 11.0
TITLE_LINE, TEXT_LINE = 20.0, 17.0
MOST_TITLE_LINES = 3
MARGIN = 12.0
#: Marks that no line ends with, and marks that none begins with (and the end of the text).
OPENING, CLOSING = "（“《", ("", *"，。；：、）”》！？")
#: Half the size of a marker of a signal.
HALF = 5.5


def document(height: float, name: str, described: str, parts: Sequence[str]) -> str:
    """Return the drawing as an SVG document with a name and a description for those who do not see it."""
    return element(
        "svg",
        element("title", escaped(name)),
        element("desc", escaped(described or name)),
        element("rect", width=WIDTH, height=height, fill=PAPER, class_="paper"),
        *parts,
        xmlns=NAMESPACE,
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        width=WIDTH,
        height=height,
        role="img",
        font_family=FONT,
        font_size=TEXT_SIZE,
        class_="chart",
    )


def wrapped(content: str, width: float, size: float, most: int) -> list[str]:
    """Return the text in lines of at most that width; the last of `most` lines is cut."""
    lines: list[str] = []
    left = " ".join(content.split())
    while left and len(lines) < most - 1 and text_width(left, size) > width:
        cut = _longest(left, width, size)
        lines.append(left[:cut].rstrip())
        left = left[cut:].lstrip()
    return [*lines, fitted(left, width, size)] if left else lines


def _longest(content: str, width: float, size: float) -> int:
    """Return how many characters fit in the width, up to a place where a line may end: after a space, or
    after a character that is as wide as it is high, unless a mark would be parted from its text.
    """
    used, end, allowed = 0.0, 0, 0
    for end, one in enumerate(content):
        used += text_width(one, size)
        if used > width:
            break
        wide = text_width(one, 1) >= 1
        parts_mark = one in OPENING or content[end + 1 : end + 2] in CLOSING
        if one == " " or (wide and not parts_mark):
            allowed = end + 1
    return allowed or max(end, 1)


def title_lines(title: str, beneath: str, y: float) -> tuple[list[str], float]:
    """Return the title and the smaller line beneath it as elements, from that place down; and where they
    end.
    """
    drawn = []
    for line in wrapped(title, WIDTH - 2 * MARGIN, TITLE_SIZE, MOST_TITLE_LINES):
        y += TITLE_LINE
        drawn.append(
            text(line, x=MARGIN, y=y - 5, font_size=TITLE_SIZE, font_weight=600, fill=INK, class_="ink title")
        )
    for line in wrapped(beneath, WIDTH - 2 * MARGIN, TEXT_SIZE * 0.92, 2):
        y += TEXT_LINE
        drawn.append(text(line, x=MARGIN, y=y - 5, font_size=TEXT_SIZE, fill=SOFT, class_="tick"))
    return drawn, y


def line(d: str, stroke: str, width: float, class_: str, dash: str | None = None) -> str:
    """Return a line along that path, which is not filled."""
    return element(
        "path", d=d, stroke=stroke, stroke_width=width, stroke_dasharray=dash, fill="none", class_=class_
    )


def label(
    content: str, x: float, y: float, *, fill: str = SOFT, anchor: str | None = None, room: float
) -> str:
    """Return a small text, cut to the room that there is."""
    said = fitted(content, room, SMALL_SIZE * 0.92)
    return text(said, x=x, y=y, font_size=SMALL_SIZE, fill=fill, text_anchor=anchor, class_="tick")


def signal_marker(x: float, y: float, tendency: Tendency, *, explained: bool) -> str:
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
