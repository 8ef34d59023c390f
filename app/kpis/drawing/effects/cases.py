"""Every case of a measured effect drawn as SVG, on a logarithmic axis of time: how the cases are spread, and
which are the heaviest (pure).

Up to MOST_DOTS cases of a window are dots, stacked where they would hide one another; more are bands of
tenths.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import quantiles

from markupsafe import Markup

from app.kpis.declaration.kpi import Unit
from app.kpis.drawing import canvas
from app.kpis.drawing.canvas import GRID, MARGIN
from app.kpis.drawing.effects.effect_shapes import MOST_DOTS, NAMED_CASES, CasesFigure, StripCase, StripGroup
from app.kpis.questions.chart_words import ChartWords
from app.svg.elements import element, text_width
from app.svg.lines import INK, PAPER, SMALL_SIZE, SOFT, USUAL_WIDTH, label, line
from app.svg.scale import Scale, logarithmic

LEFT, RIGHT = 150.0, 696.0
STRIP, BAND = 78.0, 30.0
HEAD, FOOT = 26.0, 24.0
#: A dot's radius, and the width of a stack of them.
RADIUS, STACK = 2.4, 5.2
#: How high above the middle of a strip the names of the heaviest stand.
ABOVE = 22.0
NAME = 12.0
TENTHS = 10
#: The shades of the tenths: the middle ones are darkest.
SHADES = ("#eef1f4", "#dfe5ea", "#ccd5dd", "#b6c2cd", "#9fb0be")
#: Values below are drawn at the axis' beginning.
LEAST_DRAWN = {Unit.seconds: 1.0}
LEAST_NUMBER_DRAWN = 0.01


def draw_cases(figure: CasesFigure, words: ChartWords) -> Markup:
    """Return the figure as an SVG document; `words` are in the unit of the KPI. There is at least one
    case.
    """
    values = [case.value for group in figure.groups for case in group.cases]
    least = LEAST_DRAWN.get(words.unit, LEAST_NUMBER_DRAWN)
    scale = logarithmic(values, LEFT, RIGHT, durations=words.unit is Unit.seconds, least=least)
    drawn, y = canvas.title_lines(figure.title, "", MARGIN)
    banded = any(len(group.cases) > MOST_DOTS for group in figure.groups)
    name = words.translate("axis_bands" if banded else "axis_cases")
    drawn.append(label(name, LEFT, y + 16, room=RIGHT - LEFT))
    top = y + HEAD
    bottom = top + STRIP * len(figure.groups)
    for tick in scale.ticks:
        x = scale.pixel_of(tick)
        drawn.append(line(f"M{x:.1f} {top:.1f}V{bottom:.1f}", GRID, 0.6, "grid"))
        drawn.append(label(words.value(tick), x, bottom + 15, anchor="middle", room=84))
    heaviest = _heaviest(figure.groups)
    for n, group in enumerate(figure.groups):
        drawn += _draw_group(group, scale, top + (n + 0.62) * STRIP, heaviest, words)
    described = words.translate("joined").join(_described(group, heaviest, words) for group in figure.groups)
    return canvas.document(bottom + FOOT, figure.title, described, drawn)


def _heaviest(groups: Sequence[StripGroup]) -> frozenset[StripCase]:
    """Return the cases with the largest values of all."""
    every = sorted((case for group in groups for case in group.cases), key=lambda case: -case.value)
    return frozenset(every[:NAMED_CASES])


def _draw_group(
    group: StripGroup, scale: Scale, y: float, heaviest: frozenset[StripCase], words: ChartWords
) -> list[Markup]:
    name = words.translate("row_cases", label=group.label, cases=f"{len(group.cases):,}")
    drawn = [label(name, LEFT - 12, y + 4, fill=INK, anchor="end", room=LEFT - 12 - MARGIN)]
    if not group.cases:
        return drawn
    values = sorted(case.value for case in group.cases)
    drawn += _dots(values, scale, y) if len(values) <= MOST_DOTS else _bands(values, scale, y)
    middle = scale.pixel_of(_middle(values))
    drawn.append(line(f"M{middle:.1f} {y - BAND / 2 - 3:.1f}V{y + BAND / 2 + 3:.1f}", INK, 2.0, "median"))
    return [*drawn, *_names(group, scale, y, heaviest, words)]


def _middle(values: Sequence[float]) -> float:
    """Return the median of sorted values."""
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _dots(values: Sequence[float], scale: Scale, y: float) -> list[Markup]:
    """Return a dot for each value; those that would hide one another go up and down from the middle by turns,
    nearer the more of them there are.
    """
    stacks: dict[int, list[float]] = defaultdict(list)
    for value in values:
        stacks[int(scale.pixel_of(value) // STACK)].append(scale.pixel_of(value))
    highest = max(len(stack) for stack in stacks.values())
    step = min(STACK, BAND / max(highest - 1, 1))
    return [
        element(
            "circle",
            cx=x,
            cy=y + (n + 1) // 2 * (1 if n % 2 else -1) * step,
            r=RADIUS,
            fill=SOFT,
            fill_opacity=0.55,
            class_="case",
        )
        for stack in stacks.values()
        for n, x in enumerate(stack)
    ]


def _bands(values: Sequence[float], scale: Scale, y: float) -> list[Markup]:
    bounds = [values[0], *quantiles(values, n=TENTHS, method="inclusive"), values[-1]]
    return [
        element(
            "rect",
            x=scale.pixel_of(low),
            y=y - BAND / 2,
            width=scale.pixel_of(high) - scale.pixel_of(low),
            height=BAND,
            fill=SHADES[min(n, TENTHS - 1 - n)],
            stroke=PAPER,
            stroke_width=0.8,
            class_=f"tenth tenth-{min(n, TENTHS - 1 - n)}",
        )
        for n, (low, high) in enumerate(pairwise(bounds))
    ]


def _names(
    group: StripGroup, scale: Scale, y: float, heaviest: frozenset[StripCase], words: ChartWords
) -> list[Markup]:
    """Return the heaviest cases by name, each name at the left of a line to its case and not over another."""
    drawn, before, row = list[Markup](), 0.0, 0
    for case in sorted((named for named in group.cases if named in heaviest), key=lambda named: named.value):
        name_text = words.translate("span_of_one", period=case.name, value=words.value(case.value))
        x, width = scale.pixel_of(case.value), text_width(name_text, SMALL_SIZE * USUAL_WIDTH)
        # A line that goes up passes the names of lighter cases, which end at its left.
        row = row + 1 if drawn and x - width < before + 6 else 0
        before, place = x, y - ABOVE - NAME * row
        drawn.append(line(f"M{x:.1f} {y - RADIUS:.1f}V{place - 8:.1f}", SOFT, 0.8, "pointer"))
        drawn.append(element("circle", cx=x, cy=y, r=RADIUS + 1, fill=INK, class_="heaviest"))
        drawn.append(label(name_text, x - 3, place, fill=INK, anchor="end", room=x - MARGIN))
    return drawn


def _described(group: StripGroup, heaviest: frozenset[StripCase], words: ChartWords) -> str:
    """Return a strip in words: its number of cases, its median, and the heaviest."""
    name = words.translate("row_cases", label=group.label, cases=f"{len(group.cases):,}")
    if not group.cases:
        return name
    middle = words.translate("median", value=words.value(_middle(sorted(case.value for case in group.cases))))
    named = sorted((case for case in group.cases if case in heaviest), key=lambda case: -case.value)
    texts = [
        middle,
        *(words.translate("span_of_one", period=case.name, value=words.value(case.value)) for case in named),
    ]
    return words.translate("row_described", label=name, text=words.translate("listed").join(texts))
