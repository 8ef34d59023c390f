"""Colours of paper, lines and labels, which all drawings share (pure).

Presentation attributes carry the colours of paper and mail; a page's style sheet overrides them by the
classes.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from app.svg.elements import element, fitted, text, text_width

INK, SOFT, PAPER = "#1b1f24", "#57606a", "#ffffff"
SMALL_SIZE = 11.0
#: Average width of letters, relative to their largest width.
USUAL_WIDTH = 0.92
#: Marks that a line does not end with, and marks that a line does not begin with (and the end of the text).
OPENING, CLOSING = "（“《", ("", *"，。；：、）”》！？")


def line(d: str, stroke: str, width: float, class_: str, dash: str | None = None) -> Markup:
    """Return a line along that path, which is not filled."""
    return element(
        "path", d=d, stroke=stroke, stroke_width=width, stroke_dasharray=dash, fill="none", class_=class_
    )


def polyline(points: Iterable[tuple[float, float | None]]) -> str:
    """Return the path through the points, broken where one has no height."""
    path, pen = "", "M"
    for x, y in points:
        if y is None:
            pen = "M"
            continue
        path += f"{pen}{x:.1f} {y:.1f}"
        pen = "L"
    return path


def label(
    content: str, x: float, y: float, *, fill: str = SOFT, anchor: str | None = None, room: float
) -> Markup:
    """Return a small text, cut to the room that there is."""
    content = fitted(content, room, SMALL_SIZE * USUAL_WIDTH)
    return text(content, x=x, y=y, font_size=SMALL_SIZE, fill=fill, text_anchor=anchor, class_="tick")


def caption(
    content: str,
    x: float,
    y: float,
    size: float,
    class_: str,
    *,
    fill: str = INK,
    weight: int | None = None,
    anchor: str | None = None,
) -> Markup:
    """Return a text of that size, which nothing cuts."""
    look = {"font_size": size, "font_weight": weight, "fill": fill, "text_anchor": anchor, "class_": class_}
    return text(content, x=x, y=y, **look)


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
    for end, character in enumerate(content):
        used += text_width(character, size)
        if used > width:
            break
        wide = text_width(character, 1) >= 1
        parts_mark = character in OPENING or content[end + 1 : end + 2] in CLOSING
        if character == " " or (wide and not parts_mark):
            allowed = end + 1
    return allowed or max(end, 1)
