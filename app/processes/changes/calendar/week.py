"""The week of the change calendar: a column for each day, with its hours (pure).

Hours are drawn as they pass: a day on which clocks change is an hour shorter or longer than the others, and
has the hours of its own clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from app.processes.changes.calendar.entries import CalendarEntry, Day
from app.processes.changes.calendar.labels import translated
from app.processes.changes.calendar.layout import (
    COLUMN,
    GUTTER,
    Body,
    Sheet,
    column_left,
    day_head,
    group,
    name_of,
    overflow_note,
)
from app.processes.changes.calendar.marks import LINE, badge, box, mark_of
from app.svg.elements import element, fitted, text
from app.svg.lines import SOFT, caption

HOUR, HEAD, STRIP = 26.0, 26.0, 22.0
USUAL_HOURS = 24
#: The width of the hours of a day on which clocks change.
OWN_HOURS = 36.0
#: The least height of a change, so that its number can be read.
MIN_HEIGHT = 17.0
#: Most changes shown side by side, and most bars of freezes above them.
MOST_LANES, MOST_BARS = 3, 3


@dataclass(frozen=True, slots=True)
class Block:
    """The part of an entry within one day: from `top` to `bottom`, in hours since the day began."""

    entry: CalendarEntry
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A block with its lane and the number of lanes; `hidden` are the blocks that it represents, if there are
    several.
    """

    block: Block
    lane: int
    lanes: int
    hidden: tuple[CalendarEntry, ...] = ()


def week_body(sheet: Sheet, week: Sequence[Day], entries: Sequence[CalendarEntry], top: float) -> Body:
    """Return the week drawn from `top` on."""
    freezes = [entry for entry in entries if not entry.is_change]
    strip = min(len(freezes), MOST_BARS + 1) * STRIP
    grid_top = top + HEAD + strip
    hours = max(USUAL_HOURS, *(day.hours for day in week))
    drawn = [_gutter(week, grid_top)]
    for column, day in enumerate(week):
        drawn.append(day_head(sheet, day, column, top + 17))
        drawn += _column(sheet, day, column, grid_top)
        drawn += (_band(freeze, day, column, grid_top) for freeze in freezes if _within(freeze, day))
    drawn += _bars(sheet, week, freezes, top + HEAD)
    changes = [entry for entry in entries if entry.is_change]
    for column, day in enumerate(week):
        reserved = 0.0 if day.hours == USUAL_HOURS else OWN_HOURS
        for placed in assign_lanes(
            [block for entry in changes if (block := block_of(entry, day)) is not None]
        ):
            drawn.append(_block(sheet, placed, column, grid_top, reserved))
    return Body(drawn, HEAD + strip + hours * HOUR)


def block_of(entry: CalendarEntry, day: Day) -> Block | None:
    """Return the part of the entry within the day, or None."""
    if not _within(entry, day):
        return None
    return Block(entry, _hours(day, max(entry.from_at, day.begin)), _hours(day, min(entry.until_at, day.end)))


def assign_lanes(blocks: Sequence[Block]) -> Iterator[Placed]:
    """Yield the blocks of one day in lanes, so that they do not cover each other: blocks that overlap one
    another, directly or by others, share the column evenly. If there are too many, the last lane shows the
    number of further ones.
    """
    cluster: list[tuple[Block, int]] = []
    ends: list[float] = []
    for block in sorted(blocks, key=lambda block: (block.top, -block.bottom, str(block.entry.id))):
        if ends and block.top >= max(ends):
            yield from _of_cluster(cluster, len(ends))
            cluster, ends = [], []
        bottom = max(block.bottom, block.top + MIN_HEIGHT / HOUR)
        lane = next((n for n, end in enumerate(ends) if end <= block.top), len(ends))
        ends[lane : lane + 1] = [bottom]
        cluster.append((block, lane))
    yield from _of_cluster(cluster, len(ends))


def _of_cluster(cluster: Sequence[tuple[Block, int]], lanes: int) -> Iterator[Placed]:
    if lanes <= MOST_LANES:
        yield from (Placed(block, lane, lanes) for block, lane in cluster)
        return
    last = MOST_LANES - 1
    yield from (Placed(block, lane, MOST_LANES) for block, lane in cluster if lane < last)
    hidden = [block for block, lane in cluster if lane >= last]
    extent = Block(hidden[0].entry, hidden[0].top, max(block.bottom for block in hidden))
    yield Placed(extent, last, MOST_LANES, hidden=tuple(block.entry for block in hidden))


def _within(entry: CalendarEntry, day: Day) -> bool:
    return entry.overlaps(day.begin, day.end)


def _hours(day: Day, instant: datetime) -> float:
    return (instant - day.begin).total_seconds() / 3600


def _gutter(week: Sequence[Day], top: float) -> Markup:
    """Return the hours of the days on which no clock changes."""
    usual = any(day.hours == USUAL_HOURS for day in week)
    labels = [
        caption(f"{hour:02}:00", GUTTER - 8, top + hour * HOUR + 4, 11, "cc-soft", fill=SOFT, anchor="end")
        for hour in range(USUAL_HOURS)
        if usual
    ]
    return element("g", *labels, class_="cc-hours")


def _column(sheet: Sheet, day: Day, column: int, top: float) -> list[Markup]:
    """Return the frame of a day with the lines of its hours, and these themselves where its clock changes."""
    left, height = column_left(column), day.hours * HOUR
    frame = element(
        "rect",
        x=left,
        y=top,
        width=COLUMN,
        height=height,
        fill="none",
        stroke=SOFT if sheet.is_today(day) else LINE,
        class_="cc-day cc-today" if sheet.is_today(day) else "cc-day",
    )
    lines = "".join(f"M{left:.1f} {top + n * HOUR:.1f}h{COLUMN:.1f}" for n in range(1, int(day.hours) + 1))
    drawn = [frame, element("path", d=lines, stroke=LINE, fill="none", class_="cc-line")]
    if day.hours != USUAL_HOURS:
        drawn += _own_hours(sheet, day, left, top)
    return drawn


def _own_hours(sheet: Sheet, day: Day, left: float, top: float) -> list[Markup]:
    """Return the hours of a day on which clocks change, and a word about it below the day."""
    right = left + COLUMN - 4
    style = {"text_anchor": "end", "font_size": 10, "fill": SOFT, "class_": "cc-soft cc-own-hour"}
    labels = [
        text(sheet.clock(day.begin + timedelta(hours=n)), x=right, y=top + n * HOUR + 11, **style)
        for n in range(int(day.hours))
    ]
    hours = translated(sheet.language, "hours", hours=f"{day.hours:g}")
    note = caption(hours, left + 6, top + day.hours * HOUR + 13, 11, "cc-soft", fill=SOFT)
    return [*labels, note]


def _band(freeze: CalendarEntry, day: Day, column: int, top: float) -> Markup:
    """Return the hatched band of a freeze in a day."""
    block = block_of(freeze, day)
    assert block is not None, "the freeze lies in the day"
    mark = mark_of(freeze)
    return element(
        "rect",
        x=column_left(column) + 1,
        y=top + block.top * HOUR,
        width=COLUMN - 2,
        height=max((block.bottom - block.top) * HOUR, 2.0),
        fill=f"url(#{mark.pattern})",
        class_=f"cc-band cc-{mark.name}",
    )


def _bars(
    sheet: Sheet, week: Sequence[Day], freezes: Sequence[CalendarEntry], top: float
) -> Iterator[Markup]:
    """Yield a bar above the days for each freeze, with its name."""
    for n, freeze in enumerate(freezes[:MOST_BARS]):
        columns = [column for column, day in enumerate(week) if _within(freeze, day)]
        left, y = column_left(columns[0]), top + n * STRIP
        width, mark = len(columns) * COLUMN, mark_of(freeze)
        label = fitted(f"{freeze.type_label(sheet.language)}: {name_of(freeze)}", width - 30, 12)
        yield group(
            sheet,
            freeze,
            box(mark, left + 1, y, width - 2, STRIP - 3),
            badge(mark, left + 13, y + 9.5),
            caption(label, left + 26, y + 14, 12, "cc-text"),
            kind=mark.name,
        )
    if len(freezes) > MOST_BARS:
        yield overflow_note(sheet, freezes[MOST_BARS:], GUTTER + 6, top + MOST_BARS * STRIP + 13)


def _block(sheet: Sheet, placed: Placed, column: int, top: float, reserved: float) -> Markup:
    """Return a change in its lane, or the line with the number of further ones; `reserved` is the width at
    the right that stays free.
    """
    block, entry = placed.block, placed.block.entry
    width = (COLUMN - 6 - reserved) / placed.lanes
    left = column_left(column) + 3 + placed.lane * width
    y, height = top + block.top * HOUR, max((block.bottom - block.top) * HOUR, MIN_HEIGHT)
    if placed.hidden:
        return overflow_note(sheet, placed.hidden, left + 2, y + 12)
    mark, room = mark_of(entry), width - 26
    number = entry.number or ""
    if placed.lanes > 1:  # a narrow lane has no room for the year
        number = number.rpartition("-")[2]
    lines = [
        f"{'! ' if entry.overridden else ''}{number}",
        entry.title or "",
        entry.state.label(sheet.language),
        f"{sheet.clock(entry.from_at)}–{sheet.clock(entry.until_at)}",
    ]
    fitting = [line for line in lines if line][: max(1, int((height - 3) // 14))]
    texts = [
        caption(
            fitted(line, room if n == 0 else width - 10, 11),
            left + (22 if n == 0 else 5),
            y + 12.5 + n * 14,
            11,
            "cc-text",
            weight=600 if n == 0 else None,
        )
        for n, line in enumerate(fitting)
    ]
    return group(
        sheet,
        entry,
        box(mark, left, y, width - 2, height - 1),
        badge(mark, left + 11, y + 8.5),
        *texts,
        kind=mark.name,
    )
