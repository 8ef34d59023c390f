"""The trend of a target drawn as SVG: its result in the periods before and in this one, and the agreed bound
(pure).

Presentation attributes carry the colours of paper; the page's style sheet overrides them by the classes.
A missed period is a diamond, a met one a circle, so that they differ not by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from app.service_reports.content import ReportTarget, TargetVerdict
from app.service_reports.pages.texts import ReportTexts
from app.svg.elements import document, element
from app.svg.lines import INK, SOFT, caption, line, polyline
from app.svg.scale import Scale, padded, with_room

WIDTH, HEIGHT = 660.0, 132.0
LEFT, RIGHT, TOP, BOTTOM = 8.0, 128.0, 24.0, 26.0
DATA, BAD = "#3f6ea5", "#b3261e"
#: The least distance between the middles of two labels of periods, and of two labels of values.
PERIOD_ROOM, VALUE_ROOM = 46.0, 58.0
#: The distance of the first and the last dot from the ends of the line of the agreed bound.
INSET = 24.0
#: The share of the range of values that is left free above and below them.
ROOM = 0.2
#: The range of values in a chart whose values are all zero.
MIN_SPREAD = 0.01


@dataclass(frozen=True, slots=True)
class Dot:
    """The result of a period; `value` None: no result."""

    label: str
    value: Decimal | None
    verdict: TargetVerdict


def trend_chart(target: ReportTarget, period: str, texts: ReportTexts) -> Markup | None:
    """Return the drawing; None if no period before has a result to compare with."""
    dots = [Dot(past.period, _decimal(past.result), past.verdict) for past in target.trend]
    dots.append(Dot(period, _decimal(target.result), target.verdict))
    values = [dot.value for dot in dots if dot.value is not None]
    if len(dots) == 1 or not values:
        return None
    agreed = Decimal(target.compliance or "1") if target.met is not None else _decimal(target.threshold)
    assert agreed is not None, "a target that has a result has a threshold"
    scale = padded(
        [float(value) for value in (*values, agreed)], HEIGHT - BOTTOM, TOP, room=ROOM, least=MIN_SPREAD
    )
    step = (WIDTH - LEFT - RIGHT - 2 * INSET) / (len(dots) - 1)
    places = [LEFT + INSET + n * step for n in range(len(dots))]
    name = texts.sentence("trend_of", subject=texts.subject(target))
    return document(
        WIDTH,
        HEIGHT,
        element("title", name),
        *_agreed_line(scale.pixel_of(float(agreed)), texts.figure(f"{agreed:f}", target.unit), texts),
        _line(dots, places, scale),
        *_dots(dots, places, scale, target, texts),
        aria_label=name,
        class_="trend",
    )


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _agreed_line(y: float, bound: str, texts: ReportTexts) -> list[Markup]:
    label = texts.sentence("agreed_line", bound=bound)
    return [
        line(f"M{LEFT:g} {y:.1f}H{WIDTH - RIGHT:g}", SOFT, 1.5, "agreed", "5 4"),
        caption(label, WIDTH - RIGHT + 6, y + 4, 11, "tick", fill=SOFT),
    ]


def _line(dots: Sequence[Dot], places: Sequence[float], scale: Scale) -> Markup:
    """Return the line through the dots, broken where a period has no result."""
    heights = (None if dot.value is None else scale.pixel_of(float(dot.value)) for dot in dots)
    return line(polyline(zip(places, heights, strict=True)), DATA, 1.2, "data")


def _dots(
    dots: Sequence[Dot], places: Sequence[float], scale: Scale, target: ReportTarget, texts: ReportTexts
) -> list[Markup]:
    drawn = []
    named = with_room(range(len(dots)), places, PERIOD_ROOM)
    worth_saying = [
        n for n, dot in enumerate(dots) if n == len(dots) - 1 or dot.verdict is TargetVerdict.missed
    ]
    valued = with_room(worth_saying, places, VALUE_ROOM)
    for n, (dot, x) in enumerate(zip(dots, places, strict=True)):
        last = n == len(dots) - 1
        if n in named:
            drawn.append(
                caption(
                    dot.label,
                    x,
                    HEIGHT - 8,
                    10,
                    "ink" if last else "tick",
                    fill=INK if last else SOFT,
                    weight=650 if last else None,
                    anchor="middle",
                )
            )
        if dot.value is None:
            continue
        y = scale.pixel_of(float(dot.value))
        missed = dot.verdict is TargetVerdict.missed
        shape = f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5Z"
        if missed:
            drawn.append(element("path", d=shape, fill=BAD, class_="bad"))
        else:
            drawn.append(element("circle", cx=x, cy=y, r=3.5, fill=DATA, class_="dot"))
        if n in valued:
            value = texts.figure(f"{dot.value:f}", target.unit)
            # Beneath the dot of a missed period, since the lines to its neighbours come from above.
            above = y + 16 if missed or y < TOP else y - 9
            drawn.append(caption(value, x, above, 10, "ink", weight=650 if last else None, anchor="middle"))
    return drawn
