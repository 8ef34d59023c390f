"""The month of the change calendar: a row for each week, a cell for each day (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.processes.changes.calendar.entries import CalendarEntry, Day
from app.processes.changes.calendar.labels import translated, weekday
from app.processes.changes.calendar.layout import (
    COLUMN,
    Body,
    Sheet,
    column_left,
    group,
    name_of,
    overflow_note,
)
from app.processes.changes.calendar.marks import LINE, badge, mark_of
from app.svg.elements import element, fitted
from app.svg.lines import INK, SOFT, caption

HEAD, CELL, ROW, DATE = 24.0, 118.0, 23.0, 22.0
#: Largest number of entries in a cell; if there are more, the last line gives their number.
MOST_ROWS = 4


def month_body(
    sheet: Sheet, weeks: Sequence[Sequence[Day]], month: int, entries: Sequence[CalendarEntry], top: float
) -> Body:
    """Return the weeks drawn from `top` on; `month` is the number of the month, whose days stand out."""
    drawn = [
        caption(weekday(day.on, sheet.language), column_left(column) + 6, top + 16, 13, "cc-text", weight=500)
        for column, day in enumerate(weeks[0])
    ]
    for n, week in enumerate(weeks):
        y = top + HEAD + n * CELL
        number = f"W{week[0].on.isocalendar().week}"
        drawn.append(caption(number, 8, y + 16, 11, "cc-soft", fill=SOFT))
        for column, day in enumerate(week):
            inside = [entry for entry in entries if entry.overlaps(day.begin, day.end)]
            drawn += _cell(sheet, day, column_left(column), y, inside, within=day.on.month == month)
    return Body(drawn, HEAD + len(weeks) * CELL)


def _cell(
    sheet: Sheet, day: Day, left: float, top: float, entries: Sequence[CalendarEntry], *, within: bool
) -> list[Markup]:
    """Return the cell of a day; `within`: the day is one of the month."""
    today = sheet.is_today(day)
    drawn = [
        element(
            "rect",
            x=left,
            y=top,
            width=COLUMN,
            height=CELL,
            fill="none",
            stroke=SOFT if today else LINE,
            class_="cc-day cc-today" if today else "cc-day",
        )
    ]
    freezes = [entry for entry in entries if not entry.is_change]
    drawn += (
        element(
            "rect",
            x=left + 1,
            y=top + 1,
            width=COLUMN - 2,
            height=CELL - 2,
            fill=f"url(#{mark_of(freeze).pattern})",
            class_=f"cc-band cc-{mark_of(freeze).name}",
        )
        for freeze in freezes[:1]
    )
    date = f"{day.on.day} · {translated(sheet.language, 'today')}" if today else str(day.on.day)
    drawn.append(
        caption(
            date,
            left + 6,
            top + 15,
            12,
            "cc-text" if within else "cc-soft",
            fill=INK if within else SOFT,
            weight=700 if today else 500 if within else None,
        )
    )
    ordered = [*freezes, *(entry for entry in entries if entry.is_change)]
    room = MOST_ROWS if len(ordered) <= MOST_ROWS else MOST_ROWS - 1
    drawn += (_row(sheet, entry, day, left, top + DATE + n * ROW) for n, entry in enumerate(ordered[:room]))
    if len(ordered) > room:
        drawn.append(overflow_note(sheet, ordered[room:], left + 6, top + DATE + room * ROW + 14))
    return drawn


def _row(sheet: Sheet, entry: CalendarEntry, day: Day, left: float, top: float) -> Markup:
    """Return one line of a cell: what it is, when it begins if it does on that day, and its name."""
    mark = mark_of(entry)
    begins = f"{sheet.clock(entry.from_at)} " if day.begin <= entry.from_at < day.end else "… "
    # A cell is narrow: the year of the number stands above it.
    name = name_of(entry).replace(f"CHG-{day.on.year}-", "")
    label = fitted(begins + name, COLUMN - 28, 11)
    return group(
        sheet,
        entry,
        badge(mark, left + 13, top + 10),
        caption(label, left + 25, top + 14, 11, "cc-text"),
        kind=mark.name,
    )
