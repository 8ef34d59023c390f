"""Reader of ServiceNow's audit of incidents as CSV: each row is a whole incident just after one change of it.

The columns of the incident's end (`resolved_at`, `closed_code`, …) have their final values in every row of
it, the first one too, so they state the future. Therefore they make no events and do not distinguish rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import ClassVar

from app.common.tickets import HoldReason
from app.common.times.written_times import DateOrder, TimeParser
from app.exchange.readers import servicenow_codes as codes
from app.exchange.readers.lines import UTF8, CellRow, DelimitedRows, lines
from app.exchange.readers.rows import FileRefused, Format, RefusedRow, SourceRow, distinct_names
from app.exchange.readers.sorting import in_case_order
from app.exchange.readers.table import (
    CLOCK_TOLERANCE,
    Layout,
    StateAndFields,
    TableReader,
    cells_of,
    peek_rows,
    require_known_state,
)
from app.exchange.readers.times import detect_date_order, zone_of_file
from app.processes.incidents.records import IncidentState

#: A file counts as ordered if at most one row in so many has an earlier place than the row before it.
MIN_ROWS_PER_DISORDER = 20

FORMAT = Format(
    name="servicenow",
    kind="incident",
    persons=codes.PERSONS,
    teams=codes.TEAMS,
    fields=codes.FIELDS,
    names=codes.NAMES,
    free_text=codes.FREE_TEXT,
    with_state={"hold_reason": frozenset(IncidentState)},
    time_columns=frozenset(codes.UPDATED),
    actor="sys_updated_by",
    opener=("opened_by", "sys_created_by", "sys_updated_by"),
    repeats=True,
)


@dataclass(frozen=True)
class ServiceNow:
    """Reader of ServiceNow's audit exports. `zone` is the IANA time zone of the file's times.

    `now` is the present. `order` is that of day, month and year in dates (None: detected from the first
    rows).
    """

    zone: str
    now: datetime
    order: DateOrder | None = None
    encoding: str = UTF8
    format: ClassVar[Format] = FORMAT

    def read(self, block: Callable[[int], bytes]) -> Iterator[SourceRow | RefusedRow]:
        """Reads the rows, in the order of the file, or in the order of the audit if the file is in disorder.
        Raises FileRefused.
        """
        zone = zone_of_file(self.zone)
        rows = DelimitedRows(lines(block, self.encoding), self.encoding)
        heading = _heading(rows.heading())
        later = iter(rows)
        ahead = peek_rows(later)
        if not ahead:
            raise FileRefused("The file has a heading and no rows.")
        order = self.order or detect_date_order(cells_of(heading, codes.TIMES, ahead))
        table = TableReader(heading, _layout(heading), TimeParser(zone, order), self.now + CLOCK_TOLERANCE)
        require_known_state(table, ahead)
        if codes.COUNTER in heading and _in_disorder(table, ahead, counter := heading.index(codes.COUNTER)):
            yield from in_case_order(chain(ahead, later), table, counter)
            return
        for row in chain(ahead, later):
            yield row if isinstance(row, RefusedRow) else table.read(row)


def _in_disorder(table: TableReader, rows: list[CellRow | RefusedRow], counter: int) -> bool:
    """True if the rows of cases are not in the order of the audit: for instance newest first, or shuffled.

    Some rows of real audits are out of order. `counter` is the index of the column that counts the changes.
    """
    before: dict[str, tuple[datetime, float]] = {}
    forth = back = 0
    for row in rows:
        source_row = row if isinstance(row, RefusedRow) else table.read(row)
        if isinstance(source_row, RefusedRow):
            continue
        count = source_row.values[counter]
        place = source_row.occurred_at, float(count) if count is not None and count.isdecimal() else 0.0
        forth += place >= before.get(source_row.case, place)
        back += place < before.get(source_row.case, place)
        before[source_row.case] = place
    return back * MIN_ROWS_PER_DISORDER > forth


def _heading(cells: list[str]) -> list[str]:
    needed_names = {codes.CASE, *codes.STATES, *codes.UPDATED, codes.OPENED}
    names = distinct_names(["_".join(cell.lower().split()) for cell in cells], needed_names)
    for needed in ((codes.CASE,), codes.STATES, codes.UPDATED, (codes.OPENED,)):
        if not set(needed) & set(names):
            column_names = " or ".join(needed)
            raise FileRefused(
                f"The heading has no column {column_names}: this is not ServiceNow's audit of incidents."
            )
    return names


def _layout(heading: list[str]) -> Layout:
    """Return the layout of this file, by its heading."""
    state = next(name for name in codes.STATES if name in heading)
    state_codes = codes.OLD_STATE_CODES if state == codes.STATES[0] else codes.STATE_CODES
    reason = ("hold_reason",) if "hold_reason" in heading else ()

    def read_state(cells: tuple[str | None, ...]) -> StateAndFields | None:
        state = None if cells[0] is None else codes.code_of(state_codes, cells[0])
        if state is None:
            return None
        waits_for = state[1]
        if waits_for is HoldReason.other:
            why = cells[1] if reason else None
            waits_for = codes.code_of(codes.HOLD_REASONS, why or "") or HoldReason.other
        return state[0], {"hold_reason": waits_for}

    return Layout(
        case=codes.CASE,
        time_column=next(name for name in codes.UPDATED if name in heading),
        opened=codes.OPENED,
        state=(state, *reason),
        read_state=read_state,
        codes=codes.CODES,
        texts=codes.TEXTS,
        named=codes.PERSONS | codes.TEAMS,
        times=codes.TIMES,
        plain_text_columns=codes.HARMLESS,
        final_value_columns=codes.AFTERWARDS,
        missing=codes.MISSING,
        missing_in_written=codes.MISSING_IN_WRITTEN,
        written=codes.WRITTEN,
        instants={},
        derived=None,
    )
