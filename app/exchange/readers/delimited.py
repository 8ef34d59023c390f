"""Reader of delimited files (CSV) with a mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from operator import itemgetter

from app.common.times.written_times import TimeParser, first_without_offset
from app.exchange.mapping import PER_SECOND, FileMapping
from app.exchange.readers.lines import UTF8, CellRow, DelimitedRows, lines
from app.exchange.readers.milestones import MILESTONE_COLUMNS, MilestoneRows
from app.exchange.readers.rows import FileRefused, Format, RefusedRow, SourceRow, distinct_names
from app.exchange.readers.sorting import in_case_order
from app.exchange.readers.table import (
    CLOCK_TOLERANCE,
    TableReader,
    cells_of,
    peek_rows,
    require_known_state,
)
from app.exchange.readers.times import detect_date_order, zone_of_file


@dataclass(frozen=True)
class MappedRows:
    """Reads rows of cells by a mapping. `zone` applies to times without a zone; `now` is the present.

    `extra_column`: the column with all values that the mapping does not name, as a JSON object.
    `offsets_only`: the format has no time zone option, so a row whose time states no offset is refused
    by itself.
    """

    mapping: FileMapping
    form: Format
    zone: str
    now: datetime
    extra_column: str | None = None
    offsets_only: bool = False

    def read(
        self, heading: list[str], rows: Iterator[CellRow | RefusedRow]
    ) -> Iterator[SourceRow | RefusedRow]:
        """Reads the rows under this heading. Raises FileRefused."""
        ahead = peek_rows(rows)
        if not ahead:
            raise FileRefused("The file has no rows.")
        layout = replace(self.mapping.layout(self.form), extra_column=self.extra_column)
        clock, latest = self._time_parser(heading, layout.times, ahead), self.now + CLOCK_TOLERANCE
        rows = chain(ahead, rows)
        if self.mapping.milestones is not None:
            rows = MilestoneRows(self.mapping, heading, clock, latest).read(rows)
            heading = [*heading, *MILESTONE_COLUMNS]
        table = TableReader(heading, layout, clock, latest)
        if self.mapping.milestones is None:
            require_known_state(table, ahead)
        if self.mapping.sequence is not None:
            yield from in_case_order(rows, table, heading.index(self.mapping.sequence))
            return
        for row in rows:
            yield row if isinstance(row, RefusedRow) else table.read(row)

    def _time_parser(
        self, heading: list[str], times: frozenset[str], ahead: list[CellRow | RefusedRow]
    ) -> TimeParser:
        zone = zone_of_file(self.zone) if self.zone else None
        per_second = PER_SECOND[self.mapping.time]
        if per_second is not None:
            return TimeParser(zone, None, per_second)
        without = None if zone or self.offsets_only else first_without_offset(cells_of(heading, times, ahead))
        if without is not None:
            raise FileRefused(
                f"The time {without!r} has no UTC offset. Set the time zone of the file with --zone, or "
                "with `zone` in the mapping."
            )
        order = self.mapping.date_order or detect_date_order(cells_of(heading, times, ahead))
        return TimeParser(zone, order)


@dataclass(frozen=True)
class Delimited:
    """Reads delimited files by a mapping: each row is a case as it stood after a change.

    `given_zone` takes precedence over the zone of the mapping.
    """

    mapping: FileMapping
    now: datetime
    given_zone: str | None = None
    encoding: str = UTF8
    format: Format = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", self.mapping.format("csv"))

    @property
    def zone(self) -> str:
        """The zone of times without one; empty if every time has an offset."""
        return self.given_zone or self.mapping.zone or ""

    def read(self, block: Callable[[int], bytes]) -> Iterator[SourceRow | RefusedRow]:
        """Reads the rows, in the order of the file or of their sequence column. Raises FileRefused."""
        rows = DelimitedRows(lines(block, self.encoding), self.encoding)
        heading = [" ".join(cell.split()) for cell in rows.heading()]
        self._check(heading)
        cell_rows: Iterator[CellRow | RefusedRow] = iter(rows)
        places = [n for n, name in enumerate(heading) if name not in self.mapping.ignore]
        if len(places) < len(heading):
            cell_rows = _select_cells(cell_rows, places)
        mapped = MappedRows(self.mapping, self.format, self.zone, self.now)
        names = distinct_names([heading[n] for n in places], self.mapping.keys_by_column)
        yield from mapped.read(names, cell_rows)

    def _check(self, heading: list[str]) -> None:
        """Raises FileRefused if the heading lacks a column that the mapping names."""
        absent = {column: key for column, key in self.mapping.keys_by_column.items() if column not in heading}
        if absent:
            missing_columns = ", ".join(
                f"{column!r} ({key} of the mapping)" for column, key in absent.items()
            )
            raise FileRefused(
                f"The heading has no column {missing_columns}. It has: {', '.join(map(repr, heading))}."
            )


def _select_cells(rows: Iterator[CellRow | RefusedRow], places: list[int]) -> Iterator[CellRow | RefusedRow]:
    """Return the rows without the cells of ignored columns; the columns of the case and the time always
    remain.
    """
    keep = itemgetter(*places)
    for row in rows:
        yield row if isinstance(row, RefusedRow) else (row[0], list(keep(row[1])), row[2])
