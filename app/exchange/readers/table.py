"""Conversion of rows of cells under one heading into the states of cases. A layout defines the content of
each column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import blake2b
from itertools import compress
from operator import itemgetter, ne
from typing import Any

from app.common.personal import PREFIX
from app.common.records import CodeEnum
from app.common.times.written_times import NotATime, ParsedTime, TimeParser
from app.exchange.readers.lines import CellRow
from app.exchange.readers.rows import FileRefused, RefusedRow, SourceRow
from app.kernel.actions.made_fit import fit_line

CLOCK_TOLERANCE = timedelta(seconds=60)
# Rows to read ahead, to find a date that shows the order of day and month.
PEEK_ROWS = 5_000
PEEK_SIZE = 4_000_000
LONGEST_KEY = 100
LONGEST_NAME = 200
LARGEST_CACHE = 50_000
BOOLEANS = {"true": "true", "false": "false"}
#: The booleans as programs write them. In columns of texts and names they stay as they are written.
_WRITTEN_BOOLEANS = frozenset(write(text) for text in BOOLEANS for write in (str.upper, str.capitalize))
REASONS = {
    "no_case": "the row has no {column}",
    "bad_case": "the value in {column} cannot be the number of a case",
    "no_time": "the row has no {column}",
    "bad_time": "the value in {column} is not a time such as 2016-03-01 13:05:00",
    "ambiguous_date": "the date in {column} could be read with the day first or with the month first",
    "no_zone": "the time in {column} has no UTC offset, and the file has no time zone",
    "like_a_ciphertext": "a cell begins like encrypted text of Ledgerdesk",
    "in_the_future": "{column} is in the future; is the time zone right?",
}
_LEVEL = re.compile(r"([0-9]) *- .*")

#: A state, and the fields that are set together with it.
StateAndFields = tuple[CodeEnum, dict[str, Any]]


@dataclass(frozen=True)
class Layout:
    """The contents of the columns of a file; columns that a file does not have are left out.

    `case`, `time_column`, `opened`: the columns of the case's name, the row's time and the opening time
    (None: the time of the first row). `state`: the columns that `read_state` takes the state from; it
    returns None if unknown. `codes`: column to field, and lower-case cell to code. `texts`: column to
    field; `instants`: those of fields that are instants. `derived` returns the fields that follow from
    others. `named`: columns with names of persons and teams; `times`: with instants; `plain_text_columns`:
    which the log may store in plain text, unlike all others. `final_value_columns`: columns that show final
    values in earlier rows, too. `missing`: lower-case texts that mean no value. `extra_column`: the column
    with all other values, as a JSON object of texts. `written`: columns of texts and names, in which only
    `missing_in_written` mean no value.
    """

    case: str
    time_column: str
    opened: str | None
    state: tuple[str, ...]
    read_state: Callable[[tuple[str | None, ...]], StateAndFields | None]
    codes: Mapping[str, tuple[str, Mapping[str, CodeEnum]]]
    texts: Mapping[str, str]
    named: frozenset[str]
    times: frozenset[str]
    plain_text_columns: frozenset[str]
    final_value_columns: frozenset[str]
    missing: frozenset[str]
    instants: Mapping[str, str]
    derived: Callable[[Mapping[str, Any]], dict[str, Any]] | None
    extra_column: str | None = None
    written: frozenset[str] = frozenset()
    missing_in_written: frozenset[str] = frozenset({""})


def peek_rows(rows: Iterator[CellRow | RefusedRow]) -> list[CellRow | RefusedRow]:
    """Takes the first rows from the iterator, up to PEEK_ROWS of them or PEEK_SIZE characters."""
    ahead: list[CellRow | RefusedRow] = []
    size = 0
    for row in rows:
        ahead.append(row)
        size += len(row.text) if isinstance(row, RefusedRow) else row[2]
        if len(ahead) >= PEEK_ROWS or size >= PEEK_SIZE:
            break
    return ahead


def cells_of(
    heading: Iterable[str], columns: frozenset[str], rows: list[CellRow | RefusedRow]
) -> Iterator[str]:
    """Return, for these rows, the trimmed cells of the named columns."""
    places = [n for n, name in enumerate(heading) if name in columns]
    for row in rows:
        if not isinstance(row, RefusedRow):
            for n in places:
                yield row[1][n].strip()


class _TextCache(dict[str, str | None]):
    """Values by cell: trimmed, booleans in lower case unless they are texts that somebody has `written`, None
    for a missing value.

    Cells that cannot be codes, being too long or of several lines, are appended to `odd` and not cached.
    """

    def __init__(self, missing: frozenset[str], odd: list[str], *, names: bool, written: bool) -> None:
        super().__init__()
        self._missing = missing
        self._uncacheable = odd
        self._names = names
        self._booleans = {} if written else BOOLEANS

    def __missing__(self, cell: str) -> str | None:
        # Programs differ in the spaces that they leave within a name.
        text = " ".join(cell.split()) if self._names else cell.strip()
        if self._names and not text.isprintable():
            text = fit_line(text, LONGEST_NAME).text
        folded = text.lower()
        value = None if folded in self._missing else self._booleans.get(folded, text)
        if len(text) > LONGEST_KEY or not text.isprintable() or text.startswith(PREFIX):
            self._uncacheable.append(text)
        else:
            if len(self) >= LARGEST_CACHE:
                self.clear()
            self[cell] = value
        return value


class _TimeCache(dict[str, str | None]):
    """Instants as text, by cell; a cell that is no time stays as it is, and is appended to `odd`."""

    def __init__(self, clock: TimeParser, missing: frozenset[str], odd: list[str]) -> None:
        super().__init__()
        self._clock = clock
        self._missing = missing
        self._uncacheable = odd

    def __missing__(self, cell: str) -> str | None:
        text = cell.strip()
        value: str | None = None
        if text.lower() not in self._missing:
            try:
                parsed = self._clock[text]
                value = None if parsed is None else parsed.text
            except NotATime:
                self._uncacheable.append(text)
                return text
        if len(self) >= LARGEST_CACHE:
            self.clear()
        self[cell] = value
        return value


class Unknown(Enum):
    """Marker in place of an unknown code."""

    code = 0


UNKNOWN = Unknown.code


class _CodeCache(dict[str | None, CodeEnum | Unknown | None]):
    """Codes of this system by value; `UNKNOWN` for an unknown value. All values are short enough to be
    codes.
    """

    def __init__(self, code_enums: Mapping[str, CodeEnum]) -> None:
        super().__init__({None: None})
        self._codes = code_enums

    def __missing__(self, value: str) -> CodeEnum | Unknown | None:
        code: CodeEnum | Unknown | None = self._codes.get(value.lower())
        if code is None:
            level = _LEVEL.fullmatch(value)  # `1 - Critical` means 1
            code = self._codes.get(level[1], UNKNOWN) if level else UNKNOWN
        if len(self) < LARGEST_CACHE:
            self[value] = code
        return code


# The state, the other fields, a code for each unknown value, and the fields whose text was made fit.
_RecordFields = tuple[CodeEnum | None, dict[str, Any], tuple[str, ...], Mapping[str, list[str]]]


class TableReader:
    """Reads the rows under one heading. Times after `latest` are in the future, and their rows are
    refused.
    """

    def __init__(self, heading: list[str], layout: Layout, clock: TimeParser, latest: datetime) -> None:
        self._heading = tuple(heading)
        self._clock = clock
        self._latest = latest
        self._uncacheable: list[str] = []
        texts = _TextCache(layout.missing, self._uncacheable, names=False, written=False)
        in_written, odd = layout.missing_in_written, self._uncacheable
        written = _TextCache(in_written, odd, names=False, written=True)
        names = _TextCache(in_written, odd, names=True, written=True)
        times = _TimeCache(clock, layout.missing, self._uncacheable)
        self._named = layout.named
        self._read: list[dict[str, str | None]] = [
            times
            if name in layout.times
            else names
            if name in layout.named
            else written
            if name in layout.written
            else texts
            for name in heading
        ]
        place = {name: n for n, name in enumerate(heading)}
        self._case_at, self._updated_at = place[layout.case], place[layout.time_column]
        self._opened_at = None if layout.opened is None else place[layout.opened]
        self._states_at = [place[column] for column in layout.state]
        self._read_state = layout.read_state
        self._codes = [
            (f, place[c], _CodeCache(codes)) for c, (f, codes) in layout.codes.items() if c in place
        ]
        self._texts = [(field, place[c]) for c, field in layout.texts.items() if c in place]
        self._instants = [(field, place[c]) for c, field in layout.instants.items() if c in place]
        self._derived = layout.derived
        self._record_key = itemgetter(
            *self._states_at,
            *(n for _, n, _ in self._codes),
            *(n for _, n in self._texts),
            *(n for _, n in self._instants),
        )
        self._records: dict[tuple[str | None, ...], _RecordFields] = {}
        self._private = tuple(
            name
            for name in heading
            if not (name in layout.plain_text_columns or name in layout.times or name in layout.named)
        )
        self._final_value_columns = layout.final_value_columns
        self._extra_place = None if layout.extra_column is None else place[layout.extra_column]
        self._identity_columns = sorted(
            name for name in heading if name not in {*layout.final_value_columns, layout.extra_column}
        )
        self._identity_values = itemgetter(*(place[name] for name in self._identity_columns))
        self._column_digests: dict[bytes, str] = {}
        self._places = range(len(heading))
        # Cells of the present row. A cell never equals NUL, so at first all cells count as changed.
        self._no_cells = ["\0"] * len(heading)
        self._cells = self._no_cells
        self._values: list[str | None] = [None] * len(heading)

    def read(self, row: CellRow) -> SourceRow | RefusedRow:
        """Converts the row into the state of a case, or refuses it."""
        line, cells, size = row
        if self._uncacheable:
            # Odd values of the row before must be found again if they are in this row, too: no cell counts as
            # unchanged.
            self._uncacheable.clear()
            self._cells = self._no_cells
        # Most cells are equal to those of the row before, and need no conversion.
        present, read = self._values, self._read
        for n in compress(self._places, map(ne, cells, self._cells)):
            present[n] = read[n][cells[n]]
        self._cells = cells
        values = tuple(present)
        case, updated_at = values[self._case_at], self._time_at(self._updated_at)
        opened = updated_at if self._opened_at is None else self._time_at(self._opened_at)
        wrong = self._fault(case, updated_at, opened)
        if wrong is not None:
            code, column = wrong
            return RefusedRow(line, code, REASONS[code].format(column=column), ",".join(cells))
        assert case is not None
        assert updated_at is not None
        irregular = () if updated_at.flag is None else (updated_at.flag,)
        if opened is None:
            irregular = (*irregular, "missing:opened_at")
            opened = updated_at
        elif opened.flag is not None and opened.flag != updated_at.flag:
            irregular = (*irregular, opened.flag)
        state, fields, unknown, altered = self._record(values)
        return SourceRow(
            line,
            case,
            updated_at.instant,
            opened.instant,
            state,
            fields,
            self._heading,
            values,
            self._private if not self._uncacheable else self._private_with_odd(values),
            irregular + unknown,
            self._identity(values),
            size,
            altered,
        )

    def state_in(self, row: CellRow) -> tuple[str | None, bool]:
        """Return what stands in the row for its state (None: nothing), and whether that is known."""
        values = tuple(self._read[n][row[1][n]] for n in self._states_at)
        self._uncacheable.clear()
        return values[0], self._read_state(values) is not None

    def _time_at(self, place: int) -> ParsedTime | None:
        """Return the instant in the cell of the present row at this index; None if it is missing or no
        time.
        """
        try:
            return None if self._values[place] is None else self._clock[self._cells[place].strip()]
        except NotATime:
            return None

    def _fault(
        self, case: str | None, parsed_time: ParsedTime | None, opened: ParsedTime | None
    ) -> tuple[str, str] | None:
        """Return the code of the reason for which the row is refused, and the column concerned; None if it
        is valid.
        """
        if case is None:
            return "no_case", self._heading[self._case_at]
        if self._uncacheable and (len(case) > LONGEST_KEY or not case.isprintable()):
            return "bad_case", self._heading[self._case_at]
        if any(text.startswith(PREFIX) for text in self._uncacheable):
            # Otherwise, someone who has seen a ciphertext could have it decrypted as a title of their own
            # ticket.
            return "like_a_ciphertext", ""
        if self._values[self._updated_at] is None:
            return "no_time", self._heading[self._updated_at]
        wrong = self._time_fault(self._updated_at, parsed_time)
        return wrong if wrong or self._opened_at is None else self._time_fault(self._opened_at, opened)

    def _time_fault(self, place: int, parsed_time: ParsedTime | None) -> tuple[str, str] | None:
        if parsed_time is not None:
            return ("in_the_future", self._heading[place]) if parsed_time.instant > self._latest else None
        value = self._values[place]
        if value is not None:
            try:
                self._clock[value]
            except NotATime as error:
                return str(error), self._heading[place]
        return None

    def _record(self, values: tuple[str | None, ...]) -> _RecordFields:
        """Return the record's state and fields from the row. Rows with the same values share the result,
        which must not be changed.
        """
        if self._uncacheable:
            return self._new_record(values)
        record_key = self._record_key(values)
        record = self._records.get(record_key)
        if record is None:
            if len(self._records) >= LARGEST_CACHE:
                self._records.clear()
            record = self._records[record_key] = self._new_record(values)
        return record

    def _new_record(self, values: tuple[str | None, ...]) -> _RecordFields:
        fields, altered = self._fields(values)
        stands = self._read_state(tuple(values[n] for n in self._states_at))
        unknown = [field for field, value in fields.items() if value is UNKNOWN]
        for field in unknown:
            del fields[field]
        irregular = tuple(f"unknown_{field}" for field in unknown)
        if stands is None:
            # The state is kept, with the fields that belong to it.
            return None, fields, ("unknown_state", *irregular), altered
        derived = {} if self._derived is None else self._derived(fields)
        return stands[0], {**fields, **stands[1], **derived}, irregular, altered

    def _fields(self, values: tuple[str | None, ...]) -> tuple[dict[str, Any], Mapping[str, list[str]]]:
        """Return the record's fields with codes or keys, and the title; and which texts were made fit."""
        altered: dict[str, list[str]] = {}
        fields: dict[str, Any] = {field: codes[values[n]] for field, n, codes in self._codes}
        for field, n in self._texts:
            value = values[n]
            fields[field] = value
            if self._uncacheable and value is not None:
                fields[field], codes = fit_line(value)
                if codes:
                    altered[field] = [code.value for code in codes]
        for field, n in self._instants:
            fields[field] = self._instant(values[n])
        return fields, altered

    def _instant(self, text: str | None) -> datetime | Unknown | None:
        """Return the instant of a value; UNKNOWN if it has no instant."""
        try:
            parsed = None if text is None else self._clock[text]
        except NotATime:
            return UNKNOWN
        return None if parsed is None else parsed.instant

    def _private_with_odd(self, values: tuple[str | None, ...]) -> tuple[str, ...]:
        """Return the private columns of this row, including those with values that look like neither a code
        nor a time.
        """
        odd = set(self._uncacheable)
        return tuple(
            name
            for name, value in zip(self._heading, values, strict=True)
            if name in self._private or (value in odd and name not in self._named)
        )

    def _identity(self, values: tuple[str | None, ...]) -> str:
        """Return a text of all values of the row and their columns; columns without a value make no
        difference.
        """
        if not _WRITTEN_BOOLEANS.isdisjoint(values):
            # A row counts the same whichever of its columns a mapping takes as text.
            values = tuple(
                value.lower() if value is not None and value in _WRITTEN_BOOLEANS else value
                for value in values
            )
        identity = self._identity_values(values)
        if self._extra_place is not None and (extra_cells := values[self._extra_place]) is not None:
            # A value counts the same wherever it stands, because a later mapping may name its column.
            of_all = dict(zip(self._identity_columns, identity, strict=True)) | json.loads(extra_cells)
            every = sorted((n, v) for n, v in of_all.items() if v and n not in self._final_value_columns)
            return _columns(name for name, _ in every) + "\x1f".join(value for _, value in every)
        present = bytes(map(bool, identity))
        columns = self._column_digests.get(present)
        if columns is None:
            if len(self._column_digests) >= LARGEST_CACHE:
                self._column_digests.clear()
            columns = self._column_digests[present] = _columns(compress(self._identity_columns, present))
        return columns + "\x1f".join(filter(None, identity))


def require_known_state(table: TableReader, rows: Iterable[CellRow | RefusedRow]) -> None:
    """Raises FileRefused if these rows name states and all of them are unknown: every case would stay new."""
    unknown = dict[str, None]()
    for row in rows:
        if isinstance(row, RefusedRow):
            continue
        state, is_known = table.state_in(row)
        if is_known:
            return
        if state is not None:
            unknown[state] = None
    if unknown:
        examples = ", ".join(repr(text[:40]) for text in list(unknown)[:5])
        raise FileRefused(
            f"No state in the file is known. The file has: {examples}. Export the table in English, or "
            "translate its states in a mapping."
        )


def _columns(names: Iterable[str]) -> str:
    """Return a digest of the names of these columns."""
    return blake2b("\x1f".join(names).encode(), digest_size=16).hexdigest()
