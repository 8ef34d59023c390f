"""The change calendar drawn as SVG: a heading, a week or a month, and a legend (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.processes.changes.calendar.entries import CalendarEntry, Day, week_of, weeks_of_month
from app.processes.changes.calendar.labels import long_day, month_name, short_day, translated
from app.processes.changes.calendar.layout import WIDTH, Sheet
from app.processes.changes.calendar.marks import MARKS, badge, box, patterns
from app.processes.changes.calendar.month import month_body
from app.processes.changes.calendar.week import week_body
from app.svg.elements import document, element, text_width
from app.svg.lines import PAPER, SOFT, caption

HEADING, LEGEND = 34.0, 40.0
MONTH = "month"
FONT = "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"


@dataclass(frozen=True, slots=True)
class View:
    """The period that is drawn: the `week` or `month` with that day."""

    name: str
    day: date
    sheet: Sheet

    @property
    def weeks(self) -> list[list[Day]]:
        """The weeks that are drawn."""
        if self.name == MONTH:
            return weeks_of_month(self.day, self.sheet.zone)
        return [week_of(self.day, self.sheet.zone)]

    @property
    def title(self) -> str:
        """The name of the week or month."""
        language, days = self.sheet.language, self.weeks[0]
        if self.name == MONTH:
            return month_name(self.day, language)
        week = days[0].on.isocalendar().week
        first, last = short_day(days[0].on, language), long_day(days[-1].on, language)
        if language == "zh" or days[0].on.year != days[-1].on.year:
            first = long_day(days[0].on, language)
        return translated(language, "week", week=week, first=first, last=last)


def view_of(name: str, day: date, zone: ZoneInfo, language: str, now: datetime) -> View:
    """Return the week or month with that day, for clocks of that zone."""
    return View(name, day, Sheet(zone, language, now))


def draw(view: View, entries: Sequence[CalendarEntry], *, truncated: bool = False) -> Markup:
    """Return the drawing as an SVG document. `truncated`: there are more entries than these."""
    sheet = view.sheet
    ordered = sorted(entries, key=lambda entry: entry.sort_key)
    weeks = view.weeks
    if view.name == MONTH:
        body = month_body(sheet, weeks, view.day.month, ordered, HEADING)
    else:
        body = week_body(sheet, weeks[0], ordered, HEADING)
    height = HEADING + body.height + LEGEND
    name = f"{translated(sheet.language, 'calendar')}: {view.title}"
    return document(
        WIDTH,
        height,
        element("title", name, id="cc-title"),
        element("desc", _summary(sheet, weeks, ordered), id="cc-desc"),
        patterns(),
        element("rect", width=WIDTH, height=height, fill=PAPER, class_="cc-paper"),
        *_heading(view),
        *body.drawn,
        *_legend(sheet, HEADING + body.height + 26, truncated),
        role="group",  # its entries are links
        aria_labelledby="cc-title cc-desc",
        lang="zh-CN" if sheet.language == "zh" else "en",
        font_family=FONT,
        class_="change-calendar",
    )


def _summary(sheet: Sheet, weeks: Sequence[Sequence[Day]], entries: Sequence[CalendarEntry]) -> str:
    if not entries:
        return translated(sheet.language, "nothing")
    changes = sum(entry.is_change for entry in entries)
    first, last = (long_day(day.on, sheet.language) for day in (weeks[0][0], weeks[-1][-1]))
    freezes = len(entries) - changes
    return translated(sheet.language, "summary", changes=changes, freezes=freezes, first=first, last=last)


def _heading(view: View) -> list[Markup]:
    zone = translated(view.sheet.language, "times", zone=view.sheet.zone.key)
    return [
        caption(view.title, 8, 22, 17, "cc-text", weight=650),
        caption(zone, WIDTH - 8, 22, 12, "cc-soft cc-zone", fill=SOFT, anchor="end"),
    ]


def _legend(sheet: Sheet, y: float, truncated: bool) -> list[Markup]:
    """Return the legend of the marks, with a note if entries are left out."""
    drawn, x = list[Markup](), 8.0
    for kind, mark in MARKS.items():
        label = kind.label(sheet.language)
        drawn += [
            box(mark, x, y - 9, 34, 18),
            badge(mark, x + 17, y),
            caption(label, x + 40, y + 4, 12, "cc-text"),
        ]
        x += 40 + text_width(label, 12) + 22
    note = translated(sheet.language, "truncated" if truncated else "overridden")
    drawn.append(caption(note, x, y + 4, 12, "cc-soft", fill=SOFT))
    return drawn
