"""The trend of a target drawn as SVG: its result in the periods before and in this one, and the agreed bound
(pure).

Presentation attributes carry the colours of paper; the page's style sheet overrides them by the classes.
A missed period is a diamond, a met one a circle, so that they differ not by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.common.svg import element, escaped, text
from app.service_reports.content import ReportTarget, TargetVerdict
from app.service_reports.texts import ReportTexts

WIDTH, HEIGHT = 660.0, 132.0
LEFT, RIGHT, TOP, BOTTOM = 8.0, 128.0, 24.0, 26.0
INK, SOFT, DATA, BAD = "#1b1f24", "#57606a", "#3f6ea5", "#b3261e"
#: The least distance between the middles of two labels of periods, and of two labels of values.
PERIOD_ROOM, VALUE_ROOM = 46.0, 58.0
#: The distance of the first and the last dot from the ends of the line of the agreed bound.
INSET = 24.0
#: The share of the range of values that is left free above and below them.
ROOM = Decimal("0.2")
#: The range of values in a chart whose values are all zero.
MIN_SPREAD = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Dot:
    """The result of a period; `value` None: there is none."""

    label: str
    value: Decimal | None
    verdict: TargetVerdict


def trend_chart(target: ReportTarget, period: str, texts: ReportTexts) -> str:
    """Return the drawing; empty if no period before has a result to compare with."""
    dots = [Dot(one.period, _decimal(one.result), one.verdict) for one in target.trend]
    dots.append(Dot(period, _decimal(target.result), target.verdict))
    values = [dot.value for dot in dots if dot.value is not None]
    if len(dots) == 1 or not values:
        return ""
    agreed = Decimal(target.compliance or "1") if target.met is not None else _decimal(target.threshold)
    assert agreed is not None, "a target that has a result has a threshold"
    scale = _Scale.of([*values, agreed])
    step = (WIDTH - LEFT - RIGHT - 2 * INSET) / (len(dots) - 1)
    places = [LEFT + INSET + n * step for n in range(len(dots))]
    name = texts.sentence("trend_of", subject=texts.subject(target))
    return element(
        "svg",
        element("title", escaped(name)),
        *_agreed_line(scale.y(agreed), texts.figure(f"{agreed:f}", target.unit), texts),
        *_line(dots, places, scale),
        *_dots(dots, places, scale, target, texts),
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        width=WIDTH,
        height=HEIGHT,
        role="img",
        aria_label=name,
        class_="trend",
    )


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


@dataclass(frozen=True, slots=True)
class _Scale:
    """The vertical scale, with room for all values and the agreed bound."""

    low: Decimal
    high: Decimal

    @classmethod
    def of(cls, values: Sequence[Decimal]) -> _Scale:
        low, high = min(values), max(values)
        spread = (high - low) or max(abs(high) * ROOM, MIN_SPREAD)
        return cls(low - spread * ROOM, high + spread * ROOM)

    def y(self, value: Decimal) -> float:
        part = float((value - self.low) / (self.high - self.low))
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)


def _agreed_line(y: float, bound: str, texts: ReportTexts) -> list[str]:
    label = texts.sentence("agreed_line", bound=bound)
    return [
        element(
            "path",
            d=f"M{LEFT:g} {y:.1f}H{WIDTH - RIGHT:g}",
            stroke=SOFT,
            stroke_dasharray="5 4",
            stroke_width=1.5,
            fill="none",
            class_="agreed",
        ),
        text(label, x=WIDTH - RIGHT + 6, y=y + 4, font_size=11, fill=SOFT, class_="tick"),
    ]


def _line(dots: Sequence[Dot], places: Sequence[float], scale: _Scale) -> list[str]:
    """Return the line through the dots, broken where a period has no result."""
    drawn, pen = "", "M"
    for dot, x in zip(dots, places, strict=True):
        if dot.value is None:
            pen = "M"
            continue
        drawn += f"{pen}{x:.1f} {scale.y(dot.value):.1f}"
        pen = "L"
    return [element("path", d=drawn, stroke=DATA, stroke_width=1.2, fill="none", class_="data")]


def _dots(
    dots: Sequence[Dot], places: Sequence[float], scale: _Scale, target: ReportTarget, texts: ReportTexts
) -> list[str]:
    drawn = []
    named = _spaced(range(len(dots)), places, PERIOD_ROOM)
    worth_saying = [
        n for n, dot in enumerate(dots) if n == len(dots) - 1 or dot.verdict is TargetVerdict.missed
    ]
    valued = _spaced(worth_saying, places, VALUE_ROOM)
    for n, (dot, x) in enumerate(zip(dots, places, strict=True)):
        last = n == len(dots) - 1
        if n in named:
            drawn.append(
                text(
                    dot.label,
                    x=x,
                    y=HEIGHT - 8,
                    text_anchor="middle",
                    font_size=10,
                    font_weight=650 if last else None,
                    fill=INK if last else SOFT,
                    class_="ink" if last else "tick",
                )
            )
        if dot.value is None:
            continue
        y = scale.y(dot.value)
        missed = dot.verdict is TargetVerdict.missed
        shape = f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5Z"
        if missed:
            drawn.append(element("path", d=shape, fill=BAD, class_="bad"))
        else:
            drawn.append(element("circle", cx=x, cy=y, r=3.5, fill=DATA, class_="dot"))
        if n in valued:
            said = texts.figure(f"{dot.value:f}", target.unit)
            # Beneath the dot of a missed period, since the lines to its neighbours come from above.
            above = y + 16 if missed or y < TOP else y - 9
            drawn.append(
                text(
                    said,
                    x=x,
                    y=above,
                    text_anchor="middle",
                    font_size=10,
                    font_weight=650 if last else None,
                    fill=INK,
                    class_="ink",
                )
            )
    return drawn


def _spaced(wanted: Sequence[int], places: Sequence[float], room: float) -> frozenset[int]:
    """Return those of the dots whose labels have room beside one another, the last first."""
    chosen: list[int] = []
    for n in reversed(wanted):
        if not chosen or places[chosen[-1]] - places[n] >= room:
            chosen.append(n)
    return frozenset(chosen)
