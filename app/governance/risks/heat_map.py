"""The heat map of risks as SVG: the matrix with the number of open risks in each cell (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.common.priorities.risk_level import RiskLevel
from app.governance.risks.report import OccupiedCell
from app.governance.risks.scale import POINTS, Scale
from app.html.wording import Wording
from app.svg.elements import document, element
from app.svg.lines import INK, SOFT, caption

#: Light enough for dark figures. The words in the cells distinguish them without colours.
COLOURS = {RiskLevel.low: "#dff0e0", RiskLevel.medium: "#fbeab5", RiskLevel.high: "#f7c9c2"}
CELL, LEFT, TOP, BOTTOM, GAP = 84, 76, 12, 52, 3
FIGURE, SMALL = 24.0, 11.0
#: The table of its words.
TABLE = "risk_report"


def draw(cells: Sequence[OccupiedCell], scale: Scale, language: str) -> Markup:
    """Return the heat map: likelihood upwards, impact to the right."""
    wording = Wording(language, TABLE)
    numbers = {(cell.likelihood, cell.impact): len(cell.risks) for cell in cells}
    side = CELL * len(POINTS)
    title = wording.sentence("heat_map")
    return document(
        LEFT + side + GAP,
        TOP + side + BOTTOM,
        element("title", title),
        element("desc", _description(cells, wording)),
        *(
            part
            for (likelihood, impact), level in scale.items()
            for part in _cell(likelihood, impact, level, numbers.get((likelihood, impact), 0), wording)
        ),
        *(_tick(str(points), LEFT - 12, _top(points) + CELL / 2, "end") for points in POINTS),
        *(_tick(str(points), _left(points) + CELL / 2, TOP + side + 18, "middle") for points in POINTS),
        _tick(wording.sentence("impact"), LEFT + side / 2, TOP + side + 40, "middle"),
        element(
            "g",
            _tick(wording.sentence("likelihood"), 0, 0, "middle"),
            transform=f"translate(22 {TOP + side / 2:g}) rotate(-90)",
        ),
        aria_label=title,
        class_="heat-map",
    )


def _description(cells: Sequence[OccupiedCell], wording: Wording) -> str:
    """Return the map in words, for those who do not see it."""
    return " ".join(
        wording.sentence("cell", likelihood=cell.likelihood, impact=cell.impact, risks=", ".join(cell.risks))
        for cell in cells
    )


def _cell(likelihood: int, impact: int, level: RiskLevel, number: int, wording: Wording) -> Sequence[Markup]:
    left, top = _left(impact), _top(likelihood)
    area = element(
        "rect",
        x=left,
        y=top,
        width=CELL - GAP,
        height=CELL - GAP,
        rx=4,
        fill=COLOURS[level],
        class_=level.value,
    )
    word = caption(
        wording.label(level),
        left + (CELL - GAP) / 2,
        top + CELL - 12,
        SMALL,
        "tick",
        fill=SOFT,
        anchor="middle",
    )
    if not number:
        return (area, word)
    figure = caption(
        str(number),
        left + (CELL - GAP) / 2,
        top + CELL / 2 + 4,
        FIGURE,
        "figure",
        weight=600,
        anchor="middle",
    )
    return (area, figure, word)


def _left(impact: int) -> float:
    return LEFT + (impact - 1) * CELL


def _top(likelihood: int) -> float:
    return TOP + (len(POINTS) - likelihood) * CELL


def _tick(content: str, x: float, y: float, anchor: str) -> Markup:
    return caption(content, x, y, SMALL + 1, "axis", fill=INK, anchor=anchor)
