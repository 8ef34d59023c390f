"""The directly-follows graph drawn as SVG (pure).

The steps stand in a column by their mean place, joined by the sequence of events: forwards on the right, back
on the left, straight where the next step is the next in the column. A wider line means more cases; its label
gives their number, and the median of the time. The most frequent lines are drawn; the title gives the number
of omitted lines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.conformance.shapes import ConformanceEdge, ConformanceNode
from app.conformance.step_words import duration
from app.i18n import translate
from app.kpis.drawing.canvas import FONT, MARGIN, TEXT_LINE, TEXT_SIZE, TITLE_LINE, TITLE_SIZE
from app.svg import elements
from app.svg.elements import element, text
from app.svg.lines import INK, PAPER, SMALL_SIZE, SOFT, caption, label, line, wrapped

TABLE = "conformance"
#: Size of a step, distance from one step to the next, and distance between parallel lines.
NODE_WIDTH, NODE_HEIGHT, ROW, LANE = 190.0, 36.0, 84.0, 84.0
FORWARDS, BACK = "#1f5fa8", "#b35309"
MOST_NODES, MOST_EDGES = 40, 48
LEAST_LANES = 3
#: The room of a label; one may cross the next line, which it hides where it does.
LABEL_ROOM = 120.0
#: Space that the labels of the outermost lines take next to their lanes.
SIDE_ROOM = LABEL_ROOM - 0.75 * LANE
#: How far from the middle of a step lines leave it and reach it, and the radius of their bends.
OFFSET, BEND = 7.0, 8.0
#: The path of a line, that of its arrow, the place of its label, and how the label is anchored there.
_Line = tuple[str, str, tuple[float, float], str | None]


@dataclass(frozen=True, slots=True)
class GraphFigure:
    """Content of the drawing: the steps, the edges, the number of cases, the name of their kind, and the
    language.
    """

    nodes: Sequence[ConformanceNode]
    edges: Sequence[ConformanceEdge]
    cases: int
    of_kind: str
    language: str

    def translate(self, code: str, **words: object) -> str:
        """Return the sentence of that code."""
        return translate(self.language, TABLE, code, {name: str(word) for name, word in words.items()})


@dataclass(frozen=True, slots=True)
class _PlacedEdge:
    """An edge with the rows of its ends and its lane: 0 is straight, above it on the right, below on the
    left.
    """

    edge: ConformanceEdge
    since: int
    until: int
    lane: int


def draw(figure: GraphFigure) -> Markup:
    """Return the graph as an SVG document."""
    nodes = sorted(
        sorted(figure.nodes, key=lambda node: (-node.cases, node.step))[:MOST_NODES],
        key=lambda node: (node.place, node.step),
    )
    rows = {node.step: row for row, node in enumerate(nodes)}
    drawable = [edge for edge in figure.edges if edge.from_step in rows and edge.to_step in rows]
    placed = _placed(drawable[:MOST_EDGES], rows)
    left, right = (max(LEAST_LANES, *(sign * drawn.lane for drawn in placed), 0) for sign in (-1, 1))
    middle = MARGIN + SIDE_ROOM + left * LANE + NODE_WIDTH / 2
    width = middle + NODE_WIDTH / 2 + right * LANE + SIDE_ROOM + MARGIN
    title = figure.translate("title", kind=figure.of_kind, cases=f"{figure.cases:,}")
    beneath = figure.translate("beneath")
    if omitted := len(figure.edges) - len(placed):
        beneath += " " + figure.translate("omitted", edges=omitted)
    heading, top = _heading(title, beneath, width)
    most = max((edge.count for edge in drawable), default=1)
    edges = [_edge(drawn, middle, top, most, figure.language) for drawn in placed]
    parts = [
        *heading,
        *(part for line_parts, _ in edges for part in line_parts),
        *(words for _, words in edges),  # above all lines, which cross one another
        *(part for row, node in enumerate(nodes) for part in _node(node, row, middle, top, figure)),
    ]
    height = top + max(len(nodes), 1) * ROW + MARGIN
    return elements.document(
        width,
        height,
        element("title", title),
        element("desc", beneath),
        element("rect", width=width, height=height, fill=PAPER, class_="paper"),
        *parts,
        font_family=FONT,
        font_size=TEXT_SIZE,
        class_="graph",
    )


def _heading(title: str, beneath: str, width: float) -> tuple[list[Markup], float]:
    y, drawn = 0.0, []
    for words in wrapped(title, width - 2 * MARGIN, TITLE_SIZE, 2):
        y += TITLE_LINE
        drawn.append(caption(words, MARGIN, y, TITLE_SIZE, "ink title", weight=600))
    for words in wrapped(beneath, width - 2 * MARGIN, TEXT_SIZE, 3):
        y += TEXT_LINE
        drawn.append(caption(words, MARGIN, y, TEXT_SIZE, "tick", fill=SOFT))
    return drawn, y + TEXT_LINE


def _placed(edges: Sequence[ConformanceEdge], rows: dict[str, int]) -> list[_PlacedEdge]:
    """Return the edges with their lanes: short ones next to the steps, and no two in one place."""
    placed: list[_PlacedEdge] = []
    occupied: dict[int, list[tuple[int, int]]] = {}
    for edge in sorted(edges, key=lambda edge: abs(rows[edge.to_step] - rows[edge.from_step])):
        since, until = rows[edge.from_step], rows[edge.to_step]
        if until == since + 1:
            placed.append(_PlacedEdge(edge, since, until, 0))
            continue
        sign, low, high = (1 if until > since else -1), min(since, until), max(since, until)
        lane = 1
        while any(low <= end and begin <= high for begin, end in occupied.get(sign * lane, ())):
            lane += 1
        occupied.setdefault(sign * lane, []).append((low, high))
        placed.append(_PlacedEdge(edge, since, until, sign * lane))
    return placed


def _edge(
    placed: _PlacedEdge, middle: float, top: float, most: int, language: str
) -> tuple[list[Markup], Markup]:
    """Return the line of an edge with its arrow, and its label, which stands out from lines beneath it."""
    thickness = 1.2 + 4.8 * math.log1p(placed.edge.count) / math.log1p(most)
    since, until = (top + row * ROW + NODE_HEIGHT / 2 for row in (placed.since, placed.until))
    if placed.lane == 0:
        path, head, place, anchor = _straight(middle, since + NODE_HEIGHT / 2, until - NODE_HEIGHT / 2)
    else:
        path, head, place, anchor = _round(middle, since, until, placed.lane)
    colour = FORWARDS if placed.until > placed.since else BACK
    words = f"{placed.edge.count:,} · {duration(placed.edge.seconds.median, language)}"
    drawn = [
        line(path, colour, round(thickness, 1), "edge"),
        element("path", d=head, fill=colour, class_="arrow"),
    ]
    named = label(words, *place, fill=INK, anchor=anchor, room=LABEL_ROOM)
    return drawn, element(
        "g", named, stroke=PAPER, stroke_width=4, stroke_linejoin="round", paint_order="stroke"
    )


def _straight(middle: float, since: float, until: float) -> _Line:
    path = f"M{middle:.1f} {since:.1f}V{until - 6:.1f}"
    return path, f"M{middle:.1f} {until:.1f}l-4 -8h8Z", (middle + 8, (since + until) / 2 + 4), None


def _round(middle: float, since: float, until: float, lane: int) -> _Line:
    """Return a line around the steps between: out of the one, along the lane, into the other."""
    side, down = (1 if lane > 0 else -1), (1 if until >= since else -1)
    near = middle + side * NODE_WIDTH / 2
    far = near + side * (abs(lane) - 0.75) * LANE
    begins, ends = since + OFFSET * down, until - OFFSET * down
    if since == until:  # a step that follows itself goes back into its upper half
        begins, ends, down = since + OFFSET, since - OFFSET, -1
    bend = min(BEND, abs(ends - begins) / 2)
    path = (
        f"M{near:.1f} {begins:.1f}H{far - side * bend:.1f}"
        f"Q{far:.1f} {begins:.1f} {far:.1f} {begins + down * bend:.1f}"
        f"V{ends - down * bend:.1f}"
        f"Q{far:.1f} {ends:.1f} {far - side * bend:.1f} {ends:.1f}"
        f"H{near + side * 6:.1f}"
    )
    head = f"M{near:.1f} {ends:.1f}l{side * 8} -4v8Z"
    return path, head, (far + side * 5, (begins + ends) / 2 + 4), None if side > 0 else "end"


def _node(node: ConformanceNode, row: int, middle: float, top: float, figure: GraphFigure) -> list[Markup]:
    x, y = middle - NODE_WIDTH / 2, top + row * ROW
    marks = [
        figure.translate(code, cases=f"{count:,}")
        for code, count in (("begins", node.begins), ("ends", node.ends))
        if count
    ]
    counted = figure.translate("one_case" if node.cases == 1 else "cases", cases=f"{node.cases:,}")
    beneath = " · ".join([counted, *marks])
    return [
        element(
            "rect",
            x=x,
            y=y,
            width=NODE_WIDTH,
            height=NODE_HEIGHT,
            rx=6,
            fill=PAPER,
            stroke=SOFT,
            class_="step",
        ),
        text(
            elements.fitted(node.label, NODE_WIDTH - 12, TEXT_SIZE),
            x=middle,
            y=y + 15,
            font_size=TEXT_SIZE,
            font_weight=600,
            fill=INK,
            text_anchor="middle",
        ),
        text(
            elements.fitted(beneath, NODE_WIDTH - 8, SMALL_SIZE * 0.92),
            x=middle,
            y=y + 29,
            font_size=SMALL_SIZE,
            fill=SOFT,
            text_anchor="middle",
        ),
    ]
