"""The map of the processes as SVG (pure): the tree from the left, each process behind its parent, with arrows
on the right for handovers. Core processes are filled, and have a star.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from app.governance.process_definitions.map import MappedProcess
from app.html.wording import Wording
from app.svg.elements import document, element, fitted
from app.svg.lines import INK, PAPER, SOFT, caption, line

#: The table of its words.
TABLE = "process_map"
FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
CORE, CORE_LINE, TREE, HANDS_OVER = "#fff3d1", "#9a6700", "#8c959f", "#1f5fa8"
WIDTH, HEIGHT, ROW, INDENT, LANE, MARGIN = 300.0, 44.0, 60.0, 30.0, 16.0, 12.0
#: How far below the top of its process an arrow leaves it, and reaches it.
LEAVES, REACHES, BEND = 30.0, 14.0, 6.0
TITLE_SIZE, NAME_SIZE, SMALL = 15.0, 13.0, 11.0
TITLE_ROOM = 34.0
#: Largest number of processes that are drawn; the description says how many are left out.
MOST_DRAWN, MOST_LANES = 200, 60


def draw(places: Sequence[MappedProcess], language: str, *, marked: str | None = None) -> Markup:
    """Return the map as an SVG document; the process that is `marked` has a stronger frame."""
    wording, drawn = Wording(language, TABLE), places[:MOST_DRAWN]
    rows = {str(place.definition.process): row for row, place in enumerate(drawn)}
    deepest = max((place.depth for place in drawn), default=0)
    right = MARGIN + deepest * INDENT + WIDTH
    arrows = _arrows(drawn, rows)
    lanes = max((lane for *_, lane in arrows), default=0)
    width = right + (lanes + 1) * LANE + MARGIN
    title = wording.sentence("title")
    parts = [
        caption(title, MARGIN, 22, TITLE_SIZE, "ink title", weight=600),
        *(part for place in drawn for part in _branch(place, rows, drawn)),
        *(part for arrow in arrows for part in _hand_over(drawn, *arrow, right)),
        *(
            part
            for row, place in enumerate(drawn)
            for part in _process(place, row, wording, is_marked=place.definition.process == marked)
        ),
    ]
    height = TITLE_ROOM + max(len(drawn), 1) * ROW + MARGIN
    return document(
        width,
        height,
        element("title", title),
        element("desc", _description(places, wording)),
        element("rect", width=width, height=height, fill=PAPER, class_="paper"),
        *parts,
        font_family=FONT,
        class_="process-map",
    )


def _description(places: Sequence[MappedProcess], wording: Wording) -> str:
    """Return the map in words, for those who do not see it."""
    sentences = []
    for place in places[:MOST_DRAWN]:
        targets = ", ".join(str(entry["process"]) for entry in place.interfaces)
        words = {"process": place.definition.title, "parent": place.parent or "–", "targets": targets or "–"}
        sentences.append(wording.sentence("described", **words))
    if omitted := len(places) - MOST_DRAWN if len(places) > MOST_DRAWN else 0:
        sentences.append(wording.sentence("omitted", processes=omitted))
    return " ".join(sentences)


def _arrows(places: Sequence[MappedProcess], rows: Mapping[str, int]) -> list[tuple[int, int, int]]:
    """Return the hand-overs between drawn processes, each with the rows of its ends and its lane: short ones
    next to the processes, and no two in one place.
    """
    pairs = sorted(
        {
            (row, rows[str(entry["process"])])
            for row, place in enumerate(places)
            for entry in place.interfaces
            if rows.get(str(entry["process"]), row) != row
        },
        key=lambda pair: (abs(pair[1] - pair[0]), pair),
    )
    arrows, occupied = [], dict[int, list[tuple[int, int]]]()
    for since, until in pairs:
        low, high, lane = min(since, until), max(since, until), 1
        while any(low <= end and begin <= high for begin, end in occupied.get(lane, ())):
            lane += 1
        if lane <= MOST_LANES:
            occupied.setdefault(lane, []).append((low, high))
            arrows.append((since, until, lane))
    return arrows


def _left(place: MappedProcess) -> float:
    return MARGIN + place.depth * INDENT


def _top(row: int) -> float:
    return TITLE_ROOM + row * ROW


def _branch(
    place: MappedProcess, rows: Mapping[str, int], drawn: Sequence[MappedProcess]
) -> Sequence[Markup]:
    """Return the line from the parent to the process; empty if the parent is not drawn above it."""
    row, above = rows[str(place.definition.process)], rows.get(place.parent or "")
    if above is None or above >= row or not place.depth:
        return ()
    x, y = _left(drawn[above]) + INDENT / 2, _top(row) + HEIGHT / 2
    return (line(f"M{x:.1f} {_top(above) + HEIGHT:.1f}V{y:.1f}H{_left(place):.1f}", TREE, 1.2, "branch"),)


def _hand_over(
    drawn: Sequence[MappedProcess], since: int, until: int, lane: int, right: float
) -> Sequence[Markup]:
    """Return the arrow from the one process to the other, along its lane."""
    far, down = right + lane * LANE, 1 if until > since else -1
    begins, ends = _top(since) + LEAVES, _top(until) + REACHES
    left, reached = _left(drawn[since]) + WIDTH, _left(drawn[until]) + WIDTH
    path = (
        f"M{left:.1f} {begins:.1f}H{far - BEND:.1f}"
        f"Q{far:.1f} {begins:.1f} {far:.1f} {begins + down * BEND:.1f}"
        f"V{ends - down * BEND:.1f}Q{far:.1f} {ends:.1f} {far - BEND:.1f} {ends:.1f}H{reached + 7:.1f}"
    )
    head = f"M{reached:.1f} {ends:.1f}l9 -4.5v9Z"
    return (
        line(path, HANDS_OVER, 1.6, "hand-over"),
        element("path", d=head, fill=HANDS_OVER, class_="arrow"),
    )


def _process(place: MappedProcess, row: int, wording: Wording, *, is_marked: bool) -> Sequence[Markup]:
    x, y, definition = _left(place), _top(row), place.definition
    star = "★ " if place.is_core else ""
    marks = [wording.sentence("level", level=definition.level)]
    if place.is_core:
        marks.append(wording.sentence("core", score=f"{place.score:g}"))
    beneath = " · ".join([str(definition.process), *marks])
    return (
        element(
            "rect",
            x=x,
            y=y,
            width=WIDTH,
            height=HEIGHT,
            rx=6,
            fill=CORE if place.is_core else PAPER,
            stroke=INK if is_marked else CORE_LINE if place.is_core else TREE,
            stroke_width=2.4 if is_marked else 1.2,
            class_="process core" if place.is_core else "process",
        ),
        caption(
            fitted(f"{star}{definition.title}", WIDTH - 20, NAME_SIZE),
            x + 10,
            y + 18,
            NAME_SIZE,
            "name",
            weight=600,
        ),
        caption(fitted(beneath, WIDTH - 20, SMALL), x + 10, y + 35, SMALL, "tick", fill=SOFT),
    )
