"""Moments of a chart: each period with an event has a letter beneath the plot, and the letter's line
describes the event (pure).
"""

from __future__ import annotations

from string import ascii_uppercase

from markupsafe import Markup

from app.kpis.drawing.canvas import MARGIN
from app.kpis.drawing.frame import ChartFrame, add_entry
from app.kpis.drawing.shapes import BehaviourFigure, MomentGroup
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain
from app.svg.elements import element
from app.svg.lines import PAPER, SOFT, caption, line

#: A chart has so many letters, the newest.
MOST_LETTERS = 8
LETTER_WIDTH = 13.0
#: The room that letters take beneath the plot.
ROOM = 17.0


def moment_groups(figure: BehaviourFigure, words: ChartWords, step: float) -> tuple[list[MomentGroup], int]:
    """Return the moments by period, periods whose letters would meet together; and how many moments are
    older than these.
    """
    places: list[list[int]] = []
    for n, moment in enumerate(figure.moments):
        place = max(sum(point.begin <= moment.instant for point in figure.points) - 1, 0)
        if places and (place - places[-1][0]) * step < LETTER_WIDTH + 2:
            places[-1].append(n)
        else:
            places.append([place, n])
    groups = []
    for letter, (place, *numbers) in zip(ascii_uppercase, places[-MOST_LETTERS:], strict=False):
        parts = [
            words.translate("moment", day=words.tick(moment.instant, Grain.day), name=moment.name)
            for moment in (figure.moments[n] for n in numbers)
        ]
        groups.append(MomentGroup(place, letter, words.translate("joined").join(parts)))
    return groups, sum(len(numbers) - 1 for numbers in places[:-MOST_LETTERS])


def draw_letters(frame: ChartFrame, groups: list[MomentGroup]) -> list[Markup]:
    """Return a thin line through the plot for each group, and its letter beneath."""
    drawn = []
    for group in groups:
        x = frame.x(group.place)
        drawn.append(line(f"M{x:.1f} {frame.top:.1f}V{frame.bottom + 3:.1f}", SOFT, 0.8, "moment", "1 3"))
        drawn += _letter(group.letter, x, frame.bottom + 3)
    return drawn


def _letter(letter: str, x: float, y: float) -> list[Markup]:
    look = {"fill": PAPER, "stroke": SOFT, "stroke_width": 1.0, "class_": "moment"}
    return [
        element("rect", x=x - LETTER_WIDTH / 2, y=y, width=LETTER_WIDTH, height=LETTER_WIDTH, rx=3, **look),
        caption(letter, x, y + 10, 9.5, "ink", weight=600, anchor="middle"),
    ]


def draw_moment_lines(
    frame: ChartFrame, groups: list[MomentGroup], older: int, y: float
) -> tuple[list[Markup], float]:
    """Return what happened at each letter, from that place down, and what is left out; and where it ends."""
    drawn: list[Markup] = []
    for group in groups:
        drawn += _letter(group.letter, MARGIN + 7, y + 2)
        begin = frame.figure.points[group.place].begin
        entry = frame.words.translate(
            "moment_line", period=frame.words.period(begin, frame.figure.grain), text=group.text
        )
        y = add_entry(drawn, entry, y)
    if older:
        y = add_entry(drawn, frame.words.translate("more_moments", number=older), y)
    if frame.figure.left_out:
        y = add_entry(drawn, frame.figure.left_out, y)
    return drawn, y
