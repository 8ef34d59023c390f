"""Conversion of rows that describe a whole case into one row for each state that it came to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from app.common.times.written_times import NotATime, TimeParser
from app.exchange.mapping import MILESTONE, MILESTONE_AT, MILESTONE_BY, FileMapping
from app.exchange.readers.lines import CellRow
from app.exchange.readers.rows import RefusedRow
from app.exchange.readers.table import REASONS

MILESTONE_COLUMNS = (MILESTONE, MILESTONE_AT, MILESTONE_BY)


class _Milestone(NamedTuple):
    """A milestone in the heading: its state, the indexes of the columns of its time and of the person (None:
    unknown), and its name.
    """

    state: str
    time_place: int
    person_place: int | None
    column: str


class MilestoneRows:
    """Makes of each row one for each of its milestones, in the order of their times, and at equal times in
    that of the mapping. The new rows have the columns MILESTONE_COLUMNS besides.

    A row for a milestone contains nothing later: no later milestones and, except for the last milestone, not
    the end of the case. So a row that has grown since it was imported gives the same rows again, and new
    ones.
    """

    def __init__(self, mapping: FileMapping, heading: list[str], clock: TimeParser, latest: datetime) -> None:
        place = {name: n for n, name in enumerate(heading)}
        self._milestones = [
            _Milestone(
                state.value,
                place[each.column],
                None if each.by is None else place[each.by],
                each.column,
            )
            for state, each in (mapping.milestones or {}).items()
        ]
        always = {place[mapping.case], *({place[mapping.opened]} if mapping.opened else ())}
        self._blank = {
            each: [n for n in (each.time_place, each.person_place) if n is not None and n not in always]
            for each in self._milestones
        }
        self._ending = [place[column] for column in mapping.ending_columns]
        self._missing = mapping.missing
        self._clock = clock
        self._latest = latest

    def read(self, rows: Iterator[CellRow | RefusedRow]) -> Iterator[CellRow | RefusedRow]:
        """Return the rows of the milestones. A row with an invalid time, or without any milestone, is
        refused.
        """
        for row in rows:
            if isinstance(row, RefusedRow):
                yield row
                continue
            line, cells, size = row
            try:
                reached = self._reached(cells)
            except _WrongTime as wrong:
                reason = REASONS[wrong.code].format(column=wrong.column)
                yield RefusedRow(line, wrong.code, reason, ",".join(cells))
                continue
            for n in range(len(reached)):
                yield line, self._cells(cells, reached, n), size if n == 0 else 0

    def _reached(self, cells: list[str]) -> list[_Milestone]:
        """Return the milestones that the row has a time for, in their order. Raises _WrongTime."""
        reached: list[tuple[datetime, int, _Milestone]] = []
        for n, milestone in enumerate(self._milestones):
            text = cells[milestone.time_place].strip()
            if text.lower() in self._missing:
                continue
            try:
                parsed = self._clock[text]
            except NotATime as error:
                raise _WrongTime(str(error), milestone.column) from error
            if parsed is None:
                continue
            if parsed.instant > self._latest:
                raise _WrongTime("in_the_future", milestone.column)
            reached.append((parsed.instant, n, milestone))
        if not reached:
            raise _WrongTime("no_time", " and no ".join(each.column for each in self._milestones))
        return [milestone for *_, milestone in sorted(reached)]

    def _cells(self, cells: list[str], reached: list[_Milestone], n: int) -> list[str]:
        milestone, later = reached[n], reached[n + 1 :]
        reached_places = {
            place for each in reached[: n + 1] for place in (each.time_place, each.person_place)
        }
        hidden = {place for each in later for place in self._blank[each]} - reached_places
        if later:
            hidden.update(self._ending)
        visible_cells = ["" if place in hidden else cell for place, cell in enumerate(cells)]
        by = "" if milestone.person_place is None else cells[milestone.person_place]
        return [*visible_cells, milestone.state, cells[milestone.time_place], by]


class _WrongTime(Exception):
    """A row cannot be read: the code of the reason, and the column concerned."""

    def __init__(self, code: str, column: str) -> None:
        super().__init__(code)
        self.code = code
        self.column = column
