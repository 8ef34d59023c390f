"""ServiceNow's audit of incidents as CSV: each row is a whole incident just after one change of it.

What a row says of the incident's end (`resolved_at`, `closed_code`, …) stands on every row of it, the first
one too: it tells the future. So no event comes of it, nor does it tell one row from another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import blake2b
from itertools import chain, compress
from operator import itemgetter, ne
from typing import Any, ClassVar

from app.common.personal import PREFIX
from app.common.records import Labelled
from app.exchange.readers import servicenow_codes as codes
from app.exchange.readers.lines import UTF8, Row, Rows, lines
from app.exchange.readers.rows import FileRefused, Format, RefusedRow, SourceRow
from app.exchange.readers.times import At, Clock, DateOrder, NotATime, date_order, zone_named
from app.processes.incidents.records import HoldReason

ENCODINGS = (UTF8, "latin-1", "gb18030")
AHEAD = timedelta(seconds=60)
# How far to look for a date that shows the order of day and month.
LOOK_AHEAD_ROWS = 5_000
LOOK_AHEAD_SIZE = 4_000_000
LONGEST_KEY = 100
LONGEST_TITLE = 200
LARGEST_CACHE = 50_000
_LEVEL = re.compile(r"([0-9]) *- .*")
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f]")

FORMAT = Format(
    name="servicenow",
    kind="incident",
    persons=codes.PERSONS,
    teams=codes.TEAMS,
    fields=codes.FIELDS,
    names=codes.NAMES,
    words=codes.WORDS,
    with_state=frozenset({"hold_reason"}),
    at=frozenset(codes.UPDATED),
    actor="sys_updated_by",
    opener=("opened_by", "sys_created_by", "sys_updated_by"),
    repeats=True,
)


@dataclass(frozen=True)
class ServiceNow:
    """The reader. `zone` is the IANA name of the zone that the file's times are in, `now` the present.

    `order` None: it is found from the first rows.
    """

    zone: str
    now: datetime
    order: DateOrder | None = None
    encoding: str = UTF8
    format: ClassVar[Format] = FORMAT

    def read(self, block: Callable[[int], bytes]) -> Iterator[SourceRow | RefusedRow]:
        """The rows, in the order of the file. Raises FileRefused."""
        zone = zone_named(self.zone)
        if self.encoding not in ENCODINGS:
            raise FileRefused(f"{self.encoding!r} is not an encoding: use {', '.join(ENCODINGS)}.")
        rows = Rows(lines(block, self.encoding), self.encoding)
        heading = _heading(rows.heading())
        later = iter(rows)
        ahead = _look_ahead(later)
        if not ahead:
            raise FileRefused("The file has a heading and no rows.")
        order = self.order or date_order(_times(heading, ahead))
        table = _Table(heading, Clock(zone, order), self.now + AHEAD)
        for row in chain(ahead, later):
            yield row if isinstance(row, RefusedRow) else table.read(row)


def _heading(cells: list[str]) -> list[str]:
    names = ["_".join(cell.lower().split()) for cell in cells]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FileRefused(f"The heading has {', '.join(map(repr, twice))} more than once.")
    for needed in ((codes.CASE,), codes.STATES, codes.UPDATED, (codes.OPENED,)):
        if not set(needed) & set(names):
            wanted = " or ".join(needed)
            raise FileRefused(
                f"The heading has no column {wanted}: this is not ServiceNow's audit of incidents."
            )
    return names


def _look_ahead(rows: Iterator[Row | RefusedRow]) -> list[Row | RefusedRow]:
    ahead: list[Row | RefusedRow] = []
    size = 0
    for row in rows:
        ahead.append(row)
        size += len(row.text) if isinstance(row, RefusedRow) else row[2]
        if len(ahead) >= LOOK_AHEAD_ROWS or size >= LOOK_AHEAD_SIZE:
            break
    return ahead


def _times(heading: list[str], rows: list[Row | RefusedRow]) -> Iterator[str]:
    places = [n for n, name in enumerate(heading) if name in codes.TIMES]
    for row in rows:
        if not isinstance(row, RefusedRow):
            for n in places:
                yield row[1][n].strip()


class _Texts(dict[str, str | None]):
    """By cell, its value: trimmed, booleans in lower case, None where it is missing.

    `odd` is told of those that are no codes, being too long or of several lines; they are not kept.
    """

    def __init__(self, odd: list[str], *, names: bool) -> None:
        super().__init__()
        self._odd = odd
        self._names = names

    def __missing__(self, cell: str) -> str | None:
        # Programs differ in the spaces that they leave in a name.
        text = " ".join(cell.split()) if self._names else cell.strip()
        folded = text.lower()
        value = None if folded in codes.MISSING else codes.BOOLEANS.get(folded, text)
        if len(text) > LONGEST_KEY or not text.isprintable() or text.startswith(PREFIX):
            self._odd.append(text)
        else:
            if len(self) >= LARGEST_CACHE:
                self.clear()
            self[cell] = value
        return value


class _Times(dict[str, str | None]):
    """By cell, its instant as text; what is none stays as it is, and `odd` is told of it."""

    def __init__(self, clock: Clock, odd: list[str]) -> None:
        super().__init__()
        self._clock = clock
        self._odd = odd

    def __missing__(self, cell: str) -> str | None:
        text = cell.strip()
        value: str | None = None
        if text.lower() not in codes.MISSING:
            try:
                at = self._clock[text]
                value = None if at is None else at.text
            except NotATime:
                self._odd.append(text)
                return text
        if len(self) >= LARGEST_CACHE:
            self.clear()
        self[cell] = value
        return value


class Unknown(Enum):
    """Stands in the place of a code that nobody knows."""

    code = 0


UNKNOWN = Unknown.code


class _Codes(dict[str | None, Labelled | Unknown | None]):
    """By value, our code; `UNKNOWN` if there is none. Only values that are short enough to be codes come
    here.
    """

    def __init__(self, known: Mapping[str, Labelled]) -> None:
        super().__init__({None: None})
        self._known = known

    def __missing__(self, value: str) -> Labelled | Unknown | None:
        level = _LEVEL.fullmatch(value)
        key = level[1] if level else value.lower()
        code: Labelled | Unknown = self._known.get(key, UNKNOWN)
        if len(self) < LARGEST_CACHE:
            self[value] = code
        return code


# The state, the other fields, and the codes of what is unknown.
_Record = tuple[Labelled | None, dict[str, Any], tuple[str, ...]]


class _Table:
    """The rows under one heading."""

    def __init__(self, heading: list[str], clock: Clock, latest: datetime) -> None:
        self._heading = tuple(heading)
        self._clock = clock
        self._latest = latest
        self._odd: list[str] = []
        texts, names = _Texts(self._odd, names=False), _Texts(self._odd, names=True)
        times = _Times(clock, self._odd)
        self._named = codes.PERSONS | codes.TEAMS
        self._read: list[dict[str, str | None]] = [
            times if name in codes.TIMES else names if name in self._named else texts for name in heading
        ]
        self._updated = next(name for name in codes.UPDATED if name in heading)
        self._state = next(name for name in codes.STATES if name in heading)
        place = {name: n for n, name in enumerate(heading)}
        self._case_at, self._updated_at, self._opened_at, self._state_at = (
            place[name] for name in (codes.CASE, self._updated, codes.OPENED, self._state)
        )
        self._reason_at = place.get("hold_reason")
        self._states = codes.OLD_STATE_CODES if self._state == codes.STATES[0] else codes.STATE_CODES
        self._codes = [(f, place[c], _Codes(known)) for c, (f, known) in codes.CODES.items() if c in place]
        self._texts = [(field, place[c]) for c, field in codes.TEXTS.items() if c in place]
        deciding = [self._state_at, *(n for _, n, _ in self._codes), *(n for _, n in self._texts)]
        if self._reason_at is not None:
            deciding.append(self._reason_at)
        self._deciding = itemgetter(*deciding)
        self._records: dict[tuple[str | None, ...], _Record] = {}
        harmless = codes.HARMLESS | codes.TIMES | self._named
        self._private = tuple(name for name in heading if name not in harmless)
        self._telling = sorted(name for name in heading if name not in codes.AFTERWARDS)
        self._tell = itemgetter(*(place[name] for name in self._telling))
        self._present: dict[bytes, str] = {}
        self._places = range(len(heading))
        # Of the present row; a NUL is in no cell.
        self._nothing = ["\0"] * len(heading)
        self._cells = self._nothing
        self._values: list[str | None] = [None] * len(heading)

    def read(self, row: Row) -> SourceRow | RefusedRow:
        """What the row tells."""
        line, cells, size = row
        if self._odd:
            # What is odd in this row, too, is to be told again.
            self._odd.clear()
            self._cells = self._nothing
        # Most cells are those of the row before.
        for n in compress(self._places, map(ne, cells, self._cells)):
            self._values[n] = self._read[n][cells[n]]
        self._cells = cells
        values = tuple(self._values)
        case, at, opened = values[self._case_at], self._at(self._updated_at), self._at(self._opened_at)
        wrong = self._wrong(case, at, opened)
        if wrong is not None:
            code, column = wrong
            return RefusedRow(line, code, codes.REASONS[code].format(column=column), ",".join(cells))
        assert case is not None
        assert at is not None
        irregular = () if at.flag is None else (at.flag,)
        if opened is None:
            irregular = (*irregular, "missing:opened_at")
            opened = at
        elif opened.flag is not None and opened.flag != at.flag:
            irregular = (*irregular, opened.flag)
        state, fields, unknown = self._record(values)
        return SourceRow(
            line,
            case,
            at.at,
            opened.at,
            state,
            fields,
            self._heading,
            values,
            self._private if not self._odd else self._private_here(values),
            irregular + unknown,
            self._identity(values),
            size,
        )

    def _at(self, place: int) -> At | None:
        """The instant in that cell of the present row; None if what stands there is none."""
        try:
            return None if self._values[place] is None else self._clock[self._cells[place].strip()]
        except NotATime:
            return None

    def _wrong(self, case: str | None, at: At | None, opened: At | None) -> tuple[str, str] | None:
        """Why the row cannot be taken, and for the sake of which column."""
        if case is None:
            return "no_case", codes.CASE
        if self._odd and (len(case) > LONGEST_KEY or not case.isprintable()):
            return "bad_case", codes.CASE
        if any(text.startswith(PREFIX) for text in self._odd):
            # Whoever has seen a ciphertext could otherwise have it opened, as a title of their own.
            return "like_a_ciphertext", ""
        if self._values[self._updated_at] is None:
            return "no_time", self._updated
        return self._wrong_time(self._updated_at, at) or self._wrong_time(self._opened_at, opened)

    def _wrong_time(self, place: int, at: At | None) -> tuple[str, str] | None:
        if at is not None:
            return ("in_the_future", self._heading[place]) if at.at > self._latest else None
        value = self._values[place]
        if value is not None:
            try:
                self._clock[value]
            except NotATime as error:
                return str(error), self._heading[place]
        return None

    def _record(self, values: tuple[str | None, ...]) -> _Record:
        """What the row tells of the record. Rows that tell the same share it; nobody changes it."""
        if self._odd:
            return self._new_record(values)
        deciding = self._deciding(values)
        record = self._records.get(deciding)
        if record is None:
            if len(self._records) >= LARGEST_CACHE:
                self._records.clear()
            record = self._records[deciding] = self._new_record(values)
        return record

    def _new_record(self, values: tuple[str | None, ...]) -> _Record:
        fields = self._fields(values)
        stands = self._stands(values)
        unknown = [field for field, value in fields.items() if value is UNKNOWN]
        for field in unknown:
            del fields[field]
        irregular = tuple(f"unknown_{field}" for field in unknown)
        if stands is None:
            # The state stays, and so does what it waits for.
            return None, fields, ("unknown_state", *irregular)
        return stands[0], {**fields, "hold_reason": stands[1]}, irregular

    def _fields(self, values: tuple[str | None, ...]) -> dict[str, Any]:
        """The record's fields that are codes or keys, and the title."""
        fields: dict[str, Any] = {field: known[values[n]] for field, n, known in self._codes}
        for field, n in self._texts:
            value = values[n]
            fields[field] = _line(value) if self._odd and value is not None else value
        return fields

    def _stands(self, values: tuple[str | None, ...]) -> codes.Stands | None:
        """The state and what it waits for; None: that is unknown."""
        told = values[self._state_at]
        stands = None if told is None else self._states.get(told.lower())
        if stands is not None and stands[1] is HoldReason.other:
            reason = "" if self._reason_at is None else values[self._reason_at] or ""
            return stands[0], codes.HOLD_REASONS.get(reason.lower(), HoldReason.other)
        return stands

    def _private_here(self, values: tuple[str | None, ...]) -> tuple[str, ...]:
        """Of this row also that which looks like neither a code nor a time, whatever its column."""
        odd = set(self._odd)
        return tuple(
            name
            for name, value in zip(self._heading, values, strict=True)
            if name in self._private or (value in odd and name not in self._named)
        )

    def _identity(self, values: tuple[str | None, ...]) -> str:
        """All that is told, and in which columns; those without a value might as well not be there."""
        told = self._tell(values)
        present = bytes(map(bool, told))
        columns = self._present.get(present)
        if columns is None:
            if len(self._present) >= LARGEST_CACHE:
                self._present.clear()
            names = "\x1f".join(name for name, there in zip(self._telling, present, strict=True) if there)
            columns = self._present[present] = blake2b(names.encode(), digest_size=16).hexdigest()
        return columns + "\x1f".join(filter(None, told))


def _line(value: str) -> str:
    """One line that lists can show."""
    line = " ".join(_NOT_IN_A_LINE.sub(" ", value).split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"
